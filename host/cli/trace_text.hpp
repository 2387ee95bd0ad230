#pragma once

#include <string>
#include <vector>

#include "cli/cell_text.hpp"
#include "wire/json.hpp"

/// Traces of requests, from the daemon's JSON.
namespace tenon::cli {

/// One line for each, the head first.
[[nodiscard]] std::vector<std::vector<Cell>> trace_rows(wire::JsonView traces);

/// Everything that one request did, in order of time, each with how many bytes the client had by
/// then; before it an overview with bars.
[[nodiscard]] std::vector<std::string> trace_lines(wire::JsonView trace, const TableStyle& style);

}  // namespace tenon::cli

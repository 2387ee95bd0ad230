#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/cell_text.hpp"
#include "wire/json.hpp"

/// How providers stand, from the objects of `tenon status --json`.
namespace tenon::cli {

/// Is it enabled, and does it not work?
[[nodiscard]] bool is_broken(wire::JsonView provider);

/// The table, the head first.
[[nodiscard]] std::vector<std::vector<Cell>> status_rows(std::span<const wire::JsonView> providers);

}  // namespace tenon::cli

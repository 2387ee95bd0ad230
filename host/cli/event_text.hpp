#pragma once

#include <string>

#include "wire/json.hpp"

namespace tenon::cli {

/// One event in one printable line: when, who, what, and why.
[[nodiscard]] std::string event_text(wire::JsonView event, bool colours);

}  // namespace tenon::cli

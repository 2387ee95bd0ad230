#pragma once

#include <string_view>

#include "tenon/error.hpp"

namespace tenon::router {

/// The exception that is being handled, as an error: Code::no_memory, or Code::internal with who
/// threw it and what it says.
/// \par Preconditions
/// Called inside a catch block.
[[nodiscard]] Error thrown(std::string_view who);

}  // namespace tenon::router

#pragma once

#include <cstddef>
#include <string>

#include "tenon/result.hpp"

namespace tenon::gateway {

/// Random letters and digits to tell requests apart. Not a secret.
[[nodiscard]] std::string new_id(std::size_t length = 24);

/// 128 bits that nobody can guess, from the system's source, as 32 hexadecimal digits.
/// Errors: it has none to give.
[[nodiscard]] Result<std::string> new_secret_id();

}  // namespace tenon::gateway

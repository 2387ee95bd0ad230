#pragma once

#include <cstddef>
#include <string>

namespace tenon::gateway {

/// Random letters and digits to tell requests apart. Not a secret.
[[nodiscard]] std::string new_id(std::size_t length = 24);

}  // namespace tenon::gateway

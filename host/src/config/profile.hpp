#pragma once

#include "config/config.hpp"

namespace tenon::config {

/// The defaults of `profile`: what the members of a file count against. derive() is still to come.
[[nodiscard]] Config defaults_of(Profile profile);

}  // namespace tenon::config

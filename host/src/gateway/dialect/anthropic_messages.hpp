#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/messages.
[[nodiscard]] const Dialect& anthropic_messages() noexcept;

}  // namespace tenon::gateway

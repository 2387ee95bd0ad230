#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/completions, the older API for plain text: the prompt becomes a message of the user.
[[nodiscard]] const Dialect& openai_completions() noexcept;

}  // namespace tenon::gateway

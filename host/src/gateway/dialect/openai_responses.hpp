#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/responses, without anything that needs a memory of earlier responses.
[[nodiscard]] const Dialect& openai_responses() noexcept;

}  // namespace tenon::gateway

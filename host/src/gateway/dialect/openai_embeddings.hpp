#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/embeddings: the canonical dialect itself. Vectors come as base64 where the client asks
/// for that, whether or not the provider can.
[[nodiscard]] const Dialect& openai_embeddings() noexcept;

}  // namespace tenon::gateway

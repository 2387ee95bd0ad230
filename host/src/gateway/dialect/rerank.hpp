#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/rerank (also /v2/rerank and /rerank), as Cohere and Jina have it: the canonical dialect
/// itself. Documents are put into the answer where the client asks for them and the provider left
/// them out.
[[nodiscard]] const Dialect& rerank() noexcept;

}  // namespace tenon::gateway

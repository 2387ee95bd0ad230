#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

/// POST /v1/chat/completions: the canonical dialect itself. Requests keep every byte but the name
/// of the model, whole answers every byte, streams each chunk that came with `raw`; other deltas
/// become chunks. A chunk that only carries the usage is passed on if the client asked for it.
[[nodiscard]] const Dialect& openai_chat() noexcept;

}  // namespace tenon::gateway

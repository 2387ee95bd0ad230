#pragma once

#include "gateway/dialect/dialect.hpp"

namespace tenon::gateway {

[[nodiscard]] const Dialect& ollama_embed() noexcept;       ///< POST /api/embed
[[nodiscard]] const Dialect& ollama_embeddings() noexcept;  ///< POST /api/embeddings, the old one

}  // namespace tenon::gateway

#pragma once

#include "gateway/dialect/dialect.hpp"

/// Ollama's own API. Streams are lines of JSON.
namespace tenon::gateway {

[[nodiscard]] const Dialect& ollama_chat() noexcept;      ///< POST /api/chat
[[nodiscard]] const Dialect& ollama_generate() noexcept;  ///< POST /api/generate

}  // namespace tenon::gateway

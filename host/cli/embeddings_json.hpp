#pragma once

#include <string>

#include "tenon/host/types.hpp"

namespace tenon::cli {

/// An embeddings object in the OpenAI dialect.
[[nodiscard]] std::string embeddings_json(const host::EmbeddingAnswer& answer);

}  // namespace tenon::cli

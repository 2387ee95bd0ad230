#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "answer.hpp"
#include "tenon/plugin/json.hpp"
#include "tenon/result.hpp"

namespace tenon::mock {

/// The mock's view of the requests in the OpenAI dialect (rerank: Cohere). What it returns borrows
/// nothing from the document. Errors: Code::invalid.

[[nodiscard]] Result<Prompt> read_prompt(const JsonDocument& request);

struct EmbedRequest {
    std::vector<std::string> inputs;  ///< at least one; token ids are joined with spaces
    std::uint32_t dimensions = 0;
};
[[nodiscard]] Result<EmbedRequest> read_embed(const JsonDocument& request,
                                              std::uint32_t default_dimensions);

struct RerankRequest {
    std::string query;
    std::vector<std::string> documents;  ///< at least one
    std::uint64_t top_n = 0;
};
[[nodiscard]] Result<RerankRequest> read_rerank(const JsonDocument& request);

}  // namespace tenon::mock

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "tenon/result.hpp"

namespace tenon::ollama {

/// A request to POST /api/embed.
struct EmbedRequest {
    std::string body;
    std::uint32_t inputs = 0;
};

/// Translates an embeddings request of the OpenAI dialect.
/// Errors: Code::invalid for what is malformed, Code::unsupported for token numbers as input.
[[nodiscard]] Result<EmbedRequest> embed_request(std::string_view request, std::string_view model,
                                                 const Settings& settings);

/// What POST /api/embed answers.
struct Embeddings {
    std::vector<float> numbers;  ///< row by row
    std::uint32_t rows = 0;
    std::uint32_t dimensions = 0;
    std::uint64_t input_tokens = 0;  ///< TENON_TOKENS_UNKNOWN if it does not say
};

/// Errors: Code::protocol unless `body` has one row of numbers for each of `inputs`, all of one
/// length; and what the server says when it is an error.
[[nodiscard]] Result<Embeddings> read_embeddings(std::string_view body, std::uint32_t inputs);

}  // namespace tenon::ollama

#pragma once

#include <string>
#include <string_view>

#include "tenon/result.hpp"

/// What a server says about itself.
namespace tenon::ollama {

/// The answer of GET /api/tags as a list of models in the OpenAI dialect.
/// Errors: Code::protocol for anything else.
[[nodiscard]] Result<std::string> models_body(std::string_view tags);

/// The answer of GET /api/version as {"version": ...}.
/// Errors: Code::protocol for anything else.
[[nodiscard]] Result<std::string> version_body(std::string_view version);

}  // namespace tenon::ollama

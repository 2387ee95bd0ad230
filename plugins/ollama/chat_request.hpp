#pragma once

#include <string>
#include <string_view>

#include "settings.hpp"
#include "tenon/result.hpp"

namespace tenon::ollama {

/// The body of POST /api/chat for `request`, a chat-completions request, on `model`. It always asks
/// for a stream. Members that Ollama has no equivalent for are left out (README.md lists them).
///
/// Errors: Code::invalid for what is malformed, Code::unsupported for what Ollama cannot do.
[[nodiscard]] Result<std::string> chat_body(std::string_view request, std::string_view model,
                                            const Settings& settings);

}  // namespace tenon::ollama

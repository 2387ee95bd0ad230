#pragma once

#include "json.hpp"
#include "tenon/result.hpp"

namespace tenon::ollama {

/// Writes the messages of a chat-completions request as Ollama wants them, one array.
///
/// The text parts of a message become one text, its images a list beside it; arguments of tool
/// calls become objects; a tool's result names its tool; the role "developer" becomes "system".
/// Errors: Code::invalid for what is malformed, Code::unsupported for parts that Ollama cannot
/// take, among them images by address.
[[nodiscard]] Result<void> write_messages(JsonWriter& out, const Json& messages);

}  // namespace tenon::ollama

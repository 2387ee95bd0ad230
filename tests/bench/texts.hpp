#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// What goes over the wires in ordinary use, made once.
namespace tenon::bench {

/// A chat request of one system and one user message, about 430 bytes.
[[nodiscard]] const std::string& small_request();
/// A chat request with a long conversation, about 100 KiB, with escapes and text beyond ASCII.
[[nodiscard]] const std::string& large_request();

inline constexpr std::size_t kEvents = 200;  ///< chunks of each stream below

/// The chunks of one OpenAI answer: JSON objects.
[[nodiscard]] const std::vector<std::string>& openai_chunks();
/// The same as server-sent events, with "[DONE]".
[[nodiscard]] const std::string& openai_stream();
/// One Ollama answer: a JSON object in each line.
[[nodiscard]] const std::string& ollama_stream();

}  // namespace tenon::bench

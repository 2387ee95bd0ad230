#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/plugin/call.hpp"

namespace tenon::mock {

/// What a chat request says, as far as the mock cares.
struct Prompt {
    std::string text;             ///< the last user's text, or the tool's answer
    bool from_tool = false;       ///< `text` is a tool's answer
    bool may_call_tools = false;  ///< the request has tools and does not forbid them
    std::uint64_t tokens = 0;     ///< of all messages
    std::optional<std::uint64_t> max_tokens = {};
};

/// How the mock answers.
struct Style {
    std::string answer = "echo";  ///< "echo", "lorem" or the text itself
    std::uint64_t tokens = 0;     ///< exactly so many, by repeating or cutting; 0 = the whole text
    bool reasoning = false;       ///< think aloud first
};

/// A tool call: the arguments are JSON text as the user wrote it, not checked.
struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;
};

/// One whole answer, cut into the pieces in which it is streamed.
struct Reply {
    std::vector<std::string> reasoning;
    std::vector<std::string> text;  ///< empty when a tool is called
    std::optional<ToolCall> tool;
    std::string_view finish_reason = "stop";
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
};

/// Cuts a text into words, each with the white space before it; a CJK character is a word. The
/// tokens, joined, are the text, whatever bytes it is made of. Views into `text`.
[[nodiscard]] std::vector<std::string_view> tokenize(std::string_view text);

/// The number of tokens that tokenize() makes.
[[nodiscard]] std::uint64_t count_tokens(std::string_view text) noexcept;

/// Cuts a text into pieces of at most `size` bytes, not inside a UTF-8 character; `size` >= 4.
[[nodiscard]] std::vector<std::string_view> fragments(std::string_view text, std::size_t size);

/// "call <name> <arguments>" as a tool call; no arguments become "{}". nullopt for other texts.
[[nodiscard]] std::optional<ToolCall> parse_tool_call(std::string_view text);

/// The answer: a function of its arguments and nothing else.
[[nodiscard]] Reply reply_to(const Prompt& prompt, const Style& style);

/// The answer as deltas, in order: reasoning, then text or tool call, then usage when there is
/// something that the numbers of the result cannot tell. Views into `reply` and `usage_json`.
[[nodiscard]] std::vector<Delta> deltas_of(const Reply& reply, std::string_view usage_json);

/// The usage object in the OpenAI dialect.
[[nodiscard]] std::string usage_json(const Reply& reply);

/// The whole answer as one chat-completions object.
[[nodiscard]] std::string body_json(const Reply& reply, std::string_view model);

}  // namespace tenon::mock

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/result.h"
#include "tenon/plugin/call.hpp"
#include "tenon/result.hpp"
#include "wire/json.hpp"

/// Whole answers in the chat-completions dialect. ChatAnswerBuilder (chat_answer_builder.hpp) makes
/// them from deltas.
namespace tenon::wire {

struct ChatToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< JSON text

    bool operator==(const ChatToolCall&) const = default;
};

/// What a person or a simple caller wants from an answer: its first choice, and what it cost.
struct ChatAnswer {
    std::string id;
    std::string model;
    std::string text;
    std::string reasoning;
    std::vector<ChatToolCall> tool_calls;
    std::string finish_reason;
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
};

/// Reads choice 0, or the first one there is. Content may be a string or an array of parts, of
/// which text and reasoning are read. Errors: Code::protocol if the body is not JSON or has no
/// choice.
[[nodiscard]] Result<ChatAnswer> text_of(std::string_view body);

/// An answer as the deltas of a stream. For each choice its reasoning, text, tool calls and further
/// members of the message (one META delta), then a delta without type for its end; then the usage.
///
/// `raw` makes the same stream in the dialect, without loss but for the parts of a content array
/// that are neither text nor reasoning: the first delta of a choice carries the whole message as
/// one chunk, the end its finish_reason, and the usage delta a chunk without choices.
struct SplitChatAnswer {
    std::vector<Delta> deltas;  ///< views into `storage`
    std::string finish_reason;  ///< of choice 0, or the first one there is
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
    std::shared_ptr<const void> storage;
};

/// Errors: as text_of().
[[nodiscard]] Result<SplitChatAnswer> split_chat_body(std::string_view body);

/// The parts of a message or a delta: both ways of writing each are understood.
struct ChatContent {
    std::string text;
    std::string reasoning;
};
[[nodiscard]] ChatContent content_of(JsonView message);

/// Is this member of a message or a delta among those that content_of() and the tool calls cover?
[[nodiscard]] bool is_typed_member(std::string_view name, JsonView value) noexcept;

}  // namespace tenon::wire

#pragma once

#include <string>
#include <string_view>

#include "gateway/dialect/body.hpp"
#include "wire/chat_answer.hpp"

namespace tenon::gateway {

/// A canonical answer, read for dialects other than its own: its first choice.
struct ReadAnswer {
    wire::ChatAnswer answer;
    wire::JsonDocument document;
    wire::JsonView message;  ///< of `document`
    std::string refusal;     ///< the model's own words, instead of a text
    TokenCounts counts;
};

/// Errors: Code::protocol if `body` is no canonical answer.
[[nodiscard]] Result<ReadAnswer> read_answer(std::string_view body);

/// Why an answer ended, in the canonical words. Without a reason, or with "stop" although tools are
/// called, it is "tool_calls" or "stop".
[[nodiscard]] std::string_view end_reason(std::string_view said, bool has_tool_calls) noexcept;

/// The arguments of a call as a JSON object. Text that is none becomes {"INVALID_JSON": text}, as
/// Anthropic advises; object_arguments() and arguments_text() undo each other.
[[nodiscard]] std::string object_arguments(std::string_view text);
[[nodiscard]] std::string arguments_text(wire::JsonView object);

}  // namespace tenon::gateway

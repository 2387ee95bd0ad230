#pragma once

#include <string>

#include "tenon/result.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {

/// Writes Anthropic's system prompt and messages as canonical messages, one array.
///
/// Results of tools become messages of their own in front of what else their message says; images
/// among them follow as the user's. Thinking becomes "reasoning_content", and "thinking_blocks" as
/// it is where it carries a signature.
/// Errors: Code::invalid, Code::unsupported; the member is named.
[[nodiscard]] Result<void> write_anthropic_messages(wire::JsonWriter& writer,
                                                    wire::JsonView request);

/// Writes Anthropic's tools as canonical ones, one array. Errors: as above.
[[nodiscard]] Result<void> write_anthropic_tools(wire::JsonWriter& writer, wire::JsonView tools);

/// Writes the canonical "tool_choice" and "parallel_tool_calls", as far as said. Errors: as above.
[[nodiscard]] Result<void> write_anthropic_tool_choice(wire::JsonWriter& writer,
                                                       wire::JsonView choice);

}  // namespace tenon::gateway

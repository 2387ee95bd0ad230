#pragma once

#include "tenon/result.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {

/// Writes "instructions" and "input" as canonical messages, one array. Items that belong to one
/// turn of the assistant (reasoning, text, calls of functions) become one message.
/// Errors: Code::invalid, Code::unsupported; the member is named.
[[nodiscard]] Result<void> write_responses_input(wire::JsonWriter& writer, wire::JsonView request);

/// Writes all other canonical members: tools, limits, format, effort, and what is kept as it is.
/// Errors: as above.
[[nodiscard]] Result<void> write_responses_settings(wire::JsonWriter& writer,
                                                    wire::JsonView request);

}  // namespace tenon::gateway

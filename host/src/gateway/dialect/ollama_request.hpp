#pragma once

#include "tenon/result.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {

/// Writes Ollama's messages as canonical ones, one array.
///
/// Calls of tools without an id get one, and results that only name their tool are given to the
/// first call of it that has none yet. Errors: Code::invalid, Code::unsupported, with the member.
[[nodiscard]] Result<void> write_ollama_messages(wire::JsonWriter& writer, wire::JsonView messages);

/// Writes the prompt of /api/generate as canonical messages, one array. Errors: as above.
[[nodiscard]] Result<void> write_ollama_prompt(wire::JsonWriter& writer, wire::JsonView request);

/// Writes "options", "format" and "think" as canonical members. Errors: as above.
[[nodiscard]] Result<void> write_ollama_settings(wire::JsonWriter& writer, wire::JsonView request);

}  // namespace tenon::gateway

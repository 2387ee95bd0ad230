#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/dialect/answer_reader.hpp"

/// The objects of the Responses dialect.
namespace tenon::gateway {

/// What a response repeats of its request, as JSON; for ParsedRequest::notes.
[[nodiscard]] std::string response_notes(wire::JsonView request);

/// One response, at any time of its life.
struct ResponseState {
    std::string_view id;
    std::string_view model;
    std::int64_t created = 0;
    std::string_view status = "in_progress";
    std::string_view notes = {};               ///< response_notes()
    std::span<const std::string> output = {};  ///< items, as JSON
    std::string_view incomplete_reason = {};
    const Error* error = nullptr;
    const TokenCounts* counts = nullptr;
};

void write_response(wire::JsonWriter& writer, const ResponseState& state);

/// Why a response is incomplete; empty if it is complete.
[[nodiscard]] std::string_view incomplete_reason(std::string_view canonical) noexcept;

/// \name Items, and the parts of them
/// @{
void write_text_part(wire::JsonWriter& writer, std::string_view text);
void write_refusal_part(wire::JsonWriter& writer, std::string_view refusal);
void write_reasoning_part(wire::JsonWriter& writer, std::string_view text);
/// `parts`: JSON, separated by commas.
[[nodiscard]] std::string message_item(std::string_view id, std::string_view status,
                                       std::string_view parts);
[[nodiscard]] std::string reasoning_item(std::string_view id, std::string_view status,
                                         std::string_view parts);
[[nodiscard]] std::string call_item(std::string_view id, std::string_view status,
                                    std::string_view call_id, std::string_view name,
                                    std::string_view arguments);
/// @}

}  // namespace tenon::gateway

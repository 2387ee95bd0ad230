#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/dialect/body.hpp"

/// What dialects write of a canonical request: each canonical thing stands here once.
namespace tenon::gateway {

/// The content of a canonical message: one text, or text and other parts.
class ContentParts {
public:
    void add_text(std::string_view text);
    void add_image(std::string_view url, std::string_view detail = {});
    void add_file(std::string_view name, std::string_view data_uri);
    void add_json(std::string part);  ///< a part that is canonical already

    [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
    /// A string if there is one text alone, else an array.
    void write(wire::JsonWriter& writer) const;

private:
    std::vector<std::string> parts_;
    std::string only_text_;
    bool is_one_text_ = false;
};

/// A turn of the assistant, put together from what the dialects tell apart.
struct AssistantTurn {
    std::string reasoning = {};
    std::vector<std::string> thinking_blocks = {};  ///< JSON
    ContentParts text = {};
    std::vector<std::string> tool_calls = {};  ///< JSON

    void add_call(std::string_view id, std::string_view name, std::string_view arguments);
    [[nodiscard]] bool empty() const noexcept;
    /// One message, also if the turn is empty.
    void write(wire::JsonWriter& writer) const;
};

void write_message(wire::JsonWriter& writer, std::string_view role, const ContentParts& content);
/// The message with the result of the call `id`.
void write_tool_result(wire::JsonWriter& writer, std::string_view id, const ContentParts& content);
/// An element of "tool_calls"; `arguments` is the text of a JSON object.
void write_function_call(wire::JsonWriter& writer, std::string_view id, std::string_view name,
                         std::string_view arguments);
/// "tool_choice": the function `name`.
void write_function_choice(wire::JsonWriter& writer, std::string_view name);
/// "response_format": JSON as `schema` has it.
void write_schema_format(wire::JsonWriter& writer, wire::JsonView schema, bool strict);

}  // namespace tenon::gateway

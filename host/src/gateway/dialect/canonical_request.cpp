#include "gateway/dialect/canonical_request.hpp"

#include <utility>

namespace tenon::gateway {

using wire::JsonView;
using wire::JsonWriter;

namespace {

/// `elements` are JSON. Nothing if there are none.
void write_array(JsonWriter& writer, std::string_view name,
                 const std::vector<std::string>& elements) {
    if (elements.empty()) return;
    writer.key(name);
    writer.begin_array();
    for (const std::string& element : elements) writer.raw(element);
    writer.end_array();
}

}  // namespace

void ContentParts::add_text(std::string_view text) {
    is_one_text_ = parts_.empty();
    only_text_ = text;
    parts_.push_back(object_text([&](JsonWriter& writer) {
        writer.member("type", "text");
        writer.member("text", text);
    }));
}

void ContentParts::add_image(std::string_view url, std::string_view detail) {
    add_json(object_text([&](JsonWriter& writer) {
        writer.member("type", "image_url");
        writer.key("image_url");
        writer.begin_object();
        writer.member("url", url);
        if (!detail.empty()) writer.member("detail", detail);
        writer.end_object();
    }));
}

void ContentParts::add_file(std::string_view name, std::string_view data_uri) {
    add_json(object_text([&](JsonWriter& writer) {
        writer.member("type", "file");
        writer.key("file");
        writer.begin_object();
        writer.member("filename", name);
        writer.member("file_data", data_uri);
        writer.end_object();
    }));
}

void ContentParts::add_json(std::string part) {
    is_one_text_ = false;
    parts_.push_back(std::move(part));
}

void ContentParts::write(JsonWriter& writer) const {
    if (is_one_text_) return writer.value(only_text_);
    writer.begin_array();
    for (const std::string& part : parts_) writer.raw(part);
    writer.end_array();
}

void AssistantTurn::add_call(std::string_view id, std::string_view name,
                             std::string_view arguments) {
    std::string json;
    JsonWriter writer(json);
    write_function_call(writer, id, name, arguments);
    tool_calls.push_back(std::move(json));
}

bool AssistantTurn::empty() const noexcept {
    return reasoning.empty() && thinking_blocks.empty() && text.empty() && tool_calls.empty();
}

void AssistantTurn::write(JsonWriter& writer) const {
    writer.begin_object();
    writer.member("role", "assistant");
    if (!reasoning.empty()) writer.member("reasoning_content", reasoning);
    write_array(writer, "thinking_blocks", thinking_blocks);
    writer.key("content");
    if (!text.empty()) {
        text.write(writer);
    } else if (tool_calls.empty()) {
        writer.value("");
    } else {
        writer.null();
    }
    write_array(writer, "tool_calls", tool_calls);
    writer.end_object();
}

void write_message(JsonWriter& writer, std::string_view role, const ContentParts& content) {
    writer.begin_object();
    writer.member("role", role);
    writer.key("content");
    content.write(writer);
    writer.end_object();
}

void write_tool_result(JsonWriter& writer, std::string_view id, const ContentParts& content) {
    writer.begin_object();
    writer.member("role", "tool");
    writer.member("tool_call_id", id);
    writer.key("content");
    content.write(writer);
    writer.end_object();
}

void write_function_call(JsonWriter& writer, std::string_view id, std::string_view name,
                         std::string_view arguments) {
    writer.begin_object();
    writer.member("id", id);
    writer.member("type", "function");
    writer.key("function");
    writer.begin_object();
    writer.member("name", name);
    writer.member("arguments", arguments);
    writer.end_object();
    writer.end_object();
}

void write_function_choice(JsonWriter& writer, std::string_view name) {
    writer.key("tool_choice");
    writer.begin_object();
    writer.member("type", "function");
    writer.key("function");
    writer.begin_object();
    writer.member("name", name);
    writer.end_object();
    writer.end_object();
}

void write_schema_format(JsonWriter& writer, JsonView schema, bool strict) {
    writer.key("response_format");
    writer.begin_object();
    writer.member("type", "json_schema");
    writer.key("json_schema");
    writer.begin_object();
    writer.member("name", "output");
    copy_member(writer, "schema", schema);
    if (strict) writer.member("strict", true);
    writer.end_object();
    writer.end_object();
}

}  // namespace tenon::gateway

#include <string>
#include <string_view>
#include <utility>

#include "gateway/dialect/canonical_request.hpp"
#include "gateway/dialect/responses_request.hpp"

namespace tenon::gateway {

using wire::JsonView;
using wire::JsonWriter;

namespace {

Result<void> add_image(ContentParts& parts, JsonView part, const std::string& path) {
    if (is_set(part["file_id"])) {
        return unsupported_member(join(path, "file_id"),
                                  "files that are stored elsewhere cannot be passed on");
    }
    const auto url = text_member(part, path, "image_url");
    if (!url) return url.error();
    const auto detail = optional_text(part, path, "detail");
    if (!detail) return detail.error();
    parts.add_image(*url, *detail);
    return {};
}

Result<void> add_file(ContentParts& parts, JsonView part, const std::string& path) {
    for (const std::string_view elsewhere : {"file_id", "file_url"}) {
        if (!is_set(part[elsewhere])) continue;
        return unsupported_member(join(path, elsewhere),
                                  "files that are stored elsewhere cannot be passed on; send "
                                  "file_data");
    }
    const auto data = text_member(part, path, "file_data");
    if (!data) return data.error();
    const auto name = optional_text(part, path, "filename");
    if (!name) return name.error();
    parts.add_file(name->empty() ? std::string_view("file") : *name, *data);
    return {};
}

Result<void> add_part(ContentParts& parts, JsonView part, const std::string& path) {
    const auto type = text_member(part, path, "type");
    if (!type) return type.error();
    if (*type == "input_image") return add_image(parts, part, path);
    if (*type == "input_file") return add_file(parts, part, path);
    const bool is_text = *type == "input_text" || *type == "output_text" || *type == "text" ||
                         *type == "summary_text" || *type == "reasoning_text";
    if (!is_text && *type != "refusal") {
        return unsupported_member(join(path, "type"), "parts of type \"" + std::string(*type) +
                                                          "\" cannot be passed on to a provider");
    }
    const auto text = text_member(part, path, is_text ? "text" : "refusal");
    if (!text) return text.error();
    parts.add_text(*text);
    return {};
}

Result<ContentParts> read_content(JsonView content, const std::string& path) {
    ContentParts parts;
    if (const auto text = content.as_string()) {
        parts.add_text(*text);
        return parts;
    }
    if (!content.is_array()) return invalid_member(path, "must be a string or an array of parts");
    const auto read = read_elements(content, path, [&](JsonView part, const std::string& at) {
        return add_part(parts, part, at);
    });
    if (!read) return read.error();
    if (parts.empty()) parts.add_text("");
    return parts;
}

class Input {
public:
    explicit Input(JsonWriter& writer) : writer_(writer) {}

    Result<void> add(JsonView item, const std::string& path) {
        const auto type = optional_text(item, path, "type");
        if (!type) return type.error();
        if (type->empty() || *type == "message") return add_message(item, path);
        if (*type == "function_call") return add_call(item, path);
        if (*type == "function_call_output") return add_output(item, path);
        if (*type == "reasoning") return add_reasoning(item, path);
        return unsupported_member(join(path, "type"), "items of type \"" + std::string(*type) +
                                                          "\" cannot be passed on to a provider");
    }

    void write(std::string_view role, const ContentParts& content) {
        flush();
        write_message(writer_, role, content);
    }

    /// Writes the assistant's turn, if one is open.
    void flush() {
        if (turn_.empty()) return;
        turn_.write(writer_);
        turn_ = {};
    }

private:
    Result<void> add_message(JsonView item, const std::string& path) {
        const auto role = text_member(item, path, "role");
        if (!role) return role.error();
        if (!is_set(item["content"])) {
            return invalid_member(join(path, "content"), "is missing");
        }
        auto content = read_content(item["content"], join(path, "content"));
        if (!content) return content.error();
        if (*role == "assistant") {
            begin_words();
            turn_.text = std::move(*content);
            return {};
        }
        if (*role != "user" && *role != "system" && *role != "developer") {
            return invalid_member(join(path, "role"),
                                  "must be user, assistant, system or developer");
        }
        write(*role, *content);
        return {};
    }

    Result<void> add_call(JsonView item, const std::string& path) {
        const auto id = text_member(item, path, "call_id");
        if (!id) return id.error();
        const auto name = text_member(item, path, "name");
        if (!name) return name.error();
        const auto arguments = text_member(item, path, "arguments");
        if (!arguments) return arguments.error();
        turn_.add_call(*id, *name, *arguments);
        return {};
    }

    Result<void> add_output(JsonView item, const std::string& path) {
        const auto id = text_member(item, path, "call_id");
        if (!id) return id.error();
        const auto content = read_content(item["output"], join(path, "output"));
        if (!content) return content.error();
        flush();
        write_tool_result(writer_, *id, *content);
        return {};
    }

    Result<void> add_reasoning(JsonView item, const std::string& path) {
        if (is_set(item["encrypted_content"])) {
            return unsupported_member(join(path, "encrypted_content"),
                                      "only the server that encrypted it can read it");
        }
        begin_words();
        const JsonView parts = item["content"].size() > 0 ? item["content"] : item["summary"];
        for (const JsonView part : parts.elements()) {
            if (const auto text = part["text"].as_string()) turn_.reasoning += *text;
        }
        return {};
    }

    /// Reasoning and words stand in a turn before its calls, and once.
    void begin_words() {
        if (!turn_.text.empty() || !turn_.tool_calls.empty()) flush();
    }

    JsonWriter& writer_;
    AssistantTurn turn_;
};

}  // namespace

Result<void> write_responses_input(JsonWriter& writer, JsonView request) {
    const auto instructions = optional_text(request, "", "instructions");
    if (!instructions) return instructions.error();
    const JsonView input = request["input"];
    if (!is_set(input)) return invalid_member("input", "is missing");
    writer.begin_array();
    Input items(writer);
    if (!instructions->empty()) {
        ContentParts text;
        text.add_text(*instructions);
        items.write("system", text);
    }
    if (const auto text = input.as_string()) {
        ContentParts user;
        user.add_text(*text);
        items.write("user", user);
    } else if (input.is_array()) {
        const auto read = read_elements(input, "input", [&](JsonView item, const std::string& at) {
            return items.add(item, at);
        });
        if (!read) return read.error();
    } else {
        return invalid_member("input", "must be a string or an array of items");
    }
    items.flush();
    writer.end_array();
    return {};
}

}  // namespace tenon::gateway

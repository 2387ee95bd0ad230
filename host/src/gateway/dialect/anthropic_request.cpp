#include "gateway/dialect/anthropic_request.hpp"

#include <string_view>
#include <vector>

#include "gateway/dialect/answer_reader.hpp"
#include "gateway/dialect/canonical_request.hpp"

namespace tenon::gateway {

using wire::JsonView;
using wire::JsonWriter;

namespace {

/// The address of an image's or document's source; a data URI for base64.
Result<std::string> source_url(JsonView source, const std::string& path) {
    const auto type = text_member(source, path, "type");
    if (!type) return type.error();
    if (*type == "url") {
        const auto url = text_member(source, path, "url");
        if (!url) return url.error();
        return std::string(*url);
    }
    if (*type == "base64") {
        const auto media = text_member(source, path, "media_type");
        if (!media) return media.error();
        const auto data = text_member(source, path, "data");
        if (!data) return data.error();
        return "data:" + std::string(*media) + ";base64," + std::string(*data);
    }
    return unsupported_member(join(path, "type"), "\"" + std::string(*type) +
                                                      "\" is not among the sources that can be "
                                                      "passed on: base64 and url");
}

Result<void> add_document(ContentParts& parts, JsonView block, const std::string& path) {
    const JsonView source = block["source"];
    const std::string source_path = join(path, "source");
    if (source["type"].as_string() == "text") {
        const auto text = text_member(source, source_path, "data");
        if (!text) return text.error();
        parts.add_text(*text);
        return {};
    }
    if (source["type"].as_string() == "url") {
        return unsupported_member(join(source_path, "type"),
                                  "documents cannot be passed on by address; send the data");
    }
    const auto url = source_url(source, source_path);
    if (!url) return url.error();
    const auto title = optional_text(block, path, "title");
    if (!title) return title.error();
    parts.add_file(title->empty() ? std::string_view("document.pdf") : *title, *url);
    return {};
}

/// A block that may stand in a user's message and in the result of a tool.
Result<void> add_block(ContentParts& parts, JsonView block, const std::string& path) {
    const auto type = text_member(block, path, "type");
    if (!type) return type.error();
    if (*type == "text") {
        const auto text = text_member(block, path, "text");
        if (!text) return text.error();
        parts.add_text(*text);
        return {};
    }
    if (*type == "image") {
        const auto url = source_url(block["source"], join(path, "source"));
        if (!url) return url.error();
        parts.add_image(*url);
        return {};
    }
    if (*type == "document") return add_document(parts, block, path);
    return unsupported_member(join(path, "type"), "blocks of type \"" + std::string(*type) +
                                                      "\" cannot be passed on to a provider");
}

/// `content` as parts: a string, or blocks.
Result<ContentParts> read_content(JsonView content, const std::string& path) {
    ContentParts parts;
    if (const auto text = content.as_string()) {
        parts.add_text(*text);
        return parts;
    }
    if (!content.is_array()) return invalid_member(path, "must be a string or an array of blocks");
    const auto read = read_elements(content, path, [&](JsonView block, const std::string& at) {
        return add_block(parts, block, at);
    });
    if (!read) return read.error();
    return parts;
}

/// One message of the user: first the results of tools, then all else.
class UserMessage {
public:
    explicit UserMessage(JsonWriter& writer) : writer_(writer) {}

    Result<void> write(JsonView content, const std::string& path) {
        const auto results =
            read_elements(content, path, [&](JsonView block, const std::string& at) {
                return is_result(block) ? write_result(block, at) : Result<void>();
            });
        if (!results) return results.error();
        for (const auto& [id, url] : images_) {
            own_.add_text("Image from the result of tool call " + id + ":");
            own_.add_image(url);
        }
        const auto rest = read_elements(content, path, [&](JsonView block, const std::string& at) {
            return is_result(block) ? Result<void>() : add_block(own_, block, at);
        });
        if (!rest) return rest.error();
        if (!own_.empty()) write_message(writer_, "user", own_);
        return {};
    }

private:
    static bool is_result(JsonView block) { return block["type"].as_string() == "tool_result"; }

    /// A canonical result is text; images in it are collected.
    Result<void> write_result(JsonView block, const std::string& path) {
        const auto id = text_member(block, path, "tool_use_id");
        if (!id) return id.error();
        const auto failed = flag_member(block, path, "is_error", false);
        if (!failed) return failed.error();
        ContentParts text;
        if (*failed) text.add_text("Error:");  // the canonical message has no flag for it
        const auto read =
            read_result(text, block["content"], std::string(*id), join(path, "content"));
        if (!read) return read.error();
        if (text.empty()) text.add_text("");
        write_tool_result(writer_, *id, text);
        return {};
    }

    Result<void> read_result(ContentParts& text, JsonView content, const std::string& id,
                             const std::string& path) {
        if (!is_set(content)) return {};
        if (const auto whole = content.as_string()) {
            text.add_text(*whole);
            return {};
        }
        if (!content.is_array()) {
            return invalid_member(path, "must be a string or an array of blocks");
        }
        return read_elements(content, path,
                             [&](JsonView block, const std::string& at) -> Result<void> {
                                 if (block["type"].as_string() != "image") {
                                     return add_block(text, block, at);
                                 }
                                 const auto url = source_url(block["source"], join(at, "source"));
                                 if (!url) return url.error();
                                 images_.emplace_back(id, *url);
                                 return {};
                             });
    }

    JsonWriter& writer_;
    ContentParts own_;
    std::vector<std::pair<std::string, std::string>> images_;  // tool call, address
};

Result<void> add_call(AssistantTurn& turn, JsonView block, const std::string& path) {
    const auto id = text_member(block, path, "id");
    if (!id) return id.error();
    const auto name = text_member(block, path, "name");
    if (!name) return name.error();
    const JsonView input = block["input"];
    if (is_set(input) && !input.is_object()) {
        return invalid_member(join(path, "input"), "must be an object");
    }
    turn.add_call(*id, *name, arguments_text(input));
    return {};
}

/// Adds a block of the assistant's message to its turn.
Result<void> add_to_turn(AssistantTurn& turn, JsonView block, const std::string& path) {
    const auto type = text_member(block, path, "type");
    if (!type) return type.error();
    if (*type == "tool_use") return add_call(turn, block, path);
    if (*type == "redacted_thinking") {
        turn.thinking_blocks.push_back(block.to_text());
        return {};
    }
    if (*type != "thinking") return add_block(turn.text, block, path);
    const auto thinking = text_member(block, path, "thinking");
    if (!thinking) return thinking.error();
    turn.reasoning += *thinking;
    // Only what came from a provider with signatures goes back to one.
    const auto signature = optional_text(block, path, "signature");
    if (!signature) return signature.error();
    if (!signature->empty()) turn.thinking_blocks.push_back(block.to_text());
    return {};
}

Result<AssistantTurn> read_turn(JsonView content, const std::string& path) {
    AssistantTurn turn;
    if (const auto text = content.as_string()) turn.text.add_text(*text);
    const auto read = read_elements(content, path, [&](JsonView block, const std::string& at) {
        return add_to_turn(turn, block, at);
    });
    if (!read) return read.error();
    return turn;
}

Result<void> translate_message(JsonWriter& writer, JsonView message, const std::string& path) {
    const auto role = text_member(message, path, "role");
    if (!role) return role.error();
    const JsonView content = message["content"];
    const std::string content_path = join(path, "content");
    if (!is_set(content)) return invalid_member(content_path, "is missing");
    if (!content.is_string() && !content.is_array()) {
        return invalid_member(content_path, "must be a string or an array of blocks");
    }
    if (*role == "assistant") {
        const auto turn = read_turn(content, content_path);
        if (!turn) return turn.error();
        turn->write(writer);
        return {};
    }
    if (*role == "user" && content.is_array()) {
        return UserMessage(writer).write(content, content_path);
    }
    if (*role != "user" && *role != "system") {
        return invalid_member(join(path, "role"), "must be user, assistant or system");
    }
    const auto parts = read_content(content, content_path);
    if (!parts) return parts.error();
    write_message(writer, *role, *parts);
    return {};
}

}  // namespace

Result<void> write_anthropic_messages(JsonWriter& writer, JsonView request) {
    const JsonView messages = request["messages"];
    if (!is_set(messages)) return invalid_member("messages", "is missing");
    if (!messages.is_array()) return invalid_member("messages", "must be an array");
    writer.begin_array();
    if (const JsonView system = request["system"]; is_set(system)) {
        const auto parts = read_content(system, "system");
        if (!parts) return parts.error();
        if (!parts->empty()) write_message(writer, "system", *parts);
    }
    const auto written =
        read_elements(messages, "messages", [&](JsonView message, const std::string& path) {
            return translate_message(writer, message, path);
        });
    if (!written) return written.error();
    writer.end_array();
    return {};
}

}  // namespace tenon::gateway

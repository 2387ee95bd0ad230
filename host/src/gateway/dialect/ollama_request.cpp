#include "gateway/dialect/ollama_request.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "gateway/dialect/answer_reader.hpp"
#include "gateway/dialect/canonical_request.hpp"

namespace tenon::gateway {

using wire::JsonKind;
using wire::JsonView;
using wire::JsonWriter;

namespace {

/// The media type of an image, by the first characters of its base64 text.
std::string_view media_type(std::string_view base64) noexcept {
    if (base64.starts_with("/9j/")) return "image/jpeg";
    if (base64.starts_with("R0lGOD")) return "image/gif";
    if (base64.starts_with("UklGR")) return "image/webp";
    return "image/png";
}

Result<void> add_images(ContentParts& parts, JsonView images, const std::string& path) {
    if (!is_set(images)) return {};
    if (!images.is_array()) return invalid_member(path, "must be an array of base64 texts");
    return read_elements(images, path, [&](JsonView image, const std::string& at) -> Result<void> {
        const auto data = image.as_string();
        if (!data) return invalid_member(at, "must be an image as base64 text");
        parts.add_image("data:" + std::string(media_type(*data)) + ";base64," + std::string(*data));
        return {};
    });
}

Result<ContentParts> read_content(JsonView object, const std::string& path, std::string_view name) {
    const auto text = optional_text(object, path, name);
    if (!text) return text.error();
    ContentParts parts;
    if (!text->empty() || object["images"].size() == 0) parts.add_text(*text);
    const auto added = add_images(parts, object["images"], join(path, "images"));
    if (!added) return added.error();
    return parts;
}

/// Translates messages in their order, and remembers which calls of tools wait for a result.
class Messages {
public:
    explicit Messages(JsonWriter& writer) : writer_(writer) {}

    Result<void> add(JsonView message, const std::string& path) {
        const auto role = text_member(message, path, "role");
        if (!role) return role.error();
        const auto content = read_content(message, path, "content");
        if (!content) return content.error();
        const auto thinking = optional_text(message, path, "thinking");
        if (!thinking) return thinking.error();

        writer_.begin_object();
        writer_.member("role", *role);
        if (*role == "tool") {
            const auto id = answered_call(message, path);
            if (!id) return id.error();
            writer_.member("tool_call_id", *id);
        }
        if (!thinking->empty()) writer_.member("reasoning_content", *thinking);
        writer_.key("content");
        content->write(writer_);
        if (const JsonView calls = message["tool_calls"]; is_set(calls)) {
            const auto written = write_calls(calls, join(path, "tool_calls"));
            if (!written) return written.error();
        }
        constexpr std::string_view kKnown[] = {"role",       "content",   "images", "thinking",
                                               "tool_calls", "tool_name", "name",   "tool_call_id"};
        copy_others(writer_, message, kKnown);
        writer_.end_object();
        return {};
    }

private:
    struct Call {
        std::string id;
        std::string name;
    };

    Result<void> write_calls(JsonView calls, const std::string& path) {
        if (!calls.is_array()) return invalid_member(path, "must be an array");
        if (calls.size() == 0) return {};
        writer_.key("tool_calls");
        return write_elements(writer_, calls, path, [&](JsonView call, const std::string& at) {
            return write_call(call, at);
        });
    }

    Result<void> write_call(JsonView call, const std::string& path) {
        const auto id = optional_text(call, path, "id");
        if (!id) return id.error();
        const JsonView function = call["function"];
        const auto name = text_member(function, join(path, "function"), "name");
        if (!name) return name.error();
        const JsonView arguments = function["arguments"];
        if (is_set(arguments) && !arguments.is_object()) {
            return invalid_member(join(path, "function.arguments"), "must be an object");
        }
        open_.push_back({id->empty() ? "call_" + std::to_string(count_) : std::string(*id),
                         std::string(*name)});
        ++count_;
        write_function_call(writer_, open_.back().id, *name, arguments_text(arguments));
        return {};
    }

    /// The id of the call that a result belongs to; it waits no longer.
    Result<std::string> answered_call(JsonView message, const std::string& path) {
        const auto id = optional_text(message, path, "tool_call_id");
        if (!id) return id.error();
        auto name = optional_text(message, path, "tool_name");
        if (name && name->empty()) name = optional_text(message, path, "name");
        if (!name) return name.error();
        for (auto call = open_.begin(); call != open_.end(); ++call) {
            if (!id->empty() ? call->id != *id : !name->empty() && call->name != *name) continue;
            std::string found = std::move(call->id);
            open_.erase(call);
            return found;
        }
        if (!id->empty()) return std::string(*id);
        return invalid_member(path, "is the result of a tool that no message before it calls");
    }

    JsonWriter& writer_;
    std::vector<Call> open_;
    std::size_t count_ = 0;
};

}  // namespace

Result<void> write_ollama_messages(JsonWriter& writer, JsonView messages) {
    if (!is_set(messages) || messages.size() == 0) {
        return unsupported_member("messages",
                                  "is empty, which asks to load a model: the gateway "
                                  "cannot do that for a provider");
    }
    if (!messages.is_array()) return invalid_member("messages", "must be an array");
    Messages translated(writer);
    return write_elements(
        writer, messages, "messages",
        [&](JsonView message, const std::string& path) { return translated.add(message, path); });
}

Result<void> write_ollama_prompt(JsonWriter& writer, JsonView request) {
    for (const std::string_view name : {"suffix", "template", "context", "raw"}) {
        const JsonView value = request[name];
        const bool says_nothing = !is_set(value) || value.as_bool() == false ||
                                  value.as_string() == "" ||
                                  (value.is_array() && value.size() == 0);
        if (!says_nothing) {
            return unsupported_member(name, "cannot be passed on to a provider; use /api/chat");
        }
    }
    const auto system = optional_text(request, "", "system");
    if (!system) return system.error();
    const auto prompt = optional_text(request, "", "prompt");
    if (!prompt) return prompt.error();
    if (prompt->empty() && request["images"].size() == 0) {
        return unsupported_member("prompt",
                                  "is empty, which asks to load a model: the gateway "
                                  "cannot do that for a provider");
    }
    const auto content = read_content(request, "", "prompt");
    if (!content) return content.error();
    writer.begin_array();
    if (!system->empty()) {
        ContentParts text;
        text.add_text(*system);
        write_message(writer, "system", text);
    }
    write_message(writer, "user", *content);
    writer.end_array();
    return {};
}

namespace {

/// How a runner on this machine does its work; a provider decides that by itself.
constexpr std::string_view kRunnerOptions[] = {
    "num_ctx",   "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep",    "use_mmap",
    "use_mlock", "low_vram",  "numa",    "f16_kv",   "vocab_only", "num_predict", "repeat_penalty"};

Result<void> write_options(JsonWriter& writer, JsonView options) {
    if (!is_set(options)) return {};
    if (!options.is_object()) return invalid_member("options", "must be an object");
    if (const JsonView limit = options["num_predict"]; is_set(limit)) {
        const auto tokens = limit.as_int64();
        if (!tokens) return invalid_member("options.num_predict", "must be a whole number");
        if (*tokens > 0) writer.member("max_tokens", *tokens);  // else: no limit
    }
    if (const JsonView penalty = options["repeat_penalty"]; is_set(penalty)) {
        copy_member(writer, "repetition_penalty", penalty);
    }
    copy_others(writer, options, kRunnerOptions);
    return {};
}

Result<void> write_format(JsonWriter& writer, JsonView format) {
    if (!is_set(format) || format.as_string() == "") return {};
    if (format.as_string() == "json") {
        writer.key("response_format");
        writer.raw(R"({"type":"json_object"})");
        return {};
    }
    if (!format.is_object()) {
        return invalid_member("format", "must be \"json\" or a JSON schema");
    }
    write_schema_format(writer, format, false);
    return {};
}

Result<void> write_think(JsonWriter& writer, JsonView think) {
    if (!is_set(think)) return {};
    if (const auto flag = think.as_bool()) {
        writer.member("reasoning_effort", *flag ? "medium" : "none");
        return {};
    }
    if (const auto effort = think.as_string()) {
        writer.member("reasoning_effort", *effort);
        return {};
    }
    return invalid_member("think", "must be true, false or an effort");
}

}  // namespace

Result<void> write_ollama_settings(JsonWriter& writer, JsonView request) {
    if (request["logprobs"].as_bool().value_or(false)) {
        return unsupported_member("logprobs",
                                  "cannot be told in this dialect; use "
                                  "/v1/chat/completions");
    }
    const auto options = write_options(writer, request["options"]);
    if (!options) return options.error();
    const auto format = write_format(writer, request["format"]);
    if (!format) return format.error();
    return write_think(writer, request["think"]);
}

}  // namespace tenon::gateway

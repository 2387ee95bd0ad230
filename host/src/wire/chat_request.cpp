#include "wire/chat_request.hpp"

#include "wire/json.hpp"
#include "wire/json_writer.hpp"
#include "wire/top_level_members.hpp"

namespace tenon::wire {

Result<std::string> build_chat_request(const ChatRequestParts& parts) {
    if (!parts.tools_json.empty()) {
        const auto tools = JsonDocument::parse(parts.tools_json);
        if (!tools) return Error(Code::invalid, "the tools are not JSON: " + tools.error().message);
        if (tools->root().kind() != JsonKind::array) {
            return Error(Code::invalid, "the tools must be a JSON array, not " +
                                            std::string(describe(tools->root().kind())));
        }
    }
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    if (!parts.model.empty()) writer.member("model", parts.model);
    writer.key("messages");
    writer.begin_array();
    for (const ChatMessage& message : parts.messages) {
        writer.begin_object();
        writer.member("role", message.role);
        writer.member("content", message.content);
        writer.end_object();
    }
    writer.end_array();
    if (parts.temperature) writer.member("temperature", *parts.temperature);
    if (parts.max_tokens) writer.member("max_tokens", *parts.max_tokens);
    if (parts.stream) writer.member("stream", true);
    if (!parts.tools_json.empty()) {
        writer.key("tools");
        writer.raw(parts.tools_json);
    }
    writer.end_object();
    return body;
}

std::string build_embedding_request(std::string_view model,
                                    std::span<const std::string_view> inputs,
                                    std::optional<std::uint64_t> dimensions) {
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    if (!model.empty()) writer.member("model", model);
    writer.key("input");
    writer.begin_array();
    for (const std::string_view input : inputs) writer.value(input);
    writer.end_array();
    if (dimensions) writer.member("dimensions", *dimensions);
    writer.end_object();
    return body;
}

Result<std::string> with_model_and_stream(std::string_view body, std::string_view model,
                                          bool stream) {
    std::string quoted_model;
    if (!model.empty()) append_json_string(quoted_model, model);
    const std::string_view stream_text = stream ? "true" : "false";

    std::string out;
    out.reserve(body.size() + quoted_model.size() + 32);
    TopLevelMembers members(body);
    bool has_model = model.empty();
    bool has_stream = false;
    std::size_t copied = 0;  // bytes of body that are in out
    while (const auto member = members.next()) {
        const bool is_model = !model.empty() && member->is("model");
        if (!is_model && !member->is("stream")) continue;
        // Also a second member of that name: which one counts differs between parsers.
        out.append(body.substr(copied, member->value_begin - copied));
        out += is_model ? std::string_view(quoted_model) : stream_text;
        copied = member->value_begin + member->value.size();
        (is_model ? has_model : has_stream) = true;
    }
    if (members.failed()) {
        return Error(Code::invalid, "the request's body is not a whole JSON object");
    }
    out.append(body.substr(copied));
    std::string missing;
    if (!has_model) missing += R"("model":)" + quoted_model + ',';
    if (!has_stream) missing += R"("stream":)" + std::string(stream_text) + ',';
    if (missing.empty()) return out;
    if (members.count() == 0) missing.pop_back();
    // Nothing before the bracket has changed.
    out.insert(members.object_begin() + 1, missing);
    return out;
}

}  // namespace tenon::wire

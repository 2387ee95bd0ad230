#include <string>
#include <string_view>

#include "gateway/dialect/canonical_request.hpp"
#include "gateway/dialect/responses_request.hpp"

namespace tenon::gateway {

using wire::JsonView;
using wire::JsonWriter;

namespace {

/// What is translated or refused, or concerns only a server that stores responses. All else is
/// kept.
constexpr std::string_view kKnown[] = {
    "model",  "input",       "instructions",         "stream",       "stream_options",
    "tools",  "tool_choice", "max_output_tokens",    "reasoning",    "text",
    "store",  "include",     "previous_response_id", "conversation", "background",
    "prompt", "truncation",  "context_management",   "top_logprobs", "max_tool_calls"};

Result<void> refuse_what_needs_memory(JsonView request) {
    for (const std::string_view name :
         {"previous_response_id", "conversation", "prompt", "context_management"}) {
        if (!is_set(request[name])) continue;
        return unsupported_member(name, "the gateway keeps no responses; send the whole input");
    }
    if (request["background"].as_bool() == true) {
        return unsupported_member("background", "the gateway answers while the client waits");
    }
    if (is_set(request["truncation"]) && request["truncation"].as_string() != "disabled") {
        return unsupported_member("truncation", "the gateway does not shorten the input");
    }
    if (request["top_logprobs"].as_int64().value_or(0) != 0) {
        return unsupported_member("top_logprobs", "use /v1/chat/completions");
    }
    return read_elements(request["include"], "include",
                         [](JsonView wish, const std::string& path) -> Result<void> {
                             // Clients ask for it whether or not the model has any.
                             if (wish.as_string() == "reasoning.encrypted_content") return {};
                             return unsupported_member(path, "cannot be told by the gateway");
                         });
}

Result<void> write_tool(JsonWriter& writer, JsonView tool, const std::string& path) {
    const auto type = text_member(tool, path, "type");
    if (!type) return type.error();
    if (*type != "function") {
        return unsupported_member(join(path, "type"), "\"" + std::string(*type) +
                                                          "\" runs at OpenAI and cannot be "
                                                          "passed on; define a function");
    }
    const auto name = text_member(tool, path, "name");
    if (!name) return name.error();
    writer.begin_object();
    writer.member("type", "function");
    writer.key("function");
    writer.begin_object();
    constexpr std::string_view kType[] = {"type"};
    copy_others(writer, tool, kType);
    writer.end_object();
    writer.end_object();
    return {};
}

Result<void> write_tools(JsonWriter& writer, JsonView tools) {
    if (!is_set(tools)) return {};
    if (!tools.is_array()) return invalid_member("tools", "must be an array");
    if (tools.size() == 0) return {};
    writer.key("tools");
    return write_elements(writer, tools, "tools", [&](JsonView tool, const std::string& path) {
        return write_tool(writer, tool, path);
    });
}

Result<void> write_tool_choice(JsonWriter& writer, JsonView choice) {
    if (!is_set(choice)) return {};
    if (const auto word = choice.as_string()) {
        writer.member("tool_choice", *word);
        return {};
    }
    const auto type = text_member(choice, "tool_choice", "type");
    if (!type) return type.error();
    if (*type != "function") {
        return unsupported_member("tool_choice.type", "only functions can be chosen");
    }
    const auto name = text_member(choice, "tool_choice", "name");
    if (!name) return name.error();
    write_function_choice(writer, *name);
    return {};
}

Result<void> write_text(JsonWriter& writer, JsonView text) {
    if (is_set(text["verbosity"])) copy_member(writer, "verbosity", text["verbosity"]);
    const JsonView format = text["format"];
    if (!is_set(format)) return {};
    const auto type = text_member(format, "text.format", "type");
    if (!type) return type.error();
    if (*type == "text") return {};
    writer.key("response_format");
    writer.begin_object();
    writer.member("type", *type);
    if (*type == "json_schema") {
        if (!format["schema"].is_object()) {
            return invalid_member("text.format.schema", "must be an object");
        }
        writer.key("json_schema");
        writer.begin_object();
        constexpr std::string_view kType[] = {"type"};
        copy_others(writer, format, kType);
        writer.end_object();
    }
    writer.end_object();
    return {};
}

Result<void> write_limit(JsonWriter& writer, JsonView limit) {
    if (!is_set(limit)) return {};
    const auto tokens = limit.as_int64();
    if (!tokens || *tokens < 1) {
        return invalid_member("max_output_tokens", "must be a whole number greater than 0");
    }
    writer.member("max_tokens", *tokens);
    return {};
}

}  // namespace

Result<void> write_responses_settings(JsonWriter& writer, JsonView request) {
    const auto possible = refuse_what_needs_memory(request);
    if (!possible) return possible.error();
    const auto tools = write_tools(writer, request["tools"]);
    if (!tools) return tools.error();
    const auto choice = write_tool_choice(writer, request["tool_choice"]);
    if (!choice) return choice.error();
    const auto limit = write_limit(writer, request["max_output_tokens"]);
    if (!limit) return limit.error();
    const auto text = write_text(writer, request["text"]);
    if (!text) return text.error();
    const auto effort = optional_text(request["reasoning"], "reasoning", "effort");
    if (!effort) return effort.error();
    if (!effort->empty()) writer.member("reasoning_effort", *effort);
    copy_others(writer, request, kKnown);
    return {};
}

}  // namespace tenon::gateway

#include "chat_request.hpp"

#include <algorithm>
#include <vector>

#include "chat_messages.hpp"
#include "json.hpp"

namespace tenon::ollama {
namespace {

/// Members of a request and the model options that they are here. Of two for the same option the
/// first one counts.
constexpr struct {
    std::string_view member;
    std::string_view option;
} kOptions[] = {{"temperature", "temperature"},
                {"top_p", "top_p"},
                {"top_k", "top_k"},
                {"min_p", "min_p"},
                {"seed", "seed"},
                {"stop", "stop"},
                {"frequency_penalty", "frequency_penalty"},
                {"presence_penalty", "presence_penalty"},
                {"max_completion_tokens", "num_predict"},
                {"max_tokens", "num_predict"}};

bool is_one_of(std::string_view name, const std::vector<std::string_view>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void write_option(JsonWriter& out, std::string_view name, const Json& value) {
    out.key(name);
    const bool alone = name == "stop" && value.IsString();  // here always an array
    if (alone) out.begin_array();
    out.value(value);
    if (alone) out.end_array();
}

void write_options(JsonWriter& out, const Json& request, const Settings& settings) {
    out.key("options");
    out.begin_object();
    std::vector<std::string_view> written;
    for (const auto& [name, option] : kOptions) {
        const Json* value = member(request, name);
        if (value == nullptr || is_one_of(option, written)) continue;
        write_option(out, option, *value);
        written.push_back(option);
    }
    for (const auto& [name, json] : settings.options) {
        if (is_one_of(name, written)) continue;
        out.key(name);
        out.raw(json);
    }
    out.end_object();
}

Result<void> write_format(JsonWriter& out, const Json* format) {
    if (format == nullptr) return {};
    const std::string_view type = text_member(*format, "type");
    if (type == "text") return {};
    if (type == "json_object") {
        out.key("format");
        out.text("json");
        return {};
    }
    if (type == "json_schema") {
        const Json* wrapped = member(*format, "json_schema");
        const Json* schema = wrapped == nullptr ? nullptr : member(*wrapped, "schema");
        if (schema == nullptr) {
            return Error(Code::invalid, "\"response_format\" has no \"json_schema\".\"schema\"");
        }
        out.key("format");
        out.value(*schema);
        return {};
    }
    return Error(Code::unsupported, "Ollama does not know the response format \"" +
                                        std::string(type) +
                                        "\"; use text, json_object or json_schema");
}

/// Ollama knows low, medium, high and max, and true or false.
void write_think(JsonWriter& out, std::string_view effort) {
    if (effort.empty()) return;
    out.key("think");
    if (effort == "none") return out.boolean(false);
    if (effort == "minimal") effort = "low";
    if (effort == "xhigh") effort = "high";
    out.text(effort);
}

/// Ollama has no "tool_choice", but a model without tools calls none.
void write_tools(JsonWriter& out, const Json& request) {
    const Json* tools = member(request, "tools");
    if (tools == nullptr || text_member(request, "tool_choice") == "none") return;
    out.key("tools");
    out.value(*tools);
}

Result<void> check(const Json& request, std::string_view model) {
    if (model.empty()) return Error(Code::invalid, "the request names no model");
    const Json* messages = member(request, "messages");
    if (messages == nullptr || !messages->IsArray()) {
        return Error(Code::invalid, "the request has no messages");
    }
    if (count_member(request, "n").value_or(1) > 1) {
        return Error(Code::unsupported, "Ollama gives one answer to a request; leave out \"n\"");
    }
    return {};
}

}  // namespace

Result<std::string> chat_body(std::string_view request, std::string_view model,
                              const Settings& settings) {
    rapidjson::Document in;
    if (!parse_json(in, request)) return Error(Code::invalid, "the request is not JSON");
    const auto good = check(in, model);
    if (!good) return good.error();

    JsonWriter out;
    out.begin_object();
    out.key("model");
    out.text(model);
    out.key("stream");
    out.boolean(true);
    out.key("messages");
    const auto messages = write_messages(out, in["messages"]);
    if (!messages) return messages.error();
    write_tools(out, in);
    const auto format = write_format(out, member(in, "response_format"));
    if (!format) return format.error();
    write_think(out, text_member(in, "reasoning_effort"));
    write_options(out, in, settings);
    if (!settings.keep_alive.empty()) {
        out.key("keep_alive");
        out.raw(settings.keep_alive);
    }
    out.end_object();
    return out.take();
}

}  // namespace tenon::ollama

#include <string>
#include <string_view>

#include "gateway/dialect/anthropic_request.hpp"
#include "gateway/dialect/canonical_request.hpp"

namespace tenon::gateway {

using wire::JsonView;
using wire::JsonWriter;

namespace {

Result<void> write_tool(JsonWriter& writer, JsonView tool, const std::string& path) {
    const auto type = optional_text(tool, path, "type");
    if (!type) return type.error();
    if (!type->empty() && *type != "custom") {
        return unsupported_member(join(path, "type"), "\"" + std::string(*type) +
                                                          "\" runs at Anthropic and cannot be "
                                                          "passed on; define a tool of your own");
    }
    const auto name = text_member(tool, path, "name");
    if (!name) return name.error();
    const JsonView schema = tool["input_schema"];
    if (!schema.is_object()) {
        return invalid_member(join(path, "input_schema"), "must be an object");
    }
    writer.begin_object();
    writer.member("type", "function");
    writer.key("function");
    writer.begin_object();
    writer.member("name", *name);
    for (const std::string_view kept : {"description", "strict"}) {
        if (is_set(tool[kept])) copy_member(writer, kept, tool[kept]);
    }
    copy_member(writer, "parameters", schema);
    writer.end_object();
    for (const auto& [key, value] : tool.members()) {
        if (key == "type" || key == "name" || key == "description" || key == "strict" ||
            key == "input_schema" || key == "cache_control" || key == "function") {
            continue;
        }
        copy_member(writer, key, value);
    }
    writer.end_object();
    return {};
}

}  // namespace

Result<void> write_anthropic_tools(JsonWriter& writer, JsonView tools) {
    if (!tools.is_array()) return invalid_member("tools", "must be an array");
    return write_elements(writer, tools, "tools", [&](JsonView tool, const std::string& path) {
        return write_tool(writer, tool, path);
    });
}

Result<void> write_anthropic_tool_choice(JsonWriter& writer, JsonView choice) {
    const auto type = text_member(choice, "tool_choice", "type");
    if (!type) return type.error();
    if (*type == "tool") {
        const auto name = text_member(choice, "tool_choice", "name");
        if (!name) return name.error();
        write_function_choice(writer, *name);
    } else if (*type == "auto" || *type == "none") {
        writer.member("tool_choice", *type);
    } else if (*type == "any") {
        writer.member("tool_choice", "required");
    } else {
        return invalid_member("tool_choice.type", "must be auto, any, tool or none");
    }
    const auto serial = flag_member(choice, "tool_choice", "disable_parallel_tool_use", false);
    if (!serial) return serial.error();
    if (*serial) writer.member("parallel_tool_calls", false);
    return {};
}

}  // namespace tenon::gateway

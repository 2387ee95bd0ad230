#include "chat_messages.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace tenon::ollama {
namespace {

/// The names of the tools that were called, by the ids of the calls. Of calls with the same id the
/// last one counts.
using ToolNames = std::map<std::string_view, std::string_view>;

struct Content {
    std::string text;
    std::vector<std::string_view> images;  // base64
};

bool same_word(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

/// The base64 text of "data:image/png;base64,....".
Result<std::string_view> image_data(std::string_view url) {
    constexpr std::string_view kScheme = "data:";
    constexpr std::string_view kEncoding = ";base64";
    if (!same_word(url.substr(0, kScheme.size()), kScheme)) {
        return Error(Code::unsupported,
                     "Ollama does not fetch images by address; send the image itself as "
                     "\"data:image/...;base64,...\"");
    }
    const std::size_t comma = url.find(',');
    const std::string_view head = url.substr(0, std::min(comma, url.size()));
    if (comma == std::string_view::npos || head.size() < kScheme.size() + kEncoding.size() ||
        !same_word(head.substr(head.size() - kEncoding.size()), kEncoding)) {
        return Error(Code::invalid, "an image's data URI must be \"data:image/...;base64,...\"");
    }
    return url.substr(comma + 1);
}

Result<void> add_part(Content& out, const Json& part) {
    const std::string_view type = text_member(part, "type");
    if (type == "text" || type == "refusal") {
        out.text += text_member(part, type);
        return {};
    }
    if (type == "image_url") {
        const Json* image = member(part, "image_url");
        const std::string_view url =
            image != nullptr && image->IsObject() ? text_member(*image, "url") : text_of(image);
        const auto data = image_data(url);
        if (!data) return data.error();
        out.images.push_back(*data);
        return {};
    }
    if (type.empty()) return Error(Code::invalid, "a part of a message's content has no type");
    return Error(Code::unsupported,
                 "Ollama takes text and images in a message, not \"" + std::string(type) + "\"");
}

Result<Content> read_content(const Json* content) {
    Content out;
    if (content == nullptr) return out;
    if (content->IsString()) {
        out.text = text_of(content);
        return out;
    }
    if (!content->IsArray()) {
        return Error(Code::invalid, "a message's content must be a text or an array of parts");
    }
    for (const Json& part : content->GetArray()) {
        const auto added = add_part(out, part);
        if (!added) return added.error();
    }
    return out;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
    const std::size_t end = text.find_last_not_of(kSpace) + 1;
    return text.substr(begin, end < begin ? 0 : end - begin);
}

/// Arguments are JSON text in OpenAI's dialect, an object here. They are not written anew, so that
/// no number changes.
Result<void> write_arguments(JsonWriter& out, const Json* arguments, std::string_view tool) {
    if (arguments != nullptr && arguments->IsObject()) {
        out.value(*arguments);
        return {};
    }
    const std::string_view text = trimmed(text_of(arguments));
    if (text.empty()) {
        out.raw("{}");
        return {};
    }
    rapidjson::Document tree;
    if (!parse_json(tree, text) || !tree.IsObject()) {
        return Error(Code::invalid, "the arguments of a call of the tool \"" + std::string(tool) +
                                        "\" are not a JSON object, and Ollama takes nothing else");
    }
    out.raw(text);
    return {};
}

Result<void> write_tool_calls(JsonWriter& out, const Json& calls, ToolNames& names) {
    if (!calls.IsArray()) return Error(Code::invalid, "\"tool_calls\" must be an array");
    out.key("tool_calls");
    out.begin_array();
    for (const Json& call : calls.GetArray()) {
        const Json* function = member(call, "function");
        if (function == nullptr) {
            return Error(Code::unsupported, "Ollama takes calls of functions only");
        }
        const std::string_view name = text_member(*function, "name");
        const std::string_view id = text_member(call, "id");
        if (!id.empty()) names[id] = name;
        out.begin_object();
        if (!id.empty()) {
            out.key("id");
            out.text(id);
        }
        out.key("function");
        out.begin_object();
        out.key("name");
        out.text(name);
        out.key("arguments");
        const auto written = write_arguments(out, member(*function, "arguments"), name);
        if (!written) return written;
        out.end_object();
        out.end_object();
    }
    out.end_array();
    return {};
}

void write_text_member(JsonWriter& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out.key(name);
    out.text(text);
}

/// Which tool a result comes from: Ollama goes by the name, OpenAI's dialect by the call.
void write_tool_result(JsonWriter& out, const Json& message, const ToolNames& names) {
    const std::string_view id = text_member(message, "tool_call_id");
    std::string_view name = text_member(message, "name");
    if (const auto called = names.find(id); name.empty() && called != names.end()) {
        name = called->second;
    }
    write_text_member(out, "tool_name", name);
    write_text_member(out, "tool_call_id", id);
}

std::string_view role_of(const Json& message) {
    const std::string_view role = text_member(message, "role");
    if (role == "developer") return "system";
    if (role == "function") return "tool";  // what tools were called at first
    return role;
}

Result<void> write_message(JsonWriter& out, const Json& message, ToolNames& names) {
    const std::string_view role = role_of(message);
    if (role.empty()) return Error(Code::invalid, "a message has no role");
    const auto content = read_content(member(message, "content"));
    if (!content) return content.error();

    out.begin_object();
    out.key("role");
    out.text(role);
    out.key("content");
    out.text(content->text);
    if (!content->images.empty()) {
        out.key("images");
        out.begin_array();
        for (const std::string_view image : content->images) out.text(image);
        out.end_array();
    }
    const std::string_view reasoning = text_member(message, "reasoning_content");
    write_text_member(out, "thinking",
                      reasoning.empty() ? text_member(message, "reasoning") : reasoning);
    if (const Json* calls = member(message, "tool_calls")) {
        const auto written = write_tool_calls(out, *calls, names);
        if (!written) return written;
    }
    if (role == "tool") write_tool_result(out, message, names);
    out.end_object();
    return {};
}

}  // namespace

Result<void> write_messages(JsonWriter& out, const Json& messages) {
    ToolNames names;
    out.begin_array();
    for (const Json& message : messages.GetArray()) {
        const auto written = write_message(out, message, names);
        if (!written) return written;
    }
    out.end_array();
    return {};
}

}  // namespace tenon::ollama

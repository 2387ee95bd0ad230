#include "answer.hpp"

#include <algorithm>

#include "hash.hpp"
#include "tenon/json_text.hpp"

namespace tenon::mock {
namespace {

constexpr std::string_view kLorem =
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut "
    "labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco "
    "laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in "
    "voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat "
    "cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.";

constexpr std::size_t kArgumentBytes = 8;  // so that even short arguments come in fragments

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Does a character of a script without spaces begin here: kana, han or hangul? Judged by the lead
/// byte, so emoji and their modifiers stay together.
bool is_ideograph(std::string_view at) noexcept {
    const auto lead = static_cast<unsigned char>(at[0]);
    if (lead >= 0xE3 && lead <= 0xED) return true;
    return lead == 0xF0 && at.size() > 1 && static_cast<unsigned char>(at[1]) >= 0xA0;
}

constexpr bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

/// Bytes of the first token of a text that is not empty.
std::size_t token_length(std::string_view text) noexcept {
    std::size_t n = 0;
    while (n < text.size() && is_space(text[n])) ++n;
    if (n == text.size()) return n;
    const bool ideograph = is_ideograph(text.substr(n));
    ++n;
    while (n < text.size() && !is_space(text[n])) {
        if (!is_continuation(text[n]) && (ideograph || is_ideograph(text.substr(n)))) break;
        ++n;
    }
    return n;
}

std::string hex(std::uint64_t value) {
    std::string out(16, '0');
    for (std::size_t i = out.size(); i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15u];
    return out;
}

std::vector<std::string> owned(std::string_view text) {
    const auto tokens = tokenize(text);
    return {tokens.begin(), tokens.end()};
}

std::string answer_text(const Prompt& prompt, const Style& style) {
    if (style.answer == "lorem") return std::string(kLorem);
    if (style.answer != "echo") return style.answer;
    return (prompt.from_tool ? "The tool answered: " : "You said: ") + prompt.text;
}

/// Repeats or cuts the tokens until there are `count`. A repetition starts a new word.
void resize(std::vector<std::string>& tokens, std::uint64_t count) {
    if (tokens.empty()) tokens.emplace_back("word");
    const std::size_t period = tokens.size();
    tokens.reserve(count);
    while (tokens.size() < count) {
        const std::size_t from = tokens.size() - period;
        tokens.push_back(from == 0 ? " " + tokens[0] : tokens[from]);
    }
    tokens.resize(count);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, text);
}

std::string join(const std::vector<std::string>& tokens) {
    std::string out;
    for (const std::string& token : tokens) out += token;
    return out;
}

}  // namespace

std::vector<std::string_view> tokenize(std::string_view text) {
    std::vector<std::string_view> tokens;
    while (!text.empty()) {
        tokens.push_back(text.substr(0, token_length(text)));
        text.remove_prefix(tokens.back().size());
    }
    return tokens;
}

std::uint64_t count_tokens(std::string_view text) noexcept {
    std::uint64_t n = 0;
    for (; !text.empty(); ++n) text.remove_prefix(token_length(text));
    return n;
}

std::vector<std::string_view> fragments(std::string_view text, std::size_t size) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        std::size_t n = utf8_safe_prefix(text.substr(0, size)).size();
        if (n == 0) n = std::min(size, text.size());  // these bytes are no character
        out.push_back(text.substr(0, n));
        text.remove_prefix(n);
    }
    return out;
}

std::optional<ToolCall> parse_tool_call(std::string_view text) {
    constexpr std::string_view kWord = "call ";
    if (!text.starts_with(kWord)) return std::nullopt;
    text.remove_prefix(kWord.size());
    const std::size_t name_end = std::min(text.find(' '), text.size());
    const std::string_view name = text.substr(0, name_end);
    if (name.empty()) return std::nullopt;
    const std::string_view arguments = text.substr(std::min(name_end + 1, text.size()));
    return ToolCall{.id = "call_" + hex(hash(text)),
                    .name = std::string(name),
                    .arguments = arguments.empty() ? "{}" : std::string(arguments)};
}

Reply reply_to(const Prompt& prompt, const Style& style) {
    Reply reply;
    reply.input_tokens = prompt.tokens;
    if (style.reasoning) reply.reasoning = owned("Let me think about: " + prompt.text);
    if (prompt.may_call_tools && !prompt.from_tool) reply.tool = parse_tool_call(prompt.text);
    if (reply.tool) {
        reply.finish_reason = "tool_calls";
        reply.output_tokens = count_tokens(reply.tool->arguments) + 1;
    } else {
        reply.text = owned(answer_text(prompt, style));
        if (style.tokens != 0) resize(reply.text, style.tokens);
        if (prompt.max_tokens && *prompt.max_tokens < reply.text.size()) {
            reply.text.resize(*prompt.max_tokens);
            reply.finish_reason = "length";
        }
        reply.output_tokens = reply.text.size();
    }
    reply.output_tokens += reply.reasoning.size();
    return reply;
}

std::vector<Delta> deltas_of(const Reply& reply, std::string_view usage_json) {
    std::vector<Delta> out;
    out.reserve(reply.reasoning.size() + reply.text.size() + 1);
    for (const std::string& token : reply.reasoning) {
        out.push_back({.kind = TENON_DELTA_REASONING, .data = token});
    }
    for (const std::string& token : reply.text) {
        out.push_back({.kind = TENON_DELTA_TEXT, .data = token});
    }
    if (reply.tool) {
        out.push_back({.kind = TENON_DELTA_TOOL_CALL,
                       .tool_call_id = reply.tool->id,
                       .tool_name = reply.tool->name});
        for (const std::string_view piece : fragments(reply.tool->arguments, kArgumentBytes)) {
            out.push_back({.kind = TENON_DELTA_TOOL_CALL, .data = piece});
        }
    }
    if (!usage_json.empty()) out.push_back({.kind = TENON_DELTA_USAGE, .data = usage_json});
    return out;
}

std::string usage_json(const Reply& reply) {
    std::string out = "{\"prompt_tokens\":" + std::to_string(reply.input_tokens);
    out += ",\"completion_tokens\":" + std::to_string(reply.output_tokens);
    out += ",\"total_tokens\":" + std::to_string(reply.input_tokens + reply.output_tokens);
    if (!reply.reasoning.empty()) {
        out += ",\"completion_tokens_details\":{\"reasoning_tokens\":" +
               std::to_string(reply.reasoning.size()) + "}";
    }
    return out += "}";
}

std::string body_json(const Reply& reply, std::string_view model) {
    const std::string text = join(reply.text);
    std::string out = "{\"id\":\"chatcmpl-" + hex(hash(text));
    out += "\",\"object\":\"chat.completion\",\"created\":0";
    append_member(out, "model", model);
    out += ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"";
    if (reply.tool) {
        out += ",\"content\":null,\"tool_calls\":[{\"type\":\"function\"";
        append_member(out, "id", reply.tool->id);
        out += ",\"function\":{\"name\":";
        append_json_string(out, reply.tool->name);
        append_member(out, "arguments", reply.tool->arguments);
        out += "}}]";
    } else {
        append_member(out, "content", text);
    }
    if (!reply.reasoning.empty()) append_member(out, "reasoning_content", join(reply.reasoning));
    out += "},\"logprobs\":null";
    append_member(out, "finish_reason", reply.finish_reason);
    out += "}],\"usage\":" + usage_json(reply);
    return out += "}";
}

}  // namespace tenon::mock

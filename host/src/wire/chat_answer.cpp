#include "wire/chat_answer.hpp"

#include <deque>
#include <optional>

#include "wire/json_writer.hpp"

namespace tenon::wire {
namespace {

std::string string_of(JsonView value) {
    return std::string(value.as_string().value_or(""));
}

/// The arguments of a tool call as JSON text; some providers send the object itself.
std::string arguments_of(JsonView arguments) {
    if (const auto text = arguments.as_string()) return std::string(*text);
    return arguments.exists() ? arguments.to_text() : std::string();
}

std::uint64_t tokens_of(JsonView count) noexcept {
    const auto number = count.as_int64();
    return number && *number >= 0 ? static_cast<std::uint64_t>(*number) : TENON_TOKENS_UNKNOWN;
}

/// Text of one part of a content array, or of the parts nested in it.
void add_part(JsonView part, ChatContent& content, std::string& into) {
    if (const auto text = part["text"].as_string()) into += *text;
    const JsonView thinking = part["thinking"];
    if (const auto text = thinking.as_string()) content.reasoning += *text;
    for (const JsonView nested : thinking.elements()) add_part(nested, content, content.reasoning);
}

Result<JsonDocument> parse_answer(std::string_view body) {
    auto document = JsonDocument::parse(body);
    if (!document) {
        return Error(Code::protocol,
                     "the provider's answer is not JSON: " + document.error().message);
    }
    if (!document->root()["choices"][0].is_object()) {
        return Error(Code::protocol,
                     "the provider's answer is not a chat completion: it has no choices");
    }
    return document;
}

JsonView first_choice(JsonView root) {
    for (const JsonView choice : root["choices"].elements()) {
        if (choice["index"].as_int64() == 0) return choice;
    }
    return root["choices"][0];
}

/// Makes the deltas of one answer and the strings that they point into.
class Splitter {
public:
    explicit Splitter(JsonView root) : root_(root), strings_(new std::deque<std::string>) {}

    SplitChatAnswer split() {
        std::uint32_t position = 0;
        for (const JsonView choice : root_["choices"].elements()) split_choice(choice, position++);
        const JsonView usage = root_["usage"];
        if (usage.is_object()) {
            add({.kind = TENON_DELTA_USAGE,
                 .data = keep(usage.to_text()),
                 .raw = keep(chunk([](JsonWriter&) {}, usage))});
        }
        out_.finish_reason = string_of(first_choice(root_)["finish_reason"]);
        out_.input_tokens = tokens_of(usage["prompt_tokens"]);
        out_.output_tokens = tokens_of(usage["completion_tokens"]);
        out_.storage = std::move(strings_);
        return std::move(out_);
    }

private:
    std::string_view keep(std::string text) { return strings_->emplace_back(std::move(text)); }

    void add(const Delta& delta) { out_.deltas.push_back(delta); }

    void split_choice(JsonView choice, std::uint32_t position) {
        const auto index = choice["index"].as_int64();
        const auto number = index && *index >= 0 && *index <= UINT32_MAX
                                ? static_cast<std::uint32_t>(*index)
                                : position;
        const std::size_t first = out_.deltas.size();
        const JsonView message = choice["message"];
        const ChatContent content = content_of(message);
        if (!content.reasoning.empty()) {
            add({.kind = TENON_DELTA_REASONING, .choice = number, .data = keep(content.reasoning)});
        }
        if (!content.text.empty()) {
            add({.kind = TENON_DELTA_TEXT, .choice = number, .data = keep(content.text)});
        }
        add_tool_calls(message["tool_calls"], number);
        add_further_members(message, number);
        if (out_.deltas.size() == first) add({.choice = number});
        out_.deltas[first].raw = keep(message_chunk(choice, content, number));
        for (std::size_t i = first + 1; i < out_.deltas.size(); ++i)
            out_.deltas[i].same_chunk = true;
        add({.choice = number, .raw = keep(end_chunk(choice, number))});
    }

    void add_tool_calls(JsonView calls, std::uint32_t choice) {
        std::uint32_t index = 0;
        for (const JsonView call : calls.elements()) {
            const JsonView function = call["function"];
            add({.kind = TENON_DELTA_TOOL_CALL,
                 .index = index++,
                 .choice = choice,
                 .data = keep(arguments_of(function["arguments"])),
                 .tool_call_id = keep(string_of(call["id"])),
                 .tool_name = keep(string_of(function["name"]))});
        }
    }

    void add_further_members(JsonView message, std::uint32_t choice) {
        std::string text;
        JsonWriter writer(text);
        bool any = false;
        writer.begin_object();
        for (const auto& [name, value] : message.members()) {
            if (is_typed_member(name, value) || value.kind() == JsonKind::null) continue;
            any = true;
            writer.key(name);
            value.write(writer);
        }
        writer.end_object();
        if (any) {
            add({.kind = TENON_DELTA_META, .choice = choice, .data = keep(std::move(text))});
        }
    }

    /// A chunk with the members of the answer's head, and what `write_choice` writes in "choices".
    template <class WriteChoice>
    std::string chunk(WriteChoice&& write_choice, JsonView usage = {}) {
        std::string text;
        JsonWriter writer(text);
        writer.begin_object();
        for (const auto& [name, value] : root_.members()) {
            if (name == "object" || name == "choices" || name == "usage") continue;
            writer.key(name);
            value.write(writer);
        }
        writer.member("object", "chat.completion.chunk");
        writer.key("choices");
        writer.begin_array();
        write_choice(writer);
        writer.end_array();
        if (usage.exists()) {
            writer.key("usage");
            usage.write(writer);
        }
        writer.end_object();
        return text;
    }

    std::string message_chunk(JsonView choice, const ChatContent& content, std::uint32_t number) {
        return chunk([&](JsonWriter& writer) {
            writer.begin_object();
            writer.member("index", number);
            writer.key("delta");
            write_delta(writer, choice["message"], content);
            for (const auto& [name, value] : choice.members()) {
                if (name == "index" || name == "message" || name == "finish_reason") continue;
                writer.key(name);
                value.write(writer);
            }
            writer.key("finish_reason");
            writer.null();
            writer.end_object();
        });
    }

    static void write_delta(JsonWriter& writer, JsonView message, const ChatContent& content) {
        writer.begin_object();
        writer.member("role", message["role"].as_string().value_or("assistant"));
        if (!content.reasoning.empty()) writer.member("reasoning_content", content.reasoning);
        writer.key("content");
        const JsonKind kind = message["content"].kind();
        if (kind == JsonKind::string || kind == JsonKind::array) {
            writer.value(content.text);
        } else {
            writer.null();
        }
        if (message["tool_calls"].size() > 0) write_tool_calls(writer, message["tool_calls"]);
        for (const auto& [name, value] : message.members()) {
            if (is_typed_member(name, value)) continue;
            writer.key(name);
            value.write(writer);
        }
        writer.end_object();
    }

    static void write_tool_calls(JsonWriter& writer, JsonView calls) {
        writer.key("tool_calls");
        writer.begin_array();
        std::uint32_t index = 0;
        for (const JsonView call : calls.elements()) {
            writer.begin_object();
            writer.member("index", index++);
            for (const auto& [name, value] : call.members()) {
                if (name == "index") continue;
                writer.key(name);
                if (name == "function") {
                    write_function(writer, value);
                } else {
                    value.write(writer);
                }
            }
            writer.end_object();
        }
        writer.end_array();
    }

    static void write_function(JsonWriter& writer, JsonView function) {
        writer.begin_object();
        for (const auto& [name, value] : function.members()) {
            writer.key(name);
            if (name == "arguments") {
                writer.value(arguments_of(value));
            } else {
                value.write(writer);
            }
        }
        writer.end_object();
    }

    std::string end_chunk(JsonView choice, std::uint32_t number) {
        return chunk([&](JsonWriter& writer) {
            writer.begin_object();
            writer.member("index", number);
            writer.key("delta");
            writer.begin_object();
            writer.end_object();
            writer.key("finish_reason");
            choice["finish_reason"].write(writer);
            writer.end_object();
        });
    }

    JsonView root_;
    SplitChatAnswer out_;
    std::shared_ptr<std::deque<std::string>> strings_;
};

}  // namespace

ChatContent content_of(JsonView message) {
    ChatContent content;
    const JsonView parts = message["content"];
    if (const auto text = parts.as_string()) content.text = *text;
    for (const JsonView part : parts.elements()) add_part(part, content, content.text);
    for (const std::string_view name : {"reasoning_content", "reasoning"}) {
        // Servers that send both send the same twice.
        if (const auto text = message[name].as_string()) {
            content.reasoning += *text;
            break;
        }
    }
    return content;
}

bool is_typed_member(std::string_view name, JsonView value) noexcept {
    if (name == "role" || name == "content" || name == "tool_calls") return true;
    const bool reasoning = name == "reasoning_content" || name == "reasoning";
    return reasoning && (value.is_string() || value.kind() == JsonKind::null);
}

Result<ChatAnswer> text_of(std::string_view body) {
    const auto document = parse_answer(body);
    if (!document) return document.error();
    const JsonView root = document->root();
    const JsonView choice = first_choice(root);
    const JsonView message = choice["message"];
    ChatContent content = content_of(message);
    ChatAnswer answer;
    answer.id = string_of(root["id"]);
    answer.model = string_of(root["model"]);
    answer.text = std::move(content.text);
    answer.reasoning = std::move(content.reasoning);
    for (const JsonView call : message["tool_calls"].elements()) {
        const JsonView function = call["function"];
        answer.tool_calls.push_back({string_of(call["id"]), string_of(function["name"]),
                                     arguments_of(function["arguments"])});
    }
    answer.finish_reason = string_of(choice["finish_reason"]);
    answer.input_tokens = tokens_of(root["usage"]["prompt_tokens"]);
    answer.output_tokens = tokens_of(root["usage"]["completion_tokens"]);
    return answer;
}

Result<SplitChatAnswer> split_chat_body(std::string_view body) {
    const auto document = parse_answer(body);
    if (!document) return document.error();
    return Splitter(document->root()).split();
}

}  // namespace tenon::wire

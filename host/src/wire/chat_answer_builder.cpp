#include "wire/chat_answer_builder.hpp"

#include <algorithm>
#include <string>

#include "wire/chat_answer.hpp"

namespace tenon::wire {
namespace {

using Rule = GrowingJson::Rule;

void set_if_empty(std::string& text, std::string_view value) {
    if (text.empty()) text = value;
}

}  // namespace

void ChatAnswerBuilder::add(const Delta& delta) {
    if (!delta.same_chunk) chunk_was_read_ = !delta.raw.empty() && add_chunk(delta.raw);
    if (!chunk_was_read_) add_typed(delta);
}

void ChatAnswerBuilder::add_typed(const Delta& delta) {
    switch (delta.kind) {
        case TENON_DELTA_TEXT: choices_[delta.choice].text += delta.data; return;
        case TENON_DELTA_REASONING: choices_[delta.choice].reasoning += delta.data; return;
        case TENON_DELTA_TOOL_CALL: {
            GrowingJson& call = tool_call(choices_[delta.choice], std::to_string(delta.index),
                                          delta.tool_call_id, delta.tool_name);
            if (!delta.tool_call_id.empty()) call.member("id").set_if_empty(delta.tool_call_id);
            GrowingJson& function = call.member("function");
            if (!delta.tool_name.empty()) function.member("name").set_if_empty(delta.tool_name);
            function.member("arguments").append(delta.data);
            return;
        }
        case TENON_DELTA_USAGE:
            if (const auto usage = JsonDocument::parse(delta.data)) set_usage(usage->root());
            return;
        case TENON_DELTA_META: {
            const auto meta = JsonDocument::parse(delta.data);
            if (meta && meta->root().is_object()) {
                choices_[delta.choice].message.merge(meta->root(), Rule::join);
            }
            return;
        }
        default: return;
    }
}

void ChatAnswerBuilder::set_usage(JsonView usage) {
    if (!usage.is_object()) return;
    usage_ = GrowingJson();
    usage_.merge(usage, Rule::replace);
}

bool ChatAnswerBuilder::add_chunk(std::string_view raw) {
    const auto document = JsonDocument::parse(raw);
    if (!document || !document->root().is_object()) return false;
    for (const auto& [name, value] : document->root().members()) {
        if (name == "id") {
            set_if_empty(id_, value.as_string().value_or(""));
        } else if (name == "model") {
            set_if_empty(model_, value.as_string().value_or(""));
        } else if (name == "created") {
            if (created_ == 0) created_ = value.as_int64().value_or(0);
        } else if (name == "usage") {
            set_usage(value);
        } else if (name == "choices") {
            std::uint32_t position = 0;
            for (const JsonView choice : value.elements()) add_choice(choice, position++);
        } else if (name != "object" && name != "obfuscation") {
            head_.member(name).merge(value, Rule::replace);
        }
    }
    return true;
}

void ChatAnswerBuilder::add_choice(JsonView view, std::uint32_t position) {
    const std::int64_t index = view["index"].as_int64().value_or(position);
    if (index < 0 || index > UINT32_MAX) return;
    Choice& choice = choices_[static_cast<std::uint32_t>(index)];
    for (const auto& [name, value] : view.members()) {
        if (name == "finish_reason") {
            if (const auto reason = value.as_string()) choice.finish_reason = *reason;
        } else if (name != "index" && name != "delta") {
            choice.beside.member(name).merge(value, Rule::extend);
        }
    }
    const JsonView delta = view["delta"];
    const ChatContent content = content_of(delta);
    choice.text += content.text;
    choice.reasoning += content.reasoning;
    set_if_empty(choice.role, delta["role"].as_string().value_or(""));
    for (const JsonView fragment : delta["tool_calls"].elements()) add_fragment(choice, fragment);
    for (const auto& [name, value] : delta.members()) {
        if (!is_typed_member(name, value)) choice.message.member(name).merge(value, Rule::join);
    }
}

void ChatAnswerBuilder::add_fragment(Choice& choice, JsonView fragment) {
    const JsonView index = fragment["index"];
    GrowingJson& call = tool_call(choice, index.is_integer() ? index.to_text() : std::string(),
                                  fragment["id"].as_string().value_or(""),
                                  fragment["function"]["name"].as_string().value_or(""));
    call.merge(fragment, Rule::join);
}

/// The call that a fragment belongs to. Without an index it is the last one, unless the fragment
/// names another id. A fragment with a new id and a name begins a new call whatever its index says:
/// some servers give every call the index 0.
GrowingJson& ChatAnswerBuilder::tool_call(Choice& choice, std::string_view index,
                                          std::string_view id, std::string_view name) {
    auto& calls = choice.tool_calls;
    const auto continues = [&](const ToolCall& call) {
        const bool other_id = !id.empty() && !call.id.empty() && call.id != id;
        if (index.empty()) return !other_id;
        return call.index == index && !(other_id && !name.empty());
    };
    const auto found = std::find_if(calls.rbegin(), calls.rend(), continues);
    ToolCall& call = found == calls.rend() ? calls.emplace_back() : *found;
    set_if_empty(call.index, index);
    set_if_empty(call.id, id);
    return call.value;
}

std::string ChatAnswerBuilder::build(const ChatAnswerEnd& end) const {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    write_head(writer, end);
    writer.key("choices");
    writer.begin_array();
    if (choices_.empty()) write_choice(writer, 0, Choice(), end.finish_reason);
    for (const auto& [index, choice] : choices_) {
        write_choice(writer, index, choice, end.finish_reason);
    }
    writer.end_array();
    write_usage(writer, end);
    writer.end_object();
    return out;
}

void ChatAnswerBuilder::write_head(JsonWriter& writer, const ChatAnswerEnd& end) const {
    writer.member("id", id_.empty() ? end.id : std::string_view(id_));
    writer.member("object", "chat.completion");
    writer.member("created", created_ == 0 ? end.created : created_);
    writer.member("model", model_.empty() ? end.model : std::string_view(model_));
    head_.write_members(writer);
}

void ChatAnswerBuilder::write_usage(JsonWriter& writer, const ChatAnswerEnd& end) const {
    const bool input = end.input_tokens != TENON_TOKENS_UNKNOWN;
    const bool output = end.output_tokens != TENON_TOKENS_UNKNOWN;
    if (usage_.is_absent() && !input && !output) return;
    writer.key("usage");
    if (!usage_.is_absent()) return usage_.write(writer);
    const std::uint64_t prompt = input ? end.input_tokens : 0;
    const std::uint64_t completion = output ? end.output_tokens : 0;
    writer.begin_object();
    writer.member("prompt_tokens", prompt);
    writer.member("completion_tokens", completion);
    writer.member("total_tokens", prompt + completion);
    writer.end_object();
}

void ChatAnswerBuilder::write_choice(JsonWriter& writer, std::uint32_t index, const Choice& choice,
                                     std::string_view finish_reason) {
    if (!choice.finish_reason.empty()) finish_reason = choice.finish_reason;
    if (finish_reason.empty()) finish_reason = choice.tool_calls.empty() ? "stop" : "tool_calls";
    writer.begin_object();
    writer.member("index", index);
    writer.key("message");
    write_message(writer, choice);
    choice.beside.write_members(writer);
    writer.member("finish_reason", finish_reason);
    writer.end_object();
}

void ChatAnswerBuilder::write_message(JsonWriter& writer, const Choice& choice) {
    const GrowingJson* refusal = choice.message.find("refusal");
    const bool refused = refusal != nullptr && !refusal->text().empty();
    writer.begin_object();
    writer.member("role", choice.role.empty() ? "assistant" : std::string_view(choice.role));
    writer.key("content");
    if (choice.text.empty() && (refused || !choice.tool_calls.empty())) {
        writer.null();
    } else {
        writer.value(choice.text);
    }
    if (!choice.reasoning.empty()) writer.member("reasoning_content", choice.reasoning);
    if (!choice.tool_calls.empty()) {
        writer.key("tool_calls");
        writer.begin_array();
        for (const ToolCall& call : choice.tool_calls) write_tool_call(writer, call);
        writer.end_array();
    }
    choice.message.write_members(writer);
    writer.end_object();
}

void ChatAnswerBuilder::write_tool_call(JsonWriter& writer, const ToolCall& call) {
    GrowingJson value = call.value;
    value.erase("index");
    value.member("type").set_if_empty("function");
    if (value.member("type").text() == "function") {
        // A string of JSON, also from a provider that sends the object itself or, for a function
        // without parameters, nothing.
        GrowingJson& arguments = value.member("function").member("arguments");
        std::string text(arguments.text());
        if (!arguments.is_string() && !arguments.is_absent()) text = arguments.to_text();
        if (text.empty()) text = "{}";
        arguments = GrowingJson();
        arguments.append(text);
    }
    value.write(writer);
}

}  // namespace tenon::wire

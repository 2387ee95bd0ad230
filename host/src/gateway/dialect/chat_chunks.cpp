#include "gateway/dialect/chat_chunks.hpp"

namespace tenon::gateway {

using wire::JsonDocument;
using wire::JsonKind;
using wire::JsonView;
using wire::JsonWriter;

namespace {

/// Might a chunk say why a choice ended? Inside strings a quote is escaped, so that no text of an
/// answer looks like it.
bool may_end_a_choice(std::string_view raw) noexcept {
    // Looked for without the quote that it begins with: there are too many quotes.
    constexpr std::string_view kKey = "finish_reason\"";
    for (std::size_t at = raw.find(kKey); at != std::string_view::npos; at = raw.find(kKey, at)) {
        const bool is_key = at > 0 && raw[at - 1] == '"';
        at += kKey.size();
        if (!is_key) continue;
        const std::size_t value = raw.find_first_not_of(" \t\r\n:", at);
        if (value != std::string_view::npos && raw[value] == '"') return true;
    }
    return false;
}

}  // namespace

void ChatChunks::add(std::string& out, const Delta& delta) {
    if (delta.kind == TENON_DELTA_TOOL_CALL) choices_[delta.choice].has_tool_calls = true;
    if (delta.same_chunk) return;
    if (delta.raw.empty()) {
        add_typed(out, delta);
    } else {
        forward(out, delta);
    }
}

void ChatChunks::forward(std::string& out, const Delta& delta) {
    const bool has_content = delta.kind == TENON_DELTA_TEXT ||
                             delta.kind == TENON_DELTA_REASONING ||
                             delta.kind == TENON_DELTA_TOOL_CALL;
    if (!has_content && is_usage_alone(delta.raw)) {
        if (!wants_usage_) return;
        usage_was_sent_ = true;
    } else {
        choices_[delta.choice].begun = true;
        if (may_end_a_choice(delta.raw)) note_ends(delta.raw);
    }
    append_event(out, {}, delta.raw);
}

bool ChatChunks::is_usage_alone(std::string_view raw) {
    const auto chunk = JsonDocument::parse(raw);
    if (!chunk) return false;
    const JsonView root = chunk->root();
    return root["choices"].size() == 0 && root["usage"].is_object();
}

void ChatChunks::note_ends(std::string_view raw) {
    const auto chunk = JsonDocument::parse(raw);
    if (!chunk) return;
    for (const JsonView choice : chunk->root()["choices"].elements()) {
        const auto index = choice["index"].as_int64().value_or(0);
        if (!choice["finish_reason"].is_string() || index < 0 || index > UINT32_MAX) continue;
        choices_[static_cast<std::uint32_t>(index)].finished = true;
    }
}

void ChatChunks::add_typed(std::string& out, const Delta& delta) {
    switch (delta.kind) {
        case TENON_DELTA_USAGE: usage_json_ = delta.data; return;
        case TENON_DELTA_META: {
            const auto meta = JsonDocument::parse(delta.data);
            if (!meta || !meta->root().is_object()) return;
            write_chunk(out, delta.choice, choices_[delta.choice], {}, [&](JsonWriter& writer) {
                for (const auto& [name, value] : meta->root().members()) {
                    copy_member(writer, name, value);
                }
            });
            return;
        }
        case TENON_DELTA_TEXT:
        case TENON_DELTA_REASONING:
        case TENON_DELTA_TOOL_CALL: break;
        default: return;
    }
    Choice& choice = choices_[delta.choice];
    const std::string_view data = choice.texts[{delta.kind, delta.index}].add(delta.data);
    if (data.empty() && delta.tool_call_id.empty() && delta.tool_name.empty()) return;
    write_chunk(out, delta.choice, choice, {},
                [&](JsonWriter& writer) { write_typed(writer, delta, data); });
}

void ChatChunks::write_typed(JsonWriter& writer, const Delta& delta, std::string_view data) {
    if (delta.kind == TENON_DELTA_TEXT) return writer.member("content", data);
    if (delta.kind == TENON_DELTA_REASONING) return writer.member("reasoning_content", data);
    writer.key("tool_calls");
    writer.begin_array();
    writer.begin_object();
    writer.member("index", delta.index);
    if (!delta.tool_call_id.empty()) {
        writer.member("id", delta.tool_call_id);
        writer.member("type", "function");
    }
    writer.key("function");
    writer.begin_object();
    if (!delta.tool_name.empty()) writer.member("name", delta.tool_name);
    writer.member("arguments", data);
    writer.end_object();
    writer.end_object();
    writer.end_array();
}

/// Bytes that never became a character: the reader sees U+FFFD rather than nothing.
void ChatChunks::flush(std::string& out, std::uint32_t index, Choice& choice) {
    for (auto& [key, characters] : choice.texts) {
        const std::string rest = characters.take_rest();
        if (rest.empty()) continue;
        const Delta delta{.kind = key.first, .index = key.second, .choice = index};
        write_chunk(out, index, choice, {},
                    [&](JsonWriter& writer) { write_typed(writer, delta, rest); });
    }
}

void ChatChunks::end(std::string& out, const AnswerEnd& end) {
    if (choices_.empty()) choices_.try_emplace(0);
    for (auto& [index, choice] : choices_) {
        flush(out, index, choice);
        if (choice.finished) continue;
        std::string_view reason = end.finish_reason;
        if (reason.empty()) reason = choice.has_tool_calls ? "tool_calls" : "stop";
        write_chunk(out, index, choice, reason, [](JsonWriter&) {});
    }
    if (wants_usage_ && !usage_was_sent_) append_usage(out, head_, usage_json_, end);
}

template <class WriteDelta>
void ChatChunks::write_chunk(std::string& out, std::uint32_t index, Choice& choice,
                             std::string_view finish_reason, WriteDelta&& write_delta) {
    append_choice(out, head_, [&](JsonWriter& writer) {
        writer.member("index", index);
        writer.key("delta");
        writer.begin_object();
        if (!choice.begun) writer.member("role", "assistant");
        choice.begun = true;
        write_delta(writer);
        writer.end_object();
        write_text_or_null(writer, "finish_reason", finish_reason);
    });
}

}  // namespace tenon::gateway

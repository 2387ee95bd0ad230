#include "gateway/dialect/anthropic_stream.hpp"

#include <algorithm>
#include <utility>

#include "gateway/dialect/answer_reader.hpp"

namespace tenon::gateway {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

namespace {

/// Appends one event whose JSON names its type and has the members that `write_members` writes.
template <class WriteMembers>
void event(std::string& out, std::string_view type, WriteMembers&& write_members) {
    append_event(out, type, object_text([&](JsonWriter& writer) {
                     writer.member("type", type);
                     write_members(writer);
                 }));
}

void write_stop(JsonWriter& writer, std::string_view reason) {
    writer.member("stop_reason", reason);
    writer.key("stop_sequence");
    writer.null();
}

void write_message_head(JsonWriter& writer, std::string_view id, std::string_view model) {
    writer.member("id", id);
    writer.member("type", "message");
    writer.member("role", "assistant");
    writer.member("model", model);
}

std::string call_id(const std::string& given, std::string_view message_id, std::size_t index) {
    if (!given.empty()) return given;
    return "toolu_" + std::string(message_id) + "_" + std::to_string(index);
}

void write_call(JsonWriter& writer, std::string_view id, std::string_view name,
                std::string_view input) {
    writer.begin_object();
    writer.member("type", "tool_use");
    writer.member("id", id);
    writer.member("name", name);
    writer.key("input");
    writer.raw(input);
    writer.end_object();
}

void write_text_block(JsonWriter& writer, std::string_view text) {
    if (text.empty()) return;
    writer.begin_object();
    writer.member("type", "text");
    writer.member("text", text);
    writer.end_object();
}

void write_thinking_block(JsonWriter& writer, std::string_view text) {
    writer.begin_object();
    writer.member("type", "thinking");
    writer.member("thinking", text);
    writer.member("signature", "");
    writer.end_object();
}

void write_content(JsonWriter& writer, const ReadAnswer& read, std::string_view id) {
    writer.begin_array();
    const JsonView blocks = read.message["thinking_blocks"];
    for (const JsonView block : blocks.elements()) block.write(writer);
    if (blocks.size() == 0 && !read.answer.reasoning.empty()) {
        write_thinking_block(writer, read.answer.reasoning);
    }
    write_text_block(writer, read.answer.text);
    write_text_block(writer, read.refusal);
    std::size_t index = 0;
    for (const auto& call : read.answer.tool_calls) {
        write_call(writer, call_id(call.id, id, index++), call.name,
                   object_arguments(call.arguments));
    }
    writer.end_array();
}

}  // namespace

std::string_view anthropic_stop_reason(std::string_view canonical) noexcept {
    if (canonical == "stop") return "end_turn";
    if (canonical == "length") return "max_tokens";
    if (canonical == "tool_calls") return "tool_use";
    if (canonical == "content_filter") return "refusal";
    return canonical;
}

/// What is known of the cache is told apart: here it is not part of the input.
void write_anthropic_usage(JsonWriter& writer, const TokenCounts& counts) {
    const std::int64_t cached = counts.cached.value_or(0);
    const std::int64_t written = counts.written.value_or(0);
    const std::int64_t input = counts.input.value_or(0);
    writer.begin_object();
    writer.member("input_tokens", std::max<std::int64_t>(0, input - cached - written));
    writer.member("cache_creation_input_tokens", written);
    writer.member("cache_read_input_tokens", cached);
    writer.member("output_tokens", counts.output.value_or(0));
    if (counts.reasoning) {
        writer.key("output_tokens_details");
        writer.begin_object();
        writer.member("thinking_tokens", *counts.reasoning);
        writer.end_object();
    }
    writer.end_object();
}

AnthropicStream::AnthropicStream(const ParsedRequest& request, const AnswerContext& context)
    : id_("msg_" + context.id), model_(request.model), parts_(*this) {}

Result<std::string> AnthropicStream::whole(std::string_view body, const AnswerTimes& /*times*/) {
    auto read = read_answer(body);
    if (!read) return read.error();
    read->counts.fill(read->answer.input_tokens, read->answer.output_tokens);
    const bool has_calls = !read->answer.tool_calls.empty();
    std::string_view reason = end_reason(read->answer.finish_reason, has_calls);
    if (!read->refusal.empty() && reason == "stop") reason = "content_filter";
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    write_message_head(writer, id_, model_);
    writer.key("content");
    write_content(writer, *read, id_);
    write_stop(writer, anthropic_stop_reason(reason));
    writer.key("usage");
    write_anthropic_usage(writer, read->counts);
    writer.end_object();
    return out;
}

void AnthropicStream::begin(std::string& out) {
    event(out, "message_start", [&](JsonWriter& writer) {
        writer.key("message");
        writer.begin_object();
        write_message_head(writer, id_, model_);
        writer.key("content");
        writer.begin_array();
        writer.end_array();
        writer.key("stop_reason");
        writer.null();
        writer.key("stop_sequence");
        writer.null();
        writer.key("usage");
        write_anthropic_usage(writer, counts_);
        writer.end_object();
    });
    event(out, "ping", [](JsonWriter&) {});
}

void AnthropicStream::delta(std::string& out, const Delta& delta) {
    switch (delta.kind) {
        case TENON_DELTA_REASONING:
            if (delta.data.empty()) return;
            [[fallthrough]];
        case TENON_DELTA_TEXT:
        case TENON_DELTA_TOOL_CALL: parts_.add(out, delta); return;
        case TENON_DELTA_USAGE: counts_.read_json(delta.data); return;
        case TENON_DELTA_META:
            if (const auto meta = JsonDocument::parse(delta.data); meta && delta.choice == 0) {
                add_thinking_blocks(out, meta->root()["thinking_blocks"]);
            }
            return;
        default: return;
    }
}

void AnthropicStream::add_thinking_blocks(std::string& out, JsonView blocks) {
    for (const JsonView block : blocks.elements()) {
        if (block["type"].as_string() == "redacted_thinking") {
            const std::string json = block.to_text();
            parts_.add(out, {.kind = TENON_DELTA_META, .data = json});
            continue;
        }
        const auto signature = block["signature"].as_string();
        if (!signature || signature->empty()) continue;
        signature_ += *signature;
        parts_.add(out, {.kind = TENON_DELTA_REASONING});
        parts_.cut(out, TENON_DELTA_REASONING);  // a signature is the last of its thinking
    }
}

void AnthropicStream::start(std::string& out, const AnswerPart& part) {
    event(out, "content_block_start", [&](JsonWriter& writer) {
        writer.member("index", next_block_);
        writer.key("content_block");
        if (part.kind == TENON_DELTA_TOOL_CALL) {
            write_call(writer, call_id(part.id, id_, part.index), part.name, "{}");
        } else if (part.kind == TENON_DELTA_REASONING) {
            write_thinking_block(writer, "");
        } else if (part.kind == TENON_DELTA_META) {
            writer.raw(part.content);
        } else {
            writer.raw(R"({"type":"text","text":""})");
        }
    });
}

void AnthropicStream::piece(std::string& out, const AnswerPart& part, std::string_view piece) {
    if (part.kind == TENON_DELTA_META) return;  // told whole when it began
    event(out, "content_block_delta", [&](JsonWriter& writer) {
        writer.member("index", next_block_);
        writer.key("delta");
        writer.begin_object();
        if (part.kind == TENON_DELTA_TOOL_CALL) {
            writer.member("type", "input_json_delta");
            writer.member("partial_json", piece);
        } else if (part.kind == TENON_DELTA_REASONING) {
            writer.member("type", "thinking_delta");
            writer.member("thinking", piece);
        } else {
            writer.member("type", "text_delta");
            writer.member("text", piece);
        }
        writer.end_object();
    });
}

void AnthropicStream::stop(std::string& out, const AnswerPart& part) {
    if (part.kind == TENON_DELTA_REASONING && !signature_.empty()) {
        event(out, "content_block_delta", [&](JsonWriter& writer) {
            writer.member("index", next_block_);
            writer.key("delta");
            writer.begin_object();
            writer.member("type", "signature_delta");
            writer.member("signature", std::exchange(signature_, {}));
            writer.end_object();
        });
    }
    event(out, "content_block_stop",
          [&](JsonWriter& writer) { writer.member("index", next_block_); });
    ++next_block_;
}

void AnthropicStream::end(std::string& out, const AnswerEnd& end) {
    parts_.close(out);
    counts_.fill(end.input_tokens, end.output_tokens);
    const std::string_view reason = end_reason(end.finish_reason, parts_.has_tool_calls());
    event(out, "message_delta", [&](JsonWriter& writer) {
        writer.key("delta");
        writer.begin_object();
        write_stop(writer, anthropic_stop_reason(reason));
        writer.end_object();
        writer.key("usage");
        write_anthropic_usage(writer, counts_);
    });
    event(out, "message_stop", [](JsonWriter&) {});
}

void AnthropicStream::error(std::string& out, const Error& error) {
    append_event(out, "error", anthropic_error_json(error));
}

}  // namespace tenon::gateway

#include "gateway/dialect/responses_answer.hpp"

#include <utility>

namespace tenon::gateway {

using wire::JsonWriter;

namespace {

/// The content part of a message or of reasoning, as JSON.
std::string part_json(std::uint32_t kind, std::string_view text) {
    std::string json;
    JsonWriter writer(json);
    if (kind == TENON_DELTA_REASONING) {
        write_reasoning_part(writer, text);
    } else {
        write_text_part(writer, text);
    }
    return json;
}

std::string refusal_json(std::string_view refusal) {
    std::string json;
    JsonWriter writer(json);
    write_refusal_part(writer, refusal);
    return json;
}

}  // namespace

ResponsesAnswer::ResponsesAnswer(const ParsedRequest& request, const AnswerContext& context)
    : token_(context.id),
      id_("resp_" + context.id),
      model_(request.model),
      notes_(request.notes),
      created_(unix_seconds(context.created)),
      parts_(*this) {}

ResponseState ResponsesAnswer::state(std::string_view status) const {
    return {.id = id_,
            .model = model_,
            .created = created_,
            .status = status,
            .notes = notes_,
            .output = output_};
}

std::string ResponsesAnswer::item_id(std::uint32_t kind) const {
    const std::string_view prefix = kind == TENON_DELTA_TOOL_CALL   ? "fc_"
                                    : kind == TENON_DELTA_REASONING ? "rs_"
                                                                    : "msg_";
    return std::string(prefix) + token_ + "_" + std::to_string(output_.size());
}

std::string ResponsesAnswer::call_id(std::string_view given, std::size_t index) const {
    if (!given.empty()) return std::string(given);
    return "call_" + token_ + "_" + std::to_string(index);
}

std::string ResponsesAnswer::item(const AnswerPart& part, std::string_view status,
                                  bool with_content) const {
    const std::string id = item_id(part.kind);
    if (part.kind == TENON_DELTA_TOOL_CALL) {
        return call_item(id, status, call_id(part.id, part.index), part.name,
                         with_content ? std::string_view(part.content) : std::string_view());
    }
    const std::string parts = with_content ? part_json(part.kind, part.content) : std::string();
    return part.kind == TENON_DELTA_REASONING ? reasoning_item(id, status, parts)
                                              : message_item(id, status, parts);
}

Result<std::string> ResponsesAnswer::whole(std::string_view body, const AnswerTimes& /*times*/) {
    const auto read = read_answer(body);
    if (!read) return read.error();
    const wire::ChatAnswer& answer = read->answer;
    const std::string_view why =
        incomplete_reason(end_reason(answer.finish_reason, !answer.tool_calls.empty()));
    const std::string_view status = why.empty() ? "completed" : "incomplete";
    const auto add = [&](const AnswerPart& part) { output_.push_back(item(part, status, true)); };
    if (!answer.reasoning.empty()) {
        add({.kind = TENON_DELTA_REASONING, .content = answer.reasoning});
    }
    if (!answer.text.empty()) add({.kind = TENON_DELTA_TEXT, .content = answer.text});
    if (!read->refusal.empty()) {
        output_.push_back(
            message_item(item_id(TENON_DELTA_TEXT), status, refusal_json(read->refusal)));
    }
    std::uint32_t index = 0;
    for (const auto& call : answer.tool_calls) {
        add({.kind = TENON_DELTA_TOOL_CALL,
             .index = index++,
             .id = call.id,
             .name = call.name,
             .content = call.arguments});
    }
    ResponseState whole = state(status);
    whole.incomplete_reason = why;
    whole.counts = &read->counts;
    std::string out;
    JsonWriter writer(out);
    write_response(writer, whole);
    return out;
}

template <class WriteMembers>
void ResponsesAnswer::event(std::string& out, std::string_view type, WriteMembers&& write_members) {
    append_event(out, type, object_text([&](JsonWriter& writer) {
                     writer.member("type", type);
                     writer.member("sequence_number", next_number_++);
                     write_members(writer);
                 }));
}

void ResponsesAnswer::response_event(std::string& out, std::string_view type,
                                     const ResponseState& state) {
    event(out, type, [&](JsonWriter& writer) {
        writer.key("response");
        write_response(writer, state);
    });
}

void ResponsesAnswer::begin(std::string& out) {
    response_event(out, "response.created", state("in_progress"));
    response_event(out, "response.in_progress", state("in_progress"));
}

void ResponsesAnswer::delta(std::string& out, const Delta& delta) {
    parts_.take(out, delta, counts_);
}

void ResponsesAnswer::write_place(JsonWriter& writer, const AnswerPart& part,
                                  bool in_content) const {
    writer.member("item_id", item_id(part.kind));
    writer.member("output_index", output_.size());
    if (in_content) writer.member("content_index", 0);
}

void ResponsesAnswer::start(std::string& out, const AnswerPart& part) {
    event(out, "response.output_item.added", [&](JsonWriter& writer) {
        writer.member("output_index", output_.size());
        writer.key("item");
        writer.raw(item(part, "in_progress", false));
    });
    if (part.kind == TENON_DELTA_TOOL_CALL) return;
    event(out, "response.content_part.added", [&](JsonWriter& writer) {
        write_place(writer, part, true);
        writer.key("part");
        writer.raw(part_json(part.kind, ""));
    });
}

void ResponsesAnswer::piece(std::string& out, const AnswerPart& part, std::string_view piece) {
    const bool is_call = part.kind == TENON_DELTA_TOOL_CALL;
    const std::string_view type = is_call ? "response.function_call_arguments.delta"
                                  : part.kind == TENON_DELTA_REASONING
                                      ? "response.reasoning_text.delta"
                                      : "response.output_text.delta";
    event(out, type, [&](JsonWriter& writer) {
        write_place(writer, part, !is_call);
        writer.member("delta", piece);
        if (part.kind != TENON_DELTA_TEXT) return;
        writer.key("logprobs");
        writer.begin_array();
        writer.end_array();
    });
}

void ResponsesAnswer::stop(std::string& out, const AnswerPart& part) {
    if (part.kind == TENON_DELTA_TOOL_CALL) {
        event(out, "response.function_call_arguments.done", [&](JsonWriter& writer) {
            write_place(writer, part, false);
            writer.member("name", part.name);
            writer.member("arguments", part.content);
        });
    } else {
        const bool is_text = part.kind == TENON_DELTA_TEXT;
        event(out, is_text ? "response.output_text.done" : "response.reasoning_text.done",
              [&](JsonWriter& writer) {
                  write_place(writer, part, true);
                  writer.member("text", part.content);
                  if (!is_text) return;
                  writer.key("logprobs");
                  writer.begin_array();
                  writer.end_array();
              });
        event(out, "response.content_part.done", [&](JsonWriter& writer) {
            write_place(writer, part, true);
            writer.key("part");
            writer.raw(part_json(part.kind, part.content));
        });
    }
    std::string done = item(part, item_status_, true);
    event(out, "response.output_item.done", [&](JsonWriter& writer) {
        writer.member("output_index", output_.size());
        writer.key("item");
        writer.raw(done);
    });
    output_.push_back(std::move(done));
}

void ResponsesAnswer::end(std::string& out, const AnswerEnd& end) {
    const std::string_view why =
        incomplete_reason(end_reason(end.finish_reason, parts_.has_tool_calls()));
    if (!why.empty()) item_status_ = "incomplete";  // of what was still open
    parts_.close(out);
    counts_.fill(end.input_tokens, end.output_tokens);
    ResponseState last = state(why.empty() ? "completed" : "incomplete");
    last.incomplete_reason = why;
    last.counts = &counts_;
    response_event(out, why.empty() ? "response.completed" : "response.incomplete", last);
}

void ResponsesAnswer::error(std::string& out, const Error& error) {
    ResponseState last = state("failed");
    last.error = &error;
    last.counts = &counts_;
    response_event(out, "response.failed", last);
    // There are clients who take a stream that fails, and then just ends, for a whole one.
    const auto body = wire::JsonDocument::parse(openai_error_json(error));
    event(out, "error", [&](JsonWriter& writer) {
        const wire::JsonView told = body ? body->root()["error"] : wire::JsonView();
        for (const std::string_view name : {"code", "message", "param"}) {
            writer.key(name);
            told[name].write(writer);
        }
        writer.key("error");
        told.write(writer);
    });
}

}  // namespace tenon::gateway

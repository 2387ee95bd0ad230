#include "gateway/dialect/ollama_answer.hpp"

#include <utility>

#include "base/clock.hpp"
#include "gateway/dialect/answer_reader.hpp"

namespace tenon::gateway {

using wire::JsonWriter;

namespace {

/// Ollama's word for why an answer ended: it has none for calls of tools.
std::string_view done_reason(std::string_view canonical) noexcept {
    const std::string_view reason = end_reason(canonical, false);
    return reason == "tool_calls" ? "stop" : reason;
}

/// What is zero is left out, as Ollama does.
template <class Number>
void write_unless_zero(JsonWriter& writer, std::string_view name, Number number) {
    if (number > 0) writer.member(name, number);
}

void write_end(JsonWriter& writer, std::string_view reason, const AnswerTimes& times,
               const TokenCounts& counts) {
    writer.member("done", true);
    writer.member("done_reason", reason);
    write_unless_zero(writer, "total_duration", times.total.count());
    write_unless_zero(writer, "load_duration", times.load.count());
    write_unless_zero(writer, "prompt_eval_count", counts.input.value_or(0));
    write_unless_zero(writer, "prompt_eval_duration", times.prompt.count());
    write_unless_zero(writer, "eval_count", counts.output.value_or(0));
    write_unless_zero(writer, "eval_duration", times.eval.count());
}

void write_call(JsonWriter& writer, std::size_t index, std::string_view id, std::string_view name,
                std::string_view arguments) {
    writer.begin_object();
    if (!id.empty()) writer.member("id", id);
    writer.key("function");
    writer.begin_object();
    writer.member("index", index);
    writer.member("name", name);
    writer.key("arguments");
    writer.raw(object_arguments(arguments));
    writer.end_object();
    writer.end_object();
}

}  // namespace

OllamaAnswer::OllamaAnswer(Form form, std::string model, AnswerContext context)
    : form_(form), model_(std::move(model)), context_(std::move(context)), parts_(*this) {}

void OllamaAnswer::write_head(JsonWriter& writer) const {
    writer.member("model", model_);
    writer.member("created_at", base::format_utc(context_.now ? context_.now() : context_.created));
}

void OllamaAnswer::write_message(JsonWriter& writer, std::string_view text,
                                 std::string_view thinking, std::string_view calls) const {
    if (form_ == Form::chat) {
        writer.key("message");
        writer.begin_object();
        writer.member("role", "assistant");
    }
    writer.member(form_ == Form::chat ? "content" : "response", text);
    if (!thinking.empty()) writer.member("thinking", thinking);
    if (!calls.empty()) {
        writer.key("tool_calls");
        writer.raw(calls);
    }
    if (form_ == Form::chat) writer.end_object();
}

void OllamaAnswer::write_line(std::string& out, std::string_view text, std::string_view thinking,
                              std::string_view calls) const {
    JsonWriter writer(out);
    writer.begin_object();
    write_head(writer);
    write_message(writer, text, thinking, calls);
    writer.member("done", false);
    writer.end_object();
    out += '\n';
}

Result<std::string> OllamaAnswer::whole(std::string_view body, const AnswerTimes& times) {
    auto read = read_answer(body);
    if (!read) return read.error();
    std::string calls;
    if (!read->answer.tool_calls.empty()) {
        JsonWriter writer(calls);
        writer.begin_array();
        std::size_t index = 0;
        for (const auto& call : read->answer.tool_calls) {
            write_call(writer, index++, call.id, call.name, call.arguments);
        }
        writer.end_array();
    }
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    write_head(writer);
    write_message(writer, read->answer.text + read->refusal, read->answer.reasoning, calls);
    write_end(writer, done_reason(read->answer.finish_reason), times, read->counts);
    writer.end_object();
    return out;
}

void OllamaAnswer::delta(std::string& out, const Delta& delta) {
    parts_.take(out, delta, counts_);
}

void OllamaAnswer::start(std::string& /*out*/, const AnswerPart& /*part*/) {}

void OllamaAnswer::piece(std::string& out, const AnswerPart& part, std::string_view piece) {
    if (part.kind == TENON_DELTA_TEXT) write_line(out, piece, {}, {});
    if (part.kind == TENON_DELTA_REASONING) write_line(out, {}, piece, {});
}

void OllamaAnswer::stop(std::string& out, const AnswerPart& part) {
    if (part.kind != TENON_DELTA_TOOL_CALL) return;
    std::string calls;
    JsonWriter writer(calls);
    writer.begin_array();
    write_call(writer, part.index, part.id, part.name, part.content);
    writer.end_array();
    write_line(out, {}, {}, calls);
}

void OllamaAnswer::end(std::string& out, const AnswerEnd& end) {
    parts_.close(out);
    counts_.fill(end.input_tokens, end.output_tokens);
    JsonWriter writer(out);
    writer.begin_object();
    write_head(writer);
    write_message(writer, {}, {}, {});
    write_end(writer, done_reason(end.finish_reason), end.times, counts_);
    writer.end_object();
    out += '\n';
}

void OllamaAnswer::error(std::string& out, const Error& error) {
    out += ollama_error_json(error);
    out += '\n';
}

}  // namespace tenon::gateway

#include "gateway/dialect/openai_completions.hpp"

#include <map>
#include <utility>

#include "gateway/dialect/answer_reader.hpp"
#include "gateway/dialect/openai_chunk.hpp"
#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

constexpr std::string_view kKnown[] = {"model",   "prompt", "suffix",   "echo",
                                       "best_of", "stream", "logprobs", "stream_options"};

/// The one prompt there must be.
Result<std::string_view> read_prompt(JsonView prompt) {
    if (!is_set(prompt)) return invalid_member("prompt", "is missing");
    if (const auto text = prompt.as_string()) return *text;
    if (!prompt.is_array()) return invalid_member("prompt", "must be a string");
    if (prompt.size() > 1 && prompt[0].is_string()) {
        return unsupported_member("prompt",
                                  "one request can have one prompt; send several requests");
    }
    if (const auto text = prompt[0].as_string()) return *text;
    return unsupported_member("prompt", "must be text; tokens mean something to one model alone");
}

Result<void> refuse_what_chat_cannot(JsonView request) {
    const auto suffix = optional_text(request, "", "suffix");
    if (!suffix) return suffix.error();
    if (!suffix->empty()) {
        return unsupported_member("suffix", "text cannot be filled in by a chat model");
    }
    if (request["best_of"].as_int64().value_or(1) != 1) {
        return unsupported_member("best_of", "ask for \"n\" answers and choose among them");
    }
    if (is_set(request["logprobs"])) {
        return unsupported_member("logprobs", "use /v1/chat/completions");
    }
    return {};
}

class Writer final : public SseWriter {
public:
    Writer(const ParsedRequest& request, const AnswerContext& context)
        : head_({.id = "cmpl-" + context.id,
                 .object = "text_completion",
                 .created = unix_seconds(context.created),
                 .model = request.model}),
          echo_(request.notes),
          wants_usage_(request.wants_usage) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& /*times*/) override {
        const auto read = read_answer(body);
        if (!read) return read.error();
        std::string out;
        JsonWriter writer(out);
        writer.begin_object();
        head_.write(writer);
        writer.key("choices");
        writer.begin_array();
        std::size_t position = 0;
        for (const JsonView choice : read->document.root()["choices"].elements()) {
            const auto index = choice["index"].as_int64();
            const JsonView message = choice["message"];
            writer.begin_object();
            write_choice(writer, index && *index >= 0 ? static_cast<std::size_t>(*index) : position,
                         echo_ + wire::content_of(message).text +
                             std::string(message["refusal"].as_string().value_or("")),
                         end_reason(choice["finish_reason"].as_string().value_or(""), false));
            writer.end_object();
            ++position;
        }
        writer.end_array();
        if (const JsonView usage = read->document.root()["usage"]; is_set(usage)) {
            copy_member(writer, "usage", usage);
        }
        writer.end_object();
        return out;
    }

    void delta(std::string& out, const Delta& delta) override {
        if (delta.kind == TENON_DELTA_USAGE) usage_ = delta.data;
        if (delta.kind != TENON_DELTA_TEXT || delta.data.empty()) return;
        std::string text = open(delta.choice);
        text += texts_[delta.choice].add(delta.data);
        if (!text.empty()) write_chunk(out, delta.choice, text, {});
    }

    void end(std::string& out, const AnswerEnd& end) override {
        if (texts_.empty()) {
            if (const std::string echo = open(0); !echo.empty()) write_chunk(out, 0, echo, {});
        }
        for (auto& [choice, text] : texts_) {
            write_chunk(out, choice, text.take_rest(), end_reason(end.finish_reason, false));
        }
        if (wants_usage_) {
            const auto usage = JsonDocument::parse(usage_);
            const bool told = usage && usage->root().is_object();
            append_usage(out, head_, told ? usage->root().to_text() : "", end);
        }
        append_event(out, {}, "[DONE]");
    }

    void error(std::string& out, const Error& error) override {
        append_event(out, {}, openai_error_json(error));
    }

private:
    static void write_choice(JsonWriter& writer, std::size_t index, std::string_view text,
                             std::string_view reason) {
        writer.member("text", text);
        writer.member("index", index);
        writer.key("logprobs");
        writer.null();
        write_text_or_null(writer, "finish_reason", reason);
    }

    /// What stands in front of a choice's first text.
    std::string open(std::uint32_t choice) {
        return texts_.try_emplace(choice).second ? echo_ : std::string();
    }

    void write_chunk(std::string& out, std::uint32_t choice, std::string_view text,
                     std::string_view reason) const {
        append_choice(out, head_,
                      [&](JsonWriter& writer) { write_choice(writer, choice, text, reason); });
    }

    ChunkHead head_;
    std::string echo_;
    bool wants_usage_;
    std::map<std::uint32_t, WholeCharacters> texts_;  // of the choices that have begun
    std::string usage_;
};

Result<void> write_request(JsonWriter& writer, JsonView root, ParsedRequest& request) {
    const auto usage =
        flag_member(root["stream_options"], "stream_options", "include_usage", false);
    if (!usage) return usage.error();
    request.wants_usage = *usage;
    const auto echo = flag_member(root, "", "echo", false);
    if (!echo) return echo.error();
    const auto prompt = read_prompt(root["prompt"]);
    if (!prompt) return prompt.error();
    if (*echo) request.notes = *prompt;
    const auto possible = refuse_what_chat_cannot(root);
    if (!possible) return possible.error();
    writer.key("messages");
    writer.begin_array();
    writer.begin_object();
    writer.member("role", "user");
    writer.member("content", *prompt);
    writer.end_object();
    writer.end_array();
    write_stream_members(writer, request.stream);
    copy_others(writer, root, kKnown);
    return {};
}

Result<ParsedRequest> parse(std::string_view body) {
    return translate(body, {}, write_request);
}

}  // namespace

const Dialect& openai_completions() noexcept {
    static const SimpleDialect<parse, Writer, openai_error> dialect;
    return dialect;
}

}  // namespace tenon::gateway

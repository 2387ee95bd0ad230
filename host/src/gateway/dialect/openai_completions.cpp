#include "gateway/dialect/openai_completions.hpp"

#include <map>
#include <utility>

#include "gateway/dialect/answer_reader.hpp"
#include "gateway/dialect/body.hpp"

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
        : id_("cmpl-" + context.id),
          model_(request.model),
          echo_(request.notes),
          created_(unix_seconds(context.created)),
          wants_usage_(request.wants_usage) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& /*times*/) override {
        const auto read = read_answer(body);
        if (!read) return read.error();
        std::string out;
        JsonWriter writer(out);
        writer.begin_object();
        write_head(writer);
        writer.key("choices");
        writer.begin_array();
        std::size_t position = 0;
        for (const JsonView choice : read->document.root()["choices"].elements()) {
            const auto index = choice["index"].as_int64();
            const JsonView message = choice["message"];
            write_choice(writer, index && *index >= 0 ? static_cast<std::size_t>(*index) : position,
                         echo_ + wire::content_of(message).text +
                             std::string(message["refusal"].as_string().value_or("")),
                         end_reason(choice["finish_reason"].as_string().value_or(""), false));
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
        if (wants_usage_) write_usage(out, end);
        append_event(out, {}, "[DONE]");
    }

    void error(std::string& out, const Error& error) override {
        append_event(out, {}, openai_error_json(error));
    }

private:
    void write_head(JsonWriter& writer) const {
        writer.member("id", id_);
        writer.member("object", "text_completion");
        writer.member("created", created_);
        writer.member("model", model_);
    }

    static void write_choice(JsonWriter& writer, std::size_t index, std::string_view text,
                             std::string_view reason) {
        writer.begin_object();
        writer.member("text", text);
        writer.member("index", index);
        writer.key("logprobs");
        writer.null();
        writer.key("finish_reason");
        if (reason.empty()) {
            writer.null();
        } else {
            writer.value(reason);
        }
        writer.end_object();
    }

    /// What stands in front of a choice's first text.
    std::string open(std::uint32_t choice) {
        return texts_.try_emplace(choice).second ? echo_ : std::string();
    }

    void write_chunk(std::string& out, std::uint32_t choice, std::string_view text,
                     std::string_view reason) const {
        std::string json;
        JsonWriter writer(json);
        writer.begin_object();
        write_head(writer);
        writer.key("choices");
        writer.begin_array();
        write_choice(writer, choice, text, reason);
        writer.end_array();
        writer.end_object();
        append_event(out, {}, json);
    }

    void write_usage(std::string& out, const AnswerEnd& end) const {
        const auto usage = JsonDocument::parse(usage_);
        TokenCounts counts;
        counts.fill(end.input_tokens, end.output_tokens);
        const bool told = usage && usage->root().is_object();
        if (!told && !counts.input && !counts.output) return;
        std::string json;
        JsonWriter writer(json);
        writer.begin_object();
        write_head(writer);
        writer.key("choices");
        writer.begin_array();
        writer.end_array();
        writer.key("usage");
        if (told) {
            usage->root().write(writer);
        } else {
            write_chat_usage(writer, counts);
        }
        writer.end_object();
        append_event(out, {}, json);
    }

    std::string id_;
    std::string model_;
    std::string echo_;
    std::int64_t created_;
    bool wants_usage_;
    std::map<std::uint32_t, WholeCharacters> texts_;  // of the choices that have begun
    std::string usage_;
};

class OpenAiCompletions final : public Dialect {
public:
    Result<ParsedRequest> parse(std::string_view body) const override {
        const auto document = parse_object(body);
        if (!document) return document.error();
        const JsonView root = document->root();
        const auto model = optional_text(root, "", "model");
        if (!model) return model.error();
        const auto stream = flag_member(root, "", "stream", false);
        if (!stream) return stream.error();
        const auto usage =
            flag_member(root["stream_options"], "stream_options", "include_usage", false);
        if (!usage) return usage.error();
        const auto echo = flag_member(root, "", "echo", false);
        if (!echo) return echo.error();
        const auto prompt = read_prompt(root["prompt"]);
        if (!prompt) return prompt.error();
        const auto possible = refuse_what_chat_cannot(root);
        if (!possible) return possible.error();
        std::string canonical;
        JsonWriter writer(canonical);
        writer.begin_object();
        if (!model->empty()) writer.member("model", *model);
        writer.key("messages");
        writer.begin_array();
        writer.begin_object();
        writer.member("role", "user");
        writer.member("content", *prompt);
        writer.end_object();
        writer.end_array();
        write_stream_members(writer, *stream);
        copy_others(writer, root, kKnown);
        writer.end_object();
        return with_body({.model = std::string(*model),
                          .stream = *stream,
                          .wants_usage = *usage,
                          .notes = *echo ? std::string(*prompt) : std::string()},
                         std::move(canonical));
    }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<Writer>(request, context);
    }

    ErrorReply error_reply(const Error& error) const override { return openai_error(error); }
};

}  // namespace

const Dialect& openai_completions() noexcept {
    static const OpenAiCompletions dialect;
    return dialect;
}

}  // namespace tenon::gateway

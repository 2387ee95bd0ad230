#include "gateway/dialect/ollama.hpp"

#include <utility>

#include "gateway/dialect/ollama_answer.hpp"
#include "gateway/dialect/ollama_request.hpp"
#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonView;
using wire::JsonWriter;
using Form = OllamaAnswer::Form;

/// What is translated, refused, or says how a server on this machine does its work. All else is
/// kept.
constexpr std::string_view kKnown[] = {
    "model",    "messages", "prompt", "system",     "images",      "stream", "stream_options",
    "format",   "options",  "think",  "keep_alive", "truncate",    "shift",  "suffix",
    "template", "context",  "raw",    "logprobs",   "top_logprobs"};

class Ollama final : public Dialect {
public:
    explicit Ollama(Form form) noexcept : form_(form) {}

    Result<ParsedRequest> parse(std::string_view body) const override {
        return translate(body, {.needs_model = true, .streams_unless_told = true},
                         [this](JsonWriter& writer, JsonView root, ParsedRequest& request) {
                             return write_request(writer, root, request.stream);
                         });
    }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<OllamaAnswer>(form_, request.model, std::move(context));
    }

    ErrorReply error_reply(const Error& error) const override { return ollama_error(error); }

    std::string_view stream_type() const noexcept override { return "application/x-ndjson"; }

private:
    Result<void> write_request(JsonWriter& writer, JsonView root, bool stream) const {
        writer.key("messages");
        const auto messages = form_ == Form::chat ? write_ollama_messages(writer, root["messages"])
                                                  : write_ollama_prompt(writer, root);
        if (!messages) return messages.error();
        const auto settings = write_ollama_settings(writer, root);
        if (!settings) return settings.error();
        write_stream_members(writer, stream);
        copy_others(writer, root, kKnown);
        return {};
    }

    Form form_;
};

}  // namespace

const Dialect& ollama_chat() noexcept {
    static const Ollama dialect(Form::chat);
    return dialect;
}

const Dialect& ollama_generate() noexcept {
    static const Ollama dialect(Form::generate);
    return dialect;
}

}  // namespace tenon::gateway

#include "gateway/dialect/ollama.hpp"

#include <utility>

#include "gateway/dialect/body.hpp"
#include "gateway/dialect/ollama_answer.hpp"
#include "gateway/dialect/ollama_request.hpp"

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
        const auto document = parse_object(body);
        if (!document) return document.error();
        const JsonView root = document->root();
        const auto model = text_member(root, "", "model");
        if (!model) return model.error();
        const auto stream = flag_member(root, "", "stream", true);
        if (!stream) return stream.error();
        std::string canonical;
        JsonWriter writer(canonical);
        writer.begin_object();
        writer.member("model", *model);
        writer.key("messages");
        const auto messages = form_ == Form::chat ? write_ollama_messages(writer, root["messages"])
                                                  : write_ollama_prompt(writer, root);
        if (!messages) return messages.error();
        const auto settings = write_ollama_settings(writer, root);
        if (!settings) return settings.error();
        write_stream_members(writer, *stream);
        copy_others(writer, root, kKnown);
        writer.end_object();
        return with_body({.model = std::string(*model), .stream = *stream}, std::move(canonical));
    }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<OllamaAnswer>(form_, request.model, std::move(context));
    }

    ErrorReply error_reply(const Error& error) const override { return ollama_error(error); }

    std::string_view stream_type() const noexcept override { return "application/x-ndjson"; }

private:
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

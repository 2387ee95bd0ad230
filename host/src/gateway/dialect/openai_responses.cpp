#include "gateway/dialect/openai_responses.hpp"

#include "gateway/dialect/body.hpp"
#include "gateway/dialect/responses_answer.hpp"
#include "gateway/dialect/responses_request.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonView;
using wire::JsonWriter;

class OpenAiResponses final : public Dialect {
public:
    Result<ParsedRequest> parse(std::string_view body) const override {
        const auto document = parse_object(body);
        if (!document) return document.error();
        const JsonView root = document->root();
        const auto model = optional_text(root, "", "model");
        if (!model) return model.error();
        const auto stream = flag_member(root, "", "stream", false);
        if (!stream) return stream.error();
        std::string canonical;
        JsonWriter writer(canonical);
        writer.begin_object();
        if (!model->empty()) writer.member("model", *model);
        writer.key("messages");
        const auto input = write_responses_input(writer, root);
        if (!input) return input.error();
        const auto settings = write_responses_settings(writer, root);
        if (!settings) return settings.error();
        write_stream_members(writer, *stream);
        writer.end_object();
        return with_body(
            {.model = std::string(*model), .stream = *stream, .notes = response_notes(root)},
            std::move(canonical));
    }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<ResponsesAnswer>(request, context);
    }

    ErrorReply error_reply(const Error& error) const override { return openai_error(error); }
};

}  // namespace

const Dialect& openai_responses() noexcept {
    static const OpenAiResponses dialect;
    return dialect;
}

}  // namespace tenon::gateway

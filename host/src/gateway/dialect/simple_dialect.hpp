#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/dialect/body.hpp"

namespace tenon::gateway {

/// A dialect without settings: a function that parses requests, the writer of its answers, and a
/// function that words errors.
template <Result<ParsedRequest> (*kParse)(std::string_view), class Writer,
          ErrorReply (*kErrorReply)(const Error&)>
class SimpleDialect : public Dialect {
public:
    Result<ParsedRequest> parse(std::string_view body) const override { return kParse(body); }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<Writer>(request, std::move(context));
    }

    ErrorReply error_reply(const Error& error) const override { return kErrorReply(error); }
};

/// How a request begins that is written anew in the canonical words.
struct HeadRules {
    bool needs_model = false;
    bool streams_unless_told = false;  ///< what a missing "stream" means
};

/// Reads "model" and "stream", and writes the canonical body: "model", what
/// `write_rest(writer, root, request)` writes, which may fill `request` further, too. Errors: of
/// parse_object(), of the members, of write_rest(), of with_body().
template <class WriteRest>
Result<ParsedRequest> translate(std::string_view body, HeadRules rules, WriteRest&& write_rest) {
    const auto document = parse_object(body);
    if (!document) return document.error();
    const wire::JsonView root = document->root();
    const auto model =
        rules.needs_model ? text_member(root, "", "model") : optional_text(root, "", "model");
    if (!model) return model.error();
    const auto stream = flag_member(root, "", "stream", rules.streams_unless_told);
    if (!stream) return stream.error();
    ParsedRequest request{.model = std::string(*model), .stream = *stream};
    std::string canonical;
    wire::JsonWriter writer(canonical);
    writer.begin_object();
    if (rules.needs_model || !model->empty()) writer.member("model", *model);
    const Result<void> written = write_rest(writer, root, request);
    if (!written) return written.error();
    writer.end_object();
    return with_body(std::move(request), std::move(canonical));
}

}  // namespace tenon::gateway

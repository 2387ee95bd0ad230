#include "gateway/dialect/openai_responses.hpp"

#include "gateway/dialect/responses_answer.hpp"
#include "gateway/dialect/responses_request.hpp"
#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonView;
using wire::JsonWriter;

Result<void> write_request(JsonWriter& writer, JsonView root, ParsedRequest& request) {
    request.notes = response_notes(root);
    writer.key("messages");
    const auto input = write_responses_input(writer, root);
    if (!input) return input.error();
    const auto settings = write_responses_settings(writer, root);
    if (!settings) return settings.error();
    write_stream_members(writer, request.stream);
    return {};
}

Result<ParsedRequest> parse(std::string_view body) {
    return translate(body, {}, write_request);
}

}  // namespace

const Dialect& openai_responses() noexcept {
    static const SimpleDialect<parse, ResponsesAnswer, openai_error> dialect;
    return dialect;
}

}  // namespace tenon::gateway

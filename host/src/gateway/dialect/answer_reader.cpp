#include "gateway/dialect/answer_reader.hpp"

#include <utility>

namespace tenon::gateway {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

namespace {

constexpr std::string_view kInvalidJson = "INVALID_JSON";

JsonView first_choice(JsonView root) {
    for (const JsonView choice : root["choices"].elements()) {
        if (choice["index"].as_int64() == 0) return choice;
    }
    return root["choices"][0];
}

}  // namespace

Result<ReadAnswer> read_answer(std::string_view body) {
    auto answer = wire::text_of(body);
    if (!answer) return answer.error();
    auto document = JsonDocument::parse(body);
    if (!document) return document.error();
    const JsonView root = document->root();
    const JsonView message = first_choice(root)["message"];
    TokenCounts counts;
    counts.read(root["usage"]);
    return ReadAnswer{std::move(*answer), std::move(*document), message,
                      std::string(message["refusal"].as_string().value_or("")), counts};
}

std::string_view end_reason(std::string_view said, bool has_tool_calls) noexcept {
    if (said == "function_call") return "tool_calls";
    if (said.empty() || said == "stop") return has_tool_calls ? "tool_calls" : "stop";
    return said;
}

std::string object_arguments(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "{}";
    const auto document = JsonDocument::parse(text);
    if (document && document->root().is_object()) return std::string(text);
    return object_text([&](JsonWriter& writer) { writer.member(kInvalidJson, text); });
}

std::string arguments_text(JsonView object) {
    if (const auto invalid = object[kInvalidJson].as_string(); invalid && object.size() == 1) {
        return std::string(*invalid);
    }
    return is_set(object) ? object.to_text() : "{}";
}

}  // namespace tenon::gateway

#include "gateway/dialect/responses_object.hpp"

#include "tenon/json_text.hpp"

namespace tenon::gateway {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

namespace {

/// Members that a response repeats, and what they are where the request does not say.
constexpr struct {
    std::string_view name;
    std::string_view otherwise;
} kRepeated[] = {{"instructions", "null"},
                 {"max_output_tokens", "null"},
                 {"max_tool_calls", "null"},
                 {"metadata", "{}"},
                 {"parallel_tool_calls", "true"},
                 {"reasoning", R"({"effort":null,"summary":null})"},
                 {"service_tier", R"("default")"},
                 {"temperature", "null"},
                 {"text", R"({"format":{"type":"text"}})"},
                 {"tool_choice", R"("auto")"},
                 {"tools", "[]"},
                 {"top_p", "null"},
                 {"user", "null"}};

void write_usage(JsonWriter& writer, const TokenCounts* counts) {
    if (counts == nullptr || (!counts->input && !counts->output)) return writer.null();
    const std::int64_t input = counts->input.value_or(0);
    const std::int64_t output = counts->output.value_or(0);
    writer.begin_object();
    writer.member("input_tokens", input);
    writer.key("input_tokens_details");
    writer.begin_object();
    writer.member("cached_tokens", counts->cached.value_or(0));
    writer.end_object();
    writer.member("output_tokens", output);
    writer.key("output_tokens_details");
    writer.begin_object();
    writer.member("reasoning_tokens", counts->reasoning.value_or(0));
    writer.end_object();
    writer.member("total_tokens", input + output);
    writer.end_object();
}

void write_error(JsonWriter& writer, const Error* error) {
    if (error == nullptr) return writer.null();
    writer.begin_object();
    writer.member("code", responses_error_code(error->code));
    writer.member("message", error->message);
    writer.end_object();
}

std::string item(std::string_view id, std::string_view type, std::string_view status,
                 std::string_view rest) {
    std::string json;
    JsonWriter writer(json);
    writer.begin_object();
    writer.member("id", id);
    writer.member("type", type);
    writer.member("status", status);
    json += rest;
    writer.end_object();
    return json;
}

}  // namespace

std::string response_notes(JsonView request) {
    std::string json;
    JsonWriter writer(json);
    writer.begin_object();
    for (const auto& [name, otherwise] : kRepeated) {
        writer.key(name);
        if (is_set(request[name])) {
            request[name].write(writer);
        } else {
            writer.raw(otherwise);
        }
    }
    writer.end_object();
    return json;
}

void write_response(JsonWriter& writer, const ResponseState& state) {
    writer.begin_object();
    writer.member("id", state.id);
    writer.member("object", "response");
    writer.member("created_at", state.created);
    writer.member("status", state.status);
    writer.member("background", false);
    writer.key("error");
    write_error(writer, state.error);
    writer.key("incomplete_details");
    if (state.incomplete_reason.empty()) {
        writer.null();
    } else {
        writer.begin_object();
        writer.member("reason", state.incomplete_reason);
        writer.end_object();
    }
    writer.member("model", state.model);
    writer.key("output");
    writer.begin_array();
    for (const std::string& item : state.output) writer.raw(item);
    writer.end_array();
    writer.key("previous_response_id");
    writer.null();
    writer.member("store", false);
    writer.member("truncation", "disabled");
    if (const auto notes = JsonDocument::parse(state.notes)) {
        for (const auto& [name, value] : notes->root().members()) {
            copy_member(writer, name, value);
        }
    }
    writer.key("usage");
    write_usage(writer, state.counts);
    writer.end_object();
}

std::string_view incomplete_reason(std::string_view canonical) noexcept {
    if (canonical == "length") return "max_output_tokens";
    if (canonical == "content_filter") return "content_filter";
    return {};
}

void write_text_part(JsonWriter& writer, std::string_view text) {
    writer.begin_object();
    writer.member("type", "output_text");
    writer.member("text", text);
    writer.key("annotations");
    writer.begin_array();
    writer.end_array();
    writer.key("logprobs");
    writer.begin_array();
    writer.end_array();
    writer.end_object();
}

void write_refusal_part(JsonWriter& writer, std::string_view refusal) {
    writer.begin_object();
    writer.member("type", "refusal");
    writer.member("refusal", refusal);
    writer.end_object();
}

void write_reasoning_part(JsonWriter& writer, std::string_view text) {
    writer.begin_object();
    writer.member("type", "reasoning_text");
    writer.member("text", text);
    writer.end_object();
}

std::string message_item(std::string_view id, std::string_view status, std::string_view parts) {
    return item(id, "message", status,
                R"(,"role":"assistant","content":[)" + std::string(parts) + "]");
}

std::string reasoning_item(std::string_view id, std::string_view status, std::string_view parts) {
    return item(id, "reasoning", status, R"(,"summary":[],"content":[)" + std::string(parts) + "]");
}

std::string call_item(std::string_view id, std::string_view status, std::string_view call_id,
                      std::string_view name, std::string_view arguments) {
    std::string rest;
    const auto add = [&rest](std::string_view key, std::string_view text) {
        rest.append(",\"").append(key).append("\":");
        append_json_string(rest, text);
    };
    add("call_id", call_id);
    add("name", name);
    add("arguments", arguments);
    return item(id, "function_call", status, rest);
}

}  // namespace tenon::gateway

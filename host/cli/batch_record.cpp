#include "cli/batch_record.hpp"

#include "cli/embeddings_json.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

using wire::JsonWriter;

/// A provider's JSON on one line.
std::string on_one_line(const std::string& json) {
    if (json.find_first_of("\r\n") == std::string::npos) return json;
    const auto document = wire::JsonDocument::parse(json);
    return document ? document->root().to_text() : "null";  // the host has parsed it: never
}

void write_usage(JsonWriter& json, const host::Usage& usage) {
    json.key("usage");
    json.begin_object();
    if (usage.input_tokens) json.member("input_tokens", *usage.input_tokens);
    if (usage.output_tokens) json.member("output_tokens", *usage.output_tokens);
    json.end_object();
}

std::string body_of(const host::ChatAnswer& answer) {
    return on_one_line(answer.body_json);
}

std::string body_of(const host::EmbeddingAnswer& answer) {
    return embeddings_json(answer);
}

void write_prompt_answer(JsonWriter& json, const host::ChatAnswer& answer) {
    json.member("model", answer.model);
    json.member("text", answer.text);
    if (!answer.reasoning.empty()) json.member("reasoning", answer.reasoning);
    json.member("finish_reason", answer.finish_reason);
    write_usage(json, answer.usage);
}

void write_error(JsonWriter& json, const Error& error) {
    json.key("error");
    json.begin_object();
    json.member("code", to_string(error.code));
    json.member("message", error.message);
    json.member("retryable", error.retryable);
    if (error.http_status != 0) json.member("http_status", error.http_status);
    if (!error.provider_code.empty()) json.member("provider_code", error.provider_code);
    json.end_object();
}

/// As the Batch API's output file has it, and the line's number.
void write_batch_api(JsonWriter& json, const BatchLabel& label,
                     const host::BackgroundResult& result) {
    json.member("id", "batch_req_" + std::to_string(label.number));
    json.member("custom_id", label.id);
    json.key("response");
    if (result.answer) {
        json.begin_object();
        json.member("status_code", 200);
        json.member("request_id", "");
        json.key("body");
        json.raw(std::visit([](const auto& answer) { return body_of(answer); }, *result.answer));
        json.end_object();
        json.key("error");
        json.null();
    } else {
        json.null();
        write_error(json, result.answer.error());
    }
    json.member("line", label.number);
}

void write_plain(JsonWriter& json, const BatchLabel& label, const host::BackgroundResult& result) {
    json.member("id", label.id);
    json.member("line", label.number);
    if (!result.answer) {
        write_error(json, result.answer.error());
        json.member("tries", result.tries);
        return;
    }
    std::visit([&](const auto& answer) { json.member("provider", answer.provider); },
               *result.answer);
    const auto* chat = std::get_if<host::ChatAnswer>(&*result.answer);
    if (label.form == BatchForm::prompt && chat != nullptr) {
        write_prompt_answer(json, *chat);
        return;
    }
    json.key("response");
    json.raw(std::visit([](const auto& answer) { return body_of(answer); }, *result.answer));
}

}  // namespace

std::string batch_record(const BatchLabel& label, const host::BackgroundResult& result) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    if (label.form == BatchForm::batch_api) {
        write_batch_api(json, label, result);
    } else {
        write_plain(json, label, result);
    }
    json.end_object();
    text += '\n';
    return text;
}

}  // namespace tenon::cli

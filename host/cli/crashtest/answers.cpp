#include "cli/crashtest/answers.hpp"

#include <array>
#include <charconv>

#include "wire/json_writer.hpp"

namespace tenon::cli::crashtest {
namespace {

using wire::JsonWriter;

void begin_completion(JsonWriter& json, const Exchange& exchange, std::string_view object) {
    json.begin_object();
    json.member("id", "chatcmpl-" + std::to_string(exchange.number()));
    json.member("object", object);
    json.member("created", 1'700'000'000);
    json.member("model", exchange.model());
}

void write_usage(JsonWriter& json) {
    json.key("usage");
    json.begin_object();
    json.member("prompt_tokens", kInputTokens);
    json.member("completion_tokens", kOutputTokens);
    json.member("total_tokens", kInputTokens + kOutputTokens);
    json.end_object();
}

std::string hex(std::size_t number) {
    std::array<char, 2 * sizeof number> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return {digits.data(), end};
}

void send_body(Exchange& exchange, int status, const Headers& headers, std::string_view body) {
    std::string message = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
    for (const auto& [name, value] : headers) message += name + ": " + value + "\r\n";
    message += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n";
    message += body;
    exchange.send(message);
}

}  // namespace

std::string Voice::word(int number) const {
    return std::string(letter) + std::to_string(number) + ' ';
}

std::string Voice::text(int words) const {
    std::string text;
    for (int i = 1; i <= words; ++i) text += word(i);
    return text;
}

EventStream::EventStream(Exchange& exchange) : exchange_(exchange) {
    exchange_.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

bool EventStream::chunk(std::string_view bytes) {
    std::string framed = hex(bytes.size()) + "\r\n";
    framed += bytes;
    framed += "\r\n";
    return exchange_.send(framed);
}

bool EventStream::event(std::string_view data) {
    return chunk("data: " + std::string(data) + "\n\n");
}

bool EventStream::comment() {
    return chunk(": still thinking\n\n");
}

bool EventStream::choice(std::string_view delta, std::string_view reason) {
    std::string body;
    JsonWriter json(body);
    begin_completion(json, exchange_, "chat.completion.chunk");
    json.key("choices");
    json.begin_array();
    json.begin_object();
    json.member("index", 0);
    json.key("delta");
    json.begin_object();
    if (std::exchange(first_, false)) json.member("role", "assistant");
    if (!delta.empty()) json.member("content", delta);
    json.end_object();
    json.key("finish_reason");
    reason.empty() ? json.null() : json.value(reason);
    json.end_object();
    json.end_array();
    json.end_object();
    return event(body);
}

bool EventStream::words(const Voice& voice, int count) {
    for (int i = 1; i <= count; ++i) {
        if (!choice(voice.word(i), {})) return false;
    }
    return true;
}

bool EventStream::finish(std::string_view reason) {
    return choice({}, reason);
}

bool EventStream::usage() {
    std::string body;
    JsonWriter json(body);
    begin_completion(json, exchange_, "chat.completion.chunk");
    json.key("choices");
    json.begin_array();
    json.end_array();
    write_usage(json);
    json.end_object();
    return event(body);
}

bool EventStream::done() {
    return event("[DONE]");
}

bool EventStream::end() {
    return exchange_.send("0\r\n\r\n");
}

void answer(Exchange& exchange, const Voice& voice, std::string_view finish_reason) {
    if (exchange.wants_stream()) {
        EventStream stream(exchange);
        stream.words(voice, Voice::kWords);
        stream.finish(finish_reason);
        stream.usage();
        stream.done();
        stream.end();
        return;
    }
    std::string body;
    JsonWriter json(body);
    begin_completion(json, exchange, "chat.completion");
    json.key("choices");
    json.begin_array();
    json.begin_object();
    json.member("index", 0);
    json.key("message");
    json.begin_object();
    json.member("role", "assistant");
    json.member("content", voice.text());
    json.end_object();
    json.member("finish_reason", finish_reason);
    json.end_object();
    json.end_array();
    write_usage(json);
    json.end_object();
    send_body(exchange, 200, {}, body);
}

void refuse(Exchange& exchange, int status, std::string_view code, std::string_view message,
            const Headers& headers) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    json.key("error");
    json.begin_object();
    json.member("message", message);
    json.member("type", status >= 500 ? "server_error" : "invalid_request_error");
    json.key("param");
    json.null();
    json.key("code");
    code.empty() ? json.null() : json.value(code);
    json.end_object();
    json.end_object();
    send_body(exchange, status, headers, body);
}

}  // namespace tenon::cli::crashtest

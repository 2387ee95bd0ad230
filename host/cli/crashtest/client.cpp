#include "cli/crashtest/client.hpp"

#include <array>
#include <charconv>
#include <span>

#include "tenon/sse.hpp"
#include "wire/http1_request.hpp"
#include "wire/http1_response_parser.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli::crashtest {
namespace {

constexpr std::chrono::seconds kPatience{30};

std::string message_for(std::uint16_t port, const Asked& asked) {
    std::string body;
    wire::JsonWriter json(body);
    const auto message = [&](std::string_view role, std::string_view content) {
        json.begin_object();
        json.member("role", role);
        json.member("content", content);
        json.end_object();
    };
    json.begin_object();
    json.member("model", asked.model);
    json.member("stream", asked.stream);
    if (asked.stream) {
        json.key("stream_options");
        json.begin_object();
        json.member("include_usage", true);
        json.end_object();
    }
    json.key("messages");
    json.begin_array();
    message("user", "Count to six.");
    if (asked.prefill) message("assistant", "One, two,");
    json.end_array();
    json.end_object();

    wire::Url url;
    url.host = "127.0.0.1";
    url.port = port;
    url.target = "/v1/chat/completions";
    const std::array headers = {wire::Header{"Content-Type", "application/json"}};
    std::string out;
    const auto head = wire::append_request_head(out, "POST", url, headers, body.size());
    return head ? out + body : std::string();
}

/// Reads an answer into what was seen.
class Reader final : public wire::Http1ResponseEvents {
public:
    explicit Reader(Seen& seen) : seen_(seen) {}

    void on_head(int status, std::span<const wire::HeaderView> headers) override {
        seen_.status = status;
        for (const auto& [name, value] : headers) {
            if (name == "content-type") is_stream_ = value.starts_with("text/event-stream");
            if (name == "x-tenon-provider") seen_.provider = value;
            if (name == "x-tenon-model") seen_.model = value;
            if (name == "x-tenon-attempts") {
                std::from_chars(value.data(), value.data() + value.size(), seen_.attempts);
            }
        }
    }
    void on_body(std::string_view bytes) override {
        if (!is_stream_) {
            body_ += bytes;
            return;
        }
        const auto fed = events_.feed(bytes, [this](const SseEvent& event) { read(event.data); });
        if (!fed) seen_.trouble = "an event of the stream is too large";
    }

    /// The message is complete.
    void finish() {
        if (!is_stream_) {
            read(body_);
        } else if (events_.finish()) {
            seen_.trouble = "the stream ended within an event";
        }
    }

private:
    void read(std::string_view data) {
        if (seen_.failed || seen_.done) seen_.after_error = true;
        if (is_stream_ && data == "[DONE]") {
            seen_.done = true;
            return;
        }
        const auto document = wire::JsonDocument::parse(data);
        if (!document) {
            seen_.trouble = "something came that is no JSON: " + std::string(data);
            return;
        }
        const wire::JsonView root = document->root();
        if (root["error"].exists()) {
            seen_.failed = true;
            seen_.error_code = root["error"]["code"].as_string().value_or("");
            seen_.error_message = root["error"]["message"].as_string().value_or("");
            return;
        }
        const wire::JsonView choice = root["choices"][0];
        const wire::JsonView part = choice[is_stream_ ? "delta" : "message"];
        seen_.text += part["content"].as_string().value_or("");
        if (const auto reason = choice["finish_reason"].as_string()) seen_.finish_reason = *reason;
        if (const auto tokens = root["usage"]["completion_tokens"].as_int64()) {
            seen_.output_tokens = static_cast<std::uint64_t>(*tokens);
        }
    }

    Seen& seen_;
    bool is_stream_ = false;
    std::string body_;
    SseParser events_;
};

void converse(Socket& socket, const Asked& asked, std::string_view message, Seen& seen) {
    const auto deadline = Clock::now() + kPatience;
    if (message.empty() || !socket.send(message, deadline)) {
        seen.trouble = "the gateway did not take the request";
        return;
    }
    if (asked.leave_at_once) return;
    wire::Http1ResponseParser parser({});
    Reader reader(seen);
    std::string bytes;
    while (!parser.done()) {
        switch (socket.read(bytes, deadline)) {
            case Socket::Read::bytes:
                if (parser.feed(bytes, reader)) break;
                seen.trouble = "the answer is no proper HTTP";
                return;
            case Socket::Read::late: seen.trouble = "no whole answer within 30 s"; return;
            case Socket::Read::end:
            case Socket::Read::broken:
                seen.trouble = "the connection ended before the answer was complete";
                return;
        }
        if (asked.on_text && !seen.text.empty()) asked.on_text(seen.text);
        if (asked.leave_early && !seen.text.empty()) return;
    }
    reader.finish();
}

}  // namespace

Seen ask(std::uint16_t port, const Asked& asked) {
    Seen seen;
    seen.stream = asked.stream;
    const auto begin = Clock::now();
    auto socket = Socket::connect(port);
    if (socket) {
        converse(*socket, asked, message_for(port, asked), seen);
    } else {
        seen.trouble = socket.error().message;
    }
    seen.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    return seen;
}

}  // namespace tenon::cli::crashtest

#include "cli/control_client.hpp"

#include <array>

#include "tenon/sse.hpp"
#include "wire/http1_request.hpp"
#include "wire/http1_response_parser.hpp"

namespace tenon::cli {
namespace {

using std::chrono::steady_clock;

/// More than any answer of a daemon has.
constexpr std::uint64_t kLongestAnswer = std::uint64_t{64} * 1024 * 1024;

/// Collects an answer, or hands a stream's bytes on.
class Answer final : public wire::Http1ResponseEvents {
public:
    using OnBytes = std::function<void(std::string_view bytes)>;
    explicit Answer(OnBytes on_bytes = {}) : on_bytes_(std::move(on_bytes)) {}

    void on_head(int status, std::span<const wire::HeaderView> headers) override {
        status_ = status;
        for (const auto& [name, value] : headers) {
            if (name == "content-type") is_stream_ = value.starts_with("text/event-stream");
        }
    }
    void on_body(std::string_view bytes) override {
        if (is_stream() && on_bytes_) {
            on_bytes_(bytes);
        } else {
            body_ += bytes;
        }
    }

    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] bool is_stream() const noexcept { return is_stream_ && status_ == 200; }
    [[nodiscard]] const std::string& body() const noexcept { return body_; }

private:
    OnBytes on_bytes_;
    int status_ = 0;
    bool is_stream_ = false;
    std::string body_;
};

Result<void> send_request(ControlConnection& connection, std::string_view method,
                          std::string_view target, std::string_view body, ControlDeadline deadline,
                          const std::stop_token& stop) {
    wire::Url url;
    url.host = "localhost";
    url.target = target;
    const std::array headers = {wire::Header{"Content-Type", "application/json"}};
    std::string message;
    auto head = wire::append_request_head(
        message, method, url, std::span(headers).first(body.empty() ? 0 : 1), body.size());
    if (!head) return head;
    message += body;
    return connection.write(message, deadline, stop);
}

Error of_another_version() {
    return {Code::protocol,
            "the daemon does not know this command: it is of another version of Tenon; use the "
            "program of that version, or restart the daemon with this one"};
}

/// What stands in the way, as the daemon says it.
Error refusal(const Answer& answer) {
    const auto document = wire::JsonDocument::parse(answer.body());
    const auto error = document ? document->root()["error"] : wire::JsonView();
    const auto message = error["message"].as_string();
    const int status = answer.status();
    if (!message) {
        if (status == 404 || status == 405) return of_another_version();
        return {Code::protocol, "the daemon answered with status " + std::to_string(status) +
                                    " and gave no reason; see its log"};
    }
    Code code = Code::invalid;
    if (status == 404) code = Code::not_found;
    if (status == 401 || status == 403) code = Code::forbidden;
    if (status == 503) code = Code::unavailable;
    if (status == 500) code = Code::internal;
    Error out(code, std::string(*message));
    out.http_status = status;
    out.provider_code = error["code"].as_string().value_or("");
    return out;
}

Error broke_off() {
    return {Code::protocol,
            "the daemon ended the connection before its answer was complete; it may have been "
            "stopped or have crashed: see its log"};
}

/// Something else than a daemon's answer.
Error not_understood(const std::filesystem::path& socket) {
    return {Code::protocol, "what answers on " + socket.string() +
                                " is no daemon of Tenon, or one of another version"};
}

}  // namespace

Result<wire::JsonDocument> ControlClient::get(std::string_view target, std::stop_token stop) const {
    return call("GET", target, "", {}, stop);
}

Result<wire::JsonDocument> ControlClient::post(std::string_view target, std::string_view body,
                                               std::chrono::milliseconds patience,
                                               std::stop_token stop) const {
    return call("POST", target, body, patience, stop);
}

Result<wire::JsonDocument> ControlClient::call(std::string_view method, std::string_view target,
                                               std::string_view body,
                                               std::chrono::milliseconds patience,
                                               const std::stop_token& stop) const {
    const auto deadline = steady_clock::now() + kPatience + patience;
    auto connection = ControlConnection::open(socket_, deadline, stop);
    if (!connection) return connection.error();
    auto sent = send_request(*connection, method, target, body, deadline, stop);
    if (!sent) return sent.error();

    wire::Http1ResponseParser::Limits limits;
    limits.body_bytes = kLongestAnswer;
    wire::Http1ResponseParser parser(limits);
    Answer answer;
    while (!parser.done()) {
        auto bytes = connection->read(deadline, stop);
        if (!bytes) return bytes.error();
        if (bytes->empty() && !parser.finish(answer)) return broke_off();
        if (!bytes->empty() && !parser.feed(*bytes, answer)) return not_understood(socket_);
    }
    if (answer.status() >= 400) return refusal(answer);
    if (answer.status() != 200) return not_understood(socket_);
    auto document = wire::JsonDocument::parse(answer.body());
    if (!document) return not_understood(socket_);
    return *std::move(document);
}

Result<void> ControlClient::follow(std::string_view target, const OnEvent& on_event,
                                   std::stop_token stop) const {
    const auto soon = steady_clock::now() + kPatience;
    auto connection = ControlConnection::open(socket_, soon, stop);
    if (!connection) return connection.error();
    auto sent = send_request(*connection, "GET", target, "", soon, stop);
    if (!sent) return sent.error();

    SseParser events;
    wire::Http1ResponseParser parser({});
    Answer answer([&](std::string_view bytes) {
        const auto fed = events.feed(bytes, [&](const SseEvent& event) {
            on_event({event.type, event.id, event.data});
        });
        static_cast<void>(fed);  // see failed() below
    });
    while (!parser.done()) {
        const auto deadline = parser.head_done() ? steady_clock::now() + kSilence : soon;
        auto bytes = connection->read(deadline, stop);
        if (!bytes) return bytes.error();
        if (bytes->empty()) {
            if (!parser.head_done()) return broke_off();
            break;  // it may die as it likes: nothing is lost with the end
        }
        if (!parser.feed(*bytes, answer) || events.failed()) return not_understood(socket_);
    }
    if (answer.status() >= 400) return refusal(answer);
    return answer.is_stream() ? Result<void>() : not_understood(socket_);
}

}  // namespace tenon::cli

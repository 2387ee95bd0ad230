#include "wire/http1_response_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <vector>

namespace tenon::wire {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

std::optional<std::chrono::seconds> timeout_of(std::string_view keep_alive) noexcept {
    constexpr std::string_view kName = "timeout=";
    const auto at = keep_alive.find(kName);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view digits = keep_alive.substr(at + kName.size());
    int seconds = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (end.ec != std::errc() || seconds < 0) return std::nullopt;
    return std::chrono::seconds(seconds);
}

}  // namespace

/// One message on Beast's parser: collects the head, hands the body on.
class Http1ResponseParser::Message final : public http::basic_parser<false> {
public:
    Message(const Limits& limits, bool to_head_request) : head_limit_(limits.head_bytes) {
        eager(true);
        header_limit(limits.head_bytes);
        if (limits.body_bytes == 0) {
            body_limit(boost::none);
        } else {
            body_limit(limits.body_bytes);
        }
        skip(to_head_request);
    }

    Http1ResponseEvents* events = nullptr;
    int status = 0;
    std::uint64_t body_bytes = 0;
    std::optional<std::uint64_t> announced_bytes;
    std::optional<std::chrono::seconds> keep_alive_timeout;
    /// HTTP/1.0 with Transfer-Encoding: whoever forwarded it did not understand its framing.
    bool framing_in_doubt = false;

    [[nodiscard]] bool interim() const noexcept { return status >= 100 && status < 200; }

private:
    // The text of the head, then the places of names and values in it: views only once it is whole,
    // because the text moves while it grows.
    struct Place {
        std::size_t name;
        std::size_t name_size;
        std::size_t value;
        std::size_t value_size;
    };

    void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int,
                         ErrorCode&) override {}

    void on_response_impl(int code, boost::beast::string_view, int version,
                          ErrorCode& error) override {
        status = code;
        http10_ = version < 11;
        // 101 is an answer to Upgrade, which is never sent: what follows is not HTTP.
        if (code < 100 || code == 101) error = http::error::bad_status;
    }

    void on_field_impl(http::field field, boost::beast::string_view name,
                       boost::beast::string_view value, ErrorCode& error) override {
        // Beast limits what is not parsed yet, but takes fields one by one.
        constexpr std::size_t kSeparators = 4;  // ": " and CRLF
        head_bytes_ += name.size() + value.size() + kSeparators;
        if (head_bytes_ > head_limit_) {
            error = http::error::header_limit;
            return;
        }
        if (is_header_done()) return;  // a trailer
        if (field == http::field::transfer_encoding) {
            // No other coding was asked for, and without "chunked" the end would be a guess.
            if (!boost::beast::iequals(value, "chunked"))
                error = http::error::bad_transfer_encoding;
            framing_in_doubt = http10_;
        }
        if (places_.empty()) {
            text_.reserve(kUsualText);
            places_.reserve(kUsualFields);
        }
        const Place place{text_.size(), name.size(), text_.size() + name.size(), value.size()};
        text_.append(view(name));
        const auto lowered = text_.begin() + static_cast<std::ptrdiff_t>(place.name);
        std::transform(lowered, text_.end(), lowered,
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        text_.append(view(value));
        places_.push_back(place);
    }

    void on_header_impl(ErrorCode&) override {
        if (interim()) return;
        if (const auto length = content_length()) announced_bytes = *length;
        std::vector<HeaderView> headers;
        headers.reserve(places_.size());
        const std::string_view text = text_;
        for (const Place& place : places_) {
            headers.push_back({text.substr(place.name, place.name_size),
                               text.substr(place.value, place.value_size)});
            if (headers.back().name == "keep-alive") {
                keep_alive_timeout = timeout_of(headers.back().value);
            }
        }
        events->on_head(status, headers);
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}

    std::size_t on_body_impl(boost::beast::string_view body, ErrorCode&) override {
        body_bytes += body.size();
        if (!body.empty()) events->on_body(view(body));
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, ErrorCode&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                   ErrorCode& error) override {
        return on_body_impl(body, error);
    }

    void on_finish_impl(ErrorCode&) override {}

    // Larger ones are rare.
    static constexpr std::size_t kUsualText = 480;
    static constexpr std::size_t kUsualFields = 12;

    const std::size_t head_limit_;
    std::size_t head_bytes_ = 0;
    bool http10_ = false;
    std::string text_;
    std::vector<Place> places_;
};

Http1ResponseParser::Http1ResponseParser(const Limits& limits, bool to_head_request)
    : limits_(limits), to_head_request_(to_head_request) {
    next_message();
}

Http1ResponseParser::~Http1ResponseParser() = default;

void Http1ResponseParser::next_message() {
    message_ = std::make_unique<Message>(limits_, to_head_request_);
}

bool Http1ResponseParser::done() const noexcept {
    return message_->is_done() && !message_->interim();
}

bool Http1ResponseParser::head_done() const noexcept {
    return message_->is_header_done() && !message_->interim();
}

bool Http1ResponseParser::reusable() const noexcept {
    return message_->keep_alive() && !message_->framing_in_doubt && !stray_bytes_;
}

std::optional<std::chrono::seconds> Http1ResponseParser::keep_alive_timeout() const noexcept {
    return message_->keep_alive_timeout;
}

Result<void> Http1ResponseParser::feed(std::string_view bytes, Http1ResponseEvents& events) {
    if (bytes.empty()) return {};
    started_ = true;
    message_->events = &events;
    const bool joined = !pending_.empty();
    if (joined) {
        pending_ += bytes;
        bytes = pending_;
        // Beast asserts that a last chunk is never offered again in less than five bytes, as if one
        // always followed another; an empty body is "0\r\n\r\n" alone.
        if (head_done() && bytes.size() < 5) return {};
    }
    std::size_t used = 0;
    if (auto parsed = parse(bytes, used); !parsed) return parsed;
    if (done()) {
        stray_bytes_ = used < bytes.size();
        return {};
    }
    if (joined) {
        pending_.erase(0, used);
    } else {
        pending_.assign(bytes.substr(used));
    }
    if (pending_.size() > limits_.head_bytes) return head_too_large();  // chunk head or trailers
    return {};
}

Error Http1ResponseParser::head_too_large() const {
    return {Code::protocol, "the answer's head, chunk heads or trailers are larger than " +
                                std::to_string(limits_.head_bytes) + " bytes"};
}

Result<void> Http1ResponseParser::parse(std::string_view bytes, std::size_t& used) {
    while (used < bytes.size() && !done()) {
        ErrorCode error;
        const std::size_t n = message_->put(
            boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
        used += n;
        if (error == http::error::need_more) return {};
        if (error == http::error::body_limit) {
            return Error(Code::too_large, "the answer's body is larger than the limit of " +
                                              std::to_string(limits_.body_bytes) +
                                              " bytes (http.max_body_bytes)");
        }
        if (error == http::error::header_limit) {
            return head_too_large();
        }
        if (error) {
            return Error(Code::protocol, "the answer is not valid HTTP (" + error.message() + ")");
        }
        if (message_->is_done() && message_->interim()) {
            if (++interim_answers_ > kMostInterimAnswers) {
                return Error(Code::protocol, "the server sends interim answers (1xx) without end");
            }
            Http1ResponseEvents* events = message_->events;
            next_message();
            message_->events = events;
        } else if (n == 0) {
            return {};
        }
    }
    return {};
}

Result<void> Http1ResponseParser::finish(Http1ResponseEvents& events, bool cut_off) {
    if (done()) return {};
    message_->events = &events;
    if (!started_) return Error(Code::protocol, "the connection was closed without an answer");
    if (!head_done()) {
        return Error(Code::protocol, "the connection was closed inside the answer's head");
    }
    ErrorCode error;
    if (!cut_off) message_->put_eof(error);
    if (!cut_off && !error) return {};
    std::string missing = "after " + std::to_string(message_->body_bytes);
    if (message_->announced_bytes) missing += " of " + std::to_string(*message_->announced_bytes);
    return Error(Code::protocol, "the answer was cut short " + missing + " bytes");
}

}  // namespace tenon::wire

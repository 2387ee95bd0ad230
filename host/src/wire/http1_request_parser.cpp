#include "wire/http1_request_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <utility>
#include <vector>

#include "wire/http1_request_head.hpp"

namespace tenon::wire {
namespace {

namespace http = boost::beast::http;
using ErrorCode = boost::beast::error_code;

/// What is kept from one request to the next.
constexpr std::size_t kKeptBytes = std::size_t{16} << 10;

/// All chunk extensions of one body: nobody uses them but to keep a server busy.
constexpr std::size_t kMostExtensionBytes = std::size_t{16} << 10;

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

void clear(std::string& text) {
    if (text.capacity() > kKeptBytes) {
        text = std::string();
    } else {
        text.clear();
    }
}

/// One message on Beast's parser: collects the headers, appends the body.
class Message final : public http::basic_parser<true> {
public:
    Message(std::uint64_t body_limit_bytes, RequestHead& head, std::string& body)
        : head_(head), body_(body) {
        eager(true);
        header_limit(std::numeric_limits<std::uint32_t>::max());  // checked while it arrives
        body_limit(body_limit_bytes);
    }

private:
    void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int,
                         ErrorCode&) override {}

    void on_response_impl(int, boost::beast::string_view, int, ErrorCode&) override {}

    void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                       ErrorCode&) override {
        if (!is_header_done()) head_.headers.push_back({view(name), view(value)});
    }

    void on_header_impl(ErrorCode&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}

    std::size_t on_body_impl(boost::beast::string_view bytes, ErrorCode&) override {
        body_.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view extensions,
                              ErrorCode& error) override {
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > kMostExtensionBytes) error = http::error::bad_chunk_extension;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view bytes,
                                   ErrorCode& error) override {
        return on_body_impl(bytes, error);
    }

    void on_finish_impl(ErrorCode&) override {}

    RequestHead& head_;
    std::string& body_;
    std::size_t extension_bytes_ = 0;
};

}  // namespace

struct Http1RequestParser::Impl {
    explicit Impl(const Limits& limits_in)
        : limits(limits_in), lines({limits.target_bytes, limits.head_bytes, limits.headers}) {}

    Result<std::size_t> take_head(std::string_view bytes);
    Result<std::size_t> take_body(std::string_view bytes);
    Result<void> put(std::string_view bytes, std::size_t& used);
    [[nodiscard]] Error meaning(const ErrorCode& error) const;

    const Limits limits;
    RequestLines lines;
    RequestHead head;
    std::optional<Message> message;  ///< from the end of the head
    std::string body;
    std::string pending;  ///< part of a chunk's head that could not be used yet
    bool head_done = false;
};

Http1RequestParser::Http1RequestParser(const Limits& limits)
    : impl_(std::make_unique<Impl>(limits)) {}

Http1RequestParser::~Http1RequestParser() = default;

void Http1RequestParser::reset() {
    impl_->lines.reset();
    impl_->head.reset();
    impl_->message.reset();
    clear(impl_->body);
    clear(impl_->pending);
    impl_->head_done = false;
}

bool Http1RequestParser::started() const noexcept {
    return impl_->lines.started();
}

bool Http1RequestParser::head_done() const noexcept {
    return impl_->head_done;
}

bool Http1RequestParser::done() const noexcept {
    return impl_->head_done && impl_->message->is_done();
}

std::string_view Http1RequestParser::method() const noexcept {
    return impl_->head.method;
}

std::string_view Http1RequestParser::target() const noexcept {
    return impl_->head.target;
}

std::string_view Http1RequestParser::authority() const noexcept {
    return impl_->head.authority;
}

std::span<const HeaderView> Http1RequestParser::headers() const noexcept {
    return impl_->head.headers;
}

bool Http1RequestParser::http10() const noexcept {
    return impl_->head.http10;
}

bool Http1RequestParser::keep_alive() const noexcept {
    return impl_->message->keep_alive();
}

bool Http1RequestParser::expects_continue() const noexcept {
    return impl_->head.expects_continue && !done();
}

std::optional<std::uint64_t> Http1RequestParser::content_length() const noexcept {
    return impl_->head.content_length;
}

std::string& Http1RequestParser::body() noexcept {
    return impl_->body;
}

Result<std::size_t> Http1RequestParser::feed(std::string_view bytes) {
    return impl_->head_done ? impl_->take_body(bytes) : impl_->take_head(bytes);
}

Result<std::size_t> Http1RequestParser::Impl::take_head(std::string_view bytes) {
    auto used = lines.feed(bytes);
    if (!used || !lines.done()) return used;
    if (auto line = head.read_request_line(lines.text()); !line) return line.error();
    message.emplace(limits.body_bytes, head, body);
    std::size_t parsed = 0;
    auto put_all = put(lines.text(), parsed);
    lines.lower_names(head.headers);  // also of what is refused: who asked is of interest
    if (!put_all) return std::move(put_all).error();
    if (parsed < lines.text().size()) return refuse(400, "the head of the request is malformed");
    if (auto judged = head.judge(); !judged) return judged.error();
    head_done = true;
    // Memory for what a client only announces is not its to have.
    body.reserve(std::min<std::uint64_t>(head.content_length.value_or(0), kKeptBytes));
    return used;
}

Result<std::size_t> Http1RequestParser::Impl::take_body(std::string_view bytes) {
    const std::size_t before = pending.size();
    const bool joined = before > 0;
    if (joined) {
        pending += bytes;
        bytes = pending;
        // Beast asserts that a last chunk is never offered again in less than five bytes, as if one
        // always followed another; an empty body is "0\r\n\r\n" alone.
        if (bytes.size() < 5) return bytes.size() - before;
    }
    std::size_t used = 0;
    if (auto parsed = put(bytes, used); !parsed) return parsed.error();
    if (message->is_done()) {
        pending.clear();
        return used - before;
    }
    const std::size_t fed = bytes.size() - before;
    if (joined) {
        pending.erase(0, used);
    } else {
        pending.assign(bytes.substr(used));
    }
    if (pending.size() > limits.head_bytes) {
        return refuse(431, "the head of a chunk, or the trailers, are larger than " +
                               std::to_string(limits.head_bytes) + " bytes");
    }
    return fed;
}

Result<void> Http1RequestParser::Impl::put(std::string_view bytes, std::size_t& used) {
    while (used < bytes.size() && !message->is_done()) {
        ErrorCode error;
        const std::size_t n = message->put(
            boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
        used += n;
        if (error == http::error::need_more) return {};
        if (error) return meaning(error);
        if (n == 0) return {};
    }
    return {};
}

Error Http1RequestParser::Impl::meaning(const ErrorCode& error) const {
    if (error == http::error::body_limit) {
        return refuse(413, "the body is larger than the limit of " +
                               std::to_string(limits.body_bytes) + " bytes");
    }
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length) {
        return refuse(400, "the request has more than one length, or one that is no number");
    }
    if (error == http::error::bad_transfer_encoding) {
        return refuse(400, "the request has both a length and a transfer coding, or two of them");
    }
    return refuse(400, "the request is not valid HTTP (" + error.message() + ")");
}

}  // namespace tenon::wire

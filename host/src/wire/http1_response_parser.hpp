#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"
#include "wire/http1_header.hpp"

namespace tenon::wire {

/// Receives what the parser finds, in order: one head, then the body.
class Http1ResponseEvents {
public:
    /// The head of the final answer. Views are valid during the call.
    virtual void on_head(int status, std::span<const HeaderView> headers) = 0;
    /// The next bytes of the body, transfer coding removed; valid during the call.
    virtual void on_body(std::string_view bytes) = 0;

protected:
    ~Http1ResponseEvents() = default;
};

/// One HTTP/1.1 answer from bytes to events (RFC 9112), on Beast's parser. No socket: fed by the
/// transport, or by a test at every split.
///
/// Interim answers (1xx) are consumed. Content-Length beside Transfer-Encoding, differing lengths,
/// transfer codings other than "chunked" and everything else that lets two readers disagree about
/// the framing is refused. Trailers are read and dropped.
///
/// \par Thread-safety
/// None.
class Http1ResponseParser {
public:
    struct Limits {
        std::uint32_t head_bytes = 64 * 1024;  ///< also of the trailers, and of one chunk's head
        std::uint64_t body_bytes = 0;          ///< 0 = unlimited
    };

    /// \param to_head_request the answer to a HEAD request has no body whatever its head says.
    explicit Http1ResponseParser(const Limits& limits, bool to_head_request = false);
    ~Http1ResponseParser();
    Http1ResponseParser(const Http1ResponseParser&) = delete;
    Http1ResponseParser& operator=(const Http1ResponseParser&) = delete;

    /// Takes the next bytes from the connection. Errors: Code::protocol (malformed, head or
    /// trailers too large), Code::too_large (body limit). After an error or done() nothing more may
    /// be fed.
    Result<void> feed(std::string_view bytes, Http1ResponseEvents& events);

    /// The peer closed the connection. Success if the answer was complete or is delimited by the
    /// close; otherwise Code::protocol saying how much is missing. \param cut_off the close itself
    /// is not trustworthy (TLS without close_notify, RFC 9112 section 9.8), so it delimits nothing.
    Result<void> finish(Http1ResponseEvents& events, bool cut_off = false);

    [[nodiscard]] bool started() const noexcept { return started_; }  ///< any byte was fed
    [[nodiscard]] bool head_done() const noexcept;                    ///< on_head() was called
    [[nodiscard]] bool done() const noexcept;
    /// REQUIRES: done(). May the connection carry another request? Not after stray bytes.
    [[nodiscard]] bool reusable() const noexcept;
    /// The server's own idle limit (`Keep-Alive: timeout=N`), if it named one.
    [[nodiscard]] std::optional<std::chrono::seconds> keep_alive_timeout() const noexcept;

private:
    class Message;

    static constexpr int kMostInterimAnswers = 64;

    Error head_too_large() const;
    Result<void> parse(std::string_view bytes, std::size_t& used);
    void next_message();

    Limits limits_;
    bool to_head_request_;
    bool started_ = false;
    bool stray_bytes_ = false;
    int interim_answers_ = 0;
    std::unique_ptr<Message> message_;
    std::string
        pending_;  ///< bytes that the parser could not use yet: part of a head or chunk head
};

}  // namespace tenon::wire

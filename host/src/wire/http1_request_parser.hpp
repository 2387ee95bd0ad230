#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"
#include "wire/http1_header.hpp"

namespace tenon::wire {

/// One HTTP/1.x request from bytes to a head and a whole body (RFC 9112), on Beast's parser. No
/// socket: fed by the transport, or by a test at every split.
///
/// Strict, because a proxy in front may have read the same bytes in another way. Refused, each with
/// the status of the answer in Error::http_status:
/// - 400: lines that end in LF or CR alone, folded headers, NUL and other control characters, space
///   before a colon, everything that is no token where one belongs; Content-Length beside
///   Transfer-Encoding, more than one of either, lengths that are not digits alone,
///   Transfer-Encoding in HTTP/1.0; no Host in HTTP/1.1, two of them, or one that is no authority;
///   a target that is no path, no http address, and not "*" of OPTIONS; malformed chunks
/// - 413, 414, 431: body, target, or head larger than the limits
/// - 417: an expectation other than 100-continue
/// - 501: transfer codings other than "chunked", the method CONNECT
/// - 505: versions other than 1.0 and 1.1
///
/// One empty line before the request is skipped. Trailers and chunk extensions are read and
/// dropped.
///
/// \par Thread-safety
/// None.
class Http1RequestParser {
public:
    struct Limits {
        std::uint32_t target_bytes = 8 * 1024;  ///< of the request line's target
        std::uint32_t head_bytes = 64 * 1024;   ///< also of the trailers, and of one chunk's head
        std::uint32_t headers = 100;            ///< their number
        std::uint64_t body_bytes = std::uint64_t{64} << 20;
    };

    explicit Http1RequestParser(const Limits& limits);
    ~Http1RequestParser();
    Http1RequestParser(const Http1RequestParser&) = delete;
    Http1RequestParser& operator=(const Http1RequestParser&) = delete;

    /// Takes the next bytes from the connection, as far as they belong to this request; returns how
    /// many those were. It stops after the head, so that the caller can look at it before the body
    /// comes. After an error only reset() may be called.
    Result<std::size_t> feed(std::string_view bytes);

    /// Begins the next request. Memory is kept, but not that of a large body or head.
    void reset();

    [[nodiscard]] bool started() const noexcept;    ///< any byte of it was fed
    [[nodiscard]] bool head_done() const noexcept;  ///< and accepted
    [[nodiscard]] bool done() const noexcept;

    /// \name The head
    /// REQUIRES: head_done(); views are valid until reset(). method(), target() and headers() also
    /// after an error, as far as they were understood.
    /// @{
    [[nodiscard]] std::string_view method() const noexcept;
    /// Path and query, at least "/"; or "*".
    [[nodiscard]] std::string_view target() const noexcept;
    /// Of an absolute target, otherwise of Host; empty if that is empty or missing (HTTP/1.0).
    [[nodiscard]] std::string_view authority() const noexcept;
    [[nodiscard]] std::span<const HeaderView> headers() const noexcept;
    [[nodiscard]] bool http10() const noexcept;
    [[nodiscard]] bool keep_alive() const noexcept;  ///< as the client wishes
    /// The client waits for "100 Continue" before it sends its body.
    [[nodiscard]] bool expects_continue() const noexcept;
    /// What Content-Length said; nothing for a chunked body.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
    /// @}

    /// The body so far; it may be moved from when it is whole.
    [[nodiscard]] std::string& body() noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::wire

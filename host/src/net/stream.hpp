#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/tls_context.hpp"
#include "tenon/result.hpp"

namespace tenon::net {

/// One client connection, TCP or TLS over TCP, on one I/O thread.
///
/// Every operation ends at its deadline: one timer for each stream closes the socket, and the
/// operation reports Code::deadline. After any error the stream is closed.
///
/// Errors: Code::unavailable (unresolvable, refused, reset, closed), Code::deadline,
/// Code::cancelled (after close()), Code::protocol (TLS). Messages name host and port.
///
/// \par Thread-safety
/// From its I/O thread only, one operation at a time; close() at any time on that thread.
class Stream {
public:
    explicit Stream(boost::asio::io_context& io);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    /// Resolves, then tries the addresses in turn; each gets its share of the time that is left.
    Awaitable<Result<void>> connect(const std::string& host, std::uint16_t port,
                                    base::TimePoint deadline);

    /// TLS over the connected socket, with the host's name for SNI and the certificate's check.
    Awaitable<Result<void>> handshake(const TlsOptions& options, base::TimePoint deadline);

    /// Reads what there is, at least one byte; 0 = the peer closed.
    Awaitable<Result<std::size_t>> read_some(std::span<char> into, base::TimePoint deadline);

    /// Writes both pieces entirely.
    Awaitable<Result<void>> write(std::string_view head, std::string_view body,
                                  base::TimePoint deadline);

    /// Ends everything under way with Code::cancelled. Idempotent.
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept;

    /// While idle: did the peer close, or send something that nobody asked for?
    [[nodiscard]] bool is_stale() noexcept;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tenon::net

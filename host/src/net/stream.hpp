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
/// Every operation ends at its deadline: a timer for each direction closes the socket, and the
/// operation reports Code::deadline. After an error, except one of write(), the stream is closed.
///
/// Errors: Code::unavailable (unresolvable, refused, reset, closed), Code::deadline,
/// Code::cancelled (after close()), Code::protocol (TLS). Messages name host and port.
///
/// \par Thread-safety
/// From its I/O thread only. One operation at a time, but a read and a write may overlap; all other
/// functions at any time.
class Stream {
public:
    explicit Stream(boost::asio::io_context& io);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    /// Resolves, then tries the addresses in turn; each gets its share of the time that is left.
    Awaitable<Result<void>> connect(std::string host, std::uint16_t port, base::TimePoint deadline);

    /// TLS over the connected socket, with the host's name for SNI and the certificate's check.
    Awaitable<Result<void>> handshake(TlsOptions options, base::TimePoint deadline);

    /// Reads what there is, at least one byte; 0 = the peer closed.
    Awaitable<Result<std::size_t>> read_some(std::span<char> into, base::TimePoint deadline);
    /// A new deadline for the read under way, if there is one.
    void limit_read(base::TimePoint deadline);

    /// Writes both pieces entirely. After an error of the peer's making the stream stays open: its
    /// answer may still be readable.
    Awaitable<Result<void>> write(std::string_view head, std::string_view body,
                                  base::TimePoint deadline);
    /// Returns how many bytes of both pieces were written at once, maybe none: write() has to
    /// follow with the rest, and tells of errors. Always none with TLS.
    [[nodiscard]] std::size_t write_now(std::string_view head, std::string_view body) noexcept;
    /// A new deadline for the write under way, if there is one.
    void limit_write(base::TimePoint deadline);

    /// Ends everything under way with Code::cancelled. Idempotent.
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept;

    /// While idle: did the peer close, or send something that nobody asked for?
    [[nodiscard]] bool is_stale() noexcept;

    /// \name After read_some() returned 0
    /// @{
    /// TLS ended without close_notify, so that anybody on the way may have cut it off.
    [[nodiscard]] bool was_cut_off() const noexcept;
    /// The peer closed before all that was written had reached it.
    [[nodiscard]] bool left_unread() const noexcept;
    /// @}

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tenon::net

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "tenon/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace tenon::net {

/// The server's side of one connection, TCP or Unix-domain, plain or TLS, on one I/O thread.
///
/// Reading goes on beside everything else, so that the end of the connection is seen at once; its
/// outcome goes to a Reader.
///
/// Errors: Code::unavailable (reset, closed), Code::deadline, Code::cancelled (after close()),
/// Code::protocol (TLS). After an error the stream is closed.
///
/// \par Thread-safety
/// From its I/O thread only. One write (or handshake, or end) at a time.
/// \par Object lifetimes
/// Must live while a write is under way; close() ends it soon.
class ServerStream {
public:
    class Reader {
    public:
        /// The read is over. \param bytes 0 = the peer closed, or the connection is broken. The
        /// stream may be destroyed here.
        virtual void on_read(std::size_t bytes) noexcept = 0;

    protected:
        ~Reader() = default;
    };

    /// Takes the descriptor over, which must be non-blocking.
    ServerStream(boost::asio::io_context& io, int fd, Reader& reader);
    ServerStream(const ServerStream&) = delete;
    ServerStream& operator=(const ServerStream&) = delete;
    ~ServerStream();

    /// REQUIRES: nothing was read or written.
    Awaitable<Result<void>> handshake(std::shared_ptr<boost::asio::ssl::context> context,
                                      base::TimePoint deadline);

    /// Begins to read what there is; on_read() follows, never inside this call.
    /// REQUIRES: not reading(), `into` is not empty and stays valid while reading().
    void read(std::span<char> into);
    [[nodiscard]] bool reading() const noexcept;

    using Pieces = std::array<std::string_view, 3>;
    /// Writes as much as the kernel takes at once, and removes it from the pieces. False = write()
    /// has to follow with what is left of them, and tells of errors.
    [[nodiscard]] bool write_now(Pieces& pieces) noexcept;
    /// Writes all of it, at once if the kernel takes it.
    Awaitable<Result<void>> write(Pieces pieces, base::TimePoint deadline);

    /// Says that nothing more will be written; for TLS waits for the peer to agree. Afterwards,
    /// read() skips TLS, for what is read is thrown away.
    Awaitable<void> end(base::TimePoint deadline);

    /// Is there anything to read that no on_read() has told of?
    [[nodiscard]] bool has_input() const noexcept;

    void close() noexcept;
    /// Closes so that the peer sees a broken connection, not an end.
    void reset() noexcept;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tenon::net

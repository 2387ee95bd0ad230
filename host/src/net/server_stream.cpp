#include "net/server_stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "net/time_limit.hpp"
#include "net/timer.hpp"

namespace tenon::net {

namespace asio = boost::asio;

namespace {

using Protocol = asio::generic::stream_protocol;
using Socket = asio::basic_stream_socket<Protocol, asio::io_context::executor_type>;
using TlsStream = asio::ssl::stream<Socket&>;

constexpr auto kToken = asio::as_tuple(UseAwaitable());

/// What is written in one TLS record rather than three.
constexpr std::size_t kJoinedBytes = std::size_t{16} << 10;

/// Writes that succeed at once, one after the other, before others on the thread get their turn.
constexpr unsigned kWritesInTurn = 32;

}  // namespace

struct ServerStream::Impl final : TimeLimit::Owner {
    Impl(asio::io_context& io, int fd, Reader& reader_in)
        : socket(io), limit(io, *this), reader(&reader_in) {
        boost::system::error_code error;
        socket.assign(Protocol(AF_UNSPEC, 0), fd, error);
        if (error) ::close(fd);  // whatever is tried then fails
    }

    void on_limit() noexcept override {
        expired = true;
        close();
    }

    void close() noexcept {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    Error failure(const char* doing, const boost::system::error_code& error) {
        close();
        if (expired) return {Code::deadline, std::string(doing) + " the client took too long"};
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
            return {Code::cancelled, "the connection was closed"};
        }
        return {Code::unavailable,
                std::string(doing) + " the client failed (" + error.message() + ")"};
    }

    /// Hands as much as the kernel takes at once to it, and removes that from the pieces.
    boost::system::error_code write_now(Pieces& pieces) const noexcept {
        std::array<iovec, 3> parts{};
        std::size_t all = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
            all += pieces[i].size();
        }
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t written = ::sendmsg(native(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
            return {errno, boost::system::system_category()};
        }
        auto left = static_cast<std::size_t>(written);
        for (std::string_view& piece : pieces) {
            const std::size_t n = std::min(left, piece.size());
            piece.remove_prefix(n);
            left -= n;
        }
        return {};
    }

    [[nodiscard]] int native() const noexcept {
        return const_cast<Socket&>(socket).native_handle();
    }

    Socket socket;
    std::shared_ptr<asio::ssl::context> context;
    std::unique_ptr<TlsStream> tls;  ///< large, and most are plain
    TimeLimit limit;                 ///< of what is written
    Reader* reader;                  ///< nullptr = the stream is gone
    std::string joined;
    unsigned writes_in_turn = 0;
    boost::system::error_code failed;  ///< of a write_now(), to be told by write()
    bool reading = false;
    bool expired = false;
    bool ended = false;
};

ServerStream::ServerStream(asio::io_context& io, int fd, Reader& reader)
    : impl_(std::make_shared<Impl>(io, fd, reader)) {}

ServerStream::~ServerStream() {
    impl_->reader = nullptr;
    impl_->close();
}

bool ServerStream::reading() const noexcept {
    return impl_->reading;
}

void ServerStream::close() noexcept {
    impl_->close();
}

void ServerStream::reset() noexcept {
    boost::system::error_code ignored;
    impl_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    impl_->close();
}

bool ServerStream::has_input() const noexcept {
    char byte = 0;
    return ::recv(impl_->native(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Awaitable<Result<void>> ServerStream::handshake(std::shared_ptr<asio::ssl::context> context,
                                                base::TimePoint deadline) {
    impl_->context = std::move(context);
    impl_->tls = std::make_unique<TlsStream>(impl_->socket, *impl_->context);
    impl_->limit.set(deadline);
    boost::system::error_code error;
    std::tie(error) = co_await impl_->tls->async_handshake(asio::ssl::stream_base::server, kToken);
    impl_->limit.clear();
    if (!error && !impl_->socket.is_open()) error = asio::error::operation_aborted;
    if (!error) co_return Result<void>();
    Error failed = impl_->failure("the TLS handshake with", error);
    if (failed.code == Code::unavailable) failed.code = Code::protocol;
    co_return failed;
}

void ServerStream::read(std::span<char> into) {
    Impl& impl = *impl_;
    impl.reading = true;
    auto done = [self = impl_](const boost::system::error_code& error, std::size_t bytes) {
        self->reading = false;
        if (self->reader != nullptr) self->reader->on_read(error ? 0 : bytes);
    };
    const asio::mutable_buffer buffer(into.data(), into.size());
    if (impl.tls && !impl.ended) {
        impl.tls->async_read_some(buffer, std::move(done));
    } else {
        impl.socket.async_read_some(buffer, std::move(done));
    }
}

bool ServerStream::write_now(Pieces& pieces) noexcept {
    Impl& impl = *impl_;
    if (impl.tls || impl.failed || impl.writes_in_turn + 1 >= kWritesInTurn) return false;
    impl.failed = impl.write_now(pieces);
    const bool whole = std::all_of(pieces.begin(), pieces.end(),
                                   [](std::string_view piece) { return piece.empty(); });
    if (impl.failed || !whole) return false;
    ++impl.writes_in_turn;
    return true;
}

Awaitable<Result<void>> ServerStream::write(Pieces pieces, base::TimePoint deadline) {
    Impl& impl = *impl_;
    boost::system::error_code error;
    std::size_t size = pieces[0].size() + pieces[1].size() + pieces[2].size();
    if (!impl.tls) {
        error = impl.failed ? std::exchange(impl.failed, {}) : impl.write_now(pieces);
        if (error) co_return impl.failure("writing to", error);
        size = pieces[0].size() + pieces[1].size() + pieces[2].size();
        if (size == 0 && ++impl.writes_in_turn < kWritesInTurn) co_return Result<void>();
        impl.writes_in_turn = 0;
        if (size == 0) {
            co_await asio::post(impl.socket.get_executor(), UseAwaitable());
            co_return Result<void>();
        }
    } else if (size <= kJoinedBytes) {
        impl.joined.clear();
        for (const std::string_view piece : pieces) impl.joined += piece;
        pieces = {impl.joined};
    }
    const std::array<asio::const_buffer, 3> buffers = {
        asio::buffer(pieces[0]), asio::buffer(pieces[1]), asio::buffer(pieces[2])};
    impl.limit.set(deadline);
    if (impl.tls) {
        std::tie(error, std::ignore) = co_await asio::async_write(*impl.tls, buffers, kToken);
    } else {
        std::tie(error, std::ignore) = co_await asio::async_write(impl.socket, buffers, kToken);
    }
    impl.limit.clear();
    if (error) co_return impl.failure("writing to", error);
    co_return Result<void>();
}

Awaitable<void> ServerStream::end(base::TimePoint deadline) {
    Impl& impl = *impl_;
    boost::system::error_code ignored;
    if (impl.tls) {
        impl.limit.set(deadline);
        std::tie(ignored) = co_await impl.tls->async_shutdown(kToken);
        impl.limit.clear();
    }
    impl.ended = true;
    impl.socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace tenon::net

#include "net/stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "net/resolver.hpp"
#include "net/timer.hpp"

namespace tenon::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using TlsStream = asio::ssl::stream<Socket&>;

constexpr auto kToken = asio::as_tuple(UseAwaitable());

bool peer_closed(const boost::system::error_code& error) noexcept {
    return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

/// Asks for the certificate of `host` (RFC 9525), and tells the server which one is meant.
void expect_host(SSL* ssl, const std::string& host) {
    boost::system::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    X509_VERIFY_PARAM* const checks = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!not_an_address) {
        X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str());
        return;
    }
    X509_VERIFY_PARAM_set1_host(checks, host.data(), host.size());
    // SNI; the macro SSL_set_tlsext_host_name hides an old-style cast.
    std::string name = host;
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

/// Did TLS decrypt, or receive, more than was read?
bool has_more(SSL* ssl) noexcept {
    char byte = 0;
    const int peeked = SSL_peek(ssl, &byte, 1);
    const bool quiet = peeked <= 0 && SSL_get_error(ssl, peeked) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return !quiet;
}

}  // namespace

struct Stream::Impl : std::enable_shared_from_this<Stream::Impl> {
    /// The time limit of one direction. The timer is left running when a new limit is later than
    /// what it waits for: it looks at `until` when it fires.
    struct Watch {
        explicit Watch(asio::io_context& io) : timer(io) {}

        Timer timer;
        base::TimePoint until = base::kNoDeadline;
        base::TimePoint armed = base::kNoDeadline;
        bool busy = false;
        bool expired = false;
    };

    explicit Impl(asio::io_context& io_in)
        : io(io_in), socket(io_in), reading(io_in), writing(io_in) {}

    void begin(Watch Impl::*side, base::TimePoint deadline) {
        (this->*side).busy = true;
        set_limit(side, deadline);
    }

    void end(Watch Impl::*side) noexcept {
        (this->*side).busy = false;
        (this->*side).until = base::kNoDeadline;
    }

    void set_limit(Watch Impl::*side, base::TimePoint deadline) {
        Watch& watch = this->*side;
        watch.until = deadline;
        if (deadline < watch.armed) arm(side, deadline);
    }

    void arm(Watch Impl::*side, base::TimePoint at) {
        Watch& watch = this->*side;
        watch.armed = at;
        watch.timer.expires_at(at);
        watch.timer.async_wait([weak = weak_from_this(), side](const auto& error) {
            const auto self = weak.lock();
            if (!error && self) self->look(side);
        });
    }

    void look(Watch Impl::*side) {
        Watch& watch = this->*side;
        watch.armed = base::kNoDeadline;
        if (watch.until == base::kNoDeadline) return;
        if (std::chrono::steady_clock::now() < watch.until) return arm(side, watch.until);
        watch.expired = true;
        close_socket();
    }

    void close_socket() noexcept {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    void close() noexcept {
        closed = true;
        if (const auto lookup = resolving.lock()) lookup->interrupt();
        close_socket();
    }

    [[nodiscard]] bool expired() const noexcept { return reading.expired || writing.expired; }

    /// What a failed operation means. One that failed by itself as the stream was closed says so.
    [[nodiscard]] Error meaning(const char* doing, const boost::system::error_code& error) const {
        if (expired()) return {Code::deadline, std::string(doing) + " " + peer + " took too long"};
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
            return {Code::cancelled, "cancelled"};
        }
        return {Code::unavailable,
                std::string(doing) + " " + peer + " failed (" + error.message() + ")"};
    }

    /// The same, and closes the stream.
    Error failure(const char* doing, const boost::system::error_code& error) {
        Error out = meaning(doing, error);
        close_socket();
        return out;
    }

    Error tls_failure(const TlsOptions& options, const boost::system::error_code& error) {
        Error out = failure("the TLS handshake with", error);
        out.not_sent = true;
        if (out.code != Code::unavailable) return out;
        out.code = Code::protocol;
        const long verdict = SSL_get_verify_result(tls->native_handle());
        if (options.verify && verdict != X509_V_OK) {
            out.message = "the certificate of " + peer + " is not trusted (" +
                          X509_verify_cert_error_string(verdict) +
                          "); check the address, or name the CA in http.tls.ca_file";
            out.retryable = false;
        } else {
            out.message += "; is it a server for https, with TLS 1.2 or newer?";
        }
        return out;
    }

    /// The peer has closed: remembers what the socket knows, then closes it.
    void note_end(const boost::system::error_code& error) noexcept {
        cut_off = error == asio::ssl::error::stream_truncated;
        int unacknowledged = 0;
        left_unread =
            ioctl(socket.native_handle(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0;
        close_socket();
    }

    asio::io_context& io;
    Socket socket;
    std::shared_ptr<asio::ssl::context> tls_context;
    std::unique_ptr<TlsStream> tls;  ///< large, and most are plain
    Watch reading;
    Watch writing;  ///< also connecting and shaking hands
    std::weak_ptr<ResolveState> resolving;
    std::string host;
    std::string peer;     ///< "host:port" for messages
    bool closed = false;  ///< by close()
    bool cut_off = false;
    bool left_unread = false;
};

Stream::Stream(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

Stream::~Stream() {
    impl_->close();
}

void Stream::close() noexcept {
    impl_->close();
}

bool Stream::is_open() const noexcept {
    return impl_->socket.is_open();
}

bool Stream::was_cut_off() const noexcept {
    return impl_->cut_off;
}

bool Stream::left_unread() const noexcept {
    return impl_->left_unread;
}

void Stream::limit_read(base::TimePoint deadline) {
    if (impl_->reading.busy) impl_->set_limit(&Impl::reading, deadline);
}

void Stream::limit_write(base::TimePoint deadline) {
    if (impl_->writing.busy) impl_->set_limit(&Impl::writing, deadline);
}

bool Stream::is_stale() noexcept {
    if (!impl_->socket.is_open()) return true;
    char byte = 0;
    const auto n = recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return true;
    return impl_->tls && has_more(impl_->tls->native_handle());
}

Awaitable<Result<void>> Stream::connect(std::string host, std::uint16_t port,
                                        base::TimePoint deadline) {
    const auto self = impl_;
    self->peer = host.find(':') == std::string::npos ? host : "[" + host + "]";
    self->peer += ":" + std::to_string(port);
    self->host = std::move(host);
    auto lookup = std::make_shared<ResolveState>(self->io);
    self->resolving = lookup;
    auto endpoints = co_await resolve(std::move(lookup), self->host, port, deadline);
    if (!endpoints) {
        Error failed = std::move(endpoints).error();
        failed.not_sent = true;
        co_return failed;
    }
    boost::system::error_code error;
    for (std::size_t left = endpoints->size(); left > 0; --left) {
        const auto now = std::chrono::steady_clock::now();
        const auto share = deadline == base::kNoDeadline
                               ? deadline
                               : now + (deadline - now) / static_cast<std::ptrdiff_t>(left);
        self->begin(&Impl::writing, share);
        std::tie(error) =
            co_await self->socket.async_connect((*endpoints)[endpoints->size() - left], kToken);
        self->end(&Impl::writing);
        // Connected, but closed before this coroutine was resumed?
        if (!error && !self->socket.is_open()) error = asio::error::operation_aborted;
        if (!error || self->closed || left == 1) break;
        self->close_socket();  // the next address gets a socket and a limit of its own
        self->writing.expired = false;
    }
    if (error) {
        Error failed = self->failure("connecting to", error);
        failed.not_sent = true;
        if (failed.code == Code::unavailable) {
            failed.message += "; is the server running, and the address right?";
        }
        co_return failed;
    }
    self->socket.set_option(tcp::no_delay(true), error);
    co_return Result<void>();
}

Awaitable<Result<void>> Stream::handshake(TlsOptions options, base::TimePoint deadline) {
    const auto self = impl_;
    auto context = tls_client_context(options);
    if (!context) {
        self->close_socket();
        co_return std::move(context).error();
    }
    self->tls_context = *std::move(context);
    self->tls = std::make_unique<TlsStream>(self->socket, *self->tls_context);
    expect_host(self->tls->native_handle(), self->host);
    self->begin(&Impl::writing, deadline);
    boost::system::error_code error;
    std::tie(error) = co_await self->tls->async_handshake(asio::ssl::stream_base::client, kToken);
    self->end(&Impl::writing);
    if (!error && !self->socket.is_open()) error = asio::error::operation_aborted;
    if (error) co_return self->tls_failure(options, error);
    co_return Result<void>();
}

Awaitable<Result<std::size_t>> Stream::read_some(std::span<char> into, base::TimePoint deadline) {
    const auto self = impl_;
    const asio::mutable_buffer buffer(into.data(), into.size());
    boost::system::error_code error;
    std::size_t n = 0;
    self->begin(&Impl::reading, deadline);
    if (self->tls) {
        std::tie(error, n) = co_await self->tls->async_read_some(buffer, kToken);
    } else {
        std::tie(error, n) = co_await self->socket.async_read_some(buffer, kToken);
    }
    self->end(&Impl::reading);
    if (!error) co_return n;
    if (peer_closed(error) && self->socket.is_open()) {
        self->note_end(error);
        co_return std::size_t{0};
    }
    co_return self->failure("reading from", error);
}

std::size_t Stream::write_now(std::string_view head, std::string_view body) noexcept {
    if (impl_->tls || !impl_->socket.is_open()) return 0;
    std::array<iovec, 2> parts = {iovec{const_cast<char*>(head.data()), head.size()},
                                  iovec{const_cast<char*>(body.data()), body.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t written =
        ::sendmsg(impl_->socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return written > 0 ? static_cast<std::size_t>(written) : 0;
}

Awaitable<Result<void>> Stream::write(std::string_view head, std::string_view body,
                                      base::TimePoint deadline) {
    const auto self = impl_;
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(body)};
    boost::system::error_code error;
    self->begin(&Impl::writing, deadline);
    if (self->tls) {
        std::tie(error, std::ignore) = co_await asio::async_write(*self->tls, buffers, kToken);
    } else {
        std::tie(error, std::ignore) = co_await asio::async_write(self->socket, buffers, kToken);
    }
    self->end(&Impl::writing);
    if (!error) co_return Result<void>();
    if (self->socket.is_open()) co_return self->meaning("writing to", error);
    co_return self->failure("writing to", error);
}

}  // namespace tenon::net

#include "net/stream.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>

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

}  // namespace

struct Stream::Impl : std::enable_shared_from_this<Stream::Impl> {
    explicit Impl(asio::io_context& io_in) : io(io_in), socket(io_in), timer(io_in) {}

    /// Limits the next operation. The timer is left running when the new limit is later than what
    /// it waits for: it looks at `limit` when it fires.
    void set_limit(base::TimePoint deadline) {
        limit = deadline;
        if (deadline >= armed_until) return;
        armed_until = deadline;
        timer.expires_at(deadline);
        wait();
    }

    void wait() {
        timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (error || !self) return;
            self->armed_until = base::kNoDeadline;
            if (std::chrono::steady_clock::now() >= self->limit) {
                self->timed_out = true;
                self->close();
            } else if (self->limit != base::kNoDeadline) {
                self->armed_until = self->limit;
                self->timer.expires_at(self->limit);
                self->wait();
            }
        });
    }

    void close() noexcept {
        closed = true;
        if (const auto lookup = resolving.lock()) lookup->interrupt();
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    /// What a failed operation means. Closes the stream.
    Error failure(const char* doing, const boost::system::error_code& error) {
        limit = base::kNoDeadline;
        const bool by_us = closed;
        close();
        if (timed_out) return Error(Code::deadline, std::string(doing) + " " + peer);
        if (by_us) return Error(Code::cancelled, "cancelled");
        return Error(Code::unavailable,
                     std::string(doing) + " " + peer + " failed (" + error.message() + ")");
    }

    Error tls_failure(const TlsOptions& options, const boost::system::error_code& error) {
        const long verdict = SSL_get_verify_result(tls->native_handle());
        if (timed_out || closed || verdict == X509_V_OK || !options.verify) {
            Error out = failure("the TLS handshake with", error);
            if (out.code == Code::unavailable) out.code = Code::protocol;
            return out;
        }
        close();
        Error out(Code::protocol, "the certificate of " + peer + " is not trusted (" +
                                      X509_verify_cert_error_string(verdict) +
                                      "); check the address, or name the CA in http.tls.ca_file");
        out.retryable = false;
        return out;
    }

    asio::io_context& io;
    Socket socket;
    std::optional<TlsStream> tls;
    std::shared_ptr<asio::ssl::context> tls_context;
    Timer timer;
    std::weak_ptr<ResolveState> resolving;
    base::TimePoint limit = base::kNoDeadline;
    base::TimePoint armed_until = base::kNoDeadline;
    std::string host;
    std::string peer;  ///< "host:port" for messages
    bool timed_out = false;
    bool closed = false;
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

bool Stream::is_stale() noexcept {
    if (!impl_->socket.is_open()) return true;
    char byte = 0;
    const auto n = recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

Awaitable<Result<void>> Stream::connect(const std::string& host, std::uint16_t port,
                                        base::TimePoint deadline) {
    const auto self = impl_;
    self->host = host;
    self->peer = host + ":" + std::to_string(port);
    auto lookup = std::make_shared<ResolveState>(self->io);
    self->resolving = lookup;
    auto endpoints = co_await resolve(std::move(lookup), host, port, deadline);
    if (!endpoints) co_return std::move(endpoints).error();

    boost::system::error_code error = asio::error::host_not_found;
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        const auto now = std::chrono::steady_clock::now();
        const auto share = deadline == base::kNoDeadline
                               ? deadline
                               : now + (deadline - now) / static_cast<int>(endpoints->size() - i);
        self->set_limit(share);
        std::tie(error) = co_await self->socket.async_connect((*endpoints)[i], kToken);
        if (!error) break;
        const bool last = i + 1 == endpoints->size();
        if (last || (self->closed && !self->timed_out)) break;
        // The next address gets a socket and a limit of its own.
        boost::system::error_code ignored;
        self->socket.close(ignored);
        self->timed_out = self->closed = false;
    }
    if (error) {
        Error failed = self->failure("connecting to", error);
        failed.not_sent = true;
        if (failed.code == Code::unavailable) {
            failed.message += "; is the server running, and the address right?";
        }
        co_return failed;
    }
    self->limit = base::kNoDeadline;
    self->socket.set_option(tcp::no_delay(true), error);
    co_return Result<void>();
}

Awaitable<Result<void>> Stream::handshake(const TlsOptions& options, base::TimePoint deadline) {
    const auto self = impl_;
    auto context = tls_client_context(options);
    if (!context) co_return std::move(context).error();
    self->tls_context = *std::move(context);
    self->tls.emplace(self->socket, *self->tls_context);
    boost::system::error_code error;
    asio::ip::make_address(self->host, error);
    const bool is_name = static_cast<bool>(error);
    if (is_name) {  // SNI; the macro SSL_set_tlsext_host_name hides an old-style cast
        SSL_ctrl(self->tls->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME,
                 TLSEXT_NAMETYPE_host_name, self->host.data());
    }
    if (options.verify) {
        self->tls->set_verify_callback(asio::ssl::host_name_verification(self->host), error);
    }
    self->set_limit(deadline);
    std::tie(error) = co_await self->tls->async_handshake(asio::ssl::stream_base::client, kToken);
    if (error) {
        Error failed = self->tls_failure(options, error);
        failed.not_sent = true;
        co_return failed;
    }
    self->limit = base::kNoDeadline;
    co_return Result<void>();
}

Awaitable<Result<std::size_t>> Stream::read_some(std::span<char> into, base::TimePoint deadline) {
    const auto self = impl_;
    self->set_limit(deadline);
    const asio::mutable_buffer buffer(into.data(), into.size());
    boost::system::error_code error;
    std::size_t n = 0;
    if (self->tls) {
        std::tie(error, n) = co_await self->tls->async_read_some(buffer, kToken);
    } else {
        std::tie(error, n) = co_await self->socket.async_read_some(buffer, kToken);
    }
    if (error && peer_closed(error) && !self->closed) {
        self->close();
        co_return std::size_t{0};
    }
    if (error) co_return self->failure("reading from", error);
    self->limit = base::kNoDeadline;
    co_return n;
}

Awaitable<Result<void>> Stream::write(std::string_view head, std::string_view body,
                                      base::TimePoint deadline) {
    const auto self = impl_;
    self->set_limit(deadline);
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head), asio::buffer(body)};
    boost::system::error_code error;
    if (self->tls) {
        std::tie(error, std::ignore) = co_await asio::async_write(*self->tls, buffers, kToken);
    } else {
        std::tie(error, std::ignore) = co_await asio::async_write(self->socket, buffers, kToken);
    }
    // The socket stays open after a peer's reset: its answer may still be readable.
    if (error && !self->closed) {
        self->limit = base::kNoDeadline;
        co_return Error(Code::unavailable,
                        "writing to " + self->peer + " failed (" + error.message() + ")");
    }
    if (error) co_return self->failure("writing to", error);
    self->limit = base::kNoDeadline;
    co_return Result<void>();
}

}  // namespace tenon::net

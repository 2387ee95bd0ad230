#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "net/tls_context.hpp"
#include "tenon/error.hpp"
#include "wire/http1_request.hpp"
#include "wire/http1_response_parser.hpp"

namespace boost::asio {
class io_context;
}

namespace tenon::transport {

using wire::Header;
using wire::HeaderView;

/// Limits of one client, that is of one provider on one I/O thread: whoever runs several I/O
/// threads divides the numbers of connections among them. Durations above zero.
struct HttpOptions {
    std::size_t max_connections = 100;  ///< open at once, 1 or more
    std::size_t max_keepalive = 20;     ///< idle ones kept for reuse
    std::chrono::milliseconds keepalive_expiry{5'000};
    std::chrono::milliseconds connect_timeout{10'000};       ///< resolve, connect and TLS together
    std::chrono::milliseconds first_byte_timeout{30'000};    ///< from the request's end to the head
    std::chrono::milliseconds read_timeout{60'000};          ///< between two pieces of a body
    std::chrono::milliseconds write_timeout{10'000};         ///< without progress
    std::chrono::milliseconds pool_timeout{5'000};           ///< waiting for a connection
    std::uint64_t max_body_bytes = std::uint64_t{64} << 20;  ///< 0 = unlimited
    net::TlsOptions tls;
};

/// One request. `borrowed_body`, if not empty, is sent instead of `body` and must stay valid until
/// on_done.
struct HttpRequest {
    std::string method = "GET";
    std::string url = {};
    std::vector<Header> headers = {};
    std::string body = {};
    std::string_view borrowed_body = {};
    base::TimePoint deadline = base::kNoDeadline;  ///< of the caller, for everything
};

/// Receives one exchange on the client's I/O thread, never inside start(): on_headers once, on_data
/// any number of times, on_done once and last; after an early failure on_done alone.
///
/// \par Object lifetimes
/// Must live until on_done has been called.
class HttpSink {
public:
    virtual void on_headers(int status, std::span<const HeaderView> headers) noexcept = 0;
    virtual void on_data(std::string_view chunk) noexcept = 0;
    /// nullptr when the whole answer arrived, whatever its status.
    virtual void on_done(const Error* error) noexcept = 0;

protected:
    ~HttpSink() = default;
};

/// One exchange under way.
///
/// \par Thread-safety
/// Any thread. Nothing calls the sink before it returns.
/// \par Object lifetimes
/// May be kept after on_done, also when client and io_context are gone; then all do nothing.
class Exchange {
public:
    virtual ~Exchange() = default;
    /// on_done follows with Code::cancelled unless the exchange ends by itself first.
    virtual void cancel() noexcept = 0;
    /// Stop reading until resume(): the peer is slowed down by TCP. At most the 16 KiB that were
    /// read already are held back; called in on_data, what they hold is still delivered. The
    /// caller's deadline still applies, the limits on reading do not.
    virtual void pause() noexcept = 0;
    virtual void resume() noexcept = 0;
};

class ConnectionPool;

/// Connections to HTTP/1.1 servers on one I/O thread: kept alive, reused (most recently used
/// first), bounded, with a FIFO queue of requests that wait for one.
///
/// Servers close idle connections at will (RFC 9112 section 9.3.1). A request on a reused
/// connection that dies without a byte of the answer is sent once more on a fresh one, invisibly,
/// if that is safe: the server cannot have seen all of it, or it may be repeated (an idempotent
/// method, or an Idempotency-Key header).
///
/// The answer is read while the request is still being written; one that is complete before ends
/// the exchange.
///
/// Errors, see Stream and Http1ResponseParser; in addition Code::invalid for a malformed request
/// and Code::overloaded when no connection became free in time. A time limit of the client reports
/// Code::deadline with scope connection, retryable; the caller's own deadline reports scope
/// request.
///
/// \par Thread-safety
/// start() and the destructor: any thread.
/// \par Object lifetimes
/// The destructor closes idle connections and cancels what runs; on_done still follows.
class HttpClient {
public:
    HttpClient(boost::asio::io_context& io, const HttpOptions& options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    std::shared_ptr<Exchange> start(HttpRequest request, HttpSink& sink);

    struct Counts {
        std::size_t open = 0;  ///< connections, busy and idle
        std::size_t idle = 0;
        std::size_t waiting = 0;  ///< requests without a connection
    };
    /// REQUIRES: on the I/O thread.
    [[nodiscard]] Counts counts() const noexcept;

private:
    std::shared_ptr<ConnectionPool> pool_;
};

}  // namespace tenon::transport

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "tenon/result.hpp"
#include "transport/http_handler.hpp"

namespace tenon::net {
class IoThreads;
}

namespace tenon::transport {

/// Limits of one server. Durations above zero; sizes 1 or more unless zero is said to mean
/// something.
struct HttpServerOptions {
    /// Open at once, over all threads. Beyond, the longest idle connection is closed; if none is
    /// idle, the new one is answered with 503.
    std::size_t max_connections = 10'000;
    std::uint64_t max_requests = 0;  ///< on one connection; 0 = unlimited

    std::uint32_t max_target_bytes = 8 * 1024;               ///< of the request line: 414
    std::uint32_t max_head_bytes = 64 * 1024;                ///< of the whole head: 431
    std::uint32_t max_headers = 100;                         ///< 431
    std::uint64_t max_body_bytes = std::uint64_t{64} << 20;  ///< 413

    /// From the connection to the end of the TLS handshake.
    std::chrono::milliseconds handshake_timeout{10'000};
    /// For the whole head, from its first byte; for the first one, from the connection: 408.
    std::chrono::milliseconds head_timeout{10'000};
    /// Between two pieces of a body: 408.
    std::chrono::milliseconds body_idle_timeout{30'000};
    /// For the whole body; each `min_body_rate` bytes that arrive add a second: 408.
    std::chrono::milliseconds body_timeout{30'000};
    std::uint32_t min_body_rate = 1024;  ///< bytes each second
    /// Between two requests; the connection is closed without a word.
    std::chrono::milliseconds keepalive_timeout{75'000};
    /// For each 64 KiB, or less, that are written; then the connection is cut.
    std::chrono::milliseconds write_timeout{30'000};
    /// How long a refused client may take to notice, so that it reads the answer and not a reset.
    std::chrono::milliseconds linger_timeout{2'000};

    /// One listening socket for each I/O thread where the kernel shares connections out
    /// (SO_REUSEPORT, TCP only); otherwise one that hands them out in turn.
    bool reuse_port = true;
    /// For endpoints with `tls`.
    net::ServerTlsOptions tls = {};
};

/// An HTTP/1.1 server: keep-alive, pipelining (answers in order), chunked streams,
/// `Expect: 100-continue`, TLS; TCP and Unix-domain sockets. Speaks HTTP/1.0 to those who do.
///
/// Each connection belongs to one I/O thread. While a handler runs, the server goes on reading up
/// to 8 KiB of later requests, and so sees at once that the client has left, in every phase; behind
/// more than that only a reset is seen.
///
/// What it refuses: everything that lets two readers disagree about where a request ends
/// (wire/http1_request_parser.hpp says what), with 400, 411 to 431, 501 or 505, and closes the
/// connection. Request bodies are read whole before the handler is called.
///
/// \par Thread-safety
/// One thread for start(), stop() and the destructor, none of the I/O threads; counts() any.
/// \par Object lifetimes
/// Threads and handler must outlive the server.
class HttpServer {
public:
    HttpServer(net::IoThreads& threads, HttpHandler& handler, const HttpServerOptions& options);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    /// stop() without grace.
    ~HttpServer();

    /// Listens on all endpoints, or on none. Once.
    /// Errors: Code::invalid (bad address, path or certificate), Code::unavailable (address in use,
    /// not allowed, out of files). Messages name the endpoint.
    Result<void> start(const std::vector<net::ListenEndpoint>& endpoints);

    /// The endpoints that it listens on, in the order of start(), port 0 replaced by the port that
    /// the system chose. Handlers may ask, too.
    [[nodiscard]] const std::vector<net::ListenEndpoint>& endpoints() const noexcept;

    /// Accepts what is waiting, closes the listening sockets and idle connections, lets requests
    /// that have begun finish (`Connection: close` in their answers) for up to `grace`, then tells
    /// their handlers that the client is gone and cuts the connections. Returns when all handlers
    /// have returned and nothing is open. Idempotent.
    void stop(std::chrono::milliseconds grace);

    struct Counts {
        std::size_t open = 0;            ///< connections now
        std::uint64_t accepted = 0;      ///< connections, those below included
        std::uint64_t turned_away = 0;   ///< for max_connections
        std::uint64_t requests = 0;      ///< handed to the handler
        std::uint64_t refused = 0;       ///< answered by the server itself with 4xx or 5xx
        std::uint64_t timed_out = 0;     ///< in the handshake, in head or body, or while writing
        std::uint64_t clients_gone = 0;  ///< while their request was handled
    };
    [[nodiscard]] Counts counts() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::transport

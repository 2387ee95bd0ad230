#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/conn.hpp"
#include "support/gate.hpp"
#include "support/test_certificate.hpp"

namespace tenon::test {

struct TlsOptions {
    CertificateSpec certificate = {};

    /// In order of preference; nothing is negotiated when the client offers none of them.
    std::vector<std::string> alpn = {"http/1.1"};
};

struct ServerOptions {
    std::optional<TlsOptions> tls = {};
    std::string address = "127.0.0.1";  ///< "::1" for IPv6
    std::uint16_t port = 0;             ///< 0 = the kernel chooses
    std::size_t write_pieces = 0;       ///< Conn::split_writes() for every connection
};

/// Answers one request. The connection stays open for the next one unless the handler closed it,
/// the request asked for it, or the response was close-delimited. Runs on the connection's thread,
/// at the same time as those of other connections. An exception ends the test program.
using Handler = std::function<void(Conn&, const ReceivedRequest&)>;

/// Gets the connection (after the TLS handshake, if any) before anything was read, for servers
/// that send garbage, stay silent or hang up. The connection is closed when it returns.
using RawHandler = std::function<void(Conn&)>;

/// A TCP server on the loopback interface that does exactly what a test tells it, one thread for
/// each connection.
///
/// \par Thread-safety
/// All functions may be called from any thread, but stop() not from a handler.
class ScriptedServer {
public:
    /// Listens when it returns. Throws std::system_error if it cannot.
    explicit ScriptedServer(Handler handler, ServerOptions options = {});
    explicit ScriptedServer(RawHandler handler, ServerOptions options = {});
    ~ScriptedServer();  ///< stop()
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;

    /// "http://127.0.0.1:PORT/path", or https. `host` replaces the address.
    [[nodiscard]] std::string url(std::string_view path = "", std::string_view host = "") const;

    /// A file with the certificate of the authority that a client must trust.
    /// Preconditions: options.tls.
    [[nodiscard]] const std::filesystem::path& ca_file() const;

    [[nodiscard]] int connections_accepted() const;
    [[nodiscard]] int connections_open() const;
    [[nodiscard]] int failed_handshakes() const;
    [[nodiscard]] std::vector<ReceivedRequest> requests() const;  ///< in order of arrival

    /// Wait until the number is reached; false after kPatience or when the server stops.
    [[nodiscard]] bool wait_for_requests(std::size_t at_least) const;
    [[nodiscard]] bool wait_for_accepted(int at_least) const;
    [[nodiscard]] bool wait_for_open(int exactly) const;
    [[nodiscard]] bool wait_for_failed_handshakes(int at_least) const;

    /// Stops listening, interrupts every handler and waits for its end. May be called again.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::test

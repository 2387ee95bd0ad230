#pragma once

#include <memory>
#include <string>

#include "tenon/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace tenon::net {

/// How a client trusts a server.
struct TlsOptions {
    bool verify = true;   ///< check the certificate's chain and name
    std::string ca_file;  ///< PEM; empty = the system's trust store

    friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

/// A client context for these options: TLS 1.2 or newer. Contexts are expensive and are made once
/// for each distinct set of options.
/// Errors: Code::invalid when the CA file cannot be read.
///
/// \par Thread-safety
/// Any thread.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> tls_client_context(
    const TlsOptions& options);

/// What a server shows to its clients.
struct ServerTlsOptions {
    std::string certificate_file = {};  ///< PEM, the server's first, then those that signed it
    std::string key_file = {};          ///< PEM

    friend bool operator==(const ServerTlsOptions&, const ServerTlsOptions&) = default;
};

/// A server context: TLS 1.2 or newer, ALPN "http/1.1" for clients that ask, no renegotiation.
/// Errors: Code::invalid when a file cannot be read or the two do not belong together.
///
/// \par Thread-safety
/// Any thread.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> tls_server_context(
    const ServerTlsOptions& options);

}  // namespace tenon::net

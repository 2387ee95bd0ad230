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

}  // namespace tenon::net

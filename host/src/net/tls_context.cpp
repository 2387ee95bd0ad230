#include "net/tls_context.hpp"

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <mutex>
#include <utility>
#include <vector>

namespace tenon::net {

namespace ssl = boost::asio::ssl;

namespace {

Result<std::shared_ptr<ssl::context>> make_context(const TlsOptions& options) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    // A peer that closes without close_notify is judged by the HTTP framing, not by TLS.
    SSL_CTX_set_options(context->native_handle(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    boost::system::error_code error;
    if (!options.verify) {
        context->set_verify_mode(ssl::verify_none, error);
        return context;
    }
    context->set_verify_mode(ssl::verify_peer, error);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(options.ca_file, error);
    }
    if (error) {
        return Error(Code::invalid, "the CA certificates in '" + options.ca_file +
                                        "' cannot be read (" + error.message() +
                                        "); check http.tls.ca_file");
    }
    return context;
}

/// Chooses HTTP/1.1 among what a client offers. One that offers only others is spoken to all the
/// same: it sees which protocol was not chosen.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr std::array<unsigned char, 9> kHttp11 = {8,   'h', 't', 't', 'p',
                                                             '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kHttp11.data(), kHttp11.size(), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_server_context(const ServerTlsOptions& options) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    boost::system::error_code error;
    context->use_certificate_chain_file(options.certificate_file, error);
    if (error) {
        return Error(Code::invalid, "the certificate in '" + options.certificate_file +
                                        "' cannot be read (" + error.message() + ")");
    }
    context->use_private_key_file(options.key_file, ssl::context::pem, error);
    if (error) {
        return Error(Code::invalid, "the key in '" + options.key_file +
                                        "' cannot be read, or belongs to another certificate (" +
                                        error.message() + ")");
    }
    return context;
}

Result<std::shared_ptr<ssl::context>> tls_client_context(const TlsOptions& options) {
    static std::mutex mutex;
    static std::vector<std::pair<TlsOptions, std::shared_ptr<ssl::context>>> contexts;
    const std::lock_guard lock(mutex);
    for (const auto& [known, context] : contexts) {
        if (known == options) return context;
    }
    auto made = make_context(options);
    if (made) contexts.emplace_back(options, *made);
    return made;
}

}  // namespace tenon::net

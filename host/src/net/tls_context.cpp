#include "net/tls_context.hpp"

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

}  // namespace

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

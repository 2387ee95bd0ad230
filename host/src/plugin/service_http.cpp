#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "net/io_threads.hpp"
#include "plugin/attribution.hpp"
#include "plugin/proxy_access.hpp"
#include "plugin/services.hpp"
#include "transport/http_client.hpp"

namespace tenon::plugin {

/// One exchange of a plugin: the transport's sink on one side, the plugin's on the other.
class HttpOperation final : public BoundOperation,
                            public transport::HttpSink,
                            public std::enable_shared_from_this<HttpOperation> {
public:
    HttpOperation(std::shared_ptr<Proxy> proxy, tenon_call call, const tenon_http_sink& sink)
        : proxy_(std::move(proxy)), call_(call), sink_(sink) {}

    tenon_op handle = 0;

    void begin(transport::HttpClient& client, transport::HttpRequest request) {
        self_ = shared_from_this();
        exchange_ = client.start(std::move(request), *this);
    }

    /// Ends the operation without sending anything, on the I/O thread.
    void begin_failed(boost::asio::io_context& io, Error error) {
        self_ = shared_from_this();
        boost::asio::post(io, [self = self_, error = std::move(error)] { self->on_done(&error); });
    }

    void cancel() noexcept override {
        if (exchange_) exchange_->cancel();
    }
    void set_paused(bool paused) noexcept override {
        if (exchange_) paused ? exchange_->pause() : exchange_->resume();
    }

    void on_headers(int status, std::span<const transport::HeaderView> headers) noexcept override {
        if (sink_.on_headers == nullptr) return;
        std::vector<tenon_header> out;
        out.reserve(headers.size());
        for (const auto& header : headers) {
            out.push_back({to_abi(header.name), to_abi(header.value)});
        }
        const auto scope = attribution("HTTP on_headers");
        sink_.on_headers(sink_.user, status, out.data(), out.size());
    }

    void on_data(std::string_view chunk) noexcept override {
        if (sink_.on_data == nullptr) return;
        const tenon_str data = to_abi(chunk);
        const auto scope = attribution("HTTP on_data");
        sink_.on_data(sink_.user, &data);
    }

    void on_done(const Error* error) noexcept override {
        const auto self = std::move(self_);
        ProxyAccess::forget(*proxy_, handle);
        {
            const auto scope = attribution("HTTP on_done");
            if (error != nullptr) {
                const tenon_error out = error->to_abi();
                sink_.on_done(sink_.user, &out);
            } else {
                sink_.on_done(sink_.user, nullptr);
            }
        }
        ProxyAccess::ended(*proxy_, call_, this);
    }

private:
    [[nodiscard]] AttributionScope attribution(const char* function) const noexcept {
        return {proxy_->name().c_str(), proxy_->kind().library_path.c_str(), function};
    }

    std::shared_ptr<Proxy> proxy_;
    tenon_call call_;
    tenon_http_sink sink_;
    std::shared_ptr<transport::Exchange> exchange_;
    std::shared_ptr<HttpOperation> self_;  ///< until on_done
};

namespace {

/// Copies what send() borrowed; the body too, unless the plugin keeps it stable.
Result<transport::HttpRequest> copy_request(Proxy& proxy, const tenon_http_request& in,
                                            base::TimePoint now, base::TimePoint deadline) {
    transport::HttpRequest out;
    out.method = from_abi(in.method);
    out.url = from_abi(in.url);
    out.headers.reserve(in.n_headers + 1);
    for (std::size_t i = 0; i < in.n_headers; ++i) {
        out.headers.push_back({std::string(from_abi(in.headers[i].name)),
                               std::string(from_abi(in.headers[i].value))});
    }
    if (in.flags & TENON_HTTP_STABLE_BODY) {
        out.borrowed_body = from_abi(in.body);
    } else {
        out.body = from_abi(in.body);
    }
    out.deadline = deadline;
    if (in.timeout_ms > 0) {
        out.deadline = std::min(deadline, now + std::chrono::milliseconds(in.timeout_ms));
    }
    const std::string_view credential = from_abi(in.credential);
    if (credential.empty()) return out;
    if (const std::string* secret = ProxyAccess::secret(proxy, credential)) {
        const std::string_view name = from_abi(in.credential_header);
        out.headers.push_back({std::string(name.empty() ? "authorization" : name),
                               std::string(from_abi(in.credential_prefix)) + *secret});
    } else if ((in.flags & TENON_HTTP_CREDENTIAL_OPTIONAL) == 0) {
        Error error(Code::auth, "the credential '" + std::string(credential) +
                                    "' is not configured; set it in the provider's config");
        error.not_sent = true;
        return error;
    }
    return out;
}

tenon_op TENON_CALL send(void* ctx, tenon_call call, const tenon_http_request* request,
                         const tenon_http_sink* sink) noexcept {
    Proxy& proxy = ProxyAccess::of(ctx);
    if (sink == nullptr || sink->on_done == nullptr || request == nullptr) {
        ProxyAccess::misbehaved(proxy, "an HTTP request was sent without on_done");
        return 0;
    }
    try {
        auto operation = std::make_shared<HttpOperation>(proxy.shared_from_this(), call, *sink);
        return ProxyAccess::start(proxy, call, operation, &operation->handle, [&](CallSlot& slot) {
            auto out = copy_request(proxy, *request, ProxyAccess::environment(ctx).clock.now(),
                                    slot.deadline);
            if (out) {
                operation->begin(ProxyAccess::http(proxy, slot.io_index), *std::move(out));
            } else {
                operation->begin_failed(ProxyAccess::environment(ctx).io.context(slot.io_index),
                                        std::move(out).error());
            }
        });
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

void TENON_CALL cancel(void* ctx, tenon_op op) noexcept {
    ProxyAccess::cancel_operation(ctx, op);
}

}  // namespace

const tenon_http_v1& http_service() noexcept {
    static const tenon_http_v1 table = {sizeof(tenon_http_v1), 0, &send, &cancel};
    return table;
}

}  // namespace tenon::plugin

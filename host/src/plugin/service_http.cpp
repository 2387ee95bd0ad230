#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "net/io_threads.hpp"
#include "plugin/plausible.hpp"
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
        call_plugin("HTTP on_headers callback", sink_.on_headers, status, out.data(), out.size());
    }

    void on_data(std::string_view chunk) noexcept override {
        if (sink_.on_data == nullptr) return;
        const tenon_str data = to_abi(chunk);
        call_plugin("HTTP on_data callback", sink_.on_data, &data);
    }

    void on_done(const Error* error) noexcept override {
        const auto self = std::move(self_);
        ProxyAccess::forget(*proxy_, handle);
        const tenon_error out = error != nullptr ? error->to_abi() : tenon_error{};
        call_plugin("HTTP on_done callback", sink_.on_done, error != nullptr ? &out : nullptr);
        ProxyAccess::ended(*proxy_, call_, this);
    }

private:
    /// The parameter type drops the ABI's noexcept, see ProxyAccess::run().
    template <class... Parameters, class... Arguments>
    void call_plugin(const char* function, void (*callback)(void*, Parameters...),
                     Arguments... arguments) const noexcept {
        ProxyAccess::run(*proxy_, function, [&] { callback(sink_.user, arguments...); });
    }

    std::shared_ptr<Proxy> proxy_;
    tenon_call call_;
    tenon_http_sink sink_;
    std::shared_ptr<transport::Exchange> exchange_;
    std::shared_ptr<HttpOperation> self_;  ///< until on_done
};

namespace {

constexpr std::size_t kMostHeaders = 1024;
constexpr std::int64_t kLongestTimeoutMs = std::int64_t{365} * 24 * 3600 * 1000;

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
        const std::chrono::milliseconds timeout(std::min(in.timeout_ms, kLongestTimeoutMs));
        out.deadline = std::min<base::TimePoint>(deadline, now + timeout);
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

bool is_plausible_request(const tenon_http_request* request) noexcept {
    if (request == nullptr || !TENON_HAS(request, tenon_http_request, timeout_ms)) return false;
    if (request->headers == nullptr ? request->n_headers != 0 : request->n_headers > kMostHeaders) {
        return false;
    }
    const auto plausible = [](const tenon_header& header) {
        return is_plausible(header.name) && is_plausible(header.value);
    };
    return std::all_of(request->headers, request->headers + request->n_headers, plausible) &&
           is_plausible(request->method) && is_plausible(request->url) &&
           is_plausible(request->body) && is_plausible(request->credential) &&
           is_plausible(request->credential_header) && is_plausible(request->credential_prefix);
}

tenon_op TENON_CALL send(void* ctx, tenon_call call, const tenon_http_request* request,
                         const tenon_http_sink* sink) noexcept {
    Proxy& proxy = ProxyAccess::of(ctx);
    if (sink == nullptr || !TENON_HAS(sink, tenon_http_sink, on_done) || sink->on_done == nullptr) {
        ProxyAccess::misbehaved(proxy, "an HTTP request was sent without on_done");
        return 0;
    }
    if (!is_plausible_request(request)) {
        ProxyAccess::misbehaved(proxy, "an HTTP request was sent that makes no sense");
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

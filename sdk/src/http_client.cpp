#include "tenon/plugin/http_client.hpp"

#include <mutex>

namespace tenon {
namespace detail {

/// One exchange between the host's callbacks and the coroutine that reads it.
///
/// Two owners: the host until on_done, the coroutine's HttpResponse until it is destroyed; the last
/// one deletes. A waiting coroutine is resumed by the callback itself with a view of the chunk, so
/// that streaming copies nothing; what arrives while nobody waits is buffered.
class HttpExchange {
public:
    explicit HttpExchange(HostRef host) noexcept : host_(host) {}

    /// Returns false if the host refused; this object then has one owner only.
    bool start(tenon_call call, const HttpRequest& request) {
        const tenon_http_v1* service = host_.http();
        if (service == nullptr) {
            return refuse(
                Error(Code::unsupported, std::string("this host has no service ") + TENON_HTTP_V1));
        }
        std::vector<tenon_header> headers;
        headers.reserve(request.headers.size());
        for (const HttpHeader& header : request.headers) {
            headers.push_back({to_abi(header.name), to_abi(header.value)});
        }
        const tenon_http_request out = to_abi_request(request, headers);
        const tenon_http_sink sink = {
            sizeof(tenon_http_sink), 0, this, &on_headers, &on_data, &on_done};
        // Callbacks may begin on another thread before send() has returned the operation.
        const tenon_op op = service->send(host_.ctx(), call, &out, &sink);
        if (op == 0 && host_.table()->is_cancelled(host_.ctx(), call) != 0) {
            return refuse(Error(Code::cancelled, "nobody wants the call's answer any more"));
        }
        if (op == 0) {
            return refuse(Error(Code::invalid, "the host refused the request to " +
                                                   std::string(request.url) +
                                                   "; its log says why"));
        }
        std::unique_lock lock(mutex_);
        op_ = op;
        return true;
    }

    /// Suspends the coroutine until there is something for it. Returns false if there is already.
    bool wait(std::coroutine_handle<> waiter, bool whole_body, std::size_t limit) noexcept {
        const std::lock_guard lock(mutex_);
        whole_body_ = whole_body;
        limit_ = limit;
        current_ = {};
        if (whole_body && buffer_.size() > limit) {
            too_large_ = true;
            buffer_ = {};
        }
        if (ready()) return false;
        waiter_ = waiter;
        return true;
    }

    /// The head is there, or the exchange is over.
    bool wait_head(std::coroutine_handle<> waiter) noexcept {
        const std::lock_guard lock(mutex_);
        if (status_ != 0 || done_) return false;
        waiting_for_head_ = true;
        waiter_ = waiter;
        return true;
    }

    [[nodiscard]] std::optional<Error> head_error() {
        const std::lock_guard lock(mutex_);
        if (status_ != 0) return std::nullopt;
        return error_ ? *error_ : Error(Code::protocol, "the exchange ended without an answer");
    }

    Result<std::optional<std::string_view>> take_chunk() {
        const std::lock_guard lock(mutex_);
        if (!current_.empty()) return std::optional<std::string_view>(current_);
        if (!buffer_.empty()) {
            handed_out_.clear();
            handed_out_.swap(buffer_);
            return std::optional<std::string_view>(handed_out_);
        }
        if (error_) return *error_;
        return std::optional<std::string_view>();
    }

    Result<std::string> take_body() {
        const std::lock_guard lock(mutex_);
        if (too_large_) {
            return Error(Code::too_large, "the answer is larger than the limit of " +
                                              std::to_string(limit_) + " bytes");
        }
        if (error_) return *error_;
        return std::move(buffer_);
    }

    /// The coroutine's owner lets go; an unfinished exchange is cancelled.
    void release() noexcept {
        std::unique_lock lock(mutex_);
        if (done_) {
            lock.unlock();
            delete this;
            return;
        }
        abandoned_ = true;
        waiter_ = {};
        const tenon_op op = op_;
        lock.unlock();
        // on_done may delete this object from here on.
        if (op != 0) host_.http()->cancel(host_.ctx(), op);
    }

    int status() const noexcept { return status_; }
    std::span<const HttpHeader> headers() const noexcept { return headers_; }

private:
    bool refuse(Error error) {
        error_ = std::move(error);
        done_ = true;
        return false;
    }

    static tenon_http_request to_abi_request(const HttpRequest& in,
                                             const std::vector<tenon_header>& headers) noexcept {
        tenon_http_request out{};
        out.struct_size = sizeof out;
        out.flags = (in.stable_body ? unsigned{TENON_HTTP_STABLE_BODY} : 0u) |
                    (in.credential_optional ? unsigned{TENON_HTTP_CREDENTIAL_OPTIONAL} : 0u);
        out.method = to_abi(in.method);
        out.url = to_abi(in.url);
        out.headers = headers.data();
        out.n_headers = headers.size();
        out.body = to_abi(in.body);
        out.credential = to_abi(in.credential);
        out.credential_header = to_abi(in.credential_header);
        out.credential_prefix = to_abi(in.credential_prefix);
        out.timeout_ms = in.timeout_ms;
        return out;
    }

    bool ready() const noexcept {
        if (done_ || too_large_) return true;
        return !whole_body_ && !buffer_.empty();
    }

    /// Takes the waiter out under the lock; the caller resumes it outside.
    std::coroutine_handle<> take_waiter() noexcept { return std::exchange(waiter_, {}); }

    void copy_headers(const tenon_header* headers, std::size_t count) {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < count; ++i) bytes += headers[i].name.len + headers[i].value.len;
        header_text_.reserve(bytes);
        headers_.reserve(count);
        const auto keep = [this](const tenon_str& text) {
            const std::size_t at = header_text_.size();
            header_text_.append(from_abi(text));
            return std::string_view(header_text_).substr(at);
        };
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view name = keep(headers[i].name);
            headers_.push_back({name, keep(headers[i].value)});
        }
    }

    static void TENON_CALL on_headers(void* self, std::int32_t status, const tenon_header* headers,
                                      std::size_t count) noexcept {
        auto* exchange = static_cast<HttpExchange*>(self);
        std::unique_lock lock(exchange->mutex_);
        exchange->copy_headers(headers, count);
        exchange->status_ = status;
        if (!exchange->waiting_for_head_) return;
        exchange->waiting_for_head_ = false;
        const auto waiter = exchange->take_waiter();
        lock.unlock();
        if (waiter) waiter.resume();
    }

    static void TENON_CALL on_data(void* self, const tenon_str* chunk) noexcept {
        auto* exchange = static_cast<HttpExchange*>(self);
        std::unique_lock lock(exchange->mutex_);
        if (exchange->abandoned_ || exchange->too_large_ || chunk->len == 0) return;
        const std::string_view data = from_abi(*chunk);
        if (exchange->waiter_ && !exchange->whole_body_ && !exchange->waiting_for_head_) {
            exchange->current_ = data;
            const auto waiter = exchange->take_waiter();
            lock.unlock();
            waiter.resume();  // may release the exchange; on_done deletes it then
            return;
        }
        if (exchange->whole_body_ && exchange->buffer_.size() + data.size() > exchange->limit_) {
            exchange->too_large_ = true;
            exchange->buffer_ = {};
            const auto waiter = exchange->take_waiter();
            lock.unlock();
            if (waiter) waiter.resume();
            return;
        }
        exchange->buffer_.append(data);
    }

    static void TENON_CALL on_done(void* self, const tenon_error* error) noexcept {
        auto* exchange = static_cast<HttpExchange*>(self);
        std::unique_lock lock(exchange->mutex_);
        if (error != nullptr) exchange->error_ = Error::from_abi(*error);
        exchange->done_ = true;
        if (exchange->abandoned_) {
            lock.unlock();
            delete exchange;
            return;
        }
        const auto waiter = exchange->take_waiter();
        lock.unlock();
        if (waiter) waiter.resume();
    }

    HostRef host_;
    std::mutex mutex_;
    tenon_op op_ = 0;
    std::coroutine_handle<> waiter_;
    bool waiting_for_head_ = false;
    bool whole_body_ = false;
    bool too_large_ = false;
    bool done_ = false;
    bool abandoned_ = false;
    int status_ = 0;
    std::size_t limit_ = 0;
    std::string header_text_;
    std::vector<HttpHeader> headers_;
    std::string_view current_;  ///< the chunk of the callback that resumed the coroutine
    std::string buffer_;        ///< what arrived while nobody waited
    std::string handed_out_;    ///< keeps the last buffered bytes alive for their reader
    std::optional<Error> error_;
};

}  // namespace detail

HttpResponse::~HttpResponse() {
    if (exchange_ != nullptr) exchange_->release();
}

int HttpResponse::status() const noexcept {
    return exchange_->status();
}

std::span<const HttpHeader> HttpResponse::headers() const noexcept {
    return exchange_->headers();
}

std::string_view HttpResponse::header(std::string_view name) const noexcept {
    for (const HttpHeader& header : headers()) {
        if (header.name == name) return header.value;
    }
    return {};
}

bool HttpResponse::NextAwaiter::await_suspend(std::coroutine_handle<> waiter) noexcept {
    return exchange_->wait(waiter, false, 0);
}

Result<std::optional<std::string_view>> HttpResponse::NextAwaiter::await_resume() {
    return exchange_->take_chunk();
}

bool HttpResponse::BodyAwaiter::await_suspend(std::coroutine_handle<> waiter) noexcept {
    return exchange_->wait(waiter, true, limit_);
}

Result<std::string> HttpResponse::BodyAwaiter::await_resume() {
    return exchange_->take_body();
}

SendAwaiter::~SendAwaiter() {
    if (exchange_ != nullptr) exchange_->release();
}

bool SendAwaiter::await_suspend(std::coroutine_handle<> waiter) {
    auto* exchange = new detail::HttpExchange(call_->host());
    exchange_ = exchange;
    // Nothing resumes the coroutine before wait_head() registered it, so `this` is safe until then.
    if (!exchange->start(call_->handle(), *request_)) return false;
    return exchange->wait_head(waiter);
}

Result<HttpResponse> SendAwaiter::await_resume() {
    if (auto error = exchange_->head_error()) return *std::move(error);
    return HttpResponse(std::exchange(exchange_, nullptr));
}

}  // namespace tenon

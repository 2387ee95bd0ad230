#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/http_header.hpp"
#include "tenon/plugin/call.hpp"
#include "tenon/plugin/host.hpp"
#include "tenon/result.hpp"

namespace tenon {

/// One HTTP request; see `tenon_http_request`. Everything is borrowed by send().
struct HttpRequest {
    std::string_view method = "GET";
    std::string_view url = {};
    std::span<const HttpHeader> headers = {};
    std::string_view body = {};
    /// `body` stays as it is until the exchange ends (e.g. `Request::body()`): it is not copied.
    bool stable_body = false;
    /// Name of the configured secret to attach; empty = none.
    std::string_view credential = {};
    bool credential_optional = false;
    std::string_view credential_header = "authorization";
    std::string_view credential_prefix = "Bearer ";
    std::int64_t timeout_ms = 0;  ///< whole exchange; 0 = the call's deadline alone
};

namespace detail {
class HttpExchange;
}

/// The answer to one request: status and headers, then the body piece by piece. Destroying it
/// before the end cancels the exchange.
///
/// \par Thread-safety
/// One object: from one coroutine.
class HttpResponse {
public:
    HttpResponse(HttpResponse&& other) noexcept : exchange_(other.exchange_) {
        other.exchange_ = nullptr;
    }
    HttpResponse& operator=(HttpResponse&& other) noexcept {
        std::swap(exchange_, other.exchange_);
        return *this;
    }
    ~HttpResponse();

    [[nodiscard]] int status() const noexcept;
    [[nodiscard]] bool ok() const noexcept { return status() >= 200 && status() < 300; }
    /// All headers, names in lower case, in the order of the wire.
    [[nodiscard]] std::span<const HttpHeader> headers() const noexcept;
    /// The first header of that name (lower case), or empty.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;

    class NextAwaiter {
    public:
        explicit NextAwaiter(detail::HttpExchange* exchange) noexcept : exchange_(exchange) {}
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> waiter) noexcept;
        Result<std::optional<std::string_view>> await_resume();

    private:
        detail::HttpExchange* exchange_;
    };

    /// `co_await response.next()`: the next bytes of the body, nullopt at its proper end, or why it
    /// broke off. The bytes are valid until the coroutine's next co_await.
    [[nodiscard]] NextAwaiter next() noexcept { return NextAwaiter(exchange_); }

    class BodyAwaiter {
    public:
        BodyAwaiter(detail::HttpExchange* exchange, std::size_t limit) noexcept
            : exchange_(exchange), limit_(limit) {}
        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> waiter) noexcept;
        Result<std::string> await_resume();

    private:
        detail::HttpExchange* exchange_;
        std::size_t limit_;
    };

    /// `co_await response.body(limit)`: the rest of the body as one string. Errors: what next()
    /// reports, and Code::too_large past `limit` bytes.
    [[nodiscard]] BodyAwaiter body(std::size_t limit = kDefaultBodyLimit) noexcept {
        return {exchange_, limit};
    }
    static constexpr std::size_t kDefaultBodyLimit = std::size_t{64} << 20;

private:
    friend class SendAwaiter;
    explicit HttpResponse(detail::HttpExchange* exchange) noexcept : exchange_(exchange) {}

    detail::HttpExchange* exchange_;
};

/// Awaiter of HttpClient::send(); yields the answer's head, or why there is none.
class SendAwaiter {
public:
    SendAwaiter(const Call& call, const HttpRequest& request) noexcept
        : call_(&call), request_(&request) {}
    ~SendAwaiter();
    SendAwaiter(const SendAwaiter&) = delete;
    SendAwaiter& operator=(const SendAwaiter&) = delete;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter);
    Result<HttpResponse> await_resume();

private:
    const Call* call_;
    const HttpRequest* request_;
    detail::HttpExchange* exchange_ = nullptr;
};

/// `co_await http_send(call, request)`: one exchange over the host's pooled connections, bound to
/// the call's deadline, cancellation and back-pressure. Resumes on one of the host's threads.
[[nodiscard]] inline SendAwaiter http_send(const Call& call, const HttpRequest& request) noexcept {
    return {call, request};
}

}  // namespace tenon

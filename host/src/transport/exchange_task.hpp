#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "transport/connection_pool.hpp"
#include "transport/http_client.hpp"

namespace tenon::transport {

/// One exchange: a coroutine that gets a connection, writes the request and reads the answer into
/// the sink. What it does next is decided by where it is; when it must stop is decided by the
/// deadlines that it hands to each operation.
///
/// \par Thread-safety
/// I/O thread only, except the functions of Exchange.
class ExchangeTask final : public Exchange,
                           private wire::Http1ResponseEvents,
                           public std::enable_shared_from_this<ExchangeTask> {
public:
    ExchangeTask(std::shared_ptr<ConnectionPool> pool, HttpRequest request, HttpSink& sink);

    /// Starts the coroutine; from any thread.
    void start();

    void cancel() noexcept override;
    void pause() noexcept override;
    void resume() noexcept override;

    /// cancel() on the I/O thread itself.
    void cancel_here() noexcept;

private:
    struct Attempt {
        std::optional<Error> error;
        bool retry = false;  ///< the connection was stale: once more on a fresh one
    };

    net::Awaitable<void> run();
    net::Awaitable<Attempt> attempt(bool fresh);
    net::Awaitable<std::optional<Error>> dial();
    net::Awaitable<std::optional<Error>> send();
    net::Awaitable<std::optional<Error>> receive(wire::Http1ResponseParser& parser);
    net::Awaitable<void> wait_while_paused();
    void finish(std::optional<Error> error) noexcept;

    /// The earlier of the caller's deadline and now + limit; remembers which one it was, and what
    /// for, so that an expiry can be explained.
    base::TimePoint limit(std::chrono::milliseconds of_phase, const char* phase);
    /// Completes an error of the stream: which limit passed, and who pays for it.
    Error explain(Error error) const;

    void on_head(int status, std::span<const wire::HeaderView> headers) override;
    void on_body(std::string_view bytes) override;

    [[nodiscard]] std::string_view body() const noexcept {
        return request_.borrowed_body.empty() ? std::string_view(request_.body)
                                              : request_.borrowed_body;
    }

    std::shared_ptr<ConnectionPool> pool_;
    HttpRequest request_;
    HttpSink& sink_;
    wire::Url url_;
    std::string head_;
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<ConnectionWaiter> waiter_;
    net::Timer resumed_;
    std::atomic<bool> paused_{false};
    bool cancelled_ = false;
    const char* phase_ = "";
    std::chrono::milliseconds phase_limit_{0};
    bool caller_limits_ = false;
};

}  // namespace tenon::transport

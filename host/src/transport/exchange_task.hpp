#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "net/soon.hpp"
#include "transport/connection_pool.hpp"
#include "transport/http_client.hpp"

namespace tenon::transport {

/// One exchange: a coroutine that gets a connection, writes the request and reads the answer into
/// the sink. What it does next is decided by where it is; when it must stop is decided by the
/// deadlines that it hands to each operation. A large request is written by a second coroutine, so
/// that an early answer is read.
///
/// \par Thread-safety
/// I/O thread only, except the functions of Exchange.
class ExchangeTask final : public Exchange,
                           private wire::Http1ResponseEvents,
                           public net::SoonTask,
                           public std::enable_shared_from_this<ExchangeTask> {
public:
    ExchangeTask(std::shared_ptr<ConnectionPool> pool, HttpRequest request, HttpSink& sink);

    /// Starts the coroutine soon; from any thread.
    void start();

    void cancel() noexcept override;
    void pause() noexcept override;
    void resume() noexcept override;

    void run_soon() noexcept override;

    /// cancel() on the I/O thread itself.
    void cancel_here() noexcept;

private:
    using Failure = std::optional<Error>;

    /// What one step may take, and what to say if it took longer.
    struct Limit {
        base::TimePoint until = base::kNoDeadline;
        const char* doing = "";   ///< "waiting for an answer from"
        const char* option = "";  ///< what sets `longest`
        std::chrono::milliseconds longest{0};
        bool by_caller = false;  ///< the caller's deadline comes before
    };

    net::Awaitable<void> run();
    Failure prepare();
    net::Awaitable<Failure> exchange();
    net::Awaitable<Failure> wait_for_place();
    net::Awaitable<Failure> dial();
    net::Awaitable<Failure> transfer(wire::Http1ResponseParser& parser);
    net::Awaitable<Failure> send(std::size_t sent_already);
    net::Awaitable<Failure> receive(wire::Http1ResponseParser& parser);
    Result<void> parse(wire::Http1ResponseParser& parser, std::size_t bytes);
    void start_sending();
    void sent(Failure failure) noexcept;
    void forget_request() noexcept;
    net::Awaitable<void> stop_sending();
    net::Awaitable<Failure> wait_while_paused();
    void finish(Failure failure) noexcept;

    [[nodiscard]] bool may_repeat(const Error& error,
                                  const wire::Http1ResponseParser& parser) const noexcept;
    [[nodiscard]] Limit limit(std::chrono::milliseconds longest, const char* doing,
                              const char* option) const;
    [[nodiscard]] Limit limit_of_reading() const;
    /// Completes an error of the stream: which limit passed, and who pays for it.
    [[nodiscard]] Error explain(Error error, const Limit& limit) const;

    void on_head(int status, std::span<const wire::HeaderView> headers) override;
    void on_body(std::string_view bytes) override;

    [[nodiscard]] std::string_view body() const noexcept {
        return request_.borrowed_body.empty() ? std::string_view(request_.body)
                                              : request_.borrowed_body;
    }

    boost::asio::io_context& io_;
    std::shared_ptr<ConnectionPool> pool_;  ///< until finish()
    HttpRequest request_;
    HttpSink& sink_;
    std::shared_ptr<const Target> target_;
    std::string head_;
    std::shared_ptr<ConnectionWaiter> waiter_;
    bool has_place_ = false;
    std::unique_ptr<Connection> connection_;

    std::optional<net::Timer> wake_;  ///< for the coroutine to look around; until finish()
    std::atomic<bool> paused_{false};
    std::atomic<bool> finished_{false};
    bool cancelled_ = false;

    bool sending_ = false;
    Failure unsent_;  ///< why the request could not be sent entirely
    bool head_seen_ = false;
    Limit answer_;   ///< from the request's end to the answer's head
    Limit reading_;  ///< of the read under way
};

}  // namespace tenon::transport

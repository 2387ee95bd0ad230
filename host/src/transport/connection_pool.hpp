#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/awaitable.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"
#include "transport/http_client.hpp"
#include "transport/read_buffer.hpp"
#include "wire/url.hpp"

namespace tenon::transport {

/// "10 s" or "250 ms", for messages.
[[nodiscard]] std::string in_words(std::chrono::milliseconds duration);

/// An address, taken apart once for all of its requests.
struct Target {
    std::string address;
    wire::Url url;
    std::string origin;
    std::string authority;
};

/// One transport connection and the buffer it is read with.
struct Connection {
    explicit Connection(boost::asio::io_context& io) : stream(io) {}

    net::Stream stream;
    std::string origin;
    ReadBuffer buffer;
    base::TimePoint expires = base::kNoDeadline;  ///< while idle
    bool reused = false;
};

/// A request that waits for a connection; granted by the pool, in order.
struct ConnectionWaiter {
    ConnectionWaiter(boost::asio::io_context& io, std::string origin_in)
        : changed(io), origin(std::move(origin_in)) {}

    net::Timer changed;
    std::string origin;
    std::unique_ptr<Connection> connection;  ///< handed over with its place
    bool granted = false;                    ///< a place; `connection` may be empty
    bool cancelled = false;
};

/// The connections of one HttpClient.
///
/// A "place" is the right to have one connection: taken by try_take() or wait(), given back by
/// release() or give_back_place(). It passes directly to the first waiter, so that newcomers never
/// overtake.
///
/// \par Thread-safety
/// I/O thread only.
class ConnectionPool : public std::enable_shared_from_this<ConnectionPool> {
public:
    ConnectionPool(boost::asio::io_context& io, const HttpOptions& options);

    /// Remembers the last one: most requests of a client go to one address.
    [[nodiscard]] Result<std::shared_ptr<const Target>> target(std::string_view address);

    /// A place, with an idle connection to `origin` if there is a usable one, otherwise nullptr:
    /// the caller dials. Nothing if there is no place or others wait for one.
    [[nodiscard]] std::optional<std::unique_ptr<Connection>> try_take(const std::string& origin);

    /// Waits for a place, likewise. Errors, all not_sent: Code::overloaded, Code::deadline,
    /// Code::cancelled.
    net::Awaitable<Result<std::unique_ptr<Connection>>> wait(
        std::shared_ptr<ConnectionWaiter> waiter, base::TimePoint deadline);

    /// Gives a connection back after a complete exchange; `server_limit` is what the server said
    /// about its own idle time.
    void release(std::unique_ptr<Connection> connection,
                 std::optional<std::chrono::seconds> server_limit);
    /// Gives the place of a connection back that was closed or never made.
    void give_back_place();

    /// Closes idle connections, cancels exchanges, refuses new ones.
    void shut_down();

    [[nodiscard]] HttpClient::Counts counts() const noexcept {
        return {places_, idle_.size(), waiters_.size()};
    }
    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] const HttpOptions& options() const noexcept { return options_; }

    /// Exchanges under way, for shut_down().
    std::set<class ExchangeTask*> exchanges;
    bool closed = false;

private:
    std::unique_ptr<Connection> take_idle(const std::string& origin);
    bool close_oldest_idle();
    void grant_next(std::unique_ptr<Connection> connection);
    void schedule_reaper();

    boost::asio::io_context& io_;
    const HttpOptions options_;
    std::shared_ptr<const Target> target_;
    std::size_t places_ = 0;
    std::vector<std::unique_ptr<Connection>> idle_;  ///< most recently used last
    std::deque<std::shared_ptr<ConnectionWaiter>> waiters_;
    net::Timer reaper_;
    bool reaper_runs_ = false;
};

}  // namespace tenon::transport

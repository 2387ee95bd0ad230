#include "transport/connection_pool.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>

#include "transport/exchange_task.hpp"

namespace tenon::transport {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

std::string in_words(std::chrono::milliseconds duration) {
    if (duration.count() % 1000 == 0) return std::to_string(duration.count() / 1000) + " s";
    return std::to_string(duration.count()) + " ms";
}

ConnectionPool::ConnectionPool(asio::io_context& io, const HttpOptions& options)
    : io_(io), options_(options), reaper_(io) {}

Result<std::shared_ptr<const Target>> ConnectionPool::target(std::string_view address) {
    if (target_ && target_->address == address) return target_;
    auto url = wire::parse_url(address);
    if (!url) return std::move(url).error();
    auto target = std::make_shared<Target>();
    target->address = address;
    target->url = *std::move(url);
    target->origin = target->url.origin();
    target->authority = target->url.authority();
    target_ = std::move(target);
    return target_;
}

std::optional<std::unique_ptr<Connection>> ConnectionPool::try_take(const std::string& origin) {
    if (!waiters_.empty()) return std::nullopt;
    if (auto idle = take_idle(origin)) return idle;
    if (places_ >= options_.max_connections && !close_oldest_idle()) return std::nullopt;
    ++places_;
    return nullptr;
}

net::Awaitable<Result<std::unique_ptr<Connection>>> ConnectionPool::wait(
    std::shared_ptr<ConnectionWaiter> waiter, base::TimePoint deadline) {
    const auto self = shared_from_this();
    waiters_.push_back(waiter);
    const auto patience = Clock::now() + options_.pool_timeout;
    while (!waiter->granted && !waiter->cancelled) {
        waiter->changed.expires_at(std::min(patience, deadline));
        const auto [error] =
            co_await waiter->changed.async_wait(asio::as_tuple(net::UseAwaitable()));
        if (!error) break;
    }
    if (waiter->granted) co_return std::move(waiter->connection);
    std::erase(waiters_, waiter);
    Error error(Code::cancelled, "cancelled");
    if (!waiter->cancelled && deadline < patience) {
        error = Error(Code::deadline,
                      "the request's time limit passed while it waited for a free connection");
    } else if (!waiter->cancelled) {
        error = Error(Code::overloaded,
                      "no connection became free within " + in_words(options_.pool_timeout) +
                          " (http.pool_timeout): " + std::to_string(places_) + " of " +
                          std::to_string(options_.max_connections) + " are in use and " +
                          std::to_string(waiters_.size()) +
                          " more requests wait; raise http.max_connections or send less");
    }
    error.not_sent = true;
    co_return error;
}

std::unique_ptr<Connection> ConnectionPool::take_idle(const std::string& origin) {
    for (std::size_t i = idle_.size(); i-- > 0;) {
        if (idle_[i]->origin != origin) continue;
        auto connection = std::move(idle_[i]);
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        if (connection->expires > Clock::now() && !connection->stream.is_stale()) {
            connection->reused = true;
            return connection;
        }
        --places_;
    }
    return nullptr;
}

bool ConnectionPool::close_oldest_idle() {
    if (idle_.empty()) return false;
    idle_.erase(idle_.begin());
    --places_;
    return true;
}

void ConnectionPool::release(std::unique_ptr<Connection> connection,
                             std::optional<std::chrono::seconds> server_limit) {
    auto expiry = options_.keepalive_expiry;
    if (server_limit) {
        // One second less than the server waits, so that both do not let go at the same moment.
        expiry = std::min<std::chrono::milliseconds>(
            expiry, std::max(*server_limit - std::chrono::seconds(1), std::chrono::seconds(0)));
    }
    if (closed || expiry.count() == 0 || options_.max_keepalive == 0) {
        connection.reset();
        return give_back_place();
    }
    if (!waiters_.empty()) return grant_next(std::move(connection));
    if (idle_.size() >= options_.max_keepalive) close_oldest_idle();
    connection->expires = Clock::now() + expiry;
    idle_.push_back(std::move(connection));
    schedule_reaper();
}

void ConnectionPool::give_back_place() {
    if (waiters_.empty()) {
        --places_;
    } else {
        grant_next(nullptr);
    }
}

void ConnectionPool::grant_next(std::unique_ptr<Connection> connection) {
    const auto waiter = std::move(waiters_.front());
    waiters_.pop_front();
    if (connection && connection->origin == waiter->origin && !connection->stream.is_stale()) {
        connection->reused = true;
        waiter->connection = std::move(connection);
    }
    waiter->granted = true;
    waiter->changed.cancel();
}

void ConnectionPool::schedule_reaper() {
    if (reaper_runs_ || idle_.empty()) return;
    const auto first =
        std::min_element(idle_.begin(), idle_.end(),
                         [](const auto& a, const auto& b) { return a->expires < b->expires; });
    reaper_runs_ = true;
    reaper_.expires_at((*first)->expires);
    reaper_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!self) return;
        self->reaper_runs_ = false;
        if (error) return;
        const auto now = Clock::now();
        self->places_ -= std::erase_if(
            self->idle_, [&](const auto& connection) { return connection->expires <= now; });
        self->schedule_reaper();
    });
}

void ConnectionPool::shut_down() {
    closed = true;
    places_ -= idle_.size();
    idle_.clear();
    reaper_.cancel();
    for (ExchangeTask* exchange : exchanges) exchange->cancel_here();
}

}  // namespace tenon::transport

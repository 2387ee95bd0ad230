#include "transport/server_shard.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "transport/server_connection.hpp"
#include "wire/http1_response.hpp"

namespace tenon::transport {

namespace {

/// Told at once that the server is full; more are closed without a word.
constexpr std::size_t kMostTurnedAway = 64;

}  // namespace

ServerShard::ServerShard(boost::asio::io_context& io, std::size_t io_index, ServerContext& context)
    : io_(io), io_index_(io_index), context_(context), grace_(io) {}

ServerShard::~ServerShard() = default;

void ServerShard::add_acceptor(int fd, net::Acceptor::Sink sink) {
    acceptors_.push_back(std::make_unique<net::Acceptor>(io_, fd, std::move(sink)));
    acceptors_.back()->start();
}

void ServerShard::stop_accepting() {
    for (const auto& acceptor : acceptors_) acceptor->stop();
    acceptors_.clear();
}

void ServerShard::adopt(net::Accepted accepted, bool tls) {
    if (drained_) {
        ::close(accepted.fd);
        return;
    }
    ServerStats::count(context_.stats.accepted);
    const bool welcome = make_room();
    if (!welcome) {
        ServerStats::count(context_.stats.turned_away);
        if (tls || turning_away_ == kMostTurnedAway) {
            ::close(accepted.fd);
            return;
        }
        ++turning_away_;
    }
    auto connection = std::make_shared<ServerConnection>(*this, std::move(accepted),
                                                         tls ? context_.tls : nullptr, !welcome);
    const auto place = busy_.insert(busy_.end(), connection.get());
    connection->set_place(place);
    auto running = connection->run();
    boost::asio::co_spawn(
        io_, std::move(running),
        [self = shared_from_this(), connection = std::move(connection), place,
         welcome](const std::exception_ptr& lost) {
            // Only a lack of memory gets here.
            if (lost) self->context_.handler.on_trouble("a connection ran out of memory");
            self->remove(place, welcome);
        });
}

bool ServerShard::make_room() {
    const std::size_t open = context_.stats.open.fetch_add(1, std::memory_order_relaxed);
    if (open < context_.options.max_connections) return true;
    if (!idle_.empty()) {
        idle_.front()->close_idle();
        return true;
    }
    context_.stats.open.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void ServerShard::remove(Place place, bool counted) {
    (*place)->is_idle() ? idle_.erase(place) : busy_.erase(place);
    if (counted) {
        context_.stats.open.fetch_sub(1, std::memory_order_relaxed);
    } else {
        --turning_away_;
    }
    finish_drain();
}

void ServerShard::drain(std::chrono::milliseconds grace, std::function<void()> done) {
    draining_ = true;
    drain_done_ = std::move(done);
    // Closing resumes a connection, which may leave the list.
    const std::vector<ServerConnection*> idle(idle_.begin(), idle_.end());
    for (ServerConnection* connection : idle) connection->close_idle();
    grace_.expires_after(grace);
    grace_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && !self->drained_) self->abort_all();
    });
    finish_drain();
}

void ServerShard::abort_all() {
    std::vector<std::shared_ptr<ServerConnection>> all;
    for (const auto* list : {&busy_, &idle_}) {
        for (ServerConnection* connection : *list) all.push_back(connection->shared_from_this());
    }
    for (const auto& connection : all) connection->abort();
}

void ServerShard::finish_drain() {
    if (!draining_ || drained_ || !busy_.empty() || !idle_.empty()) return;
    drained_ = true;
    grace_.cancel();
    std::exchange(drain_done_, nullptr)();
}

std::string_view ServerShard::date() {
    const std::int64_t now = base::unix_seconds();
    if (now != date_seconds_) {
        date_seconds_ = now;
        date_ = wire::http_date(now);
    }
    return date_;
}

}  // namespace tenon::transport

#include "provider/plugin_connections.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

#include "net/io_threads.hpp"
#include "provider/call_wait.hpp"
#include "wire/json.hpp"

namespace tenon::provider {
namespace {

/// The "version" of a health check's answer, if it has one.
std::string version_of(std::string_view body) {
    if (body.empty()) return {};
    const auto document = wire::JsonDocument::parse(body);
    if (!document) return {};
    return std::string(document->root()["version"].as_string().value_or(""));
}

/// Memory is all that can be missing here.
Error escaped(const std::exception& problem) {
    return Error(Code::no_memory,
                 std::string("this program cannot go on with it: ") + problem.what());
}

/// One limit for everything, up to `deadline`.
core::Deadline only_until(base::TimePoint deadline, base::TimePoint now) {
    core::Limits limits;
    limits.of.fill(core::kNoLimit);
    // Up, so that it never ends before the one who has set the limit gives up.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
    limits[core::Phase::total] = limits.configured_total = left;
    return core::Deadline(limits, now);
}

}  // namespace

plugin::CallRequest PluginConnections::request(base::TimePoint deadline) const {
    plugin::CallRequest request;
    request.deadline = deadline;
    return request;
}

net::Awaitable<Result<ConnHandle>> PluginConnections::connect(std::shared_ptr<CancelSignal> cancel,
                                                              base::TimePoint deadline,
                                                              std::size_t io_index) {
    try {
        co_return co_await try_connect(std::move(cancel), deadline, io_index);
    } catch (const std::exception& problem) {
        co_return escaped(problem);
    }
}

net::Awaitable<Result<std::string>> PluginConnections::check(ConnHandle conn,
                                                             std::shared_ptr<CancelSignal> cancel,
                                                             base::TimePoint deadline,
                                                             std::size_t io_index) {
    try {
        co_return co_await try_check(conn, std::move(cancel), deadline, io_index);
    } catch (const std::exception& problem) {
        co_return escaped(problem);
    }
}

net::Awaitable<Result<ConnHandle>> PluginConnections::try_connect(
    std::shared_ptr<CancelSignal> cancel, base::TimePoint deadline, std::size_t io_index) {
    const auto now = environment_.clock.now();
    const auto limit = only_until(deadline, now);
    plugin::ActiveCall active = proxy_->connect(request(deadline), io_index);
    const CallWait wait{
        environment_.clock, environment_.io.context(io_index), *cancel, limit, now, now};
    CallEnd end;
    co_await read_all(active, wait, end);
    // Dropping an unfinished connect is enough: a late connection is refused and stays the
    // plugin's.
    if (!end.outcome.ok) {
        counters_->add(core::Tally::connect_failures);
        Error error = end.outcome.error;
        if (!end.finished && error.code == Code::deadline) {
            error.message = "the plugin did not connect in time; see timeouts.connect";
            error.scope = Scope::connection;
            error.retryable = true;
        }
        error.not_sent = true;
        co_return error;
    }
    counters_->add(core::Tally::connects);
    counters_->connect_time.record(environment_.clock.now() - now);
    const ConnHandle conn = to_handle(end.outcome.conn);
    const std::lock_guard lock(mutex_);
    if (conn != 0) open_.try_emplace(conn);
    co_return conn;
}

void PluginConnections::disconnect(ConnHandle conn) noexcept {
    {
        const std::lock_guard lock(mutex_);
        const auto open = open_.find(conn);
        if (open == open_.end()) return;  // disconnect_all() has closed it
        if (open->second.checks > 0) {
            open->second.closing = true;
            return;
        }
        open_.erase(open);
    }
    counters_->add(core::Tally::disconnects);
    proxy_->disconnect(to_conn(conn));
}

bool PluginConnections::begin_check(ConnHandle conn) {
    if (conn == 0) return true;
    const std::lock_guard lock(mutex_);
    const auto open = open_.find(conn);
    if (open == open_.end()) return false;
    ++open->second.checks;
    return true;
}

bool PluginConnections::check_over(ConnHandle conn, bool in_plugin) {
    {
        const std::lock_guard lock(mutex_);
        const auto open = open_.find(conn);
        if (open == open_.end() || open->second.checks == 0) return false;
        if (--open->second.checks > 0 || !open->second.closing) return true;
    }
    if (!in_plugin) {
        disconnect(conn);
        return true;
    }
    boost::asio::post(environment_.io.context(0),
                      [self = shared_from_this(), conn, hold = plugin::Proxy::Hold(proxy_)] {
                          self->disconnect(conn);
                      });
    return true;
}

net::Awaitable<Result<std::string>> PluginConnections::try_check(
    ConnHandle conn, std::shared_ptr<CancelSignal> cancel, base::TimePoint deadline,
    std::size_t io_index) {
    if (!begin_check(conn)) co_return Error(Code::unavailable, "the connection is closed");
    const auto now = environment_.clock.now();
    const auto limit = only_until(deadline, now);
    counters_->add(core::Tally::health_checks);
    std::optional<plugin::ActiveCall> active;
    try {
        active.emplace(proxy_->health_check(to_conn(conn), request(deadline), io_index));
    } catch (...) {  // no memory for a call, which therefore has no end
        if (conn != 0) static_cast<void>(check_over(conn, false));
        throw;
    }
    const CallWait wait{
        environment_.clock, environment_.io.context(io_index), *cancel, limit, now, now};
    CallEnd end;
    co_await read_all(*active, wait, end);
    if (end.outcome.ok) co_return version_of(end.outcome.body);
    // One that nobody wants any more has found nothing out.
    if (end.stop != core::Stop::caller_cancelled) counters_->add(core::Tally::health_failures);
    Error error = end.outcome.error;
    if (!end.finished && error.code == Code::deadline) {
        error.message = "the health check did not end in time; see timeouts.health_check";
    }
    co_return error;
}

void PluginConnections::disconnect_all() noexcept {
    std::map<ConnHandle, Open> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(open_);
    }
    for (const auto& [conn, open] : all) {
        counters_->add(core::Tally::disconnects);
        proxy_->disconnect(to_conn(conn));
    }
}

}  // namespace tenon::provider

#include "provider/provider.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <limits>

#include "net/io_threads.hpp"
#include "provider/io_waker.hpp"
#include "wire/json.hpp"

namespace tenon::provider {

namespace asio = boost::asio;

namespace {

/// How long a plugin may take to finish a call that nobody waits for, before its connection is
/// given up.
constexpr auto kSettleTime = std::chrono::seconds(5);

std::size_t most_calls(const plugin::Kind& kind) noexcept {
    if (kind.conn_mode == plugin::ConnMode::exclusive) return 1;
    if (kind.max_calls_per_conn == 0) return std::numeric_limits<std::size_t>::max();
    return kind.max_calls_per_conn;
}

std::string in_words(std::chrono::milliseconds duration) {
    if (duration.count() % 1000 == 0) return std::to_string(duration.count() / 1000) + " s";
    return std::to_string(duration.count()) + " ms";
}

/// The "version" of a health check's answer, if it has one.
std::string version_of(std::string_view body) {
    if (body.empty()) return {};
    const auto document = wire::JsonDocument::parse(body);
    if (!document) return {};
    return std::string(document->root()["version"].as_string().value_or(""));
}

}  // namespace

Result<std::shared_ptr<Provider>> Provider::create(std::shared_ptr<const plugin::Kind> kind,
                                                   plugin::ProxyOptions options,
                                                   const Timeouts& timeouts,
                                                   const plugin::ProxyEnvironment& environment) {
    auto provider =
        std::shared_ptr<Provider>(new Provider(timeouts, environment, most_calls(*kind)));
    options.on_connection_lost = [weak = std::weak_ptr(provider)](tenon_conn* conn, const Error&) {
        const auto self = weak.lock();
        if (!self) return false;
        tenon_conn* idle = nullptr;
        const bool known = self->connections_.mark_lost(conn, &idle);
        // Not from here: the plugin is on this stack.
        if (idle != nullptr) {
            asio::post(self->environment_.io.context(0),
                       [self, idle] { self->proxy_->disconnect(idle); });
        }
        return known;
    };
    auto proxy = plugin::Proxy::create(std::move(kind), std::move(options), environment);
    if (!proxy) return std::move(proxy).error();
    provider->proxy_ = *std::move(proxy);
    return provider;
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::run(OperationRequest request,
                                                          DeltaSink* sink,
                                                          std::shared_ptr<CancelSignal> cancel,
                                                          std::size_t io_index) {
    const auto self = shared_from_this();
    const auto usual = request.stream ? timeouts_.stream : timeouts_.request;
    Limits limits;
    limits.total_of = request.timeout.count() > 0 ? request.timeout : usual;
    limits.total = environment_.clock.now() + limits.total_of;
    if (request.stream) {
        limits.first_delta = timeouts_.first_byte;
        limits.idle = timeouts_.idle;
    }
    const plugin::CallRequest call_request{request.model,           request.body,
                                           request.idempotency_key, {},
                                           request.stream,          limits.total};
    requests_.fetch_add(1, std::memory_order_relaxed);
    in_flight_.fetch_add(1, std::memory_order_relaxed);
    auto outcome = co_await call(
        [this, &request, &call_request, io_index](tenon_conn* conn) {
            switch (request.operation) {
                case Operation::embed: return proxy_->embed(conn, call_request, io_index);
                case Operation::rerank: return proxy_->rerank(conn, call_request, io_index);
                case Operation::complete: break;
            }
            return proxy_->complete(conn, call_request, io_index);
        },
        limits, sink, std::move(cancel), io_index);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    if (!outcome && outcome.error().code != Code::cancelled) {
        failures_.fetch_add(1, std::memory_order_relaxed);
    }
    co_return outcome;
}

net::Awaitable<Result<Health>> Provider::check_health(std::shared_ptr<CancelSignal> cancel,
                                                      std::size_t io_index) {
    const auto self = shared_from_this();
    if (!kind().has.health_check) {
        co_return named(Error(Code::unsupported, "the plugin has no health check"));
    }
    const auto begin = environment_.clock.now();
    Limits limits{begin + timeouts_.health_check, timeouts_.health_check, {}, {}};
    plugin::CallRequest request;
    request.deadline = limits.total;
    auto outcome = co_await call(
        [this, &request, io_index](tenon_conn* conn) {
            return proxy_->health_check(conn, request, io_index);
        },
        limits, nullptr, std::move(cancel), io_index);
    if (!outcome) co_return std::move(outcome).error();
    Health health;
    health.server_version = version_of(outcome->body);
    health.response_time = std::chrono::duration_cast<std::chrono::microseconds>(
        environment_.clock.now() - begin);
    co_return health;
}

net::Awaitable<Result<std::string>> Provider::list_models(std::shared_ptr<CancelSignal> cancel,
                                                          std::size_t io_index) {
    const auto self = shared_from_this();
    if (!kind().has.list_models) {
        co_return named(Error(Code::unsupported, "the plugin cannot list models"));
    }
    Limits limits{environment_.clock.now() + timeouts_.request, timeouts_.request, {}, {}};
    plugin::CallRequest request;
    request.deadline = limits.total;
    auto outcome = co_await call(
        [this, &request, io_index](tenon_conn* conn) {
            return proxy_->list_models(conn, request, io_index);
        },
        limits, nullptr, std::move(cancel), io_index);
    if (!outcome) co_return std::move(outcome).error();
    co_return std::move(outcome->body);
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::call(Starter start, Limits limits,
                                                           DeltaSink* sink,
                                                           std::shared_ptr<CancelSignal> cancel,
                                                           std::size_t io_index) {
    tenon_conn* conn = nullptr;
    if (kind().conn_mode != plugin::ConnMode::stateless) {
        auto connected = co_await connection(cancel, limits.total, io_index);
        if (!connected) co_return std::move(connected).error();
        conn = *connected;
    }
    plugin::ActiveCall active = start(conn);
    plugin::CallOutcome outcome;
    auto ended = co_await drive(active, limits, sink, *cancel, outcome, io_index);
    if (!ended) {
        asio::co_spawn(environment_.io.context(io_index),
                       settle(std::move(active), conn, io_index), asio::detached);
        co_return named(std::move(ended).error());
    }
    const bool lost = !outcome.ok && outcome.error.scope != Scope::request;
    give_back(conn, lost);
    if (!outcome.ok) co_return named(std::move(outcome.error));
    co_return outcome;
}

net::Awaitable<Result<tenon_conn*>> Provider::connection(std::shared_ptr<CancelSignal> cancel,
                                                         base::TimePoint deadline,
                                                         std::size_t io_index) {
    if (tenon_conn* conn = connections_.borrow()) co_return conn;
    const auto until = environment_.clock.now() + timeouts_.connect;
    Limits limits{std::min<base::TimePoint>(deadline, until), timeouts_.connect, {}, {}};
    plugin::CallRequest request;
    request.deadline = limits.total;
    plugin::ActiveCall active = proxy_->connect(request, io_index);
    plugin::CallOutcome outcome;
    auto ended = co_await drive(active, limits, nullptr, *cancel, outcome, io_index);
    // Dropping an unfinished connect is enough: a late connection is refused and stays the plugin's.
    if (!ended) {
        Error error = std::move(ended).error();
        if (error.code == Code::deadline) error.message = "connecting took too long";
        co_return named(std::move(error));
    }
    if (!outcome.ok) co_return named(std::move(outcome.error));
    if (outcome.conn == nullptr) {
        co_return named(Error(Code::internal, "the plugin connected without a connection"));
    }
    connections_.add(outcome.conn);
    co_return outcome.conn;
}

net::Awaitable<Result<void>> Provider::drive(plugin::ActiveCall& active, const Limits& limits,
                                             DeltaSink* sink, CancelSignal& cancel,
                                             plugin::CallOutcome& outcome, std::size_t io_index) {
    const auto waker = std::make_shared<IoWaker>(environment_.io.context(io_index));
    cancel.attach(waker);
    plugin::DeltaBatch batch;
    auto quiet_since = environment_.clock.now();
    auto patience = limits.first_delta;
    for (;;) {
        if (cancel.cancelled()) co_return Error(Code::cancelled, "the request was cancelled");
        if (environment_.clock.now() >= limits.total) {
            co_return Error(Code::deadline, "no complete answer within " +
                                                in_words(limits.total_of) +
                                                "; allow more time or ask for less");
        }
        if (sink != nullptr && !sink->ready(waker)) {
            co_await waker->wait(limits.total);
            quiet_since = environment_.clock.now();  // the reader was slow, not the provider
            continue;
        }
        const bool finished = active.take(batch, waker);
        if (!batch.empty()) {
            if (sink != nullptr) sink->on_deltas(batch);
            quiet_since = environment_.clock.now();
            patience = limits.idle;
        }
        if (finished) break;
        if (!batch.empty()) continue;
        const bool quiet_limit =
            patience.count() > 0 && quiet_since + patience < limits.total;
        if (co_await waker->wait(quiet_limit ? quiet_since + patience : limits.total)) continue;
        if (!quiet_limit) continue;  // the total limit, above
        Error error(Code::deadline, "the stream brought nothing for " + in_words(patience));
        error.scope = Scope::connection;
        error.retryable = true;
        co_return error;
    }
    cancel.attach(nullptr);
    active.take_outcome(outcome);
    co_return Result<void>();
}

/// The caller has its answer; the plugin still holds the call and its connection.
net::Awaitable<void> Provider::settle(plugin::ActiveCall active, tenon_conn* conn,
                                      std::size_t io_index) {
    const auto self = shared_from_this();
    active.cancel();
    if (conn == nullptr) co_return;  // the slot waits for the plugin by itself
    Limits limits{environment_.clock.now() + kSettleTime, kSettleTime, {}, {}};
    CancelSignal nobody;
    plugin::CallOutcome outcome;
    const auto ended = co_await drive(active, limits, nullptr, nobody, outcome, io_index);
    if (ended) {
        give_back(conn, outcome.error.scope != Scope::request);
    } else {
        environment_.log.write(base::LogLevel::warn, "provider." + name(),
                               "the plugin did not finish a cancelled call; its connection is not "
                               "used again");
        // It cannot be disconnected under a running call: it leaves with the provider.
        tenon_conn* idle = nullptr;
        connections_.mark_lost(conn, &idle);
    }
}

void Provider::give_back(tenon_conn* conn, bool lost) {
    if (conn == nullptr) return;
    if (tenon_conn* dead = connections_.give_back(conn, lost)) proxy_->disconnect(dead);
}

void Provider::shut_down(base::Duration grace) {
    plugin::Proxy::retire(proxy_, grace, [this] {
        for (tenon_conn* conn : connections_.take_all()) proxy_->disconnect(conn);
    });
}

Counters Provider::counters() const noexcept {
    return {requests_.load(std::memory_order_relaxed), failures_.load(std::memory_order_relaxed),
            in_flight_.load(std::memory_order_relaxed)};
}

Error Provider::named(Error error) const {
    error.message = environment_.log.redactor().redact("provider " + name() + ": " + error.message);
    return error;
}

}  // namespace tenon::provider

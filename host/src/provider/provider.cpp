#include "provider/provider.hpp"

#include <boost/asio/post.hpp>
#include <limits>

#include "net/io_threads.hpp"
#include "provider/io_waker.hpp"
#include "wire/json.hpp"

namespace tenon::provider {

namespace asio = boost::asio;

namespace {

/// Turns of a stream without a pause after which other work of the I/O thread comes first.
constexpr int kTurns = 16;

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

/// Counts one more for its lifetime.
class Counted {
public:
    explicit Counted(std::atomic<std::uint64_t>& count) noexcept : count_(count) {
        count_.fetch_add(1, std::memory_order_relaxed);
    }
    ~Counted() { count_.fetch_sub(1, std::memory_order_relaxed); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::atomic<std::uint64_t>& count_;
};

/// Connects a request's wish to end with who waits for the request. The signal may outlive the I/O
/// threads, the waker must not.
class Attached {
public:
    Attached(CancelSignal& cancel, std::shared_ptr<IoWaker> waker) noexcept : cancel_(cancel) {
        cancel_.attach(std::move(waker));
    }
    ~Attached() { cancel_.attach(nullptr); }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    CancelSignal& cancel_;
};

Error cancelled() {
    return Error(Code::cancelled, "the request was cancelled");
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
        if (!self || !self->proxy_) return false;  // the latter: inside create()
        plugin::Proxy::Hold hold(self->proxy_);    // before the connection is taken out
        tenon_conn* idle = nullptr;
        const bool known = self->connections_.mark_lost(conn, &idle);
        // Not from here: the plugin is on this stack.
        if (idle != nullptr) {
            asio::post(self->environment_.io.context(0),
                       [self, idle, hold = std::move(hold)] { self->proxy_->disconnect(idle); });
        }
        return known;
    };
    options.on_call_over = [weak = std::weak_ptr(provider)](tenon_conn* conn, bool lost,
                                                            bool in_plugin) {
        const auto self = weak.lock();
        if (!self) return;
        if (!in_plugin) return self->give_back(conn, lost);
        asio::post(self->environment_.io.context(0),
                   [self, conn, lost, hold = plugin::Proxy::Hold(self->proxy_)] {
                       self->give_back(conn, lost);
                   });
    };
    auto proxy = plugin::Proxy::create(std::move(kind), std::move(options), environment);
    if (!proxy) return std::move(proxy).error();
    provider->proxy_ = *std::move(proxy);
    return provider;
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::run(OperationRequest request, DeltaSink* sink,
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
    const plugin::CallRequest call_request{.model = request.model,
                                           .body = request.body,
                                           .idempotency_key = request.idempotency_key,
                                           .stream = request.stream,
                                           .deadline = limits.total};
    requests_.fetch_add(1, std::memory_order_relaxed);
    const Counted in_flight(in_flight_);
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
    health.response_time =
        std::chrono::duration_cast<std::chrono::microseconds>(environment_.clock.now() - begin);
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
    if (cancel->cancelled()) co_return named(cancelled());
    tenon_conn* conn = nullptr;
    if (kind().conn_mode != plugin::ConnMode::stateless) {
        auto connected = co_await connection(cancel, limits.total, io_index);
        if (!connected) co_return std::move(connected).error();
        conn = *connected;
    }
    plugin::ActiveCall active = begin(start, conn);
    plugin::CallOutcome outcome;
    // When plugin and host are both done with the call, on_call_over gives the connection back; the
    // plugin may need longer than the caller is willing to wait.
    auto ended = co_await drive(active, limits, sink, *cancel, outcome, io_index);
    if (!ended) {
        tenon_conn* idle = nullptr;  // stays so: the call is still counted
        if (ended.error().scope == Scope::connection) connections_.mark_lost(conn, &idle);
        co_return named(std::move(ended).error());
    }
    if (!outcome.ok) co_return named(std::move(outcome.error));
    co_return outcome;
}

plugin::ActiveCall Provider::begin(const Starter& start, tenon_conn* conn) {
    try {
        return start(conn);
    } catch (...) {  // no memory for a call, which therefore has no end that would give it back
        give_back(conn, false);
        throw;
    }
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
    // Dropping an unfinished connect is enough: a late connection is refused and stays the
    // plugin's.
    if (!ended) {
        Error error = std::move(ended).error();
        if (error.code == Code::deadline) {
            error.message = "the plugin did not connect in time; see timeouts.connect";
        }
        co_return named(std::move(error));
    }
    if (!outcome.ok) co_return named(std::move(outcome.error));
    if (outcome.conn == nullptr || !connections_.add(outcome.conn)) {
        co_return named(Error(Code::internal,
                              outcome.conn == nullptr
                                  ? "the plugin reported a connection but brought none; report it "
                                    "to the plugin's author"
                                  : "the plugin brought a connection that is in use already; "
                                    "report it to the plugin's author"));
    }
    co_return outcome.conn;
}

net::Awaitable<Result<void>> Provider::drive(plugin::ActiveCall& active, const Limits& limits,
                                             DeltaSink* sink, CancelSignal& cancel,
                                             plugin::CallOutcome& outcome, std::size_t io_index) {
    const auto waker = std::make_shared<IoWaker>(environment_.io.context(io_index));
    const Attached attached(cancel, waker);
    plugin::DeltaBatch batch;
    auto quiet_since = environment_.clock.now();
    auto patience = limits.first_delta;
    for (int turn = 1;; ++turn) {
        if (cancel.cancelled()) co_return cancelled();
        const bool readable = sink == nullptr || sink->ready(waker);
        const bool finished = readable && active.take(batch, waker);
        const auto now = environment_.clock.now();
        if (readable && !batch.empty()) {
            if (sink != nullptr) sink->on_deltas(batch);
            quiet_since = now;
            patience = limits.idle;
        }
        // Before the limits: an answer that is there has come in time.
        if (finished) break;
        if (now >= limits.total) co_return out_of_time(limits);
        if (!readable) {
            co_await waker->wait(limits.total);
            quiet_since = environment_.clock.now();  // the reader was slow, not the provider
        } else if (batch.empty()) {
            if (patience.count() > 0 && now - quiet_since >= patience)
                co_return too_quiet(patience);
            const auto until = patience.count() > 0 ? quiet_since + patience : limits.total;
            co_await waker->wait(std::min<base::TimePoint>(until, limits.total));
        } else if (turn % kTurns == 0) {
            co_await asio::post(environment_.io.context(io_index), net::UseAwaitable());
        }
    }
    active.take_outcome(outcome);
    co_return Result<void>();
}

Error Provider::out_of_time(const Limits& limits) {
    return Error(Code::deadline, "no complete answer within " + in_words(limits.total_of) +
                                     "; allow more time or ask for less");
}

Error Provider::too_quiet(std::chrono::milliseconds patience) {
    Error error(Code::deadline, "the stream brought nothing for " + in_words(patience));
    error.scope = Scope::connection;
    error.retryable = true;
    return error;
}

void Provider::give_back(tenon_conn* conn, bool lost) {
    if (conn == nullptr) return;
    if (tenon_conn* dead = connections_.give_back(conn, lost)) proxy_->disconnect(dead);
}

void Provider::shut_down(base::Duration grace) {
    plugin::Proxy::retire(proxy_, grace, [self = shared_from_this()] {
        for (tenon_conn* conn : self->connections_.take_all()) self->proxy_->disconnect(conn);
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

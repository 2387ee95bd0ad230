#include <algorithm>
#include <chrono>
#include <utility>

#include "base/duration.hpp"
#include "net/io_threads.hpp"
#include "provider/call_wait.hpp"
#include "provider/provider.hpp"

// What Provider does for one attempt: from its breaker to its verdict.
namespace tenon::provider {
namespace {

enum class Function : std::uint8_t { complete, embed, rerank, list_models };

Function function_of(Operation operation) noexcept {
    switch (operation) {
        case Operation::embed: return Function::embed;
        case Operation::rerank: return Function::rerank;
        case Operation::complete: break;
    }
    return Function::complete;
}

/// Counts an attempt, whose end is that of its caller's interest if nothing else is said.
class Counted {
public:
    /// Null = it is not to be counted.
    explicit Counted(core::CallCounters* counters) noexcept : counters_(counters) {
        if (counters_ != nullptr) counters_->start();
    }
    ~Counted() {
        if (counters_ != nullptr) counters_->end(ending, code);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    core::Ending ending = core::Ending::cancelled;
    Code code = Code::ok;

    void end(const Error* error, core::Stop stop) noexcept {
        if (error == nullptr) {
            ending = core::Ending::succeeded;
        } else if (stop == core::Stop::not_admitted) {
            ending = core::Ending::rejected;
        } else if (stop != core::Stop::caller_cancelled && error->code != Code::cancelled) {
            ending = core::Ending::failed;
            code = error->code;
        }
    }

private:
    core::CallCounters* counters_;
};

core::LimitSample sample_of(const Error* error, core::Stop stop) noexcept {
    if (error == nullptr) return core::LimitSample::ok;
    const bool overload = stop == core::Stop::attempt_timeout ||
                          (stop == core::Stop::none &&
                           (error->code == Code::throttled || error->code == Code::overloaded));
    return overload ? core::LimitSample::overload : core::LimitSample::ignored;
}

}  // namespace

/// One attempt and all it needs; perform() has it in its frame.
struct Provider::Job {
    Function function = Function::complete;
    plugin::CallRequest call;
    bool in_spite = false;
    core::Deadline deadline;
    DeltaSink* sink = nullptr;
    std::shared_ptr<CancelSignal> cancel;
    std::size_t io_index = 0;
    AttemptReport* report = nullptr;  ///< null: an operation without a model, nobody's attempt
    base::TimePoint began = {};
    base::TimePoint called = {};  ///< the plugin
};

core::Deadline Provider::deadline_of(const AttemptRequest& request) const noexcept {
    core::Limits own = limits(request.operation_class(), request.limits);
    // The total is the whole request's; only its caller can have shortened it.
    const auto total =
        std::chrono::ceil<std::chrono::milliseconds>(request.deadline - request.started);
    own[core::Phase::total] = total;
    if (!request.limits[core::Phase::total]) own.configured_total = total;
    return core::Deadline(own, request.started);
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::attempt(const AttemptRequest& request,
                                                              DeltaSink* sink,
                                                              std::shared_ptr<CancelSignal> cancel,
                                                              std::size_t io_index,
                                                              AttemptReport& report) {
    report = {};
    const core::Deadline deadline = deadline_of(request);
    return perform({.function = function_of(request.operation),
                    .call = {.model = request.model,
                             .body = request.body,
                             .idempotency_key = request.idempotency_key,
                             .trace_parent = request.trace_parent,
                             .stream = request.stream,
                             .deadline = deadline.total()},
                    .in_spite = request.in_spite,
                    .deadline = deadline,
                    .sink = sink,
                    .cancel = std::move(cancel),
                    .io_index = io_index,
                    .report = &report});
}

net::Awaitable<Result<std::string>> Provider::list_models(std::shared_ptr<CancelSignal> cancel,
                                                          std::size_t io_index) {
    const auto self = shared_from_this();
    if (!kind().has.list_models) {
        co_return named(Error(Code::unsupported, "the plugin cannot list models"));
    }
    const core::Deadline deadline(limits(core::OperationClass::list_models, {}), clock_.now());
    Job job{.function = Function::list_models,
            .call = {.deadline = deadline.total()},
            .deadline = deadline,
            .cancel = std::move(cancel),
            .io_index = io_index};
    auto outcome = co_await perform(std::move(job));
    if (!outcome) co_return std::move(outcome).error();
    co_return std::move(outcome->body);
}

net::Awaitable<Result<Health>> Provider::check_health(std::shared_ptr<CancelSignal> cancel,
                                                      std::size_t io_index) {
    const auto self = shared_from_this();
    if (!kind().has.health_check) {
        co_return named(Error(Code::unsupported, "the plugin has no health check"));
    }
    const auto began = clock_.now();
    const auto deadline = began + settings_.connections.health.timeout;
    const core::ConnectionState state = manager_->report().connection.state;
    if (state == core::ConnectionState::connected || state == core::ConnectionState::unhealthy) {
        co_await manager_->probe(deadline, io_index);
        const core::HealthStatus status = manager_->health(core::BreakerState::closed);
        if (status.checked && status.response_time && status.failures_in_a_row == 0 &&
            status.healthy) {
            using std::chrono::microseconds;
            co_return Health{status.server_version,
                             std::chrono::duration_cast<microseconds>(*status.response_time)};
        }
        if (status.checked && !status.last_error.empty()) {
            co_return named(Error(Code::unavailable, status.last_error));
        }
    }
    auto version = co_await manager_->check_once(cancel, deadline, io_index);
    const auto now = clock_.now();
    if (!version) {
        Error error = named(std::move(version).error());
        if (!cancel->cancelled()) {
            note_failure(error);
            const std::lock_guard lock(notes_mutex_);
            checked_ = Checked{now, std::nullopt};
        }
        co_return error;
    }
    const Health health{*std::move(version),
                        std::chrono::duration_cast<std::chrono::microseconds>(now - began)};
    const std::lock_guard lock(notes_mutex_);
    checked_ = Checked{now, health};
    co_return health;
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::perform(Job job) {
    const auto self = shared_from_this();
    job.began = clock_.now();
    const bool is_attempt = job.report != nullptr;
    AttemptReport unread;
    if (!is_attempt) job.report = &unread;
    Counted counted(is_attempt ? &counters_->attempts : nullptr);
    const auto ended = [&](Error error) {
        counted.end(&error, job.report->stop);
        error = named(std::move(error));
        if (counted.ending == core::Ending::failed) note_failure(error);
        return error;
    };
    if (job.cancel->cancelled()) {
        job.report->stop = core::Stop::caller_cancelled;
        co_return ended(Error(Code::cancelled, "the request was cancelled"));
    }
    Breakers::Pass pass = breakers_.pass_by();
    if (is_attempt && !job.in_spite) {
        auto admitted = breakers_.admit(job.call.model, job.began);
        if (!admitted) {
            job.report->stop = core::Stop::not_admitted;
            co_return ended(std::move(admitted).error());
        }
        pass = *std::move(admitted);
    }
    AcquireReport why;
    const auto queue = std::min<std::chrono::milliseconds>(
        job.deadline.limits()[core::Phase::queue], base::kLongestDuration);
    const ConnectionManager::AcquireLimits limits{job.deadline.total(), queue};
    auto lease = co_await manager_->acquire(limits, job.cancel, job.io_index, &why);
    if (!lease) co_return ended(not_leased(job, pass, std::move(lease).error(), why));

    plugin::ActiveCall active = begin(job, *lease);
    // When plugin and host are both done with the call, on_call_over gives the connection back; the
    // plugin may need longer than the caller is willing to wait.
    const CallWait wait{clock_,      environment_.plugin.io.context(job.io_index),
                        *job.cancel, job.deadline,
                        job.began,   job.sink,
                        &*lease};
    CallEnd end = co_await wait_for_end(active, wait);
    plugin::CallOutcome outcome;
    if (!end.error) active.take_outcome(outcome);
    auto result = settle(job, *lease, pass, std::move(end), std::move(outcome));
    counted.end(result ? nullptr : &result.error(), job.report->stop);
    if (counted.ending == core::Ending::failed) note_failure(result.error());
    co_return result;
}

plugin::ActiveCall Provider::begin(Job& job, ConnectionManager::Lease& lease) {
    job.called = clock_.now();
    lease.lend();
    tenon_conn* conn = to_conn(lease.conn());
    try {
        switch (job.function) {
            case Function::embed: return proxy_->embed(conn, job.call, job.io_index);
            case Function::rerank: return proxy_->rerank(conn, job.call, job.io_index);
            case Function::list_models: return proxy_->list_models(conn, job.call, job.io_index);
            case Function::complete: break;
        }
        return proxy_->complete(conn, job.call, job.io_index);
    } catch (...) {  // no memory for a call, which therefore has no end that would give it back
        if (conn != nullptr) manager_->call_over(lease.conn(), core::Disposition::unused);
        throw;
    }
}

/// Without a lease there are the host's own rejections and failed dials.
Error Provider::not_leased(Job& job, Breakers::Pass& pass, Error error, const AcquireReport& why) {
    job.report->stop = why.stop;
    job.report->dialing = why.dialing;
    job.report->queue_wait = why.waited;
    // One dial that fails many waiters is one failure.
    if (!why.echo)
        static_cast<void>(pass.report({.stop = why.stop, .error = &error}, clock_.now()));
    return error;
}

Result<plugin::CallOutcome> Provider::settle(Job& job, ConnectionManager::Lease& lease,
                                             Breakers::Pass& pass, CallEnd end,
                                             plugin::CallOutcome outcome) {
    const auto now = clock_.now();
    const Error* error = end.error ? &*end.error : outcome.ok ? nullptr : &outcome.error;
    AttemptReport& report = *job.report;
    report.stop = end.stop;
    report.queue_wait = lease.waited();
    if (end.first_byte) report.first_byte = *end.first_byte - job.called;
    const bool lost = error != nullptr && error->scope == Scope::connection;
    report.stale_connection = lost && !end.error && !end.first_byte && lease.reused() &&
                              error->code == Code::unavailable && error->retryable;
    if (lost && end.error && lease.conn() != 0) manager_->connection_lost(lease.conn());

    const core::Verdict verdict = pass.report({.stop = end.stop, .error = error}, now);
    const std::optional<std::int64_t> hint =
        error != nullptr ? error->retry_after_ms : std::nullopt;
    lease.end({core::Disposition::unused, verdict, hint, sample_of(error, end.stop)});

    counters_->queue_wait.record(report.queue_wait);
    if (report.first_byte) counters_->first_byte.record(*report.first_byte);
    if (error == nullptr) {
        counters_->duration.record(now - job.called);
        cost_.succeeded(report.first_byte.value_or(now - job.called), now, settings_.latency);
        return outcome;
    }
    if (verdict.outcome == core::Outcome::failure) {
        cost_.failed(now - job.called, now, settings_.latency);
    }
    return named(*error);
}

Error Provider::named(Error error) const {
    const bool is_named = error.message.find("rovider " + name()) != std::string::npos ||
                          error.message.find("rovider '" + name()) != std::string::npos;
    if (!is_named) {
        error.message = "provider " + name() + ": " + error.message;
    }
    error.message = environment_.plugin.log.redactor().redact(error.message);
    return error;
}

}  // namespace tenon::provider

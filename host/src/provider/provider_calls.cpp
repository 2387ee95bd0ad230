#include <algorithm>
#include <chrono>
#include <utility>

#include "base/duration.hpp"
#include "base/redact_error.hpp"
#include "net/io_threads.hpp"
#include "net/soon.hpp"
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

/// What perform() is asked to do.
struct Provider::Job {
    Function function = Function::complete;
    const AttemptRequest& request;
    core::Deadline deadline;
    DeltaSink* sink = nullptr;
    std::shared_ptr<CancelSignal> cancel;
    std::size_t io_index = 0;
    AttemptReport& report;

    /// False: an operation without a model, nobody's attempt.
    [[nodiscard]] bool is_attempt() const noexcept { return function != Function::list_models; }
};

/// What has come of a job so far. perform() has both in its frame, which is to be no larger than
/// what Asio recycles (1,020 bytes): so there is one place for the error of whatever step fails,
/// and what steps need for themselves is on the stack.
struct Provider::Attempt {
    const Job& job;
    base::TimePoint began = {};
    base::TimePoint called = {};  ///< the plugin
    Counted counted;
    Breakers::Pass pass = {};
    ConnectionManager::Lease lease = {};
    CallEnd end = {};

    /// Always false.
    bool fail(core::Stop stop, Error error) noexcept {
        end.stop = stop;
        end.outcome.error = std::move(error);
        return false;
    }
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
    return perform({.function = function_of(request.operation),
                    .request = request,
                    .deadline = deadline_of(request),
                    .sink = sink,
                    .cancel = std::move(cancel),
                    .io_index = io_index,
                    .report = report});
}

net::Awaitable<Result<std::string>> Provider::list_models(std::shared_ptr<CancelSignal> cancel,
                                                          std::size_t io_index) {
    const auto self = shared_from_this();
    if (!kind().has.list_models) {
        co_return named(Error(Code::unsupported, "the plugin cannot list models"));
    }
    const core::Deadline deadline(limits(core::OperationClass::list_models, {}), clock_.now());
    const AttemptRequest request{.in_spite = true};
    AttemptReport report;
    Job job{.function = Function::list_models,
            .request = request,
            .deadline = deadline,
            .cancel = std::move(cancel),
            .io_index = io_index,
            .report = report};
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
        // A check that was asked for a moment ago is good enough, and one that is asked for now may
        // have to wait for that long.
        const base::Duration gap = settings_.connections.health.min_gap;
        co_await manager_->probe(deadline + gap, io_index, cancel);
        if (cancel->cancelled()) {
            co_return named(Error(Code::cancelled, "the health check was cancelled"));
        }
        if (auto found = found_since(began - gap)) co_return *std::move(found);
        if (clock_.now() >= deadline) {
            co_return named(Error(Code::deadline,
                                  "the health check did not end in time; see "
                                  "timeouts.health_check"));
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

/// What the monitor's last check has found, unless it is older or has found nothing out.
std::optional<Result<Health>> Provider::found_since(base::TimePoint time) const {
    using std::chrono::duration_cast;
    const core::HealthStatus status = manager_->health(core::BreakerState::closed);
    if (!status.checked || !status.last_check || *status.last_check < time) return std::nullopt;
    const bool is_well = status.healthy && status.failures_in_a_row == 0;
    if (is_well && status.last_passed == status.last_check) {
        return Health{status.server_version,
                      duration_cast<std::chrono::microseconds>(*status.response_time)};
    }
    if (is_well) return std::nullopt;
    Error error = manager_->report().last_error;
    if (error.message.empty()) error = Error(Code::unavailable, status.last_error);
    return named(std::move(error));
}

net::Awaitable<Result<plugin::CallOutcome>> Provider::perform(Job job) {
    const auto self = shared_from_this();
    Attempt attempt{.job = job,
                    .began = clock_.now(),
                    .counted = Counted(job.is_attempt() ? &counters_->attempts : nullptr)};
    if (!admit(attempt)) co_return conclude(attempt);
    if (!attempt.lease.granted()) {
        co_await manager_->take_turn(attempt.lease, job.cancel, job.io_index);
        if (!has_turn(attempt)) co_return conclude(attempt);
    }
    // When plugin and host are both done with the call, on_call_over gives the connection back; the
    // plugin may need longer than the caller is willing to wait.
    plugin::ActiveCall active = begin(attempt);
    // An answer that is there already needs neither a waker nor another coroutine.
    if (!read_now(active, wait_of(attempt), attempt.end)) co_await read(active, attempt);
    settle(attempt);
    co_return conclude(attempt);
}

/// To the breakers, and into the line for a permit and a connection.
bool Provider::admit(Attempt& attempt) {
    const Job& job = attempt.job;
    attempt.called = attempt.began;
    if (job.cancel->cancelled()) {
        return attempt.fail(core::Stop::caller_cancelled,
                            Error(Code::cancelled, "the request was cancelled"));
    }
    if (!job.request.in_spite) {
        auto admitted = breakers_.admit(job.request.model, attempt.began);
        if (!admitted) {
            return attempt.fail(core::Stop::not_admitted, std::move(admitted).error());
        }
        attempt.pass = *std::move(admitted);
    }
    const auto fits = [](std::chrono::milliseconds limit) {
        return std::min<std::chrono::milliseconds>(limit, base::kLongestDuration);
    };
    ConnectionManager::AcquireLimits limits{job.deadline.total(),
                                            fits(job.deadline.limits()[core::Phase::queue])};
    // The provider's own limit is that of its dials, which may have begun long ago.
    if (const auto connect = job.request.limits[core::Phase::connect]) {
        limits.connect = fits(*connect);
    }
    attempt.lease = manager_->join(limits, attempt.began);
    return true;
}

/// Without a lease there are the host's own rejections and failed dials.
bool Provider::has_turn(Attempt& attempt) {
    attempt.called = clock_.now();
    if (attempt.lease.granted()) return true;
    AcquireReport why;
    Error error = attempt.lease.refusal(why);
    attempt.job.report.dialing = why.dialing;
    attempt.job.report.queue_wait = why.waited;
    // One dial that fails many waiters is one failure.
    if (!why.echo) {
        static_cast<void>(attempt.pass.report({.stop = why.stop, .error = &error}, attempt.called));
    }
    return attempt.fail(why.stop, std::move(error));
}

plugin::ActiveCall Provider::begin(Attempt& attempt) {
    const Job& job = attempt.job;
    attempt.lease.lend();
    tenon_conn* conn = to_conn(attempt.lease.conn());
    const plugin::CallRequest request{.model = job.request.model,
                                      .body = job.request.body,
                                      .own_body = job.request.own_body,
                                      .idempotency_key = job.request.idempotency_key,
                                      .trace_parent = job.request.trace_parent,
                                      .stream = job.request.stream,
                                      .deadline = job.deadline.total()};
    // What the plugin sends is on its way when it has returned.
    const net::SoonScope scope(environment_.plugin.io.context(job.io_index));
    try {
        switch (job.function) {
            case Function::embed: return proxy_->embed(conn, request, job.io_index);
            case Function::rerank: return proxy_->rerank(conn, request, job.io_index);
            case Function::list_models: return proxy_->list_models(conn, request, job.io_index);
            case Function::complete: break;
        }
        return proxy_->complete(conn, request, job.io_index);
    } catch (...) {  // no memory for a call, which therefore has no end that would give it back
        if (conn != nullptr) manager_->call_over(attempt.lease.conn(), core::Disposition::unused);
        throw;
    }
}

CallWait Provider::wait_of(Attempt& attempt) const noexcept {
    const Job& job = attempt.job;
    return {.clock = clock_,
            .io = environment_.plugin.io.context(job.io_index),
            .cancel = *job.cancel,
            .deadline = job.deadline,
            .began = attempt.began,
            .called = attempt.called,
            .sink = job.sink,
            .lease = &attempt.lease};
}

net::Awaitable<void> Provider::read(plugin::ActiveCall& active, Attempt& attempt) const {
    return read_all(active, wait_of(attempt), attempt.end);
}

/// Tells everybody who learns from it how the call ended.
void Provider::settle(Attempt& attempt) {
    const auto now = clock_.now();
    const CallEnd& end = attempt.end;
    ConnectionManager::Lease& lease = attempt.lease;
    const Error* error = end.outcome.ok ? nullptr : &end.outcome.error;
    AttemptReport& report = attempt.job.report;
    report.queue_wait = lease.waited();
    if (end.first_byte) report.first_byte = *end.first_byte - attempt.called;
    const bool lost = error != nullptr && error->scope == Scope::connection;
    report.stale_connection = lost && end.finished && !end.first_byte && lease.reused() &&
                              error->code == Code::unavailable && error->retryable;
    if (lost && !end.finished && lease.conn() != 0) manager_->connection_lost(lease.conn());

    // That the server has closed a connection between two requests says nothing about the server:
    // a fresh one will. The pass then goes without a report.
    core::Verdict verdict;
    const core::Stop stop = is_impatient(attempt) ? core::Stop::caller_deadline : end.stop;
    if (!report.stale_connection) {
        verdict = attempt.pass.report({.stop = stop, .error = error}, now);
    }
    const bool counts = attempt.job.is_attempt();
    const std::optional<std::int64_t> hint =
        error != nullptr ? error->retry_after_ms : std::nullopt;
    const auto sample = counts ? sample_of(error, stop) : core::LimitSample::ignored;
    lease.end({core::Disposition::unused, verdict, hint, sample, now});
    if (counts) count(attempt, verdict, now);
}

/// Whether the call was ended by a limit that its caller has set shorter than the provider's. That
/// is a reason to ask another one, but no failure (as D3).
bool Provider::is_impatient(const Attempt& attempt) const noexcept {
    const CallEnd& end = attempt.end;
    const bool by_phase = end.stop == core::Stop::attempt_timeout &&
                          end.outcome.error.scope == Scope::connection;  // else by the total
    if (!by_phase) return false;
    const auto phase = end.first_byte ? core::Phase::idle : core::Phase::first_byte;
    const Job& job = attempt.job;
    return job.deadline.limits()[phase] < limits(job.request.operation_class(), {})[phase];
}

/// For statistics, and for what its next attempt is expected to cost.
void Provider::count(const Attempt& attempt, const core::Verdict& verdict, base::TimePoint now) {
    const AttemptReport& report = attempt.job.report;
    const plugin::CallOutcome& outcome = attempt.end.outcome;
    const base::Duration took = now - attempt.called;
    counters_->queue_wait.record(report.queue_wait);
    if (report.first_byte) counters_->first_byte.record(*report.first_byte);
    if (outcome.ok) {
        counters_->duration.record(took);
        cost_.succeeded(report.first_byte.value_or(took), now, settings_.latency);
    } else if (verdict.outcome == core::Outcome::failure) {
        cost_.failed(took, now, settings_.latency);
    }
    if (!attempt.end.finished) return;
    // A failure may have used up some, too.
    if (outcome.input_tokens != TENON_TOKENS_UNKNOWN) {
        counters_->add(core::Tally::prompt_tokens, outcome.input_tokens);
    }
    if (outcome.output_tokens != TENON_TOKENS_UNKNOWN) {
        counters_->add(core::Tally::completion_tokens, outcome.output_tokens);
    }
}

Result<plugin::CallOutcome> Provider::conclude(Attempt& attempt) {
    CallEnd& end = attempt.end;
    attempt.job.report.stop = end.stop;
    Error& error = end.outcome.error;
    attempt.counted.end(end.outcome.ok ? nullptr : &error, end.stop);
    if (end.outcome.ok) return std::move(end.outcome);
    error = named(std::move(error));
    if (attempt.counted.ending == core::Ending::failed) note_failure(error);
    return std::move(error);
}

Error Provider::named(Error error) const {
    const bool is_named = error.message.find("rovider " + name()) != std::string::npos ||
                          error.message.find("rovider '" + name()) != std::string::npos;
    if (!is_named) {
        error.message = "provider " + name() + ": " + error.message;
    }
    return base::redact(environment_.plugin.log.redactor(), std::move(error));
}

}  // namespace tenon::provider

#include "attempt.hpp"

#include <cassert>
#include <utility>

#include "provider.hpp"

namespace tenon::simulation {

using core::Phase;
using core::Stop;

Attempt::Attempt(Provider& provider, const core::Deadline& deadline, Done done)
    : provider_(provider),
      deadline_(deadline),
      done_(std::move(done)),
      tag_(provider.enter(*this)),
      began_(provider.timeline().now()),
      stage_(provider.scenario().stage_at(provider.timeline().since_start())) {}

Attempt::~Attempt() {
    assert(over_);
}

void Attempt::begin() {
    over_ = false;
    in_flight_ = provider_.in_flight().take();
    provider_.records().of(stage_).attempts.start();
    provider_.records().attempts.add(provider_.timeline().since_start());

    auto admission = provider_.admit();
    if (!admission) {
        Error error(Code::unavailable, "The breaker is open.");
        error.not_sent = true;
        return finish({.stop = Stop::not_admitted, .error = std::move(error)});
    }
    admitted_ = std::move(admission.permit);
    number_ = provider_.records().admitted.size();
    provider_.records().admitted.push_back({.time = began_});

    const auto granted =
        provider_.acquire_permit(tag_, deadline_.phase_deadline(Phase::queue, began_));
    permit_ = granted.permit;
    switch (granted.outcome) {
        case core::Permits::Outcome::granted: return permit_granted();
        case core::Permits::Outcome::queued: return;
        case core::Permits::Outcome::rejected: break;
    }
    permit_failed(to_error(granted.reason, provider_.permit_report(), {}));
}

void Attempt::permit_granted() {
    core::PoolReport report;
    const auto acquired =
        provider_.acquire_connection(tag_, deadline_.phase_deadline(Phase::queue, began_), report);
    lease_ = acquired.lease;
    switch (acquired.outcome) {
        case core::Pool::Outcome::granted: return connected(acquired.conn);
        case core::Pool::Outcome::queued: return;
        case core::Pool::Outcome::rejected: break;
    }
    not_connected(acquired.reason, report, {});
}

void Attempt::permit_failed(const Error& error) {
    permit_ = core::kNoTicket;
    end_waiting(error);
}

void Attempt::not_connected(core::PoolReason reason, const core::PoolReport& report,
                            base::Duration waited) {
    lease_ = core::kNoTicket;
    // What the pool takes for the deadline may be the limit of the queue.
    if (reason == core::PoolReason::deadline && !deadline_.expired(provider_.timeline().now())) {
        reason = core::PoolReason::acquire_timeout;
    }
    if (is_unreachable(reason, report)) {
        return finish(
            {.stop = Stop::none, .error = to_error(reason, report, waited), .dialing = true});
    }
    end_waiting(to_error(reason, report, waited));
}

/// The request's own deadline or the queue's limit has passed, or there was no room.
void Attempt::end_waiting(const Error& error) {
    const bool over = deadline_.expired(provider_.timeline().now());
    finish({.stop = over ? Stop::caller_deadline : Stop::not_admitted, .error = error});
}

void Attempt::connected(core::ConnId conn) {
    conn_ = conn;
    send();
}

void Attempt::send() {
    Timeline& timeline = provider_.timeline();
    const base::TimePoint now = timeline.now();
    sent_ = now;
    provider_.records().admitted[number_].sent = now;
    provider_.records().of(stage_).queue_wait.record(now - began_);
    if (const auto answer = provider_.remote().call(now)) {
        answer_ = timeline.after(answer->after, [this, answer] { answered(!answer->failed); });
    }
    timeout_ =
        timeline.at(deadline_.phase_deadline(Phase::first_byte, now), [this] { timed_out(); });
}

void Attempt::answered(bool well) {
    if (well) return finish({});
    Error error(Code::unavailable, "The provider has answered 503.");
    error.http_status = 503;
    error.retryable = true;
    finish({.stop = Stop::none, .error = std::move(error)});
}

void Attempt::timed_out() {
    const base::TimePoint now = provider_.timeline().now();
    const Phase expired = deadline_.expired_phase(Phase::first_byte, *sent_, now).value();
    finish({.stop = deadline_.stop_of(expired, Phase::first_byte, *sent_, now),
            .error = deadline_.error_of(expired)});
}

void Attempt::interrupted() {
    Error error(Code::unavailable, "The provider was found to be down.");
    error.retryable = true;
    finish({.stop = Stop::none, .error = std::move(error)});
}

void Attempt::cancel() {
    if (over_) return;
    done_ = nullptr;
    if (admitted_) provider_.records().admitted[number_].cancelled = true;
    Error error(Code::cancelled, "The caller has cancelled.");
    finish({.stop = Stop::caller_cancelled, .error = std::move(error)});
}

void Attempt::finish(End end) {
    assert(!over_);
    over_ = true;
    give_back(end);
    // It may destroy this object.
    if (const Done done = std::move(done_)) done(end);
}

void Attempt::give_back(const End& end) {
    Timeline& timeline = provider_.timeline();
    timeline.cancel(answer_);
    timeline.cancel(timeout_);
    provider_.leave(tag_);

    const Error* error = end.error ? &*end.error : nullptr;
    const auto verdict = core::judge(
        {.stop = end.stop, .error = error, .probe = admitted_.is_probe(), .strict_probe = false});
    // What hangs may have a dead connection; what the caller cancels leaves it as it was.
    const auto disposition = error == nullptr                     ? core::Disposition::reusable
                             : error->http_status != 0            ? core::Disposition::reusable
                             : end.stop == Stop::caller_cancelled ? core::Disposition::unused
                                                                  : core::Disposition::suspect;
    if (lease_ != core::kNoTicket) provider_.release_connection(lease_, disposition);
    if (permit_ != core::kNoTicket) provider_.release_permit(permit_);
    in_flight_.release();
    provider_.record(std::move(admitted_), verdict, end);

    auto& counters = provider_.records().of(stage_);
    const auto took = timeline.now() - sent_.value_or(began_);
    if (error == nullptr) counters.duration.record(took);
    if (verdict.outcome != core::Outcome::ignored) {
        provider_.took(took, verdict.outcome == core::Outcome::success);
    }
    const auto ending = error == nullptr                     ? core::Ending::succeeded
                        : end.stop == Stop::not_admitted     ? core::Ending::rejected
                        : end.stop == Stop::caller_cancelled ? core::Ending::cancelled
                                                             : core::Ending::failed;
    counters.attempts.end(ending, error == nullptr ? Code::ok : error->code);
    Records& all = provider_.all_records();
    if (ending == core::Ending::succeeded) all.attempts_succeeded.add(timeline.since_start());
    if (ending == core::Ending::failed) all.attempts_failed.add(timeline.since_start());
}

}  // namespace tenon::simulation

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "provider/connection_manager.hpp"
#include "provider/connection_section.hpp"

// What ConnectionManager does for a request: from its acquire() to the end of its lease.
namespace tenon::provider {
namespace {

Error cancelled() {
    Error error(Code::cancelled, "the request was cancelled");
    error.not_sent = true;
    return error;
}

}  // namespace

ConnectionManager::Lease::Lease(Lease&& other) noexcept
    : manager_(std::move(other.manager_)), call_(other.call_), granted_(other.granted_) {}

ConnectionManager::Lease& ConnectionManager::Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    release(core::Disposition::must_close);
    manager_ = std::move(other.manager_);
    call_ = other.call_;
    granted_ = other.granted_;
    return *this;
}

// These three do not change any more.
ConnHandle ConnectionManager::Lease::conn() const noexcept {
    return call_->conn;
}

base::Duration ConnectionManager::Lease::waited() const noexcept {
    return call_->waited;
}

bool ConnectionManager::Lease::reused() const noexcept {
    return call_->reused;
}

void ConnectionManager::Lease::lend() {
    if (call_->conn == 0) return;
    const std::lock_guard lock(manager_->mutex_);
    manager_->lend(*call_);
}

bool ConnectionManager::Lease::interrupted() const noexcept {
    return call_->interrupted.load(std::memory_order_acquire);
}

void ConnectionManager::Lease::attach(std::shared_ptr<plugin::Waker> waker) {
    const std::lock_guard lock(manager_->mutex_);
    call_->waker.swap(waker);
}

void ConnectionManager::Lease::end(const LeaseEnd& end) noexcept {
    if (const auto manager = std::exchange(manager_, nullptr)) manager->give_back(call_, end);
}

Error ConnectionManager::Lease::refusal(AcquireReport& report) {
    report = call_->report;
    report.waited = call_->waited;
    Error error = std::move(call_->error);
    release(core::Disposition::unused);
    return error;
}

ConnectionManager::Lease ConnectionManager::join(const AcquireLimits& limits, base::TimePoint now) {
    Lease lease;  // from the start: wherever this ends, everything is given back
    Section section(*this, now);
    if (unused_.empty()) unused_.emplace_back();
    calls_.splice(calls_.end(), unused_, unused_.begin());
    lease.call_ = std::prev(calls_.end());
    Call& call = *lease.call_;
    lease.manager_ = shared_from_this();
    call.limits = limits;
    call.since = call.phase_since = section.now;
    begin(call, section);
    lease.granted_ = call.phase == Call::Phase::leased;
    return lease;
}

net::Awaitable<void> ConnectionManager::take_turn(Lease& lease,
                                                  std::shared_ptr<CancelSignal> cancel,
                                                  std::size_t io_index) {
    const auto waker = std::make_shared<IoWaker>(io_.context(io_index));
    cancel->attach(waker);
    Call& call = *lease.call_;
    for (;;) {
        base::TimePoint until;
        {
            Section section(*this);
            call.waker = waker;
            if (!still_waits(call, *cancel, section)) break;
            until = call.until();
        }
        co_await waker->wait(until);
    }
    cancel->attach(nullptr);
    lease.granted_ = call.phase == Call::Phase::leased;
}

net::Awaitable<Result<ConnectionManager::Lease>> ConnectionManager::acquire(
    AcquireLimits limits, std::shared_ptr<CancelSignal> cancel, std::size_t io_index,
    AcquireReport* report) {
    Lease lease = join(limits, clock_.now());
    if (!lease.granted() || cancel->cancelled()) {
        co_await take_turn(lease, std::move(cancel), io_index);
    }
    if (lease.granted()) co_return lease;
    AcquireReport why;
    Error error = lease.refusal(why);
    if (report != nullptr) *report = why;
    co_return error;
}

base::TimePoint ConnectionManager::Call::until() const noexcept {
    const bool queues = phase != Phase::state;
    const base::Duration limit = queues ? limits.queue : limits.connect;
    if (limit == base::Duration::max()) return limits.deadline;
    return std::min(limits.deadline, phase_since + (queues ? limit - queued : limit));
}

void ConnectionManager::begin(Call& call, Section& section) {
    const core::ConnectionAdmission admission = machine_.admit();
    if (admission.kind == core::ConnectionAdmission::Kind::no) {
        return fail(call, refusal(admission.reason), core::Stop::not_admitted, section);
    }
    core::PermitActions actions;
    const auto given = permits_.acquire(tag_of(call), call.until(), section.now, actions);
    call.permit = given.permit;
    if (given.outcome == core::Permits::Outcome::granted) proceed(call, section);
    if (given.outcome == core::Permits::Outcome::rejected) reject(call, given.reason, section);
    apply(actions, section);
}

void ConnectionManager::enter(Call& call, Call::Phase phase, Section& section) noexcept {
    if (call.phase != Call::Phase::state) call.queued += section.now - call.phase_since;
    call.phase_since = section.now;
    call.phase = phase;
}

/// With a permit: to a connection, or as far as it goes.
void ConnectionManager::proceed(Call& call, Section& section) {
    if (call.phase != Call::Phase::state) enter(call, Call::Phase::state, section);
    const core::ConnectionAdmission admission = machine_.admit();
    switch (admission.kind) {
        case core::ConnectionAdmission::Kind::yes: break;
        case core::ConnectionAdmission::Kind::wait: return;
        case core::ConnectionAdmission::Kind::no:
            return fail(call, refusal(admission.reason), core::Stop::not_admitted, section);
        case core::ConnectionAdmission::Kind::demand: {
            core::ConnectionSteps steps;
            machine_.demand(section.now, steps);
            return apply(steps, section);  // which looks at this call again
        }
    }
    enter(call, Call::Phase::connection, section);
    core::PoolActions actions;
    const auto acquired = pool_.acquire(tag_of(call), call.until(), section.now, actions);
    call.place = acquired.lease;
    if (acquired.outcome == core::Pool::Outcome::granted) grant(call, acquired.handle, section);
    if (acquired.outcome == core::Pool::Outcome::rejected) {
        reject(call, acquired.reason, actions.report, section);
    }
    apply(actions, section);
}

void ConnectionManager::grant(Call& call, ConnHandle conn, Section& section) {
    call.phase = Call::Phase::leased;
    call.conn = conn;
    call.waited = section.now - call.since;
    if (conn != 0) call.reused = conns_[conn].served;
    section.wake(call.waker);
}

/// What it holds it gives back itself, when it comes round to it.
void ConnectionManager::fail(Call& call, Error error, core::Stop stop, Section& section) {
    call.report.stop = stop;
    call.report.dialing = call.phase == Call::Phase::state;
    call.phase = Call::Phase::failed;
    call.waited = section.now - call.since;
    call.error = std::move(error);
    section.wake(call.waker);
}

void ConnectionManager::reject(Call& call, core::PermitReason reason, Section& section) {
    const bool caller = section.now >= call.limits.deadline;
    // What permits and pool take for the deadline may be the limit of the queue.
    if (reason == core::PermitReason::deadline && !caller) {
        reason = core::PermitReason::queue_timeout;
    }
    fail(call, to_error(reason, permits_.report(), section.now - call.since),
         caller ? core::Stop::caller_deadline : core::Stop::not_admitted, section);
}

void ConnectionManager::reject(Call& call, core::PoolReason reason, const core::PoolReport& report,
                               Section& section) {
    const bool caller = section.now >= call.limits.deadline;
    if (reason == core::PoolReason::deadline && !caller) {
        reason = core::PoolReason::acquire_timeout;
    }
    const bool dialing = core::is_unreachable(reason, report);
    const core::Stop rejected = caller ? core::Stop::caller_deadline : core::Stop::not_admitted;
    fail(call, to_error(reason, report, section.now - call.since),
         dialing ? core::Stop::none : rejected, section);
    call.report.dialing = dialing;
    // A failed dial was told to the monitor when it failed. To others the first waiter tells it.
    if (reason == core::PoolReason::dial_failed) call.report.echo = std::exchange(dial_told_, true);
}

/// The state has changed, or the pool: who waits for that goes on, first come, first served.
void ConnectionManager::look_again(Section& section) {
    for (Call& call : calls_) {
        if (call.phase == Call::Phase::state) proceed(call, section);
        if (call.phase != Call::Phase::permit) continue;
        const core::ConnectionAdmission admission = machine_.admit();
        if (admission.kind != core::ConnectionAdmission::Kind::no) continue;
        fail(call, refusal(admission.reason), core::Stop::not_admitted, section);
    }
}

/// Whether to wait for the next dial is not ours to say.
void ConnectionManager::fail_who_waits_for_state(const Error& error, Section& section) {
    bool told = false;
    for (Call& call : calls_) {
        if (call.phase != Call::Phase::state) continue;
        fail(call, error, core::Stop::none, section);
        call.report.echo = std::exchange(told, true);
    }
}

bool ConnectionManager::still_waits(Call& call, const CancelSignal& cancel, Section& section) {
    if (call.phase == Call::Phase::failed) return false;
    if (cancel.cancelled()) {  // also if its turn has come meanwhile: nobody wants it any more
        fail(call, cancelled(), core::Stop::caller_cancelled, section);
    } else if (call.waits() && section.now >= call.until()) {
        late(call, section);
    }
    return call.waits();
}

void ConnectionManager::late(Call& call, Section& section) {
    if (call.phase == Call::Phase::permit) {
        return reject(call, core::PermitReason::deadline, section);
    }
    if (call.phase == Call::Phase::connection) {
        return reject(call, core::PoolReason::deadline, pool_.report(), section);
    }
    const bool over = section.now >= call.limits.deadline;
    Error error(Code::deadline, std::string("The request was not sent: its time ") +
                                    (over ? "" : "for connecting ") + "was over before provider " +
                                    name_ + " was connected.");
    error.not_sent = true;
    error.retryable = !over;
    fail(call, std::move(error), over ? core::Stop::caller_deadline : core::Stop::not_admitted,
         section);
}

void ConnectionManager::lend(Call& call) {
    if (call.place == core::kNoTicket) return;
    lent_.emplace(call.conn, call.place);
    call.place = core::kNoTicket;
}

bool ConnectionManager::call_over(ConnHandle conn, core::Disposition disposition) {
    Section section(*this);
    const auto lent = lent_.find(conn);
    if (lent == lent_.end()) return false;
    const auto known = conns_.find(conn);
    if (known != conns_.end() && disposition == core::Disposition::reusable) {
        known->second.served = true;
    }
    core::PoolActions actions;
    pool_.release(lent->second, disposition, section.now, actions);
    lent_.erase(lent);
    apply(actions, section);
    return true;
}

void ConnectionManager::give_back(std::list<Call>::iterator call, const LeaseEnd& end) {
    Section section(*this, end.time ? *end.time : clock_.now());
    learn(*call, end, section);
    core::PoolActions pool;
    core::PermitActions permits;
    pool_.release(call->place, end.disposition, section.now, pool);
    permits_.release(call->permit, section.now, permits);
    // Before others go on: it must not take anything any more.
    unused_.splice(unused_.begin(), calls_, call);
    std::destroy_at(&*call);
    std::construct_at(&*call);
    apply(pool, section);
    apply(permits, section);
}

void ConnectionManager::learn(const Call& call, const LeaseEnd& end, Section& section) {
    if (call.phase != Call::Phase::leased) return;
    request_ended(end.verdict, end.retry_after_ms, section);
    if (!limit_) return;
    const std::uint32_t before = permits_.limit();
    const std::uint32_t limit =
        limit_->on_sample(end.sample, call.since + call.waited, section.now, permits_.held());
    if (limit == before) return;
    core::PermitActions permits;
    permits_.resize(limit, section.now, permits);
    apply(permits, section);
    const std::uint32_t each = std::max(settings_.pool.calls_per_connection, 1U);
    const std::uint32_t needed = limit / each + (limit % each != 0 ? 1 : 0);
    core::PoolActions pool;
    pool_.resize(std::clamp(needed, 1U, settings_.pool.max_connections), section.now, pool);
    apply(pool, section);
}

void ConnectionManager::interrupt(ConnHandle conn, Section& section) {
    for (Call& call : calls_) {
        if (call.phase != Call::Phase::leased || call.conn != conn) continue;
        call.interrupted.store(true, std::memory_order_release);
        section.wake(call.waker);
    }
    if (conn != 0 && probe_ && probe_->id == conn) section.cancel(probe_->cancel);
}

Error ConnectionManager::refusal(core::AdmissionReason reason) const {
    Error error = to_error(reason, name_);
    const bool because = reason == core::AdmissionReason::unhealthy ||
                         reason == core::AdmissionReason::misconfigured;
    if (because && !last_error_.message.empty()) error.message += " (" + last_error_.message + ")";
    return error;
}

}  // namespace tenon::provider

#include <iterator>
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
    : manager_(std::move(other.manager_)), call_(other.call_) {}

ConnectionManager::Lease& ConnectionManager::Lease::operator=(Lease&& other) noexcept {
    if (this == &other) return *this;
    release(core::Disposition::must_close);
    manager_ = std::move(other.manager_);
    call_ = other.call_;
    return *this;
}

// These two do not change any more.
ConnHandle ConnectionManager::Lease::conn() const noexcept {
    return call_->conn;
}

base::Duration ConnectionManager::Lease::waited() const noexcept {
    return call_->waited;
}

void ConnectionManager::Lease::lend() {
    const std::lock_guard lock(manager_->mutex_);
    manager_->lend(*call_);
}

bool ConnectionManager::Lease::interrupted() const {
    const std::lock_guard lock(manager_->mutex_);
    return call_->interrupted;
}

void ConnectionManager::Lease::attach(std::shared_ptr<plugin::Waker> waker) {
    const std::lock_guard lock(manager_->mutex_);
    call_->waker.swap(waker);
}

void ConnectionManager::Lease::release(core::Disposition disposition) noexcept {
    if (const auto manager = std::exchange(manager_, nullptr)) {
        manager->give_back(call_, disposition);
    }
}

net::Awaitable<Result<ConnectionManager::Lease>> ConnectionManager::acquire(
    base::TimePoint deadline, std::shared_ptr<CancelSignal> cancel, std::size_t io_index) {
    Lease lease;  // from the start: wherever this frame ends, everything is given back
    std::shared_ptr<IoWaker> waker;
    {
        Section section(*this);
        calls_.push_back({.since = section.now, .deadline = deadline});
        lease.call_ = std::prev(calls_.end());
        lease.manager_ = shared_from_this();
        begin(*lease.call_, section);
        if (lease.call_->waits()) {
            waker = std::make_shared<IoWaker>(io_.context(io_index));
            lease.call_->waker = waker;
        }
    }
    if (waker) {
        cancel->attach(waker);
        for (;;) {
            {
                Section section(*this);
                if (!still_waits(*lease.call_, *cancel, section)) break;
            }
            co_await waker->wait(deadline);
        }
        cancel->attach(nullptr);
    }
    if (lease.call_->phase == Call::Phase::failed) {
        Error error = std::move(lease.call_->error);
        lease.release(core::Disposition::unused);
        co_return error;
    }
    if (cancel->cancelled()) {
        lease.release(core::Disposition::unused);
        co_return cancelled();
    }
    co_return lease;
}

void ConnectionManager::begin(Call& call, Section& section) {
    const core::ConnectionAdmission admission = machine_.admit();
    if (admission.kind == core::ConnectionAdmission::Kind::no) {
        return fail(call, refusal(admission.reason), section);
    }
    core::PermitActions actions;
    const auto given = permits_.acquire(tag_of(call), call.deadline, section.now, actions);
    call.permit = given.permit;
    if (given.outcome == core::Permits::Outcome::granted) proceed(call, section);
    if (given.outcome == core::Permits::Outcome::rejected) {
        fail(call, to_error(given.reason, permits_.report(), {}), section);
    }
    apply(actions, section);
}

/// With a permit: to a connection, or as far as it goes.
void ConnectionManager::proceed(Call& call, Section& section) {
    call.phase = Call::Phase::state;
    const core::ConnectionAdmission admission = machine_.admit();
    switch (admission.kind) {
        case core::ConnectionAdmission::Kind::yes: break;
        case core::ConnectionAdmission::Kind::wait: return;
        case core::ConnectionAdmission::Kind::no:
            return fail(call, refusal(admission.reason), section);
        case core::ConnectionAdmission::Kind::demand: {
            core::ConnectionSteps steps;
            machine_.demand(section.now, steps);
            return apply(steps, section);  // which looks at this call again
        }
    }
    call.phase = Call::Phase::connection;
    core::PoolActions actions;
    const auto acquired = pool_.acquire(tag_of(call), call.deadline, section.now, actions);
    call.place = acquired.lease;
    if (acquired.outcome == core::Pool::Outcome::granted) grant(call, acquired.handle, section);
    if (acquired.outcome == core::Pool::Outcome::rejected) {
        fail(call, to_error(acquired.reason, actions.report, section.now - call.since), section);
    }
    apply(actions, section);
}

void ConnectionManager::grant(Call& call, ConnHandle conn, Section& section) {
    call.phase = Call::Phase::leased;
    call.conn = conn;
    call.waited = section.now - call.since;
    section.wake(call.waker);
}

/// What it holds it gives back itself, when it comes round to it.
void ConnectionManager::fail(Call& call, Error error, Section& section) {
    call.phase = Call::Phase::failed;
    call.error = std::move(error);
    section.wake(call.waker);
}

/// The state has changed, or the pool: who waits for that goes on, first come, first served.
void ConnectionManager::look_again(Section& section) {
    for (Call& call : calls_) {
        if (call.phase == Call::Phase::state) proceed(call, section);
        if (call.phase != Call::Phase::permit) continue;
        const core::ConnectionAdmission admission = machine_.admit();
        if (admission.kind != core::ConnectionAdmission::Kind::no) continue;
        fail(call, refusal(admission.reason), section);
    }
}

/// Whether to wait for the next dial is not ours to say.
void ConnectionManager::fail_who_waits_for_state(const Error& error, Section& section) {
    for (Call& call : calls_) {
        if (call.phase == Call::Phase::state) fail(call, error, section);
    }
}

bool ConnectionManager::still_waits(Call& call, const CancelSignal& cancel, Section& section) {
    if (!call.waits()) return false;
    if (cancel.cancelled()) {
        fail(call, cancelled(), section);
    } else if (section.now >= call.deadline) {
        call.waited = section.now - call.since;
        fail(call, lateness(call), section);
    }
    return call.waits();
}

void ConnectionManager::lend(Call& call) {
    if (call.conn == 0 || call.place == core::kNoTicket) return;
    lent_.emplace(call.conn, call.place);
    call.place = core::kNoTicket;
}

bool ConnectionManager::call_over(ConnHandle conn, core::Disposition disposition) {
    Section section(*this);
    const auto lent = lent_.find(conn);
    if (lent == lent_.end()) return false;
    core::PoolActions actions;
    pool_.release(lent->second, disposition, section.now, actions);
    lent_.erase(lent);
    apply(actions, section);
    return true;
}

void ConnectionManager::give_back(std::list<Call>::iterator call, core::Disposition disposition) {
    Section section(*this);
    core::PoolActions pool;
    core::PermitActions permits;
    pool_.release(call->place, disposition, section.now, pool);
    permits_.release(call->permit, section.now, permits);
    calls_.erase(call);  // before others go on: it must not take anything any more
    apply(pool, section);
    apply(permits, section);
}

void ConnectionManager::interrupt(ConnHandle conn, Section& section) {
    for (Call& call : calls_) {
        if (call.phase != Call::Phase::leased || call.conn != conn) continue;
        call.interrupted = true;
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

Error ConnectionManager::lateness(const Call& call) const {
    if (call.phase == Call::Phase::permit) {
        return to_error(core::PermitReason::deadline, permits_.report(), call.waited);
    }
    if (call.phase == Call::Phase::connection) {
        return to_error(core::PoolReason::deadline, pool_.report(), call.waited);
    }
    Error error(Code::deadline, "The request was not sent: its time was over before provider " +
                                    name_ + " was connected.");
    error.not_sent = true;
    return error;
}

}  // namespace tenon::provider

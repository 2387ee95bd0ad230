#include "core/pool.hpp"

#include <algorithm>
#include <cassert>

namespace tenon::core {

Pool::Pool(const PoolSettings& settings, Random random)
    : settings_(settings),
      random_(random),
      connections_(settings.mode == ConnectionMode::stateless ? 0 : settings.max_connections),
      leases_(std::size_t{settings.max_connections} * settings.calls_per_connection +
              settings.max_waiting),
      max_(settings.max_connections) {
    assert(settings.validate());
}

ConnId Pool::id_of(Index index) const noexcept {
    return ConnId{connections_[index].serial} << 32 | index;
}

Pool::Index Pool::index_of(ConnId conn, Connection::State state) const noexcept {
    const auto index = static_cast<Index>(conn);
    if (index >= connections_.size() || connections_[index].state != state) return kNone;
    return connections_[index].serial == conn >> 32 ? index : kNone;
}

// Each waiter hears once; each slot can be closed, dialled anew and told something. One for
// drained.
void Pool::reserve_all(PoolActions& actions) const {
    actions.reserve(leases_.waiting() + 3 * connections_.size() + 1);
}

bool Pool::stateless() const noexcept {
    return settings_.mode == ConnectionMode::stateless;
}

std::uint64_t Pool::capacity() const noexcept {
    return std::uint64_t{max_} * settings_.calls_per_connection;
}

bool Pool::has_free(base::TimePoint now) const noexcept {
    if (stateless()) return held_ < capacity();
    if (newest_ == kNone) return false;
    const Connection& conn = connections_[newest_];
    return conn.expires_at > now && (conn.calls > 0 || !idle_too_long(conn, now));
}

// Takes those out of the list that may not be lent; returns whether there is one that may.
bool Pool::purge(base::TimePoint now, PoolActions& actions) noexcept {
    while (!has_free(now)) {
        if (newest_ == kNone) return false;
        const bool expired = connections_[newest_].expires_at <= now;
        // If the newest has been idle for too long, so have all idle ones.
        const Index index = expired ? newest_ : oldest_idle();
        doom(index, expired ? CloseReason::lifetime : CloseReason::idle);
        if (connections_[index].calls == 0) close_one(index, actions);
    }
    return true;
}

void Pool::hand_over(Lease& lease) noexcept {
    ++held_;
    if (stateless()) return;
    lease.conn = newest_;
    Connection& conn = connections_[newest_];
    if (++conn.calls == settings_.calls_per_connection) unlend(newest_);
}

Pool::Acquired Pool::grant(WaiterTag tag, base::TimePoint now) noexcept {
    assert(leases_.waiting() == 0);
    Lease lease{.tag = tag, .since = now, .until = now};
    hand_over(lease);
    const Ticket ticket = leases_.issue(lease);
    assert(ticket != kNoTicket);
    if (lease.conn == kNone) return {Outcome::granted, PoolReason::none, ticket, kNoConn, 0};
    return {Outcome::granted, PoolReason::none, ticket, id_of(lease.conn),
            connections_[lease.conn].handle};
}

Pool::Acquired Pool::reject(PoolReason reason, PoolActions& actions) const noexcept {
    actions.report = report();
    return {Outcome::rejected, reason, kNoTicket, kNoConn, 0};
}

Pool::Acquired Pool::acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                             PoolActions& actions) {
    switch (state_) {
        case PoolState::ready: break;
        case PoolState::paused: return reject(PoolReason::paused, actions);
        case PoolState::draining: return reject(PoolReason::draining, actions);
        case PoolState::closed: return reject(PoolReason::closed, actions);
    }
    if (deadline < now) return reject(PoolReason::deadline, actions);
    // Nobody waits while there is something free, so a newcomer never overtakes.
    if (has_free(now)) return grant(tag, now);

    reserve_all(actions);
    if (purge(now, actions)) {
        const Acquired acquired = grant(tag, now);
        settle(now, actions);
        return acquired;
    }
    const Acquired acquired = enqueue(tag, deadline, now, actions);
    settle(now, actions);
    return acquired;
}

Pool::Acquired Pool::enqueue(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                             PoolActions& actions) noexcept {
    if (deadline <= now) return reject(PoolReason::deadline, actions);
    // Waiters whose time is over still stand there until the next tick; they take nobody's place.
    if (leases_.waiting() >= settings_.max_waiting) expire_waiters(now, actions);
    if (leases_.waiting() >= settings_.max_waiting) return reject(PoolReason::queue_full, actions);

    const bool by_deadline = deadline - now <= settings_.acquire_timeout;
    const base::TimePoint until = by_deadline ? deadline : now + settings_.acquire_timeout;
    const Ticket ticket = leases_.issue({.tag = tag,
                                         .since = now,
                                         .until = until,
                                         .until_is_deadline = by_deadline,
                                         .number = ++waiters_ever_});
    assert(ticket != kNoTicket);
    leases_.join(ticket);
    earliest_ = std::min(earliest_, until);
    return {Outcome::queued, PoolReason::none, ticket, kNoConn, 0};
}

bool Pool::release(Ticket lease, Disposition disposition, base::TimePoint now,
                   PoolActions& actions) {
    const Lease* found = leases_.find(lease);
    if (found == nullptr) return false;
    const bool waits = leases_.is_waiting(lease);
    const Index index = found->conn;
    const bool clean = disposition == Disposition::reusable || disposition == Disposition::unused;
    const bool stays =
        index != kNone && clean && settings_.pooling && !unfit(connections_[index], now);
    if (stays && leases_.waiting() == 0 && dial_failures_ == 0) {
        // Nothing is missing and nobody waits: as before.
        leases_.retire(lease);
        --held_;
        give_back(index, disposition, now, actions);
        return true;
    }

    reserve_all(actions);
    leases_.retire(lease);
    if (!waits) --held_;
    if (index != kNone) give_back(index, disposition, now, actions);
    settle(now, actions);
    return true;
}

void Pool::give_back(Index index, Disposition disposition, base::TimePoint now,
                     PoolActions& actions) noexcept {
    Connection& conn = connections_[index];
    --conn.calls;
    if (disposition != Disposition::unused) conn.quiet_since = now;
    switch (disposition) {
        case Disposition::reusable:
            conn.errors = 0;
            if (conn.generation == generation_) proved_alive();
            conn.probe_at = next_probe(now);
            break;
        case Disposition::unused: break;
        case Disposition::suspect:
            if (++conn.errors >= 2) doom(index, CloseReason::errors);
            break;
        case Disposition::must_close: doom(index, CloseReason::not_reusable); break;
    }
    if (!settings_.pooling) doom(index, CloseReason::unpooled);
    keep_or_close(index, now, actions);
}

void Pool::serve(base::TimePoint now, PoolActions& actions) noexcept {
    while (leases_.waiting() > 0 && purge(now, actions)) {
        const Ticket first = leases_.first();
        Lease& lease = *leases_.find(first);
        if (lease.until <= now) {
            fail(first, lateness(lease), now, actions);
            continue;
        }
        leases_.leave(first);
        hand_over(lease);
        const bool none = lease.conn == kNone;
        actions.push_back({.kind = PoolAction::Kind::deliver,
                           .reason = PoolReason::none,
                           .why = {},
                           .tag = lease.tag,
                           .lease = first,
                           .conn = none ? kNoConn : id_of(lease.conn),
                           .handle = none ? 0 : connections_[lease.conn].handle,
                           .waited = now - lease.since});
    }
}

void Pool::note_report(PoolActions& actions) const noexcept {
    if (actions.report.max == 0) actions.report = report();
}

void Pool::fail(Ticket waiter, PoolReason reason, base::TimePoint now,
                PoolActions& actions) noexcept {
    note_report(actions);
    const Lease& lease = *leases_.find(waiter);
    actions.push_back({.kind = PoolAction::Kind::fail,
                       .reason = reason,
                       .why = {},
                       .tag = lease.tag,
                       .lease = waiter,
                       .conn = kNoConn,
                       .handle = 0,
                       .waited = now - lease.since});
    leases_.retire(waiter);
}

PoolReason Pool::lateness(const Lease& lease) noexcept {
    return lease.until_is_deadline ? PoolReason::deadline : PoolReason::acquire_timeout;
}

void Pool::expire_waiters(base::TimePoint now, PoolActions& actions) noexcept {
    if (now < earliest_) return;
    earliest_ = base::kNoDeadline;
    for (Ticket waiter = leases_.first(); waiter != kNoTicket;) {
        const Ticket next = leases_.after(waiter);
        const Lease& lease = *leases_.find(waiter);
        if (lease.until <= now) {
            fail(waiter, lateness(lease), now, actions);
        } else {
            earliest_ = std::min(earliest_, lease.until);
        }
        waiter = next;
    }
}

PoolReport Pool::report() const noexcept {
    PoolReport report;
    report.max = max_;
    report.connecting = connecting_;
    report.probing = probing_;
    report.waiting = static_cast<std::uint32_t>(leases_.waiting());
    report.last_dial_error = last_dial_error_;
    if (stateless()) report.active = held_;
    for (const Connection& conn : connections_) {
        if (conn.state == Connection::State::open) ++(conn.calls > 0 ? report.active : report.idle);
    }
    return report;
}

}  // namespace tenon::core

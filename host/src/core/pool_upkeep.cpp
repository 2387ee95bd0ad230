#include <algorithm>
#include <cassert>

#include "core/pool.hpp"

namespace tenon::core {
namespace {

PoolAction about(PoolAction::Kind kind, ConnId conn, std::uint64_t handle) {
    return {.kind = kind,
            .reason = PoolReason::none,
            .why = {},
            .tag = 0,
            .lease = kNoTicket,
            .conn = conn,
            .handle = handle,
            .waited = {}};
}

}  // namespace

// The end of every event: what is free goes to those who wait, what is missing is dialled.
void Pool::settle(base::TimePoint now, PoolActions& actions) noexcept {
    if (state_ == PoolState::ready) {
        serve(now, actions);
        plan_dials(now, actions);
        if (leases_.waiting() > 0 || connecting_ == 0 || fit().on_demand == 0) {
            surplus_since_.reset();
        } else if (!surplus_since_) {
            surplus_since_ = now;
        }
        return;
    }
    const bool going = state_ == PoolState::draining || state_ == PoolState::closed;
    if (going && !drained_ && occupied_ == 0 && held_ == 0) {
        drained_ = true;
        actions.push_back(about(PoolAction::Kind::drained, kNoConn, 0));
    }
}

bool Pool::ready(base::TimePoint now, PoolActions& actions) {
    if (state_ == PoolState::closed) return false;
    if (state_ == PoolState::ready) return true;
    reserve_all(actions);
    state_ = PoolState::ready;
    proved_alive();
    warm_target_ = settings_.preconnect;
    settle(now, actions);
    return true;
}

void Pool::retire_all(PoolState next, CloseReason why, PoolReason reason, base::TimePoint now,
                      PoolActions& actions) noexcept {
    state_ = next;
    retired_why_ = why;
    drained_ = false;
    ++generation_;
    warm_target_ = 0;
    surplus_since_.reset();
    while (leases_.waiting() > 0) fail(leases_.first(), reason, now, actions);
    for (Index index = 0; index < connections_.size(); ++index) {
        Connection& conn = connections_[index];
        if (conn.state == Connection::State::connecting && !conn.aborted) {
            conn.aborted = true;
            actions.push_back(about(PoolAction::Kind::abort_dial, id_of(index), 0));
        } else if (conn.state == Connection::State::open) {
            doom(index, why);
            if (conn.calls == 0) close_one(index, actions);
        }
    }
}

void Pool::interrupt_all(PoolActions& actions) noexcept {
    for (Index index = 0; index < connections_.size(); ++index) {
        Connection& conn = connections_[index];
        const bool busy = conn.calls > 0 || conn.state == Connection::State::probing;
        if (!busy || conn.interrupted) continue;
        conn.interrupted = true;
        actions.push_back(about(PoolAction::Kind::interrupt, id_of(index), conn.handle));
    }
}

void Pool::clear(bool interrupt, base::TimePoint now, PoolActions& actions) {
    reserve_all(actions);
    if (state_ == PoolState::ready) {
        retire_all(PoolState::paused, CloseReason::cleared, PoolReason::paused, now, actions);
    }
    if (interrupt) interrupt_all(actions);
}

void Pool::drain(base::TimePoint now, PoolActions& actions) {
    if (state_ == PoolState::draining || state_ == PoolState::closed) return;
    reserve_all(actions);
    retire_all(PoolState::draining, CloseReason::shut_down, PoolReason::draining, now, actions);
    settle(now, actions);
}

void Pool::close(bool interrupt, base::TimePoint now, PoolActions& actions) {
    reserve_all(actions);
    if (state_ != PoolState::closed) {
        retire_all(PoolState::closed, CloseReason::shut_down, PoolReason::closed, now, actions);
    }
    if (interrupt) interrupt_all(actions);
    settle(now, actions);
}

void Pool::preconnect(std::uint32_t count, base::TimePoint now, PoolActions& actions) {
    if (state_ != PoolState::ready || stateless()) return;
    reserve_all(actions);
    warm_target_ = std::max(warm_target_, std::min(count, max_));
    settle(now, actions);
}

void Pool::resize(std::uint32_t max_connections, base::TimePoint now, PoolActions& actions) {
    assert(max_connections > 0);
    leases_.grow(std::size_t{max_connections} * settings_.calls_per_connection +
                 settings_.max_waiting);
    if (!stateless() && connections_.size() < max_connections) {
        connections_.resize(max_connections);
    }
    reserve_all(actions);
    max_ = max_connections;
    for (Index idle = oldest_idle(); idle != kNone && occupied_ > max_; idle = oldest_idle()) {
        doom(idle, CloseReason::surplus);
        close_one(idle, actions);
    }
    settle(now, actions);
}

void Pool::drop_idle(base::TimePoint now, PoolActions& actions) {
    reserve_all(actions);
    for (Index index = 0; index < connections_.size(); ++index) {
        const Connection& conn = connections_[index];
        if (conn.calls > 0) continue;
        if (conn.state == Connection::State::probing) doom(index, CloseReason::evicted);
        if (conn.state == Connection::State::open) {
            doom(index, CloseReason::evicted);
            close_one(index, actions);
        }
    }
    settle(now, actions);
}

void Pool::tick(base::TimePoint now, PoolActions& actions) {
    reserve_all(actions);
    expire_waiters(now, actions);
    retire_old(now, actions);
    settle(now, actions);
    abort_surplus(now, actions);
    start_probe(now, actions);
}

void Pool::retire_old(base::TimePoint now, PoolActions& actions) noexcept {
    // Never under a call: what is in use leaves when it comes back.
    for (Index index = 0; index < connections_.size(); ++index) {
        const Connection& conn = connections_[index];
        if (conn.state != Connection::State::open || conn.expires_at > now) continue;
        doom(index, CloseReason::lifetime);
        if (conn.calls == 0) close_one(index, actions);
    }
    for (Index idle = oldest_idle(); idle != kNone && idle_too_long(connections_[idle], now);
         idle = oldest_idle()) {
        doom(idle, CloseReason::idle);
        close_one(idle, actions);
    }
}

void Pool::abort_surplus(base::TimePoint now, PoolActions& actions) noexcept {
    if (!surplus_since_ || now - *surplus_since_ < settings_.surplus_dial_grace) return;
    for (Index index = 0; index < connections_.size(); ++index) {
        Connection& conn = connections_[index];
        if (conn.state != Connection::State::connecting || conn.aborted || !conn.on_demand) {
            continue;
        }
        if (fit().all() <= settings_.min_idle) break;
        conn.aborted = true;
        actions.push_back(about(PoolAction::Kind::abort_dial, id_of(index), 0));
    }
    surplus_since_.reset();
}

// One at a time, so that borrowers keep the others.
void Pool::start_probe(base::TimePoint now, PoolActions& actions) noexcept {
    if (settings_.keepalive_interval.count() == 0 || probing_ > 0) return;
    Index due = kNone;
    for (Index index = newest_; index != kNone; index = connections_[index].older) {
        const Connection& conn = connections_[index];
        if (conn.calls > 0 || conn.probe_at > now) continue;
        if (due == kNone || conn.probe_at < connections_[due].probe_at) due = index;
    }
    if (due == kNone) return;
    unlend(due);
    connections_[due].state = Connection::State::probing;
    ++probing_;
    actions.push_back(about(PoolAction::Kind::probe, id_of(due), connections_[due].handle));
}

base::TimePoint Pool::next_tick() const noexcept {
    base::TimePoint next = leases_.waiting() == 0 ? base::kNoDeadline : earliest_;
    if (state_ != PoolState::ready) return next;
    const Fit there = fit();
    if (surplus_since_) next = std::min(next, *surplus_since_ + settings_.surplus_dial_grace);
    if (!stateless() && wanted_dials(there) > 0) next = std::min(next, next_dial_at_);
    const bool may_shrink = settings_.idle_timeout.count() > 0 && there.all() > settings_.min_idle;
    for (const Connection& conn : connections_) {
        if (conn.state == Connection::State::open && !conn.evicted) {
            next = std::min(next, conn.expires_at);
        }
        if (!conn.lendable || conn.calls > 0) continue;
        if (may_shrink) next = std::min(next, conn.quiet_since + settings_.idle_timeout);
        if (probing_ == 0) next = std::min(next, conn.probe_at);
    }
    return next;
}

}  // namespace tenon::core

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/pool.hpp"

namespace tenon::core {
namespace {

// Of lifetimes longer than this, and of the intervals of probes: HikariCP.
constexpr base::Duration kJitteredLifetime = std::chrono::seconds(10);
constexpr double kLifetimeJitter = 0.025;
constexpr double kProbeJitter = 0.1;

// gRPC, "Connection Backoff Protocol".
constexpr double kBackoffStep = 1.6;
constexpr double kBackoffJitter = 0.2;
constexpr std::uint32_t kMostBackoffSteps = 64;  // from 1 ms to beyond any maximum

base::Duration part_of(base::Duration whole, double part) {
    return base::Duration(
        static_cast<base::Duration::rep>(static_cast<double>(whole.count()) * part));
}

}  // namespace

// Nearly always to the front; further back only what comes back without traffic.
void Pool::lend(Index index) noexcept {
    Connection& conn = connections_[index];
    assert(!conn.lendable && conn.state == Connection::State::open);
    Index older = newest_;
    Index newer = kNone;
    while (older != kNone && connections_[older].quiet_since > conn.quiet_since) {
        newer = older;
        older = connections_[older].older;
    }
    conn.lendable = true;
    conn.newer = newer;
    conn.older = older;
    (newer == kNone ? newest_ : connections_[newer].older) = index;
    (older == kNone ? oldest_ : connections_[older].newer) = index;
}

void Pool::unlend(Index index) noexcept {
    Connection& conn = connections_[index];
    assert(conn.lendable);
    (conn.newer == kNone ? newest_ : connections_[conn.newer].older) = conn.older;
    (conn.older == kNone ? oldest_ : connections_[conn.older].newer) = conn.newer;
    conn.lendable = false;
}

void Pool::doom(Index index, CloseReason why) noexcept {
    Connection& conn = connections_[index];
    if (conn.lendable) unlend(index);
    if (conn.evicted) return;
    conn.evicted = true;
    conn.why = why;
}

void Pool::vacate(Index index) noexcept {
    Connection& conn = connections_[index];
    assert(!conn.lendable && conn.calls == 0);
    if (conn.state == Connection::State::connecting) --connecting_;
    if (conn.state == Connection::State::probing) --probing_;
    --occupied_;
    conn = Connection{};
}

// It stops counting before it is disconnected, which may take its time.
void Pool::close_one(Index index, PoolActions& actions) noexcept {
    const Connection& conn = connections_[index];
    actions.push_back({.kind = PoolAction::Kind::close,
                       .reason = PoolReason::none,
                       .why = conn.why,
                       .tag = 0,
                       .lease = kNoTicket,
                       .conn = id_of(index),
                       .handle = conn.handle,
                       .waited = {}});
    vacate(index);
}

std::optional<CloseReason> Pool::unfit(const Connection& conn, base::TimePoint now) const noexcept {
    if (conn.evicted) return conn.why;
    if (conn.generation != generation_) return retired_why_;
    if (conn.expires_at <= now) return CloseReason::lifetime;
    if (occupied_ > max_) return CloseReason::surplus;
    return std::nullopt;
}

// kNone if there is none.
Pool::Index Pool::oldest_idle() const noexcept {
    Index index = oldest_;
    while (index != kNone && connections_[index].calls > 0) index = connections_[index].newer;
    return index;
}

bool Pool::idle_too_long(const Connection& conn, base::TimePoint now) const noexcept {
    return settings_.idle_timeout.count() > 0 && now - conn.quiet_since >= settings_.idle_timeout &&
           fit().all() > settings_.min_idle;
}

void Pool::keep_or_close(Index index, base::TimePoint now, PoolActions& actions) noexcept {
    Connection& conn = connections_[index];
    if (conn.lendable) unlend(index);
    if (const auto why = unfit(conn, now)) {
        doom(index, *why);
        if (conn.calls == 0) close_one(index, actions);
    } else {
        lend(index);
    }
}

// Only traffic proves that; a peer may accept connections and do no more (gRPC waits for SETTINGS).
void Pool::proved_alive() noexcept {
    dial_failures_ = 0;
    next_dial_at_ = base::TimePoint::min();
}

base::TimePoint Pool::next_probe(base::TimePoint now) noexcept {
    if (settings_.keepalive_interval.count() == 0) return base::kNoDeadline;
    return now + part_of(settings_.keepalive_interval, 1 - kProbeJitter * random_.unit());
}

bool Pool::dial_succeeded(ConnId id, std::uint64_t handle, base::TimePoint now,
                          PoolActions& actions) {
    const Index index = index_of(id, Connection::State::connecting);
    if (index == kNone) return false;
    reserve_all(actions);
    last_dial_error_.reset();
    --connecting_;
    Connection& conn = connections_[index];
    conn.state = Connection::State::open;
    conn.aborted = false;  // too late; it is good as any other
    conn.handle = handle;
    conn.quiet_since = now;  // idleness begins here, not with the dial
    conn.probe_at = next_probe(now);
    if (const base::Duration lifetime = settings_.max_lifetime; lifetime.count() > 0) {
        // Each slot has its own part of the jitter, so that what was made at once ends apart.
        const double place = (index + random_.unit()) / static_cast<double>(connections_.size());
        const double jitter = lifetime > kJitteredLifetime ? kLifetimeJitter * place : 0;
        conn.expires_at = now + part_of(lifetime, 1 - jitter);
    }
    keep_or_close(index, now, actions);
    settle(now, actions);
    return true;
}

// As if it had been dialled in no time.
ConnId Pool::adopt(std::uint64_t handle, base::TimePoint now, PoolActions& actions) {
    if (state_ == PoolState::closed || occupied_ >= max_) return kNoConn;
    reserve_all(actions);
    for (Index index = 0; index < connections_.size(); ++index) {
        if (connections_[index].state != Connection::State::vacant) continue;
        occupy(index, now);
        const ConnId id = id_of(index);
        dial_succeeded(id, handle, now, actions);
        return id;
    }
    return kNoConn;
}

bool Pool::dial_failed(ConnId id, const Error& error, base::TimePoint now, PoolActions& actions) {
    const Index index = index_of(id, Connection::State::connecting);
    if (index == kNone) return false;
    reserve_all(actions);
    const Connection conn = connections_[index];
    const bool counts = conn.generation == generation_ && !conn.aborted && !conn.evicted;
    if (counts) last_dial_error_ = std::make_shared<const Error>(error);
    vacate(index);
    if (counts) {
        // Others that were under way at the last failure tell nothing new.
        if (conn.failures_before >= dial_failures_) {
            ++dial_failures_;
            next_dial_at_ = std::max(next_dial_at_, conn.quiet_since + dial_backoff());
        }
        // Those who came after it began may hope for the next one.
        while (fit().all() == 0 && leases_.waiting() > 0 &&
               leases_.find(leases_.first())->number <= conn.waiters_before) {
            fail(leases_.first(), PoolReason::dial_failed, now, actions);
        }
    }
    settle(now, actions);
    return true;
}

base::Duration Pool::dial_backoff() noexcept {
    const std::uint32_t steps = std::min(dial_failures_ - 1, kMostBackoffSteps);
    const auto first = static_cast<double>(base::Duration(settings_.dial_backoff).count());
    const auto most = static_cast<double>(base::Duration(settings_.dial_backoff_max).count());
    const double jitter = 1 + kBackoffJitter * (2 * random_.unit() - 1);
    const double delay = std::min(most, first * std::pow(kBackoffStep, steps)) * jitter;
    return base::Duration(static_cast<base::Duration::rep>(delay));
}

bool Pool::probe_ended(ConnId id, bool alive, base::TimePoint now, PoolActions& actions) {
    const Index index = index_of(id, Connection::State::probing);
    if (index == kNone) return false;
    reserve_all(actions);
    --probing_;
    Connection& conn = connections_[index];
    conn.state = Connection::State::open;
    if (!alive) {
        doom(index, CloseReason::probe_failed);
    } else {
        conn.errors = 0;
        conn.probe_at = next_probe(now);
        if (conn.generation == generation_) proved_alive();
    }
    keep_or_close(index, now, actions);  // quiet_since stays: a probe is no use of it
    settle(now, actions);
    start_probe(now, actions);
    return true;
}

bool Pool::evict(ConnId id, base::TimePoint now, PoolActions& actions) {
    using State = Connection::State;
    for (const State state : {State::open, State::probing, State::connecting}) {
        const Index index = index_of(id, state);
        if (index == kNone) continue;
        reserve_all(actions);
        doom(index, CloseReason::evicted);
        if (state == State::open && connections_[index].calls == 0) close_one(index, actions);
        settle(now, actions);
        return true;
    }
    return false;
}

Pool::Fit Pool::fit() const noexcept {
    Fit fit;
    for (const Connection& conn : connections_) {
        if (conn.state == Connection::State::vacant || conn.evicted || conn.aborted ||
            conn.generation != generation_) {
            continue;
        }
        if (conn.state != Connection::State::connecting) {
            ++fit.open;
        } else {
            ++fit.connecting;
            if (conn.on_demand) ++fit.on_demand;
        }
    }
    return fit;
}

std::uint32_t Pool::wanted_dials(const Fit& fit) const noexcept {
    const auto missing = [](std::uint64_t wanted, std::uint32_t there) {
        return wanted > there ? wanted - there : 0;
    };
    const std::uint64_t calls = settings_.calls_per_connection;
    const std::uint64_t for_waiters = (leases_.waiting() + calls - 1) / calls;
    const std::uint64_t wanted =
        std::max({missing(for_waiters, fit.connecting), missing(settings_.min_idle, fit.all()),
                  missing(std::min(warm_target_, max_), fit.all())});
    return static_cast<std::uint32_t>(std::min(
        {wanted, missing(max_, occupied_), missing(settings_.max_connecting, connecting_)}));
}

void Pool::plan_dials(base::TimePoint now, PoolActions& actions) noexcept {
    if (stateless()) return;
    const Fit there = fit();
    if (there.open >= warm_target_) warm_target_ = 0;
    if (now < next_dial_at_) return;
    std::uint32_t dials = wanted_dials(there);
    for (Index index = 0; dials > 0; ++index) {
        if (connections_[index].state != Connection::State::vacant) continue;
        start_dial(index, now, actions);
        --dials;
    }
}

void Pool::occupy(Index index, base::TimePoint now) noexcept {
    if (++serial_ == 0) serial_ = 1;
    ++occupied_;
    ++connecting_;
    Connection& conn = connections_[index];
    conn.state = Connection::State::connecting;
    conn.serial = serial_;
    conn.on_demand = leases_.waiting() > 0;
    conn.failures_before = dial_failures_;
    conn.generation = generation_;
    conn.waiters_before = waiters_ever_;
    conn.quiet_since = now;
}

void Pool::start_dial(Index index, base::TimePoint now, PoolActions& actions) noexcept {
    occupy(index, now);
    actions.push_back({.kind = PoolAction::Kind::dial,
                       .reason = PoolReason::none,
                       .why = {},
                       .tag = 0,
                       .lease = kNoTicket,
                       .conn = id_of(index),
                       .handle = 0,
                       .waited = {}});
}

}  // namespace tenon::core

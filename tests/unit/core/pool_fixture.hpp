#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/pool.hpp"
#include "virtual_time.hpp"

namespace tenon::core {

using Tags = std::vector<WaiterTag>;
using Conns = std::vector<ConnId>;

/// A pool with the actions of the last event. The handle of a connection is its id.
struct PoolFixture {
    using Kind = PoolAction::Kind;

    explicit PoolFixture(const PoolSettings& settings, bool begun = true)
        : pool(settings, Random(1)) {
        if (begun) ready();
    }

    void ready(base::Duration now = {}) {
        actions.clear();
        pool.ready(at(now), actions);
    }
    Pool::Acquired acquire(WaiterTag tag, base::Duration now = {},
                           base::TimePoint deadline = base::kNoDeadline) {
        actions.clear();
        return pool.acquire(tag, deadline, at(now), actions);
    }
    bool release(Ticket lease, base::Duration now = {},
                 Disposition disposition = Disposition::reusable) {
        actions.clear();
        return pool.release(lease, disposition, at(now), actions);
    }
    bool cancel(Ticket lease, base::Duration now = {}) {
        actions.clear();
        return pool.cancel(lease, at(now), actions);
    }
    bool dialled(ConnId conn, base::Duration now = {}) {
        actions.clear();
        return pool.dial_succeeded(conn, conn, at(now), actions);
    }
    bool undialled(ConnId conn, base::Duration now = {}) {
        actions.clear();
        return pool.dial_failed(conn, Error(Code::unavailable, "Connection refused."), at(now),
                                actions);
    }
    bool probed(ConnId conn, bool alive, base::Duration now = {}) {
        actions.clear();
        return pool.probe_ended(conn, alive, at(now), actions);
    }
    bool evict(ConnId conn, base::Duration now = {}) {
        actions.clear();
        return pool.evict(conn, at(now), actions);
    }
    void tick(base::Duration now) {
        actions.clear();
        pool.tick(at(now), actions);
    }
    void clear(bool interrupt = false, base::Duration now = {}) {
        actions.clear();
        pool.clear(interrupt, at(now), actions);
    }
    void drain(base::Duration now = {}) {
        actions.clear();
        pool.drain(at(now), actions);
    }
    void close(bool interrupt = false, base::Duration now = {}) {
        actions.clear();
        pool.close(interrupt, at(now), actions);
    }
    void resize(std::uint32_t max, base::Duration now = {}) {
        actions.clear();
        pool.resize(max, at(now), actions);
    }

    /// Whom the actions of a kind are about, in order.
    [[nodiscard]] Tags tags(Kind kind) const {
        Tags tags;
        for (const auto& action : actions) {
            if (action.kind == kind) tags.push_back(action.tag);
        }
        return tags;
    }
    [[nodiscard]] Conns conns(Kind kind) const {
        Conns conns;
        for (const auto& action : actions) {
            if (action.kind == kind) conns.push_back(action.conn);
        }
        return conns;
    }
    [[nodiscard]] std::size_t count(Kind kind) const { return conns(kind).size(); }
    [[nodiscard]] const PoolAction& first(Kind kind) const {
        return *std::find_if(actions.begin(), actions.end(),
                             [kind](const auto& action) { return action.kind == kind; });
    }
    /// "1 active, 2 idle, 0 connecting, 3 waiting"
    [[nodiscard]] std::string gauges() const {
        const auto report = pool.report();
        return std::to_string(report.active) + " active, " + std::to_string(report.idle) +
               " idle, " + std::to_string(report.connecting) + " connecting, " +
               std::to_string(report.waiting) + " waiting";
    }

    /// Makes `count` connections that are in use, by dialling for as many waiters. Returns their
    /// leases; their tags begin with `first_tag`.
    std::vector<Ticket> occupy(std::size_t count, base::Duration now = {},
                               WaiterTag first_tag = 100) {
        std::vector<Ticket> leases;
        for (std::size_t i = 0; i < count; ++i) {
            leases.push_back(acquire(first_tag + i, now).lease);
            for (const ConnId conn : conns(Kind::dial)) dialled(conn, now);
        }
        return leases;
    }
    /// Makes `count` idle connections. Returns them, the one that is lent next last.
    Conns make_idle(std::size_t count, base::Duration now = {}) {
        const auto leases = occupy(count, now);
        Conns made;
        for (const Ticket lease : leases) release(lease, now);
        std::vector<Ticket> again;
        for (std::size_t i = 0; i < count; ++i) {
            const auto acquired = acquire(0, now);
            made.insert(made.begin(), acquired.conn);
            again.insert(again.begin(), acquired.lease);
        }
        for (const Ticket lease : again) release(lease, now, Disposition::unused);
        return made;
    }

    Pool pool;
    PoolActions actions;
};

}  // namespace tenon::core

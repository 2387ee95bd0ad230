#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/pool_types.hpp"

namespace tenon::core {

/// What Pool ought to do, as plainly as it can be said: lists that are searched. Connections are
/// called by their number, the first dial being 1; time is in milliseconds, and no two events
/// happen at the same. Back-off and probes that are due are not modelled: failed dials take longer
/// than the back-off, and probes are taken as they come.
class PoolModel {
public:
    struct Events {
        std::vector<std::string> people;       ///< what borrowers hear, in order
        std::vector<std::string> connections;  ///< what is done to connections, in any order
    };

    explicit PoolModel(const PoolSettings& settings)
        : settings_(settings), max_(settings.max_connections) {}

    Events acquire(WaiterTag tag, std::int64_t deadline, std::int64_t now);
    Events release(WaiterTag tag, Disposition disposition, std::int64_t now);
    Events dial_succeeded(int number, std::int64_t now);
    Events dial_failed(int number, std::int64_t now);
    Events probe_ended(int number, bool alive, std::int64_t now);
    Events evict(int number, std::int64_t now);
    Events ready(std::int64_t now);
    Events clear(bool interrupt, std::int64_t now);
    Events drain(std::int64_t now);
    Events close(bool interrupt, std::int64_t now);
    Events resize(std::uint32_t max, std::int64_t now);
    Events drop_idle(std::int64_t now);
    Events tick(std::int64_t now);

    /// The pool probes it. Returns whether it may.
    [[nodiscard]] bool begin_probe(int number);

    /// Numbers of the connections that are being dialled, or probed.
    [[nodiscard]] std::vector<int> dialling() const { return in_state(State::connecting); }
    [[nodiscard]] std::vector<int> probed() const { return in_state(State::probing); }
    [[nodiscard]] std::vector<int> all() const;
    [[nodiscard]] std::string gauges() const;
    /// When a tick is needed at the latest, but for dials and probes; -1 = never.
    [[nodiscard]] std::int64_t due() const;
    /// Whether somebody waits although a connection could be lent.
    [[nodiscard]] bool lost_wakeup(std::int64_t now) const;

private:
    enum class State { connecting, open, probing };

    struct Conn {
        int number;
        State state;
        std::int64_t quiet;    ///< last traffic
        std::int64_t expires;  ///< kNever
        std::uint64_t generation;
        std::uint64_t waiters_before;
        bool on_demand;
        bool aborted;
        bool interrupted;
        int errors;
        std::uint32_t calls;
        std::string doomed;  ///< why; empty = it is not
    };
    struct Waiter {
        WaiterTag tag;
        std::int64_t until;
        bool by_deadline;
        std::uint64_t number;
    };
    struct Held {
        WaiterTag tag;
        int conn;  ///< 0 = none
    };

    static constexpr std::int64_t kNever = INT64_MAX;

    [[nodiscard]] Conn* find(int number);
    [[nodiscard]] std::vector<int> in_state(State state) const;
    [[nodiscard]] bool lendable(const Conn& conn) const;
    [[nodiscard]] std::uint32_t fit(bool connecting_only = false) const;
    [[nodiscard]] bool may_shrink() const;
    [[nodiscard]] Conn* oldest_idle();
    [[nodiscard]] Conn* choose(std::int64_t now);
    [[nodiscard]] bool can_lend(std::int64_t now);
    int lend(WaiterTag tag, std::int64_t now);
    void begin();
    Events end(std::int64_t now);
    void say_fail(const Waiter& waiter, PoolReason reason);
    void expire(std::int64_t now);
    void close_conn(int number, const std::string& why);
    void keep_or_close(Conn& conn, std::int64_t now);
    void retire(PoolState next, const std::string& why, PoolReason reason);
    void interrupt_busy();

    PoolSettings settings_;
    std::uint32_t max_;
    PoolState state_ = PoolState::paused;
    std::string retired_why_;
    bool told_drained_ = false;
    std::uint64_t generation_ = 1;
    std::uint64_t waiters_ever_ = 0;
    std::uint32_t warm_ = 0;
    int dials_ever_ = 0;
    std::int64_t surplus_since_ = kNever;
    std::vector<Conn> conns_;
    std::vector<Waiter> waiting_;
    std::vector<Held> held_;
    Events events_;
};

}  // namespace tenon::core

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "core/pool_types.hpp"
#include "core/random.hpp"
#include "core/ticket_queue.hpp"

namespace tenon::core {

/// The logical connections of one provider: who gets which, when to dial, when to close. Waiters
/// are served first come, first served, by whichever comes first, a release or a dial; nobody ever
/// waits for a certain dial.
///
/// A lease that acquire() has given is released exactly once, whatever became of it meanwhile:
/// release() takes a waiter out of the queue, takes back a connection that was delivered and not
/// yet noticed, and takes back one that was used. A second release, or one after fail, does
/// nothing.
///
/// A connection belongs to the generation in which its dial began. clear(), drain() and close()
/// begin a new one; connections of an older one are never lent again.
///
/// \par Thread-safety
/// None. The owner guards it by a mutex and executes the actions outside, in their order.
/// \par Errors
/// Functions that take actions throw std::bad_alloc, before anything has changed, if more than the
/// inline actions may be needed. That is never so in acquire() when a connection is free, and never
/// in release() when nobody waits and the connection stays.
class Pool {
public:
    enum class Outcome : std::uint8_t { granted, queued, rejected };
    struct Acquired {
        Outcome outcome;
        PoolReason reason;     ///< of rejected; actions.report tells more
        Ticket lease;          ///< kNoTicket if rejected
        ConnId conn;           ///< of granted; kNoConn in stateless mode
        std::uint64_t handle;  ///< of granted
    };

    /// Paused; ready() starts it.
    /// \par Preconditions
    /// `settings` are valid.
    Pool(const PoolSettings& settings, Random random);

    // Borrowers.

    /// A connection, a place in the queue, or neither. Who is queued hears later by an action. A
    /// deadline of `now` takes what is free and never waits.
    [[nodiscard]] Acquired acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                   PoolActions& actions);

    /// Gives the lease back. `disposition` is of no meaning while it waits. Returns false, and does
    /// nothing, if the lease is stale: foreign, released before, or failed.
    bool release(Ticket lease, Disposition disposition, base::TimePoint now, PoolActions& actions);

    /// release() of one who has not sent anything: still waits, or has not noticed the delivery.
    bool cancel(Ticket lease, base::TimePoint now, PoolActions& actions) {
        return release(lease, Disposition::unused, now, actions);
    }

    // News of connections. All return false, and do nothing, if it is not one that the pool expects
    // this of.

    /// `handle` comes back in the actions.
    bool dial_succeeded(ConnId conn, std::uint64_t handle, base::TimePoint now,
                        PoolActions& actions);
    bool dial_failed(ConnId conn, const Error& error, base::TimePoint now, PoolActions& actions);
    /// A connection that somebody else has made joins the present generation, also before ready(),
    /// which then dials one less. Returns its number; kNoConn, and does nothing, if there is no
    /// room, or never will be.
    [[nodiscard]] ConnId adopt(std::uint64_t handle, base::TimePoint now, PoolActions& actions);
    bool probe_ended(ConnId conn, bool alive, base::TimePoint now, PoolActions& actions);
    /// The connection died or is to be replaced: idle, it is closed at once; else it is not lent
    /// again and closed when its last call is released.
    bool evict(ConnId conn, base::TimePoint now, PoolActions& actions);

    // The provider as a whole.

    /// From paused or draining. Dials what is to be there before anybody asks, and forgets the
    /// back-off: somebody knows that the peer is alive. Returns whether the pool is ready.
    bool ready(base::TimePoint now, PoolActions& actions);
    /// The provider is believed down: pauses, fails all waiters with an error that lets them ask
    /// elsewhere, closes what is idle, and the rest when it is released. `interrupt`: also ends the
    /// calls under way; for when they would hang. Nothing but that if it is not ready.
    void clear(bool interrupt, base::TimePoint now, PoolActions& actions);
    /// The same for good reasons; ready() ends it.
    void drain(base::TimePoint now, PoolActions& actions);
    /// The same for ever. Call it again with `interrupt` when the calls have had their time.
    void close(bool interrupt, base::TimePoint now, PoolActions& actions);
    /// Dials until `count` connections are open at once, at most the maximum.
    void preconnect(std::uint32_t count, base::TimePoint now, PoolActions& actions);
    /// Changes the maximum. What is too much is closed when it is idle. Allocates if it is more
    /// than ever before.
    /// \par Preconditions
    /// max_connections > 0.
    void resize(std::uint32_t max_connections, base::TimePoint now, PoolActions& actions);
    /// Closes all that is idle: after the process was suspended nobody knows what is alive.
    void drop_idle(base::TimePoint now, PoolActions& actions);

    // Time.

    /// Lets go waiters whose time is over, retires connections, probes, dials after back-off.
    void tick(base::TimePoint now, PoolActions& actions);
    /// When tick() may have something to do; kNoDeadline = not as things are. Takes time
    /// proportional to the number of connections.
    [[nodiscard]] base::TimePoint next_tick() const noexcept;

    [[nodiscard]] PoolReport report() const noexcept;
    [[nodiscard]] PoolState state() const noexcept { return state_; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    using Index = std::uint32_t;
    static constexpr Index kNone = std::numeric_limits<Index>::max();

    struct Connection {
        enum class State : std::uint8_t { vacant, connecting, open, probing };
        State state = State::vacant;
        bool lendable = false;     ///< in the list: open, fit, and with room for a call
        bool evicted = false;      ///< never to be lent again
        bool interrupted = false;  ///< it was told
        bool aborted = false;      ///< its dial was told to stop
        bool on_demand = false;    ///< dialled for a waiter
        CloseReason why = CloseReason::evicted;
        std::uint32_t serial = 0;
        std::uint32_t calls = 0;
        std::uint32_t errors = 0;           ///< suspect calls in a row
        std::uint32_t failures_before = 0;  ///< dial_failures_ when its dial began
        Index newer = kNone;                ///< in the list of lendable ones
        Index older = kNone;
        std::uint64_t generation = 0;
        std::uint64_t handle = 0;
        std::uint64_t waiters_before = 0;  ///< waiters_ever_ when its dial began
        base::TimePoint quiet_since;       ///< its dial began; or, open, its last traffic
        base::TimePoint expires_at = base::kNoDeadline;
        base::TimePoint probe_at = base::kNoDeadline;
    };

    struct Lease {
        WaiterTag tag = 0;
        base::TimePoint since;  ///< queued
        base::TimePoint until;  ///< longest wait
        bool until_is_deadline = false;
        Index conn = kNone;        ///< kNone while waiting and in stateless mode
        std::uint64_t number = 0;  ///< of waiters_ever_
    };

    /// Connections that are not on their way out.
    struct Fit {
        std::uint32_t open = 0;  ///< or probing
        std::uint32_t connecting = 0;
        std::uint32_t on_demand = 0;  ///< of those connecting
        [[nodiscard]] std::uint32_t all() const noexcept { return open + connecting; }
    };

    // pool.cpp: borrowing.
    [[nodiscard]] ConnId id_of(Index index) const noexcept;
    [[nodiscard]] Index index_of(ConnId conn, Connection::State state) const noexcept;
    void reserve_all(PoolActions& actions) const;
    [[nodiscard]] bool stateless() const noexcept;
    [[nodiscard]] std::uint64_t capacity() const noexcept;
    [[nodiscard]] bool has_free(base::TimePoint now) const noexcept;
    [[nodiscard]] bool purge(base::TimePoint now, PoolActions& actions) noexcept;
    void hand_over(Lease& lease) noexcept;
    [[nodiscard]] Acquired grant(WaiterTag tag, base::TimePoint now) noexcept;
    [[nodiscard]] Acquired reject(PoolReason reason, PoolActions& actions) const noexcept;
    [[nodiscard]] Acquired enqueue(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                   PoolActions& actions) noexcept;
    void serve(base::TimePoint now, PoolActions& actions) noexcept;
    void note_report(PoolActions& actions) const noexcept;
    void fail(Ticket waiter, PoolReason reason, base::TimePoint now, PoolActions& actions) noexcept;
    [[nodiscard]] static PoolReason lateness(const Lease& lease) noexcept;
    void expire_waiters(base::TimePoint now, PoolActions& actions) noexcept;
    void give_back(Index index, Disposition disposition, base::TimePoint now,
                   PoolActions& actions) noexcept;

    // pool_connections.cpp: the life of a connection.
    void lend(Index index) noexcept;
    void unlend(Index index) noexcept;
    void doom(Index index, CloseReason why) noexcept;
    void close_one(Index index, PoolActions& actions) noexcept;
    void vacate(Index index) noexcept;
    [[nodiscard]] std::optional<CloseReason> unfit(const Connection& conn,
                                                   base::TimePoint now) const noexcept;
    [[nodiscard]] Index oldest_idle() const noexcept;
    [[nodiscard]] bool idle_too_long(const Connection& conn, base::TimePoint now) const noexcept;
    /// Lends the connection, or closes it if it is not fit and carries no call.
    void keep_or_close(Index index, base::TimePoint now, PoolActions& actions) noexcept;
    void proved_alive() noexcept;
    [[nodiscard]] base::TimePoint next_probe(base::TimePoint now) noexcept;
    [[nodiscard]] Fit fit() const noexcept;
    [[nodiscard]] std::uint32_t wanted_dials(const Fit& fit) const noexcept;
    void plan_dials(base::TimePoint now, PoolActions& actions) noexcept;
    void occupy(Index index, base::TimePoint now) noexcept;
    void start_dial(Index index, base::TimePoint now, PoolActions& actions) noexcept;
    [[nodiscard]] base::Duration dial_backoff() noexcept;

    // pool_upkeep.cpp: the pool as a whole, and time.
    void settle(base::TimePoint now, PoolActions& actions) noexcept;
    void retire_all(PoolState next, CloseReason why, PoolReason reason, base::TimePoint now,
                    PoolActions& actions) noexcept;
    void interrupt_all(PoolActions& actions) noexcept;
    void retire_old(base::TimePoint now, PoolActions& actions) noexcept;
    void abort_surplus(base::TimePoint now, PoolActions& actions) noexcept;
    void start_probe(base::TimePoint now, PoolActions& actions) noexcept;

    PoolSettings settings_;
    Random random_;
    std::vector<Connection> connections_;
    TicketQueue<Lease> leases_;
    PoolState state_ = PoolState::paused;
    CloseReason retired_why_ = CloseReason::cleared;  ///< of older generations
    bool drained_ = false;                            ///< and told
    std::uint32_t max_;
    std::uint32_t occupied_ = 0;    ///< connections that are not vacant
    std::uint32_t connecting_ = 0;  ///< of them
    std::uint32_t probing_ = 0;     ///< of them
    std::uint32_t held_ = 0;        ///< leases that are not waiting
    std::uint32_t warm_target_ = 0;
    std::uint32_t serial_ = 0;
    Index newest_ = kNone;  ///< lendable, latest traffic first: the others can become idle
    Index oldest_ = kNone;
    std::uint64_t generation_ = 1;
    std::uint64_t waiters_ever_ = 0;
    base::TimePoint earliest_ = base::kNoDeadline;  ///< nobody's wait ends before this
    std::uint32_t dial_failures_ = 0;               ///< in a row; dials at once count as one
    base::TimePoint next_dial_at_ = base::TimePoint::min();
    std::optional<base::TimePoint> surplus_since_;  ///< nobody waits for the dials under way
    std::shared_ptr<const Error> last_dial_error_;
};

}  // namespace tenon::core

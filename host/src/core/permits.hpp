#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "core/action_list.hpp"
#include "core/ticket_queue.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// Serve the newest and be short with all while the queue never empties (Maurer: "Fail at Scale",
/// ACM Queue 2015: 100 ms and 5 ms for calls of a few milliseconds; here for calls of seconds).
struct OverloadSettings {
    bool enabled = false;
    std::chrono::milliseconds interval{2'000};     ///< how long the queue has not been empty
    std::chrono::milliseconds queue_timeout{100};  ///< longest wait of those who come then

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const OverloadSettings&, const OverloadSettings&) = default;
};

struct PermitSettings {
    std::uint32_t permits = 10;                  ///< calls at once
    std::uint32_t queue = 100;                   ///< waiters at once
    std::chrono::milliseconds queue_timeout{0};  ///< longest wait in the queue, 0 = the deadline
    /// Refuse at once who would wait longer than allowed, as far as past calls tell.
    bool predict_wait = true;
    OverloadSettings overload;

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const PermitSettings&, const PermitSettings&) = default;
};

/// Why there is no permit.
enum class PermitReason : std::uint8_t {
    none,
    queue_full,
    predicted_wait,  ///< would have had to wait longer than allowed
    deadline,        ///< the caller's own
    queue_timeout,
    closed,
};

/// What the owner has to do, outside its lock.
struct PermitAction {
    enum class Kind : std::uint8_t {
        grant,  ///< the waiter has its permit now
        fail,   ///< the waiter has left the queue without one; its ticket is stale
    };
    Kind kind;
    PermitReason reason;  ///< of fail
    WaiterTag tag;
    Ticket permit;
    base::Duration waited;
};
using PermitActions = ActionList<PermitAction, 8>;

/// Gauges of one moment.
struct PermitReport {
    std::uint32_t limit = 0;
    std::uint32_t held = 0;
    std::uint32_t waiting = 0;
    base::Duration predicted_wait{0};  ///< of one who would queue now
};

/// One sentence for a person, and the code. Host's own rejections: they say nothing about the
/// provider, so attempts that end by them are judged with Stop::not_admitted.
[[nodiscard]] Error to_error(PermitReason reason, const PermitReport& report,
                             base::Duration waited);

/// At most N calls at once, others wait in a bounded queue, first come, first served. A permit that
/// comes back goes to the head of the queue and never through the counter, so a newcomer cannot
/// overtake.
///
/// A ticket that acquire() has given is released exactly once, whatever became of it meanwhile:
/// release() takes a waiter out of the queue, passes on a permit that was granted and not yet
/// noticed, and returns one that was used. A second release, or one after fail, does nothing.
///
/// \par Thread-safety
/// None. The owner guards it by a mutex and executes the actions outside.
/// \par Errors
/// Functions that take actions throw std::bad_alloc, before anything has changed, if more than the
/// inline actions may be needed: never while nobody waits.
class Permits {
public:
    enum class Outcome : std::uint8_t { granted, queued, rejected };
    struct Admission {
        Outcome outcome;
        PermitReason reason;  ///< of rejected
        Ticket permit;        ///< kNoTicket if rejected
    };

    /// \par Preconditions
    /// `settings` are valid.
    explicit Permits(const PermitSettings& settings);

    /// A permit, a place in the queue, or neither. Who is queued hears later by an action.
    [[nodiscard]] Admission acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                    PermitActions& actions);

    /// Gives the permit, or the place in the queue, back. Returns false, and does nothing, if the
    /// ticket is stale: there was another release, or the waiter has failed.
    bool release(Ticket permit, base::TimePoint now, PermitActions& actions);

    /// Lets go those whose time is over.
    void tick(base::TimePoint now, PermitActions& actions);

    /// When tick() may have something to do; kNoDeadline = not as things are.
    [[nodiscard]] base::TimePoint next_tick() const noexcept;

    /// Changes N. More: as many waiters as there is room for get a permit at once. Fewer: as many
    /// permits as are too many are not passed on when they come back. Allocates if N is more than
    /// ever before.
    /// \par Preconditions
    /// limit > 0.
    void resize(std::uint32_t limit, base::TimePoint now, PermitActions& actions);

    /// Fails all waiters; from now on every acquire() is rejected. Permits may still come back.
    void close(base::TimePoint now, PermitActions& actions);

    [[nodiscard]] PermitReport report() const noexcept;
    [[nodiscard]] std::uint32_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::uint32_t held() const noexcept { return held_; }

private:
    struct Record {
        WaiterTag tag = 0;
        base::TimePoint since;  ///< queued or granted
        base::TimePoint until;  ///< longest wait
        bool until_is_deadline = false;
    };

    [[nodiscard]] bool overloaded(base::TimePoint now) const noexcept;
    [[nodiscard]] double predicted_wait() const noexcept;
    [[nodiscard]] Admission enqueue(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                    PermitActions& actions);
    void serve(base::TimePoint now, PermitActions& actions) noexcept;
    void expire(base::TimePoint now, PermitActions& actions) noexcept;
    void fail(Ticket waiter, PermitReason reason, base::TimePoint now,
              PermitActions& actions) noexcept;

    PermitSettings settings_;
    TicketQueue<Record> tickets_;
    std::uint32_t limit_;
    std::uint32_t held_ = 0;
    bool closed_ = false;
    double hold_ns_ = 0;          ///< mean time that a permit is held, 0 = not known yet
    base::TimePoint busy_since_;  ///< when the queue was empty last; valid while somebody waits
    base::TimePoint earliest_ = base::kNoDeadline;  ///< nobody's wait ends before this
};

}  // namespace tenon::core

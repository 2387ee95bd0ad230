#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "core/backoff.hpp"
#include "core/random.hpp"
#include "tenon/error.hpp"

namespace tenon::core {

/// How one try of a job ended, as far as its queue is concerned.
enum class TryEnd : std::uint8_t {
    over,       ///< an answer, or an error that another try would meet again
    failed,     ///< another try may succeed
    nobody,     ///< nobody could be asked or reached: nothing was sent, so it was no try at all
    cancelled,  ///< by whoever gave the job: over, and nothing is known of who was asked
};

struct TryReport {
    TryEnd end = TryEnd::over;
    Pressure pressure = Pressure::transient;
    std::optional<std::chrono::milliseconds> hint = {};  ///< how long to wait, if it was said
};

/// What an error means to a job that has all the time in the world. Unlike for a request whose
/// caller waits, a passed deadline is a reason to try again.
[[nodiscard]] TryReport report_of(const Error& error);

struct JobQueueSettings {
    std::uint32_t concurrency = 8;  ///< jobs that run at once, at least 1
    std::uint32_t max_tries = 3;    ///< of one job, at least 1
    BackoffSettings backoff = {std::chrono::seconds(1), std::chrono::seconds(2), 2,
                               std::chrono::seconds(60), Jitter::full};
    /// How long jobs wait for somebody to ask. Then those that are here fail, each at once, until
    /// somebody can be asked.
    std::chrono::milliseconds patience = std::chrono::hours(24);
    /// How long a job may fail whenever it goes ahead of its lane before that counts as its tries:
    /// it may be the trouble itself.
    std::chrono::milliseconds longest_put_off = std::chrono::hours(1);
    /// Between two looks whether somebody can be asked again, unless it was said when: at first,
    /// and at most. News brings the next look forward, but not closer than `least_pause`.
    std::chrono::milliseconds first_pause = std::chrono::seconds(1);
    std::chrono::milliseconds longest_pause = std::chrono::seconds(30);
    std::chrono::milliseconds least_pause{100};
};

/// Which job of a background queue starts when: by priority, then in the order of arrival.
///
/// Jobs that ask for the same model of the same provider share a lane. When nobody can be asked for
/// one of them, its lane closes and the job keeps its place: the others would fare no better. Later
/// one job of it goes ahead; only if somebody could be asked do the others follow.
///
/// \par Thread-safety
/// None.
class JobQueue {
public:
    using Key = std::uint64_t;  ///< rises with every job

    struct Counts {
        std::size_t ready = 0;    ///< may start as soon as there is room
        std::size_t held = 0;     ///< nobody can be asked for them at present
        std::size_t delayed = 0;  ///< wait before their next try
        std::size_t running = 0;
        [[nodiscard]] std::size_t waiting() const noexcept { return ready + held + delayed; }
    };

    /// \par Preconditions
    /// `settings` are valid: concurrency and max_tries at least 1, a valid back-off.
    JobQueue(const JobQueueSettings& settings, std::uint64_t seed)
        : settings_(settings), random_(seed) {}

    /// \param priority higher ones first
    /// \param max_tries 0 = as the settings say
    Key add(int priority, std::string_view lane, std::uint32_t max_tries = 0);

    /// The job to start now, which runs from now on.
    [[nodiscard]] std::optional<Key> next(base::TimePoint now);

    /// A try has ended.
    /// \return whether the job is over, and gone from here; else it waits again.
    /// \par Preconditions
    /// The job runs.
    [[nodiscard]] bool finished(Key key, const TryReport& report, base::TimePoint now);

    /// Takes out a job that waits. \return false if it runs, or is not here.
    bool remove(Key key);

    /// Somebody's state has changed: a good moment to look again.
    void providers_changed(base::TimePoint now);

    void set_paused(bool paused) noexcept { paused_ = paused; }

    /// When next() may have something without anything else happening; kNoDeadline = never.
    [[nodiscard]] base::TimePoint next_look() const;

    [[nodiscard]] Counts counts() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept { return queued_ + delayed_.size(); }
    /// Tries of a job so far, the running one included.
    [[nodiscard]] std::uint32_t tries(Key key) const;

private:
    /// By falling priority, then by arrival; the smallest first.
    struct Order {
        std::int64_t rank;
        std::uint64_t ticket;
        Key key;
        friend auto operator<=>(const Order&, const Order&) = default;
    };

    enum class Gate : std::uint8_t { open, closed, trying };

    struct Lane {
        std::set<Order> jobs;   ///< that wait for nothing but the lane and room
        std::size_t users = 0;  ///< jobs that belong to it, whatever they do
        Gate gate = Gate::open;
        std::optional<Key> trial;                    ///< trying: the job that has gone ahead
        std::optional<Order> listed;                 ///< its entry in fronts_
        std::optional<base::TimePoint> alone_since;  ///< since when nobody could be asked
        std::chrono::milliseconds pause{0};          ///< the last one
        base::TimePoint opens;                       ///< closed: when somebody goes ahead
        base::TimePoint earliest;                    ///< closed: news do not open it before
    };
    using Lanes = std::map<std::string, Lane, std::less<>>;

    enum class State : std::uint8_t { queued, delayed, running };

    struct Job {
        Order order;
        Lanes::iterator lane;
        State state = State::queued;
        std::uint32_t max_tries = 0;
        std::uint32_t tries = 0;
        base::TimePoint due = {};  ///< delayed
        /// Since when it fails whenever it goes ahead; of an earlier trouble if before that.
        std::optional<base::TimePoint> put_off_since = {};
    };

    void list(Lane& lane);
    void queue(Job& job);
    void close(Lane& lane, const TryReport& report, base::TimePoint now);
    void open(Lane& lane);
    void release(Key key);
    void wake(base::TimePoint now);
    [[nodiscard]] bool speaks_of_lane(Job& job, const TryReport& report);
    [[nodiscard]] bool stays_with_lane(Job& job, const TryReport& report, base::TimePoint now);
    [[nodiscard]] base::Duration delay(const Job& job, const TryReport& report);

    JobQueueSettings settings_;
    Random random_;
    bool paused_ = false;
    std::uint64_t last_ticket_ = 0;
    std::unordered_map<Key, Job> jobs_;
    Lanes lanes_;
    std::set<std::pair<Order, Lane*>> fronts_;  ///< of lanes that let somebody start
    std::set<Lane*> closed_;
    std::set<std::pair<base::TimePoint, Key>> delayed_;
    std::size_t running_ = 0;
    std::size_t queued_ = 0;
};

}  // namespace tenon::core

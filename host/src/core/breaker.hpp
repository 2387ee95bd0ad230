#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "core/breaker_settings.hpp"
#include "core/failure_window.hpp"
#include "core/outcome.hpp"
#include "core/probe_leases.hpp"

namespace tenon::core {

/// The first three let every call through.
enum class BreakerState : std::uint8_t {
    closed,
    forced_closed,  ///< by hand: counts, never opens
    disabled,       ///< by configuration: counts, never opens
    open,
    half_open,
    forced_open,  ///< by hand: rejects until somebody says otherwise
};

enum class BreakerCause : std::uint8_t {
    too_many_failures,
    recovery_over,
    probes_succeeded,
    probe_failed,
    probe_never_reported,
    by_hand,
};

/// Stable names for logs, metrics and JSON, e.g. "half_open".
[[nodiscard]] std::string_view to_string(BreakerState state) noexcept;
[[nodiscard]] std::string_view to_string(BreakerCause cause) noexcept;

/// One change of state. The caller delivers it, outside any lock, in the order of `sequence`.
struct BreakerEvent {
    std::uint64_t sequence = 0;  ///< rises by exactly 1 from event to event, from 2 on; it is also
                                 ///< the generation of the state that begins
    BreakerState from{};
    BreakerState to{};
    BreakerCause cause{};
    base::Duration open_for{};       ///< if `to` is open
    FailureWindow::Counts counts{};  ///< at the end of a state that counts
};

/// The right to make one call. Whoever has it gives it to Breaker::record() exactly once; the
/// provider layer's guard does that on all paths, with Outcome::ignored where there is no result.
///
/// \par Object lifetimes
/// Move-only and without a destructor of its own. A lost probe permit blocks its place until the
/// lease expires; a lost normal one blocks nothing.
class BreakerPermit {
public:
    enum class Kind : std::uint8_t { none, normal, probe };

    BreakerPermit() noexcept = default;
    BreakerPermit(BreakerPermit&& other) noexcept
        : generation_(other.generation_),
          kind_(std::exchange(other.kind_, Kind::none)),
          lease_(other.lease_) {}
    BreakerPermit& operator=(BreakerPermit&& other) noexcept {
        generation_ = other.generation_;
        lease_ = other.lease_;
        kind_ = std::exchange(other.kind_, Kind::none);
        return *this;
    }
    ~BreakerPermit() = default;

    explicit operator bool() const noexcept { return kind_ != Kind::none; }
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] bool is_probe() const noexcept { return kind_ == Kind::probe; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
    [[nodiscard]] std::uint16_t lease_id() const noexcept { return lease_; }

private:
    friend class Breaker;
    explicit BreakerPermit(std::uint64_t generation) noexcept
        : generation_(generation), kind_(Kind::normal) {}
    BreakerPermit(std::uint64_t generation, std::uint16_t lease) noexcept
        : generation_(generation), kind_(Kind::probe), lease_(lease) {}

    std::uint64_t generation_ = 0;
    Kind kind_ = Kind::none;
    std::uint16_t lease_ = 0;
};

/// Of a breaker that was opened by hand: waiting does not help.
inline constexpr base::Duration kNotByItself = base::Duration::max();

struct Admission {
    BreakerPermit permit{};        ///< false: rejected
    base::Duration retry_after{};  ///< > 0 if rejected; while others probe, until they must be done
    std::optional<BreakerEvent> event{};

    explicit operator bool() const noexcept { return static_cast<bool>(permit); }
};

/// All of a moment. Totals are of the breaker's whole life and may run ahead by calls in progress.
struct BreakerSnapshot {
    BreakerState state{};
    std::uint64_t generation = 0;
    FailureWindow::Counts counts{};  ///< of this generation, in the window
    base::Duration retry_after{};    ///< 0 = a call may get through now
    int probes_in_flight = 0;
    int probe_successes = 0;
    int reopens = 0;            ///< probes that failed in a row
    std::uint64_t trips = 0;    ///< closed -> open
    std::uint64_t repairs = 0;  ///< half-open -> closed
    std::uint64_t rejected = 0;
    std::uint64_t late = 0;  ///< reports of calls that a former state had let through
};

/// Stops calls to a provider that keeps failing, and probes it before it lets them through again.
///
/// Closed, it counts failures in a window and opens when there are too many. Open, it rejects until
/// the recovery time is over. Half-open, it lets a few probes through at a time: enough successes
/// close it, one failure or one probe that never reports opens it again. A report counts only in
/// the generation whose permit it carries, so what a call of a former state found changes nothing.
///
/// All side data is keyed by the generation, and written in one order: read the word to be written,
/// make sure that the generation still holds, compare-and-swap. Whoever is late then finds either
/// the generation or the word changed, and writes nothing that counts.
///
/// \par Preconditions
/// The settings are valid. `now` may go back by as much as threads differ in reading their clock.
///
/// \par Thread-safety
/// Any thread, lock-free. Of all calls that see the reason for a change exactly one makes it and
/// returns its event.
class Breaker {
public:
    /// \param origin where its time begins: the present
    /// \param seed   of the jitter: equal seeds give equal times, so hosts want different ones
    Breaker(const BreakerSettings& settings, base::TimePoint origin, std::uint64_t seed) noexcept;

    Breaker(const Breaker&) = delete;
    Breaker& operator=(const Breaker&) = delete;

    /// May a call be made? Closed, this reads one word.
    [[nodiscard]] Admission admit(base::TimePoint now) noexcept {
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        if (lets_all_through(word)) return {.permit = BreakerPermit(generation_of(word))};
        return admit_slowly(now);
    }

    /// What became of it. `now` is the time at which the call ended.
    /// \return the event, if this was the report that changed the state. An empty permit reports
    /// nothing.
    [[nodiscard]] std::optional<BreakerEvent> record(BreakerPermit permit, Outcome outcome,
                                                     base::TimePoint now) noexcept {
        if (permit.kind() == BreakerPermit::Kind::normal && outcome == Outcome::success) {
            const auto still_current = [&] { return is_current(permit.generation()); };
            if (!window_.add_success(permit.generation(), now, still_current)) count(late_);
            return std::nullopt;
        }
        return record_slowly(permit, outcome, now);
    }

    /// The permit of a call that began before this breaker was made. It counts until the first
    /// change of state.
    [[nodiscard]] static BreakerPermit permit_from_before() noexcept {
        return BreakerPermit(kFirstGeneration);
    }

    // For picks: without effect; one load while it lets all through.
    [[nodiscard]] bool lets_all_through() const noexcept {
        return lets_all_through(word_.load(std::memory_order_acquire));
    }
    /// As in BreakerSnapshot: 0 = a call may get through now.
    [[nodiscard]] base::Duration retry_after(base::TimePoint now) const noexcept {
        return lets_all_through() ? base::Duration::zero() : retry_after_slowly(now);
    }

    /// For a timer, where no call comes that would notice: opens if a probe's lease has expired.
    [[nodiscard]] std::optional<BreakerEvent> tick(base::TimePoint now) noexcept;

    // By hand, from any state. Each begins a new generation with an empty window, even if the state
    // is the same.
    BreakerEvent force_open(base::TimePoint now) noexcept;
    BreakerEvent force_closed(base::TimePoint now) noexcept;
    BreakerEvent disable(base::TimePoint now) noexcept;
    /// To where it began: closed, or disabled if the settings say so.
    BreakerEvent reset(base::TimePoint now) noexcept;

    [[nodiscard]] BreakerSnapshot snapshot(base::TimePoint now) const noexcept;

private:
    static constexpr std::uint64_t kFirstGeneration = 1;

    /// {generation:45 | reopens:8 | probe successes:8 | state:3}
    struct Word {
        BreakerState state{};
        std::uint64_t successes = 0;
        std::uint64_t reopens = 0;
        std::uint64_t generation = 0;

        [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
            return generation << 19 | reopens << 11 | successes << 3 |
                   static_cast<std::uint64_t>(state);
        }
        static constexpr Word unpack(std::uint64_t word) noexcept {
            return {.state = static_cast<BreakerState>(word & 7),
                    .successes = word >> 3 & 0xff,
                    .reopens = word >> 11 & 0xff,
                    .generation = generation_of(word)};
        }
    };
    static constexpr std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> 19; }
    static constexpr bool lets_all_through(std::uint64_t word) noexcept {
        return (word & 7) <= static_cast<std::uint64_t>(BreakerState::disabled);
    }
    static void count(std::atomic<std::uint64_t>& total) noexcept {
        total.fetch_add(1, std::memory_order_relaxed);
    }

    [[nodiscard]] bool is_current(std::uint64_t generation) const noexcept {
        return generation_of(word_.load(std::memory_order_acquire)) == generation;
    }
    [[nodiscard]] Word load() const noexcept {
        return Word::unpack(word_.load(std::memory_order_acquire));
    }

    Admission admit_slowly(base::TimePoint now) noexcept;
    Admission reject(base::Duration retry_after, std::optional<BreakerEvent> event) noexcept;
    std::optional<BreakerEvent> record_slowly(const BreakerPermit& permit, Outcome outcome,
                                              base::TimePoint now) noexcept;
    std::optional<BreakerEvent> record_failure(const BreakerPermit& permit,
                                               base::TimePoint now) noexcept;
    std::optional<BreakerEvent> record_probe(const BreakerPermit& permit, Outcome outcome,
                                             base::TimePoint now) noexcept;
    [[nodiscard]] bool is_enough(const FailureWindow::Counts& counts) const noexcept;

    std::optional<BreakerEvent> change(const Word& from, const Word& to, BreakerCause cause,
                                       base::TimePoint now) noexcept;
    std::optional<BreakerEvent> open(const Word& from, BreakerCause cause,
                                     base::TimePoint now) noexcept;
    BreakerEvent change_by_hand(BreakerState state, base::TimePoint now) noexcept;

    [[nodiscard]] base::Duration retry_after_slowly(base::TimePoint now) const noexcept;
    [[nodiscard]] base::Duration retry_after(const Word& word, const ProbeLeases::Held& held,
                                             base::TimePoint now) const noexcept;
    [[nodiscard]] base::Duration recovery_of(const Word& open) const noexcept;
    std::optional<base::TimePoint> publish_until(const Word& from, std::uint64_t generation,
                                                 base::TimePoint until) noexcept;
    [[nodiscard]] std::optional<base::TimePoint> until_of(std::uint64_t generation) const noexcept;
    [[nodiscard]] std::uint64_t to_ms(base::TimePoint time) const noexcept;
    [[nodiscard]] base::TimePoint from_ms(std::uint64_t ms) const noexcept;

    alignas(64) std::atomic<std::uint64_t> word_;
    BreakerSettings settings_;
    base::TimePoint origin_;
    std::uint64_t seed_;

    alignas(64) FailureWindow window_;

    alignas(64) std::atomic<std::uint64_t> until_{0};  // {generation:24 | ms since origin:40}
    ProbeLeases leases_;
    std::atomic<std::uint64_t> trips_{0};
    std::atomic<std::uint64_t> repairs_{0};
    std::atomic<std::uint64_t> rejected_{0};
    std::atomic<std::uint64_t> late_{0};
};

}  // namespace tenon::core

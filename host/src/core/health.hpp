#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/health_score.hpp"
#include "core/health_verdict.hpp"
#include "core/outcome.hpp"
#include "core/random.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

struct HealthSettings {
    /// false: no checks are made, because the kind has none or they are switched off; the provider
    /// counts as healthy (gRPC A17: UNIMPLEMENTED) and what fails is up to the breaker.
    bool active = true;

    std::chrono::milliseconds interval{30'000};  ///< from check to check
    double jitter = 0.1;                         ///< 0.1 = ±10 % of it; 0 = none
    std::chrono::milliseconds timeout{5'000};    ///< of one check
    int unhealthy_after = 3;                     ///< failures in a row
    int healthy_after = 1;                       ///< successes in a row, once it was unhealthy
    /// To the next check while some, but not enough, of a row have been seen (Envoy:
    /// unhealthy_edge_interval).
    std::chrono::milliseconds recheck{5'000};

    std::chrono::milliseconds first_within{1'000};  ///< the first check, evenly spread
    std::chrono::milliseconds min_gap{500};  ///< from check to check (SDAM: minHeartbeatFrequency)
    /// A request's success puts the periodic check of a healthy provider off by an interval.
    bool passive_replaces = true;

    /// After 429 without a hint of the server (LiteLLM: cooldown 5 s), and the longest hint that is
    /// believed: when it is over, one request finds out.
    std::chrono::milliseconds cool_down{5'000};
    std::chrono::milliseconds longest_cool_down{300'000};

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const HealthSettings&, const HealthSettings&) = default;
};

enum class HealthState : std::uint8_t {
    unknown,  ///< not checked yet: to be asked only if nobody healthy is there
    healthy,
    degraded,   ///< healthy, but the latest checks have failed
    unhealthy,  ///< too many in a row have failed
    misconfigured,
};
[[nodiscard]] std::string_view to_string(HealthState state) noexcept;

/// One change of state, to be published in the order of `sequence`.
struct HealthTransition {
    std::uint64_t sequence = 0;  ///< rises by exactly 1, from 1 on
    HealthState from{};
    HealthState to{};  ///< never `from`
    base::TimePoint time{};

    friend bool operator==(const HealthTransition&, const HealthTransition&) = default;
};

/// Make a check on a connection of its own, beside pool and permits, and report with the id.
struct CheckStart {
    std::uint64_t id = 0;
    base::TimePoint deadline{};
    bool periodic = false;  ///< time for ConnectionMachine::health_tick() too

    friend bool operator==(const CheckStart&, const CheckStart&) = default;
};

/// What the owner has to do, in this order.
struct HealthSteps {
    std::uint64_t abandoned = 0;                       ///< give this check up; 0 = none
    HealthVerdict verdict = HealthVerdict::undecided;  ///< for ConnectionMachine::health()
    std::optional<HealthTransition> transition;        ///< publish
    std::optional<CheckStart> check;
};

/// How a check ended.
struct CheckEnd {
    Stop stop = Stop::none;
    const Error* error = nullptr;  ///< borrowed for the call; null = passed
    std::string_view server_version = {};
};

/// What that says. Nobody's request is in a check, so it differs from judge(): a host's own fault
/// still says nothing, and what a living server answers is no failure.
enum class CheckMeaning : std::uint8_t {
    passed,
    failed,
    throttled,  ///< it lives, and wants to be left alone
    misconfigured,
    unsupported,  ///< there is no check
    nothing,
};
[[nodiscard]] CheckMeaning judge_check(const CheckEnd& end) noexcept;

struct HealthStatus {
    HealthState state = HealthState::unknown;
    bool healthy = false;   ///< healthy or degraded
    bool checked = true;    ///< false: there are no checks, healthy is assumed
    bool checking = false;  ///< at this moment
    int failures_in_a_row = 0;
    int score = 0;                                ///< health_score()
    std::optional<base::Duration> response_time;  ///< of the last check that passed
    std::string server_version;
    std::string last_error;                      ///< of the last check that did not pass
    std::optional<base::TimePoint> last_check;   ///< its end
    std::optional<base::TimePoint> last_passed;  ///< the end of the last check that passed
    std::optional<base::TimePoint> next_check;
    std::optional<base::TimePoint> cool_down_until;  ///< ask others before that
};

/// Says whether one provider works: by checks that cost no tokens, each some time after the other,
/// sooner after a first failure, and with the requests' outcomes as a hint when to look.
///
/// - Only checks change the state. A failed request brings the check forward, a successful one puts
///   the periodic one off; neither makes a provider healthy or unhealthy, nor does a saturated
///   pool: the host's own refusals say nothing.
/// - 429 and "overloaded" come from a living server: they count neither way, and set a cool-down.
/// - Refused credentials make it misconfigured at once. Then no check starts by itself until
///   recover(), which the owner also calls when the configuration has changed, or start().
/// - One check at a time; what an abandoned one reports later is ignored. A check that ended much
///   later than its timeout allows says only that this machine slept.
/// - The breaker is not touched: it closes by requests alone.
///
/// \par Thread-safety
/// None. The owner guards it by a mutex, and does the steps in order: those of an earlier event
/// before those of a later one.
class HealthMonitor {
public:
    /// \par Preconditions
    /// `settings` are valid.
    /// \param seed of the jitter: providers want different ones
    HealthMonitor(const HealthSettings& settings, std::uint64_t seed) noexcept
        : settings_(settings), random_(seed), without_checks_(!settings.active) {}

    /// From here on there are checks, the first within `first_within`. Idempotent.
    HealthSteps start(base::TimePoint now) noexcept;
    /// No check and no timer is left; the state is unknown. A cool-down stays. Idempotent.
    HealthSteps stop(base::TimePoint now) noexcept;

    /// Goes on with a cool-down of an earlier run, as far as hints are believed.
    void resume_cool_down(base::TimePoint until, base::TimePoint now) noexcept;

    /// For a timer at next_wake(); before that it does nothing.
    HealthSteps tick(base::TimePoint now);
    /// kNoDeadline = nothing to wait for.
    [[nodiscard]] base::TimePoint next_wake() const noexcept {
        return check_ == 0 ? next_ : deadline_;
    }

    /// The check has ended. Does nothing if it is not the one that runs.
    HealthSteps check_done(std::uint64_t id, const CheckEnd& end, base::TimePoint now);

    /// Somebody wants to know now: a check that runs, or was asked for less than min_gap ago, is
    /// good enough.
    HealthSteps request_check(base::TimePoint now);
    /// Something has changed: only a check that begins from now on will do, unless the one that
    /// runs passes.
    HealthSteps verify(base::TimePoint now);
    /// A person has acted: forgets failures, cool-down and misconfiguration, and checks.
    HealthSteps recover(base::TimePoint now);

    /// A request has ended. Neither allocates nor throws.
    /// \param retry_after_ms the server's hint, Error::retry_after_ms
    void request_ended(const Verdict& verdict, std::optional<std::int64_t> retry_after_ms,
                       base::TimePoint now) noexcept;

    [[nodiscard]] HealthState state() const noexcept { return state_; }
    [[nodiscard]] bool is_cooling_down(base::TimePoint now) const noexcept {
        return now < cool_down_until_;
    }
    /// TimePoint::min() = there was none.
    [[nodiscard]] base::TimePoint cool_down_until() const noexcept { return cool_down_until_; }
    /// health_score() now.
    [[nodiscard]] int score(BreakerState breaker) const noexcept;
    [[nodiscard]] HealthStatus status(base::TimePoint now, BreakerState breaker) const;

private:
    friend struct HealthMonitorTest;  // compares two of them at different times

    enum class Due : std::uint8_t { periodic, edge, requested, verify };

    void move(HealthState to, base::TimePoint now, HealthSteps& steps) noexcept;
    void passed(base::TimePoint now, HealthSteps& steps) noexcept;
    void failed(base::TimePoint now, HealthSteps& steps) noexcept;
    void without_checks(base::TimePoint now, HealthSteps& steps) noexcept;
    void end_check(base::TimePoint now) noexcept;
    void schedule(base::TimePoint now) noexcept;
    void advance(base::TimePoint at, Due due) noexcept;
    HealthSteps begin_check(base::TimePoint now, HealthSteps steps) noexcept;
    HealthSteps check_soon(base::TimePoint now, Due due) noexcept;
    void check_after_sleep(base::TimePoint now) noexcept;
    void cool_down(std::optional<std::int64_t> hint_ms, base::TimePoint now) noexcept;
    [[nodiscard]] bool is_on_edge() const noexcept;
    [[nodiscard]] bool has_slept(base::TimePoint now) const noexcept;
    base::Duration jittered_interval() noexcept;

    static constexpr base::TimePoint kNever = base::TimePoint::min();

    HealthSettings settings_;
    Random random_;
    HealthRecord record_;

    HealthState state_ = HealthState::unknown;
    bool running_ = false;
    bool without_checks_;
    int failures_ = 0;   // in a row
    int successes_ = 0;  // in a row, while unhealthy
    std::uint64_t sequence_ = 0;

    std::uint64_t check_ = 0;  // that runs, 0 = none
    std::uint64_t last_id_ = 0;
    base::TimePoint started_ = kNever;    // the last check
    base::TimePoint deadline_{};          // its
    base::TimePoint ended_ = kNever;      // the last check that ended
    base::TimePoint passed_ = kNever;     // the last check that passed
    base::TimePoint requested_ = kNever;  // the start of the last check that was asked for
    bool again_ = false;                  // when this check has ended, unless it passes

    base::TimePoint next_ = base::kNoDeadline;
    Due due_ = Due::periodic;          // why the next check is made
    base::TimePoint ticked_ = kNever;  // the start of the last check that was called periodic

    base::TimePoint last_success_ = kNever;  // of a request
    base::TimePoint cool_down_until_ = kNever;

    std::optional<base::Duration> response_time_;
    std::string server_version_;
    std::string last_error_;
};

}  // namespace tenon::core

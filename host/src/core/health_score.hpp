#pragma once

#include "base/clock.hpp"
#include "core/breaker.hpp"

namespace tenon::core {

/// Of the latest outcomes, how many were successes, and how fast checks are against how fast they
/// used to be. Newer ones weigh more; nothing is kept but averages.
class HealthRecord {
public:
    void add_outcome(bool success) noexcept;
    /// Of a check. Only these are alike enough to be compared: a request takes as long as its
    /// answer is long.
    void add_response_time(base::Duration time) noexcept;

    [[nodiscard]] double success_ratio() const noexcept { return success_ratio_; }
    /// Zero until there is one.
    [[nodiscard]] base::Duration recent() const noexcept { return recent_; }
    [[nodiscard]] base::Duration baseline() const noexcept { return baseline_; }

private:
    double success_ratio_ = 1;
    base::Duration recent_{0};
    base::Duration baseline_{0};
};

struct ScoreInputs {
    double success_ratio = 1;  ///< 0 to 1; what is outside counts as the nearer end
    base::Duration recent{0};  ///< response time now, and the usual one; zero = not known
    base::Duration baseline{0};
    BreakerState breaker = BreakerState::closed;
    bool working = true;  ///< neither unhealthy nor misconfigured
};

/// How well a provider does, in one number from 0 to 100, for people and for sorting:
///
///     100 * success_ratio * (0.7 + 0.3 * min(1, baseline / recent)) * b
///
/// b is 1 while the breaker lets calls through, 0.5 while it probes, 0 while it is open; and a
/// provider that does not work has 0. So an unreliable provider is worse than a slow one: however
/// slow it becomes, it loses 30 of 100. The score never falls when an input gets better.
[[nodiscard]] int health_score(const ScoreInputs& inputs) noexcept;

}  // namespace tenon::core

#include "core/health_score.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::core {
namespace {

// Weights of the newest value. The record looks back about twenty outcomes, the response time
// about three checks, and its baseline about forty: twenty minutes at the default interval.
constexpr double kOutcomeWeight = 0.1;
constexpr double kRecentWeight = 0.5;
constexpr double kBaselineWeight = 0.05;

constexpr double kSpeedShare = 0.3;

void approach(base::Duration& average, base::Duration value, double weight) noexcept {
    if (average == base::Duration::zero()) {
        average = value;
        return;
    }
    const auto step = static_cast<double>((value - average).count()) * weight;
    average += base::Duration(std::llround(step));
}

double factor(BreakerState state) noexcept {
    switch (state) {
        case BreakerState::closed:
        case BreakerState::forced_closed:
        case BreakerState::disabled: return 1;
        case BreakerState::half_open: return 0.5;
        case BreakerState::open:
        case BreakerState::forced_open: break;
    }
    return 0;
}

}  // namespace

void HealthRecord::add_outcome(bool success) noexcept {
    success_ratio_ += ((success ? 1 : 0) - success_ratio_) * kOutcomeWeight;
}

void HealthRecord::add_response_time(base::Duration time) noexcept {
    time = std::max(time, base::Duration(1));
    approach(recent_, time, kRecentWeight);
    approach(baseline_, time, kBaselineWeight);
}

int health_score(const ScoreInputs& inputs) noexcept {
    // Not a number compares false, and so counts as no success.
    const double ratio = inputs.success_ratio > 0 ? std::min(inputs.success_ratio, 1.0) : 0;
    const bool known = inputs.recent.count() > 0 && inputs.baseline.count() > 0;
    const double speed = known ? std::min(1.0, static_cast<double>(inputs.baseline.count()) /
                                                   static_cast<double>(inputs.recent.count()))
                               : 1.0;
    const double share = ratio * (1 - kSpeedShare + kSpeedShare * speed) * factor(inputs.breaker);
    return inputs.working ? static_cast<int>(std::lround(100 * share)) : 0;
}

}  // namespace tenon::core

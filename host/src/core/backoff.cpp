#include "core/backoff.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

using base::Duration;
using std::chrono::milliseconds;

constexpr milliseconds kLeastStep{1};
constexpr milliseconds kLongestStep = std::chrono::hours(24);
constexpr double kMostGrowth = 10;

/// Of a hint's length: see delay_for_hint().
constexpr double kHintJitter = 0.1;

/// \par Preconditions
/// `share` is from -1 to 2; decorrelated jitter leaves 0 to 1, a little.
Duration part_of(Duration whole, double share) noexcept {
    return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * share));
}

}  // namespace

Result<void> BackoffSettings::validate() const {
    return first_failure(check_range("base", base, kLeastStep, kLongestStep),
                         check_range("throttle_base", throttle_base, kLeastStep, kLongestStep),
                         check_range("growth", growth, 1, kMostGrowth),
                         check_range("cap", cap, kLeastStep, kLongestStep));
}

Duration backoff_step(const BackoffSettings& settings, Pressure pressure,
                      std::uint64_t k) noexcept {
    assert(k >= 1);
    const Duration first = pressure == Pressure::throttled ? settings.throttle_base : settings.base;
    const Duration cap = settings.cap;
    // Infinity for a large k, but never NaN, and compared before it becomes an integer.
    const double grown =
        static_cast<double>(first.count()) * std::pow(settings.growth, static_cast<double>(k - 1));
    if (!(grown < static_cast<double>(cap.count()))) return cap;
    return Duration(static_cast<Duration::rep>(grown));
}

/// Polly's DecorrelatedJitterBackoffV2 (by George Polevoy) waits (n(t) - n(t_last)) / 1.4 * base
/// with n(t) = 2^t tanh(sqrt(4 t)) and t = k - 1 + a draw from [0, 1). Here both powers are divided
/// by the step's own, 2^(k-1), so that nothing overflows (Polly issue 2163) and a capped step is
/// spread like every other.
double Backoff::decorrelated_share(std::uint64_t k, double drawn) noexcept {
    const auto n = [](double tries, double draw) {
        return std::exp2(draw) * std::tanh(std::sqrt(4 * (tries + draw)));
    };
    const auto tries = static_cast<double>(k - 1);
    const double last = k == 1 ? 0 : n(tries - 1, last_drawn_) / 2;
    last_drawn_ = drawn;
    return (n(tries, drawn) - last) / 1.4;
}

Duration Backoff::delay(Pressure pressure, std::uint64_t k, Random& random) noexcept {
    const Duration step = backoff_step(settings_, pressure, k);
    switch (settings_.jitter) {
        case Jitter::none: break;
        case Jitter::full: return part_of(step, random.unit());
        case Jitter::equal: return part_of(step, 0.5 + random.unit() / 2);
        case Jitter::decorrelated: {
            const Duration wait = part_of(step, decorrelated_share(k, random.unit()));
            return std::clamp(wait, Duration::zero(), Duration(settings_.cap));
        }
    }
    return step;
}

std::optional<Duration> Backoff::delay_for_hint(milliseconds hint, Duration computed,
                                                Random& random) const noexcept {
    if (hint > settings_.cap) return std::nullopt;
    if (hint <= milliseconds::zero()) return computed;
    Duration wait = hint;
    if (settings_.jitter != Jitter::none) wait += part_of(hint, kHintJitter * random.unit());
    return std::clamp(wait, std::min<Duration>(computed, settings_.cap), Duration(settings_.cap));
}

}  // namespace tenon::core

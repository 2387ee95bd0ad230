#include "core/ewma.hpp"

#include "core/setting_range.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tenon::core {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// A clock that seems to lie this far back went back; farther, the 32 bits went round (49.7 days).
/// 17 minutes: threads that race differ by less, and a pause hits that range once in 4000 times,
/// with nothing worse than an old value until the next sample.
constexpr std::uint32_t kBackwards = 1U << 20;

/// Below a microsecond nothing is left of a cost; 100 ms get there in 11.5 tau.
constexpr double kForgottenMs = 0.001;

/// Far above all samples, far below what a float holds.
constexpr double kLargest = 1e30;

/// A value and when it was noted, in one word that is replaced as a whole. Zero: never noted.
struct Noted {
    float value = 0;
    std::uint32_t tick = 0;  ///< the low 32 bits of the clock's milliseconds; never 0 when noted

    [[nodiscard]] bool never() const noexcept { return tick == 0; }
};

Noted unpack(std::uint64_t word) noexcept {
    return {std::bit_cast<float>(static_cast<std::uint32_t>(word >> 32)),
            static_cast<std::uint32_t>(word)};
}

std::uint64_t pack(Noted noted) noexcept {
    return std::uint64_t{std::bit_cast<std::uint32_t>(noted.value)} << 32 | noted.tick;
}

std::uint32_t tick_of(base::TimePoint now) noexcept {
    const auto since_start = now.time_since_epoch();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
    const auto tick = static_cast<std::uint32_t>(ms);
    return tick == 0 ? 1 : tick;  // 0 is for "never"
}

/// How much of the old value is left at `tick`: 1 = all, also if the clock went back.
double left_at(std::uint32_t tick, Noted noted, base::Duration tau) noexcept {
    const std::uint32_t elapsed = tick - noted.tick;
    if (elapsed == 0 || elapsed > std::numeric_limits<std::uint32_t>::max() - kBackwards) return 1;
    return std::exp(-static_cast<double>(elapsed) / Milliseconds(tau).count());
}

/// The later of two ticks; the old one if the clock went back.
std::uint32_t later(std::uint32_t tick, std::uint32_t old) noexcept {
    return tick - old > std::numeric_limits<std::uint32_t>::max() - kBackwards ? old : tick;
}

/// Replaces the word by what `step(old)` makes of it, as often as somebody else was faster.
template <class Step>
void update(std::atomic<std::uint64_t>& word, const Step& step) noexcept {
    std::uint64_t old = word.load(std::memory_order_relaxed);
    while (!word.compare_exchange_weak(old, pack(step(unpack(old))), std::memory_order_relaxed)) {
    }
}

Noted averaged(Noted old, double sample, std::uint32_t tick, base::Duration tau) noexcept {
    if (old.never()) return {static_cast<float>(sample), tick};
    const double left = left_at(tick, old, tau);
    return {static_cast<float>(old.value * left + sample * (1 - left)), later(tick, old.tick)};
}

/// A cost rises at once.
Noted peaked(Noted old, double sample, std::uint32_t tick, base::Duration tau) noexcept {
    if (!old.never() && sample <= old.value) return averaged(old, sample, tick, tau);
    return {static_cast<float>(sample), old.never() ? tick : later(tick, old.tick)};
}

}  // namespace

Result<void> EwmaSettings::validate() const {
    using std::chrono::milliseconds;
    // A float keeps up with steps of 1 ms / tau up to a minute.
    return first_failure(
        check_range("tau", tau, milliseconds(100), milliseconds(60'000)),
        check_range("failure_floor", failure_floor, milliseconds(0), failure_ceiling),
        check_range("failure_ceiling", failure_ceiling, milliseconds(1)));
}

void Ewma::observe(double sample, base::TimePoint now, base::Duration tau) noexcept {
    if (!std::isfinite(sample)) return;
    const double clamped = std::clamp(sample, -kLargest, kLargest);
    const std::uint32_t tick = tick_of(now);
    update(word_, [&](Noted old) { return averaged(old, clamped, tick, tau); });
}

double Ewma::value(base::TimePoint now, base::Duration tau, double rest) const noexcept {
    const Noted noted = unpack(word_.load(std::memory_order_relaxed));
    if (noted.never()) return rest;
    const double left = left_at(tick_of(now), noted, tau);
    return noted.value * left + rest * (1 - left);
}

bool Ewma::cold() const noexcept {
    return unpack(word_.load(std::memory_order_relaxed)).never();
}

void PeakEwma::succeeded(base::Duration latency, base::TimePoint now,
                         const EwmaSettings& settings) noexcept {
    const double sample = Milliseconds(latency).count();
    const std::uint32_t tick = tick_of(now);
    update(word_, [&](Noted old) { return peaked(old, sample, tick, settings.tau); });
}

void PeakEwma::failed(base::Duration latency, base::TimePoint now,
                      const EwmaSettings& settings) noexcept {
    const double floor = Milliseconds(settings.failure_floor).count();
    const double ceiling = Milliseconds(settings.failure_ceiling).count();
    const double took = std::max(Milliseconds(latency).count(), floor);
    const std::uint32_t tick = tick_of(now);
    update(word_, [&](Noted old) {
        // From the cost as it is read now: after a long pause an old failure is forgiven.
        const double cost = old.value * left_at(tick, old, settings.tau);
        const double sample = std::max({took, cost, std::min(2 * cost, ceiling)});
        return Noted{static_cast<float>(sample), old.never() ? tick : later(tick, old.tick)};
    });
}

double PeakEwma::cost_ms(base::TimePoint now, const EwmaSettings& settings) const noexcept {
    const Noted noted = unpack(word_.load(std::memory_order_relaxed));
    if (noted.never()) return 0;
    const double cost = noted.value * left_at(tick_of(now), noted, settings.tau);
    return cost < kForgottenMs ? 0 : cost;
}

}  // namespace tenon::core

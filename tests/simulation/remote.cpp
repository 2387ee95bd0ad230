#include "remote.hpp"

#include <chrono>
#include <cmath>
#include <numbers>

namespace tenon::simulation {
namespace {

base::Duration from_ms(double ms) {
    return std::chrono::duration_cast<base::Duration>(
        std::chrono::duration<double, std::milli>(ms));
}

}  // namespace

std::optional<Remote::Answer> Remote::call(base::TimePoint now) noexcept {
    Answer answer;
    answer.failed = random_.unit() < settings_.failure_rate;
    // Box and Muller: a normal number from two even ones.
    const double normal = std::sqrt(-2 * std::log(1 - random_.unit())) *
                          std::cos(2 * std::numbers::pi * random_.unit());
    answer.after = answer.failed
                       ? between(20, 60)
                       : from_ms(settings_.median_ms * std::exp(settings_.spread * normal));
    if (!unless_lost(now, answer.after)) return std::nullopt;
    return answer;
}

std::optional<base::Duration> Remote::dial(base::TimePoint now) noexcept {
    return unless_lost(now, between(80, 150));
}

std::optional<base::Duration> Remote::check(base::TimePoint now) noexcept {
    return unless_lost(now, between(40, 80));
}

base::Duration Remote::between(double least_ms, double most_ms) noexcept {
    return from_ms(least_ms + random_.unit() * (most_ms - least_ms));
}

std::optional<base::Duration> Remote::unless_lost(base::TimePoint now,
                                                  base::Duration takes) const noexcept {
    if (hole_.swallows(now, now + takes)) return std::nullopt;
    return takes;
}

}  // namespace tenon::simulation

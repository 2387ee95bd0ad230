#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "core/breaker.hpp"

namespace tenon::core {

inline std::ostream& operator<<(std::ostream& out, BreakerState state) {
    return out << to_string(state);
}
inline std::ostream& operator<<(std::ostream& out, BreakerCause cause) {
    return out << to_string(cause);
}

namespace breaker_tests {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr base::TimePoint kStart{std::chrono::hours(77) + std::chrono::nanoseconds(13)};
inline constexpr milliseconds kSecond{1'000};

inline base::TimePoint at(milliseconds since_start) {
    return kStart + since_start;
}

inline milliseconds ms(base::Duration duration) {
    return std::chrono::duration_cast<milliseconds>(duration);
}

/// The defaults without jitter, so that times are known: open for 30 s, a lease of 35 s.
inline BreakerSettings exact() {
    BreakerSettings settings;
    settings.recovery_jitter = 0;
    return settings;
}

/// A breaker at virtual time, and what happened to it.
class Subject {
public:
    explicit Subject(const BreakerSettings& settings = exact()) : breaker(settings, kStart, 1) {}

    BreakerPermit admit() { return admission().permit; }
    Admission admission() {
        Admission admission = breaker.admit(now);
        note(admission.event);
        return admission;
    }
    void record(BreakerPermit permit, Outcome outcome) {
        note(breaker.record(std::move(permit), outcome, now));
    }
    /// Admits and records `times` calls.
    void calls(int times, Outcome outcome) {
        for (int i = 0; i < times; ++i) record(admit(), outcome);
    }
    /// Opens a closed breaker with the default threshold.
    void trip() { calls(5, Outcome::failure); }
    /// A probe's permit: opens, waits, admits.
    BreakerPermit probe() {
        trip();
        now += seconds(30);
        return admit();
    }
    void note(const std::optional<BreakerEvent>& event) {
        if (event) events.push_back(*event);
    }

    [[nodiscard]] BreakerSnapshot look() const { return breaker.snapshot(now); }
    [[nodiscard]] BreakerState state() const { return look().state; }

    base::TimePoint now = kStart;
    Breaker breaker;
    std::vector<BreakerEvent> events;
};

}  // namespace breaker_tests
}  // namespace tenon::core

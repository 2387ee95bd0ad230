#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/health.hpp"

namespace tenon::core {

/// What can happen to a health monitor, for tests that try everything.
enum class HealthEvent : std::uint8_t {
    start,
    stop,
    passes,
    fails,
    throttled,
    refused,  // wrong credentials
    says_nothing,
    unsupported,
    late_reply,   // to a check that was given up
    timer,        // when it is due
    sleep,        // and the timer ten seconds later than it is due
    time_passes,  // 400 ms
    request_succeeds,
    request_fails,
    request_throttled,
    request_check,
    verify,
    recover,
};
inline constexpr int kHealthEvents = static_cast<int>(HealthEvent::recover) + 1;

[[nodiscard]] std::string name_of(HealthEvent event);

/// A second opinion on the monitor, from the specification and by simpler means: it keeps a log of
/// all that has happened, and finds what it wants to know in there. Without jitter and spread.
class HealthModel {
public:
    explicit HealthModel(const HealthSettings& settings) : settings_(settings) {}

    [[nodiscard]] HealthSteps happen(HealthEvent event, base::TimePoint now);
    [[nodiscard]] base::TimePoint next_wake() const;
    [[nodiscard]] HealthState state() const;
    [[nodiscard]] bool is_cooling_down(base::TimePoint now) const;

private:
    struct Entry {
        enum class What : std::uint8_t {
            started,
            stopped,
            check,  // has begun
            passed,
            failed,
            throttled,
            refused,
            neutral,
            slept,
            unsupported,
            recovered,
            requested,  // somebody wants a check
            verifying,  // somebody wants a new check
            good,       // requests
            bad,
            limited,
        };
        What what;
        base::TimePoint time;
        bool periodic = false;
        base::TimePoint next{};  // of good that puts a check off: to when
    };
    using What = Entry::What;

    /// When the next check is due, and why.
    struct Wish {
        base::TimePoint time = base::kNoDeadline;
        char why = 'p';  // p: periodic, e: edge, r: requested, v: verify
    };

    void note(What what, base::TimePoint now) { log_.push_back({.what = what, .time = now}); }
    void check(const Wish& wish, base::TimePoint now, HealthSteps& steps);
    void end(What what, base::TimePoint now, HealthSteps& steps);
    void tick(base::TimePoint now, HealthSteps& steps);
    void want(What what, base::TimePoint now, HealthSteps& steps);

    [[nodiscard]] static bool is_end(What what);
    [[nodiscard]] const Entry* last(What what) const;
    [[nodiscard]] const Entry* last_end() const;
    [[nodiscard]] const Entry* running() const;
    [[nodiscard]] bool is_on() const;
    [[nodiscard]] bool has_no_check() const;
    [[nodiscard]] Wish wish() const;
    [[nodiscard]] Wish wish_after(std::size_t end) const;

    HealthSettings settings_;
    std::vector<Entry> log_;
    std::uint64_t sequence_ = 0;
    std::uint64_t checks_ = 0;
};

}  // namespace tenon::core

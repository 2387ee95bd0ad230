#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/breaker.hpp"

namespace tenon::core::breaker_tests {

/// What a breaker does, said again in the simplest way: whole milliseconds, plain variables, and a
/// log of everything that was ever reported. No jitter, one thread.
class Model {
public:
    struct Permit {
        std::uint64_t generation = 0;
        int probe = 0;  ///< 0 = a normal one, else its number
    };
    struct Event {
        std::uint64_t sequence;
        BreakerState from;
        BreakerState to;
        BreakerCause cause;
        std::int64_t open_for;
        std::uint64_t failures;
        std::uint64_t successes;
    };
    struct Answer {
        std::optional<Permit> permit;
        std::int64_t retry_after = 0;
    };

    explicit Model(const BreakerSettings& settings) : settings_(settings) {
        state = settings.enabled ? BreakerState::closed : BreakerState::disabled;
    }

    Answer admit(std::int64_t now) {
        events.clear();
        if (counts_calls()) return {.permit = Permit{generation}, .retry_after = 0};
        if (state == BreakerState::forced_open) return reject(-1);
        if (state == BreakerState::open) {
            if (now < until) return reject(until - now);
            enter(BreakerState::half_open, BreakerCause::recovery_over, now);
        }
        if (std::any_of(probes.begin(), probes.end(),
                        [now](const Probe& p) { return now >= p.deadline; })) {
            enter_open(BreakerCause::probe_never_reported, now);
            return reject(until - now);
        }
        if (static_cast<int>(probes.size()) >= settings_.probes) return reject(wait(now));
        probes.push_back({++last_probe_, now + settings_.probe_lease().count()});
        return {.permit = Permit{generation, last_probe_}, .retry_after = 0};
    }

    void record(const Permit& permit, Outcome outcome, std::int64_t now) {
        events.clear();
        if (permit.generation != generation) {
            ++late;
            return;
        }
        if (permit.probe != 0) {
            record_probe(permit.probe, outcome, now);
        } else if (outcome != Outcome::ignored) {
            log_.push_back({generation, now, outcome == Outcome::failure});
            if (state == BreakerState::closed && outcome == Outcome::failure && too_much(now)) {
                ++trips;
                enter_open(BreakerCause::too_many_failures, now);
            }
        }
    }

    void tick(std::int64_t now) {
        events.clear();
        for (const Probe& probe : probes) {
            if (now < probe.deadline) continue;
            enter_open(BreakerCause::probe_never_reported, now);
            return;
        }
    }

    void by_hand(BreakerState to, std::int64_t now) {
        events.clear();
        reopens = 0;
        enter(to, BreakerCause::by_hand, now);
    }

    /// Of the present generation, in the twelve buckets that end with the present one.
    [[nodiscard]] std::uint64_t count(bool failures, std::int64_t now) const {
        const std::int64_t width = settings_.window.count() / 12;
        return static_cast<std::uint64_t>(
            std::count_if(log_.begin(), log_.end(), [&](const Report& report) {
                return report.generation == generation && report.failed == failures &&
                       report.at / width > now / width - 12;
            }));
    }

    /// -1 = for ever
    [[nodiscard]] std::int64_t retry_after(std::int64_t now) const {
        if (state == BreakerState::forced_open) return -1;
        if (state == BreakerState::open) return std::max<std::int64_t>(until - now, 0);
        if (state != BreakerState::half_open) return 0;
        return static_cast<int>(probes.size()) >= settings_.probes ? wait(now) : 0;
    }

    struct Probe {
        int number;
        std::int64_t deadline;
    };
    BreakerState state = BreakerState::closed;
    std::uint64_t generation = 1;
    std::int64_t until = 0;
    int reopens = 0;
    int successes = 0;
    std::vector<Probe> probes;
    std::uint64_t trips = 0;
    std::uint64_t repairs = 0;
    std::uint64_t rejected = 0;
    std::uint64_t late = 0;
    std::vector<Event> events;  ///< of the last step

private:
    struct Report {
        std::uint64_t generation;
        std::int64_t at;
        bool failed;
    };

    [[nodiscard]] bool counts_calls() const {
        return state == BreakerState::closed || state == BreakerState::forced_closed ||
               state == BreakerState::disabled;
    }
    [[nodiscard]] std::int64_t wait(std::int64_t now) const {
        std::int64_t earliest = INT64_MAX;
        for (const Probe& probe : probes) earliest = std::min(earliest, probe.deadline);
        return std::max<std::int64_t>(earliest - now, 1);
    }
    [[nodiscard]] bool too_much(std::int64_t now) const {
        const auto failures = count(true, now);
        const auto total = failures + count(false, now);
        if (failures < static_cast<std::uint64_t>(settings_.failure_threshold)) return false;
        if (total < static_cast<std::uint64_t>(settings_.min_throughput)) return false;
        // In percent, which the settings of the tests are.
        return failures * 100 >=
               static_cast<std::uint64_t>(settings_.min_failure_ratio * 100 + 0.5) * total;
    }
    Answer reject(std::int64_t retry_after) {
        ++rejected;
        return {.permit = std::nullopt, .retry_after = retry_after};
    }
    void enter(BreakerState to, BreakerCause cause, std::int64_t now) {
        const bool counting = counts_calls();
        events.push_back({generation + 1, state, to, cause,
                          to == BreakerState::open ? until - now : 0,
                          counting ? count(true, now) : 0, counting ? count(false, now) : 0});
        state = to;
        ++generation;
        successes = 0;
        probes.clear();
    }
    void enter_open(BreakerCause cause, std::int64_t now) {
        if (state == BreakerState::half_open) ++reopens;
        double open_for = static_cast<double>(settings_.recovery.count());
        for (int i = 0; i < reopens; ++i) open_for *= settings_.recovery_growth;
        open_for = std::min(open_for, static_cast<double>(settings_.max_recovery.count()));
        until = now + static_cast<std::int64_t>(open_for);
        enter(BreakerState::open, cause, now);
    }
    void record_probe(int number, Outcome outcome, std::int64_t now) {
        if (outcome == Outcome::failure) return enter_open(BreakerCause::probe_failed, now);
        std::erase_if(probes, [number](const Probe& probe) { return probe.number == number; });
        if (outcome == Outcome::ignored || ++successes < settings_.successes_to_close) return;
        ++repairs;
        reopens = 0;
        enter(BreakerState::closed, BreakerCause::probes_succeeded, now);
    }

    BreakerSettings settings_;
    std::vector<Report> log_;
    int last_probe_ = 0;
};

}  // namespace tenon::core::breaker_tests

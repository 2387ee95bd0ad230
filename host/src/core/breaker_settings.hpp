#pragma once

#include <chrono>

#include "tenon/result.hpp"

namespace tenon::core {

/// When a breaker opens, for how long, and what closes it again.
struct BreakerSettings {
    /// false: it counts and never rejects (resilience4j: METRICS_ONLY).
    bool enabled = true;

    /// It opens when all three are reached within the window. A bare number of failures is a low
    /// rate for a busy provider: 5 in 60 s are 0.08 % of 100 calls a second. The ratio (0 = any) is
    /// there for those; resilience4j's default is 0.5, Polly's 0.1.
    int failure_threshold = 5;
    int min_throughput = 3;
    double min_failure_ratio = 0;

    /// Cut into 12 buckets that expire as a whole, so that 11/12 to 12/12 of it count.
    std::chrono::milliseconds window{60'000};

    /// How long it stays open. Each time a probe fails the next time is longer by the factor, up to
    /// the maximum (Finagle: 5 to 300 s, Envoy: up to 300 s); then the jitter is applied, so that
    /// hosts do not probe in lockstep (Envoy: max_ejection_time_jitter).
    std::chrono::milliseconds recovery{30'000};
    double recovery_growth = 1;
    std::chrono::milliseconds max_recovery{300'000};
    double recovery_jitter = 0.1;  ///< 0.1 = ±10 %; 0 = none

    int probes = 1;              ///< calls at once while half-open
    int successes_to_close = 1;  ///< successful probes that close it

    /// A probe that has not been reported after the longest time of an attempt and the grace counts
    /// as failed.
    std::chrono::milliseconds attempt_timeout{30'000};
    std::chrono::milliseconds lease_grace{5'000};

    [[nodiscard]] std::chrono::milliseconds probe_lease() const noexcept {
        return attempt_timeout + lease_grace;
    }

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const BreakerSettings&, const BreakerSettings&) = default;
};

inline constexpr int kMaxProbes = 16;

}  // namespace tenon::core

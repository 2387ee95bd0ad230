#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

enum class LimitAlgorithm : std::uint8_t {
    off,       ///< the limit stays as it is
    gradient,  ///< follows the latency: less when calls become slower than usual
    aimd,      ///< additive increase, multiplicative decrease when throttled or timed out
};

/// Numbers of Netflix concurrency-limits (Gradient2Limit, AIMDLimit), but for what is said.
struct AdaptiveLimitSettings {
    LimitAlgorithm algorithm = LimitAlgorithm::off;
    std::uint32_t initial = 10;  ///< Tenon's number of permits; 20 there
    std::uint32_t least = 1;     ///< 20 there, more than a provider usually allows
    std::uint32_t most = 200;
    double tolerance = 1.5;      ///< how much slower than usual is still usual
    double smoothing = 0.2;      ///< weight of the newest proposal
    std::uint32_t headroom = 4;  ///< calls that may stand in the provider's own queue
    std::uint32_t window = 600;  ///< calls over which "usual" is a mean
    /// How often the gradient halves the limit for a moment, to measure the latency without queues:
    /// or else "usual" would creep up with a queue that grows slowly. 50 s in brpc's auto limiter,
    /// whose authors found that of Netflix. 0 = never.
    std::chrono::milliseconds remeasure{50'000};
    double decrease = 0.7;  ///< when throttled; beta of AWS's adaptive retry mode

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const AdaptiveLimitSettings&, const AdaptiveLimitSettings&) = default;
};

/// How a call ended, to the limit.
enum class LimitSample : std::uint8_t {
    ok,
    overload,  ///< throttled (429), overloaded, or it timed out
    ignored,   ///< cancelled, or failed for another reason: says nothing about capacity
};

/// How many calls a provider bears at once, learnt from how it answers. Feed Permits::resize() with
/// it.
///
/// \par Thread-safety
/// None: guarded with the Permits that it steers.
class AdaptiveLimit {
public:
    /// \par Preconditions
    /// `settings` are valid.
    explicit AdaptiveLimit(const AdaptiveLimitSettings& settings) noexcept;

    /// A call that was sent at `started` ended at `now`, when `in_flight` calls, this one among
    /// them, were under way. Returns the new limit.
    ///
    /// Many calls in flight meet the same overload; only those that were sent after the last
    /// decrease lower the limit again, as TCP does once per window.
    std::uint32_t on_sample(LimitSample sample, base::TimePoint started, base::TimePoint now,
                            std::uint32_t in_flight) noexcept;

    [[nodiscard]] std::uint32_t limit() const noexcept;

private:
    void follow_latency(double rtt_ns, std::uint32_t in_flight) noexcept;
    /// Returns whether the sample has been used up by a measurement.
    [[nodiscard]] bool measure(base::TimePoint started, base::TimePoint now,
                               std::uint32_t in_flight) noexcept;
    void set(double limit) noexcept;

    AdaptiveLimitSettings settings_;
    double limit_;
    double usual_ns_ = 0;        ///< mean latency over the window
    std::uint32_t samples_ = 0;  ///< in `usual_ns_`, up to the end of its warm-up
    bool measuring_ = false;
    double limit_after_ = 0;       ///< of the measurement
    double measured_ns_ = 0;       ///< mean of the measurement
    std::uint32_t measured_ = 0;   ///< samples in it
    bool begun_ = false;           ///< measured_at_ is valid
    base::TimePoint measured_at_;  ///< begin of the measurement that runs, or end of the last one
    bool decreased_ = false;
    base::TimePoint decreased_at_;
};

}  // namespace tenon::core

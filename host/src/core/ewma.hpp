#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// How fast evidence ages, and what a failure costs.
struct EwmaSettings {
    /// A sample's weight falls to 1/e in this time (Finagle, PeakEwma: decayTime 10 s).
    std::chrono::milliseconds tau{10'000};

    /// A failure costs twice what the provider cost before, or attempts that fail at once would
    /// make it look fast and draw all traffic (brpc charges min(latency, 2 * average)). At least
    /// the floor, for a provider without history; and doubling ends at the ceiling, the longest
    /// wait for a first byte: a failed attempt tells no more than one that ran out of time.
    std::chrono::milliseconds failure_floor{1'000};
    std::chrono::milliseconds failure_ceiling{30'000};

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const EwmaSettings&, const EwmaSettings&) = default;
};

/// The average of what was seen lately: each sample's weight decays with time, so that neither a
/// burst nor a pause distorts it.
///
/// \par Thread-safety
/// Any thread; lock-free.
class Ewma {
public:
    /// Takes `sample` at `now`. What is not finite is left out. A `now` before the last one counts
    /// as equal to it (Finagle keeps its stamp monotone); of samples within the same millisecond
    /// the first counts.
    void observe(double sample, base::TimePoint now, base::Duration tau) noexcept;

    /// The average; while nothing new comes it moves to `rest`, the value for no evidence.
    [[nodiscard]] double value(base::TimePoint now, base::Duration tau, double rest) const noexcept;

    [[nodiscard]] bool cold() const noexcept;
    void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> word_{0};
};

/// What a provider costs, in milliseconds of waiting: rises at once with a slow answer, falls with
/// the average (Finagle: PeakEwma). While it is not asked its cost decays, so that after a while it
/// is tried again. Feed it with the time to the first byte: long answers are not slow ones.
///
/// \par Thread-safety
/// Any thread; lock-free.
class PeakEwma {
public:
    void succeeded(base::Duration latency, base::TimePoint now,
                   const EwmaSettings& settings) noexcept;

    /// Never lowers the cost.
    void failed(base::Duration latency, base::TimePoint now, const EwmaSettings& settings) noexcept;

    /// \return 0 if there is no history, or it is so old that none is left.
    [[nodiscard]] double cost_ms(base::TimePoint now, const EwmaSettings& settings) const noexcept;

    void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> word_{0};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace tenon::core

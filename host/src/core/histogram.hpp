#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace tenon::core {

/// The buckets of a latency histogram: log-linear, as HdrHistogram has them.
///
/// Times are counted in microseconds. Below 32 µs each has its own bucket; above, each power of two
/// is cut into 32 buckets of the same width, of which the middle is at most 1/64 (1.6 %) away from
/// whatever is in them. The last bucket ends at 2^32 µs (72 minutes) and takes all that is longer.
struct HistogramBuckets {
    static constexpr int kLinearBits = 5;
    static constexpr int kLongestBits = 32;
    static constexpr std::size_t kLinear = std::size_t{1} << kLinearBits;
    static constexpr std::size_t kCount = kLinear * (kLongestBits - kLinearBits + 1);

    /// Of a time in µs.
    [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t us) noexcept {
        if (us < kLinear) return static_cast<std::size_t>(us);
        if (us >> kLongestBits != 0) return kCount - 1;
        const int octave = static_cast<int>(std::bit_width(us)) - 1 - kLinearBits;
        return static_cast<std::size_t>(octave) * kLinear + static_cast<std::size_t>(us >> octave);
    }

    /// The first time of a bucket, in µs; of index kCount, where the last one ends.
    [[nodiscard]] static constexpr std::uint64_t begin_of(std::size_t index) noexcept {
        if (index < 2 * kLinear) return index;
        const std::size_t octave = index / kLinear - 1;
        return (kLinear + index % kLinear) << octave;
    }
};

/// What a histogram held at one time; a plain value.
struct HistogramSnapshot {
    std::array<std::uint64_t, HistogramBuckets::kCount> counts{};
    std::uint64_t count = 0;   ///< all of `counts`
    std::uint64_t sum_us = 0;  ///< in ns 1,000 calls at once would overflow it within 7 months
    base::Duration longest{0};

    /// Adds what `other` holds.
    void merge(const HistogramSnapshot& other) noexcept;

    /// To a microsecond. Zero if there is nothing.
    [[nodiscard]] base::Duration average() const noexcept;

    /// The time that `percent` of all did not exceed, at most 1.6 % off for times from 32 µs to 72
    /// minutes and never more than `longest`. Zero if there is nothing.
    /// \par Preconditions
    /// `percent` is from 0 to 100.
    [[nodiscard]] base::Duration percentile(double percent) const noexcept;

    /// How many were not longer than `limit`, to a bucket's width: for metrics with fixed bounds.
    [[nodiscard]] std::uint64_t count_up_to(base::Duration limit) const noexcept;
};

/// Counts times in 7 KiB, however many there are.
///
/// \par Thread-safety
/// record() and snapshot(): any thread, lock-free. A snapshot that is taken meanwhile has each time
/// in its count or not at all; its sum may be ahead of its count, or behind it, by those times that
/// are being recorded.
class Histogram {
public:
    /// Times below zero count as zero. Does not allocate.
    void record(base::Duration time) noexcept;

    [[nodiscard]] HistogramSnapshot snapshot() const noexcept;

private:
    std::array<std::atomic<std::uint64_t>, HistogramBuckets::kCount> counts_{};
    std::atomic<std::uint64_t> sum_us_ = 0;
    std::atomic<std::uint64_t> longest_ns_ = 0;
};

}  // namespace tenon::core

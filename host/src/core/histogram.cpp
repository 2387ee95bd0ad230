#include "core/histogram.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>

namespace tenon::core {
namespace {

using base::Duration;

constexpr std::uint64_t kNanosecondsPerMicrosecond = 1'000;

/// What stands for all times of a bucket: the middle of it, in whole ns.
Duration middle_of(std::size_t index) noexcept {
    // A bucket of 1 µs holds the times up to the next one, so its middle is half a microsecond on.
    const std::uint64_t twice =
        HistogramBuckets::begin_of(index) + HistogramBuckets::begin_of(index + 1);
    return Duration(static_cast<Duration::rep>(twice * kNanosecondsPerMicrosecond / 2));
}

std::size_t index_of(std::uint64_t ns) noexcept {
    return HistogramBuckets::index_of(ns / kNanosecondsPerMicrosecond);
}

std::uint64_t nanoseconds(Duration time) noexcept {
    return static_cast<std::uint64_t>(std::max(time, Duration::zero()).count());
}

}  // namespace

// Relaxed: the counts guard no other memory.
void Histogram::record(Duration time) noexcept {
    const std::uint64_t ns = nanoseconds(time);
    counts_[index_of(ns)].fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t rounded_us =
        (ns + kNanosecondsPerMicrosecond / 2) / kNanosecondsPerMicrosecond;
    if (rounded_us != 0) sum_us_.fetch_add(rounded_us, std::memory_order_relaxed);
    std::uint64_t longest = longest_ns_.load(std::memory_order_relaxed);
    while (ns > longest &&
           !longest_ns_.compare_exchange_weak(longest, ns, std::memory_order_relaxed)) {
    }
}

HistogramSnapshot Histogram::snapshot() const noexcept {
    HistogramSnapshot taken;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        taken.counts[i] = counts_[i].load(std::memory_order_relaxed);
        taken.count += taken.counts[i];
    }
    taken.sum_us = sum_us_.load(std::memory_order_relaxed);
    taken.longest =
        Duration(static_cast<Duration::rep>(longest_ns_.load(std::memory_order_relaxed)));
    return taken;
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    count += other.count;
    sum_us += other.sum_us;
    longest = std::max(longest, other.longest);
}

Duration HistogramSnapshot::average() const noexcept {
    if (count == 0) return Duration::zero();
    const double us = static_cast<double>(sum_us) / static_cast<double>(count);
    // Rounding may have added half a microsecond to each.
    return std::min(Duration(static_cast<Duration::rep>(us * kNanosecondsPerMicrosecond)), longest);
}

Duration HistogramSnapshot::percentile(double percent) const noexcept {
    assert(percent >= 0 && percent <= 100);
    if (count == 0) return Duration::zero();
    // Less the error of the arithmetic, or 99.9 % of 1,000 might be all of them.
    const double wanted = std::ceil(percent * static_cast<double>(count) / 100 * (1 - 1e-12));
    // The least number of times of which the last is the one that is looked for.
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        seen += counts[i];
        if (seen < rank) continue;
        // The last bucket has no end, and the longest of all is known.
        const bool last = i + 1 == counts.size() || rank == count;
        return last ? longest : std::min(middle_of(i), longest);
    }
    return longest;
}

std::uint64_t HistogramSnapshot::count_up_to(Duration limit) const noexcept {
    if (limit < Duration::zero()) return 0;
    const std::size_t last = index_of(nanoseconds(limit));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i <= last; ++i) seen += counts[i];
    return seen;
}

}  // namespace tenon::core

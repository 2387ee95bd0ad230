#include "gateway/admin/recent_times.hpp"

#include <algorithm>
#include <chrono>

namespace tenon::gateway {
namespace {

std::chrono::microseconds us(base::Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

/// Known to a bucket's width only, but never more than what was ever the longest.
base::Duration longest_of(const core::HistogramSnapshot& recent, base::Duration ever) {
    for (std::size_t i = recent.counts.size(); i > 0; --i) {
        if (recent.counts[i - 1] == 0) continue;
        const auto begin = core::HistogramBuckets::begin_of(i - 1);
        const auto width = core::HistogramBuckets::begin_of(i) - begin;
        return std::min<base::Duration>(std::chrono::microseconds(begin + width / 2), ever);
    }
    return base::Duration::zero();
}

}  // namespace

host::LatencySummary RecentTimes::take(std::string_view name, const core::HistogramSnapshot& now) {
    auto found = last_.find(name);
    if (found == last_.end()) found = last_.emplace(name, Counts{}).first;
    Counts& last = found->second;

    core::HistogramSnapshot recent;
    bool anew = false;
    for (std::size_t i = 0; i < last.size(); ++i) {
        anew = anew || now.counts[i] < last[i];
        recent.counts[i] = now.counts[i] - last[i];
        recent.count += recent.counts[i];
    }
    if (anew) recent = now;  // another provider of this name
    last = now.counts;
    recent.longest = longest_of(recent, now.longest);

    host::LatencySummary out;
    out.count = recent.count;
    out.p50 = us(recent.percentile(50));
    out.p90 = us(recent.percentile(90));
    out.p95 = us(recent.percentile(95));
    out.p99 = us(recent.percentile(99));
    out.max = us(recent.percentile(100));
    return out;
}

}  // namespace tenon::gateway

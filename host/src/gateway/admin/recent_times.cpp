#include "gateway/admin/recent_times.hpp"

#include <chrono>

namespace tenon::gateway {
namespace {

std::chrono::microseconds us(base::Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time);
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
    recent.longest = now.longest;  // not known better: bounds the percentiles

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

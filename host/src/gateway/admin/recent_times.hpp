#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/histogram.hpp"
#include "tenon/host/status.hpp"

namespace tenon::gateway {

/// Cuts histograms that only rise into pieces: what came since the last time. Remembers 7 KiB for
/// each name.
///
/// \par Thread-safety
/// One thread at a time.
class RecentTimes {
public:
    /// All that is in `now`, the first time, or if it has begun anew. The average stays zero.
    host::LatencySummary take(std::string_view name, const core::HistogramSnapshot& now);

private:
    using Counts = std::array<std::uint64_t, core::HistogramBuckets::kCount>;

    std::map<std::string, Counts, std::less<>> last_;
};

}  // namespace tenon::gateway

#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "base/duration.hpp"

namespace tenon::runtime {

/// The end of a wait that a caller asks for, who may mean "for ever" by milliseconds::max().
[[nodiscard]] inline base::TimePoint from_now(std::chrono::milliseconds wait) noexcept {
    return base::steady_clock().now() + std::min(wait, base::kLongestDuration);
}

}  // namespace tenon::runtime

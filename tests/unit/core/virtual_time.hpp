#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace tenon::core {

/// Virtual time: so long after an arbitrary start, which is not the clock's zero.
inline base::TimePoint at(base::Duration since_start) {
    return base::TimePoint(std::chrono::hours(1000)) + since_start;
}

}  // namespace tenon::core

#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace tenon::gateway {

/// So many units a minute, in a burst of as many at most (a token bucket). What was taken too much
/// of can be settled later: the bucket may owe.
///
/// \par Thread-safety
/// None; time is the caller's.
class RateBucket {
public:
    /// \param per_minute 0 = unlimited.
    explicit RateBucket(std::int64_t per_minute) noexcept
        : per_minute_(per_minute), level_(static_cast<double>(per_minute)) {}

    [[nodiscard]] bool unlimited() const noexcept { return per_minute_ <= 0; }

    /// How long until `units` can be taken; 0 = now. More than a minute's worth passes when the
    /// bucket is full: it could never pass otherwise.
    [[nodiscard]] base::Duration wait_for(std::int64_t units, base::TimePoint now) noexcept {
        if (unlimited()) return base::Duration::zero();
        refill(now);
        const double wanted = static_cast<double>(std::min(units, per_minute_));
        if (level_ >= wanted) return base::Duration::zero();
        const double seconds = (wanted - level_) * 60 / static_cast<double>(per_minute_);
        return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
    }
    void take(std::int64_t units) noexcept {
        if (!unlimited()) level_ -= static_cast<double>(units);
    }
    void give_back(std::int64_t units) noexcept {
        if (unlimited()) return;
        level_ = std::min(level_ + static_cast<double>(units), static_cast<double>(per_minute_));
    }

private:
    void refill(base::TimePoint now) noexcept {
        if (last_ != base::TimePoint() && now > last_) {
            const double minutes = std::chrono::duration<double>(now - last_).count() / 60;
            level_ = std::min(level_ + minutes * static_cast<double>(per_minute_),
                              static_cast<double>(per_minute_));
        }
        last_ = std::max(last_, now);
    }

    std::int64_t per_minute_;
    double level_;
    base::TimePoint last_{};
};

}  // namespace tenon::gateway

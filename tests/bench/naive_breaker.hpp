#pragma once

#include <cstddef>
#include <deque>
#include <mutex>

#include "base/clock.hpp"
#include "core/breaker_settings.hpp"

namespace tenon::bench {

/// A breaker as one writes it first: a lock, and the time of each call in the window.
class NaiveBreaker {
public:
    explicit NaiveBreaker(const core::BreakerSettings& settings) : settings_(settings) {}

    bool admit(base::TimePoint now) {
        const std::lock_guard lock(mutex_);
        if (!open_) return true;
        if (now < open_until_ || probing_) return false;
        probing_ = true;
        return true;
    }

    void record(bool success, base::TimePoint now) {
        const std::lock_guard lock(mutex_);
        if (open_) {
            probing_ = false;
            success ? close() : open(now);
            return;
        }
        calls_.push_back({now, !success});
        if (!success) ++failures_;
        while (calls_.front().time <= now - settings_.window) {
            if (calls_.front().failed) --failures_;
            calls_.pop_front();
        }
        const auto threshold = static_cast<std::size_t>(settings_.failure_threshold);
        if (failures_ >= threshold &&
            calls_.size() >= static_cast<std::size_t>(settings_.min_throughput)) {
            open(now);
        }
    }

private:
    struct Call {
        base::TimePoint time;
        bool failed;
    };

    void open(base::TimePoint now) {
        open_ = true;
        open_until_ = now + settings_.recovery;
    }
    void close() {
        open_ = false;
        calls_.clear();
        failures_ = 0;
    }

    core::BreakerSettings settings_;
    std::mutex mutex_;
    bool open_ = false;
    bool probing_ = false;
    base::TimePoint open_until_;
    std::deque<Call> calls_;
    std::size_t failures_ = 0;
};

}  // namespace tenon::bench

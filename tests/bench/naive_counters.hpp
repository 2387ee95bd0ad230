#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "tenon/error.hpp"

namespace tenon::bench {

/// gRPC's bucket of tokens behind a lock.
class NaiveRetryBudget {
public:
    void on_success() {
        const std::lock_guard lock(mutex_);
        tokens_ = std::min(100.0, tokens_ + 0.1);
    }
    void on_failure() {
        const std::lock_guard lock(mutex_);
        tokens_ = std::max(0.0, tokens_ - 1);
    }
    bool try_retry() {
        const std::lock_guard lock(mutex_);
        return tokens_ > 50;
    }

private:
    std::mutex mutex_;
    double tokens_ = 100;
};

/// The buckets that most metrics libraries begin with, behind a lock.
class NaiveHistogram {
public:
    void record(double seconds) {
        const std::lock_guard lock(mutex_);
        const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
        ++counts_[static_cast<std::size_t>(bucket - kBounds.begin())];
        sum_ += seconds;
    }

private:
    static constexpr std::array kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                           0.5,   1.0,  2.5,   5.0,  10.0};
    std::mutex mutex_;
    std::array<std::uint64_t, kBounds.size() + 1> counts_{};
    double sum_ = 0;
};

/// Numbers behind a lock, those of failures by code in a map.
class NaiveCounters {
public:
    void start() {
        const std::lock_guard lock(mutex_);
        ++started_;
    }
    void succeeded() {
        const std::lock_guard lock(mutex_);
        ++succeeded_;
    }
    void failed(Code code) {
        const std::lock_guard lock(mutex_);
        ++failed_[code];
    }

private:
    std::mutex mutex_;
    std::uint64_t started_ = 0;
    std::uint64_t succeeded_ = 0;
    std::map<Code, std::uint64_t> failed_;
};

}  // namespace tenon::bench

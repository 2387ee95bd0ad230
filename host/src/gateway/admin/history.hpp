#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tenon/host/status.hpp"

namespace tenon::gateway {

/// How the providers stood at regular times, the latest of them, in about 50 bytes for each
/// provider and time.
///
/// \par Thread-safety
/// Any thread.
class History {
public:
    /// \param interval between two samples, for the readers; \param capacity samples
    explicit History(std::chrono::milliseconds interval, std::size_t capacity = 720)
        : interval_(interval), capacity_(capacity) {}

    /// \param time not before that of the last one
    /// \param statistics where the percentiles are from; best those of the latest interval only
    void add(host::Time time, const std::vector<host::ProviderStatus>& all,
             const std::vector<host::ProviderStatistics>& statistics);

    /// {"interval_ms","samples":[...]}, oldest first.
    /// \param since only those that are newer
    [[nodiscard]] std::string to_json(std::optional<host::Time> since = {}) const;

private:
    struct Point {
        std::uint64_t requests = 0;
        std::uint64_t attempts = 0;  ///< that ended in an answer or a failure
        std::uint64_t failures = 0;
        std::uint32_t in_flight = 0;
        std::uint32_t p50_us = 0;
        std::uint32_t p95_us = 0;
        std::uint8_t state = 0;
        std::uint8_t health = 0;
    };
    using Names = std::vector<std::string>;
    struct Sample {
        host::Time time;
        std::shared_ptr<const Names> names;  ///< shared while they stay the same
        std::vector<Point> points;           ///< one for each name
    };

    const std::chrono::milliseconds interval_;
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const Sample>> samples_;
};

}  // namespace tenon::gateway

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace tenon::bench {

/// A pool as one writes it first: a lock, a stack of idle connections, one condition variable.
class NaivePool {
public:
    struct Connection {
        std::uint64_t handle;
        base::TimePoint idle_since;
    };

    explicit NaivePool(std::size_t connections) {
        for (std::size_t i = 0; i < connections; ++i) idle_.push_back({i + 1, {}});
    }

    /// Waits for as long as it takes.
    Connection borrow() {
        std::unique_lock lock(mutex_);
        returned_.wait(lock, [&] { return !idle_.empty(); });
        const Connection connection = idle_.back();
        idle_.pop_back();
        return connection;
    }

    void give_back(Connection connection, base::TimePoint now) {
        {
            const std::lock_guard lock(mutex_);
            connection.idle_since = now;
            idle_.push_back(connection);
        }
        returned_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<Connection> idle_;
};

/// At most N at once, as one writes it first.
class NaivePermits {
public:
    explicit NaivePermits(std::size_t permits) : free_(permits) {}

    void acquire() {
        std::unique_lock lock(mutex_);
        returned_.wait(lock, [&] { return free_ > 0; });
        --free_;
    }

    void release() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        returned_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable returned_;
    std::size_t free_;
};

}  // namespace tenon::bench

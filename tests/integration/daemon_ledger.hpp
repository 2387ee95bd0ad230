#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tenon::test {

/// What the clients of a daemon have asked for, and what of it was acknowledged.
///
/// \par Thread-safety
/// Safe.
class Ledger {
public:
    using Write = std::size_t;  ///< a value that a command sets, until it is known to be set

    /// All that may stand there: what was acknowledged last, and what was under way besides or
    /// later. Of commands that overlap each may be the later one.
    [[nodiscard]] std::vector<std::string> possible(const std::string& place) {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        const auto& all = writes_[place];
        for (const One& one : all) {
            const bool replaced = std::any_of(all.begin(), all.end(), [&](const One& other) {
                return other.end != kUnderWay && other.begin > one.end;
            });
            if (!replaced && !one.refused) out.push_back(one.value);
        }
        return out;
    }

    /// Nothing is under way, and this is what stands there.
    void settle(const std::string& place, const std::string& value) {
        const std::lock_guard lock(mutex_);
        writes_[place] = {One{value, 0, 0, false}};
    }

    Write begin(const std::string& place, const std::string& value) {
        const std::lock_guard lock(mutex_);
        auto& all = writes_[place];
        all.push_back({value, ++time_, kUnderWay, false});
        return all.size() - 1;
    }
    void end(const std::string& place, Write write, bool refused) {
        const std::lock_guard lock(mutex_);
        One& one = writes_[place][write];
        one.refused = refused;
        if (!refused) one.end = ++time_;
    }

private:
    static constexpr std::uint64_t kUnderWay = std::numeric_limits<std::uint64_t>::max();
    struct One {
        std::string value;
        std::uint64_t begin;
        std::uint64_t end;
        bool refused;
    };

    std::mutex mutex_;
    std::uint64_t time_ = 0;
    std::map<std::string, std::vector<One>> writes_;
};

/// Counts what happens, for one who waits for the n-th time.
class Tally {
public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    void reset() {
        const std::lock_guard lock(mutex_);
        count_ = 0;
    }
    /// \return false if it does not happen for a minute.
    [[nodiscard]] bool wait_for(int count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return count_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

}  // namespace tenon::test

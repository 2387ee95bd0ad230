#pragma once

#include <cstddef>
#include <limits>
#include <mutex>
#include <vector>

namespace tenon::bench {

/// A balancer as one writes it first: a lock, and a look at everybody.
class NaiveBalancer {
public:
    explicit NaiveBalancer(std::size_t members) : members_(members) {}

    /// The one with the shortest expected wait; counts the request.
    std::size_t pick() {
        const std::lock_guard lock(mutex_);
        std::size_t best = 0;
        double least = std::numeric_limits<double>::max();
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const Member& member = members_[i];
            if (!member.usable) continue;
            const double score =
                (static_cast<double>(member.in_flight) + 1) * member.latency_ms / member.weight;
            if (score >= least) continue;
            least = score;
            best = i;
        }
        ++members_[best].in_flight;
        return best;
    }

    void done(std::size_t member, double latency_ms) {
        const std::lock_guard lock(mutex_);
        --members_[member].in_flight;
        members_[member].latency_ms += 0.1 * (latency_ms - members_[member].latency_ms);
    }

private:
    struct Member {
        bool usable = true;
        double weight = 1;
        double latency_ms = 100;
        std::size_t in_flight = 0;
    };

    std::mutex mutex_;
    std::vector<Member> members_;
};

}  // namespace tenon::bench

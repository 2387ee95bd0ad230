#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "plugin/call.hpp"

namespace tenon::router {

/// Who waits for a provider's state to change. A change between the look at the states and the wait
/// is not lost, for the waiter names the last change that it knows.
///
/// \par Thread-safety
/// Any thread.
class ChangeWaits {
public:
    using Change = std::uint64_t;

    /// A place among those who wait, until its end.
    /// \par Object lifetimes
    /// The ChangeWaits outlives it.
    class Place {
    public:
        Place(ChangeWaits& waits, std::shared_ptr<plugin::Waker> waker);
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();

    private:
        ChangeWaits& waits_;
        std::shared_ptr<plugin::Waker> waker_;
    };

    /// Wakes all who wait.
    void changed() noexcept;

    /// The number of the last change. To be read before the states, and once more when the place is
    /// taken: if it has grown since, there is nothing to wait for.
    [[nodiscard]] Change last() const noexcept { return last_.load(std::memory_order_acquire); }

    [[nodiscard]] std::size_t size() const noexcept;

private:
    mutable std::mutex mutex_;
    std::atomic<Change> last_ = 0;
    std::unordered_set<std::shared_ptr<plugin::Waker>> wakers_;
};

}  // namespace tenon::router

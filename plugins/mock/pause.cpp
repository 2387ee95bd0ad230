#include "pause.hpp"

#include <algorithm>

namespace tenon::mock {

Code Blocker::wait(const Call& call, std::chrono::nanoseconds delay) {
    // The host wakes us for a cancel, but a deadline passes without a sound.
    constexpr std::chrono::nanoseconds kLookAgain = std::chrono::milliseconds(50);
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + delay;
    std::unique_lock lock(mutex_);
    while (!call.cancelled()) {
        const auto left = end - Clock::now();
        if (left <= Clock::duration::zero()) return Code::ok;
        woken_.wait_for(lock, std::min<Clock::duration>(left, kLookAgain));
    }
    return Code::cancelled;
}

void Blocker::wake() noexcept {
    // Under the lock, so that no thread is between its look at the call and its wait.
    const std::lock_guard lock(mutex_);
    woken_.notify_all();
}

}  // namespace tenon::mock

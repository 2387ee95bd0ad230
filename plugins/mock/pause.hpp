#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <optional>

#include "tenon/plugin/sleep.hpp"

namespace tenon::mock {

/// Longer than anyone waits, and still a number of nanoseconds.
inline constexpr std::chrono::nanoseconds kForever = std::chrono::hours(24 * 365);

/// Blocks threads on behalf of calls, as a provider does that has no asynchronous interface.
///
/// \par Thread-safety
/// Every function may be called from any thread.
class Blocker {
public:
    /// Returns after `delay` with Code::ok, or earlier with Code::cancelled when nobody wants the
    /// call any more.
    Code wait(const Call& call, std::chrono::nanoseconds delay);

    /// Lets every waiting thread look at its call again.
    void wake() noexcept;

private:
    std::mutex mutex_;
    std::condition_variable woken_;
};

/// Awaiter that lets time pass: suspends the coroutine, or blocks its thread when there is a
/// Blocker. Its co_await yields Code::ok, or why the wait ended early. No delay, no wait.
class Pause {
public:
    Pause(Blocker* blocker, const Call& call, std::chrono::nanoseconds delay) noexcept
        : blocker_(blocker), call_(call), delay_(delay), sleep_(sleep(call, delay)) {}

    bool await_ready() {
        if (delay_ == std::chrono::nanoseconds::zero()) {
            ready_ = Code::ok;
        } else if (blocker_ != nullptr) {
            ready_ = blocker_->wait(call_, delay_);
        }
        return ready_.has_value();
    }
    bool await_suspend(std::coroutine_handle<> waiter) noexcept {
        return sleep_.await_suspend(waiter);
    }
    Code await_resume() const noexcept { return ready_ ? *ready_ : sleep_.await_resume(); }

private:
    Blocker* blocker_;
    const Call& call_;
    std::chrono::nanoseconds delay_;
    SleepAwaiter sleep_;
    std::optional<Code> ready_;
};

}  // namespace tenon::mock

#pragma once

#include <chrono>
#include <coroutine>

#include "tenon/plugin/call.hpp"

namespace tenon {

/// Awaiter of sleep(); `co_await` yields Code::ok after the delay, Code::cancelled when the call
/// was cancelled or reached its deadline, Code::unsupported when the host has no timers.
class SleepAwaiter {
public:
    SleepAwaiter(const Call& call, std::chrono::nanoseconds delay) noexcept
        : host_(call.host()), call_(call.handle()), delay_(delay) {}

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) noexcept {
        waiter_ = waiter;
        const tenon_timer_v1* timer = host_.timer();
        if (timer == nullptr) {
            code_ = Code::unsupported;
            return false;
        }
        // After an accepted start this object may be gone already: the callback runs elsewhere.
        return timer->start(host_.ctx(), call_, delay_.count(), &on_timer, this) != 0;
    }
    Code await_resume() const noexcept { return code_; }

private:
    static void TENON_CALL on_timer(void* self, tenon_status status) noexcept {
        auto* awaiter = static_cast<SleepAwaiter*>(self);
        awaiter->code_ = status == TENON_OK ? Code::ok : Code::cancelled;
        awaiter->waiter_.resume();
    }

    HostRef host_;
    tenon_call call_;
    std::chrono::nanoseconds delay_;
    Code code_ = Code::cancelled;
    std::coroutine_handle<> waiter_;
};

/// `co_await sleep(call, 20ms)`: suspends without blocking a thread. `delay` is 0 or more.
[[nodiscard]] inline SleepAwaiter sleep(const Call& call, std::chrono::nanoseconds delay) noexcept {
    return {call, delay};
}

}  // namespace tenon

#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "plugin/call.hpp"

namespace tenon::provider {

/// One request's wish to end, from whoever asked for it to whoever waits for it.
///
/// \par Thread-safety
/// Any thread.
class CancelSignal {
public:
    /// Idempotent.
    void cancel() noexcept {
        std::shared_ptr<plugin::Waker> waker;
        {
            const std::lock_guard lock(mutex_);
            cancelled_.store(true, std::memory_order_release);
            waker = waker_;
        }
        if (waker) waker->wake();
    }

    /// Lock-free. Whoever asks after attach() misses no cancel().
    [[nodiscard]] bool cancelled() const noexcept {
        return cancelled_.load(std::memory_order_acquire);
    }

    /// Who is woken by cancel() from now on; nullptr = nobody.
    void attach(std::shared_ptr<plugin::Waker> waker) noexcept {
        const std::lock_guard lock(mutex_);
        waker_ = std::move(waker);
    }

private:
    std::mutex mutex_;
    std::atomic<bool> cancelled_ = false;
    std::shared_ptr<plugin::Waker> waker_;
};

}  // namespace tenon::provider

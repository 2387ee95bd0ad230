#pragma once

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
            cancelled_ = true;
            waker = waker_;
        }
        if (waker) waker->wake();
    }

    [[nodiscard]] bool cancelled() const noexcept {
        const std::lock_guard lock(mutex_);
        return cancelled_;
    }

    /// Who is woken by cancel() from now on; nullptr = nobody.
    void attach(std::shared_ptr<plugin::Waker> waker) noexcept {
        const std::lock_guard lock(mutex_);
        waker_ = std::move(waker);
    }

private:
    mutable std::mutex mutex_;
    bool cancelled_ = false;
    std::shared_ptr<plugin::Waker> waker_;
};

}  // namespace tenon::provider

#pragma once

#include <boost/asio/async_result.hpp>
#include <optional>
#include <utility>

#include "net/awaitable.hpp"
#include "net/timer.hpp"

namespace tenon::net {

/// Lets one coroutine wait until something else on its I/O thread has news. Nothing is remembered:
/// whoever waits looks first, and again afterwards.
///
/// \par Thread-safety
/// I/O thread only.
class Event {
public:
    /// REQUIRES: nobody waits.
    Awaitable<void> wait() {
        UseAwaitable token;
        return boost::asio::async_initiate<UseAwaitable, void()>(
            [this](Handler handler) { waiting_.emplace(std::move(handler)); }, token);
    }

    /// Resumes who waits, inside this call; the event may be gone when it returns.
    void notify() {
        if (!waiting_) return;
        Handler handler = *std::move(waiting_);
        waiting_.reset();
        std::move(handler)();
    }

private:
    using Handler = boost::asio::async_result<UseAwaitable, void()>::handler_type;

    std::optional<Handler> waiting_;
};

}  // namespace tenon::net

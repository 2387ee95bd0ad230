#pragma once

#include <memory>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/timer.hpp"
#include "plugin/call.hpp"

namespace tenon::provider {

/// Lets one coroutine on an I/O thread wait for news that come from any thread, up to a time limit.
///
/// \par Thread-safety
/// wake(): any thread; wait(): the I/O thread.
class IoWaker final : public plugin::Waker, public std::enable_shared_from_this<IoWaker> {
public:
    explicit IoWaker(boost::asio::io_context& io) : timer_(io) {}

    void wake() noexcept override;

    /// Returns true when woken (also when wake() came before), false when `limit` passed first.
    net::Awaitable<bool> wait(base::TimePoint limit);

private:
    net::Timer timer_;
    bool woken_ = false;  ///< I/O thread only
};

}  // namespace tenon::provider

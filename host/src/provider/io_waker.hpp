#pragma once

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "net/soon.hpp"
#include "net/timer.hpp"
#include "plugin/call.hpp"

namespace tenon::provider {

/// Lets one coroutine on an I/O thread wait for news that come from any thread, up to a time limit.
///
/// \par Thread-safety
/// wake(): any thread; all else: the I/O thread.
class IoWaker final : public plugin::Waker,
                      public net::SoonTask,
                      public std::enable_shared_from_this<IoWaker> {
public:
    explicit IoWaker(boost::asio::io_context& io) : io_(io), timer_(io) {}

    void wake() noexcept override;

    /// Returns true when woken (also when wake() came before), false when `limit` passed first.
    net::Awaitable<bool> wait(base::TimePoint limit);

    /// The same for one of many waits: the timer runs on from one to the next, unless a limit is
    /// earlier than what it waits for. After the last one, rest() ends it.
    net::Awaitable<bool> wait_on(base::TimePoint limit);
    void rest();

private:
    void arm(base::TimePoint at);
    void on_time(base::TimePoint at);
    void run_soon() noexcept override;

    boost::asio::io_context& io_;
    net::Timer timer_;
    std::atomic<bool> posted_ = false;  ///< run_soon() is on its way
    net::Event news_;
    base::TimePoint until_ = base::kNoDeadline;  ///< of the wait under way
    base::TimePoint armed_ = base::kNoDeadline;  ///< what the timer waits for
    bool woken_ = false;
    bool late_ = false;  ///< the limit has passed
};

}  // namespace tenon::provider

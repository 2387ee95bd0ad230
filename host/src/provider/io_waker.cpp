#include "provider/io_waker.hpp"

#include <utility>

namespace tenon::provider {

void IoWaker::wake() noexcept {
    if (posted_.exchange(true, std::memory_order_acq_rel)) return;
    net::soon(io_, shared_from_this());
}

void IoWaker::run_soon() noexcept {
    // Takes what was written before every wake() up to now, and not what comes afterwards.
    posted_.exchange(false, std::memory_order_acq_rel);
    woken_ = true;
    news_.notify();
}

net::Awaitable<bool> IoWaker::wait(base::TimePoint limit) {
    const auto self = shared_from_this();
    const bool woken = co_await wait_on(limit);
    rest();
    co_return woken;
}

net::Awaitable<bool> IoWaker::wait_on(base::TimePoint limit) {
    const auto self = shared_from_this();
    late_ = false;
    until_ = limit;
    if (!woken_ && limit < armed_) arm(limit);
    while (!woken_ && !late_) co_await news_.wait();
    until_ = base::kNoDeadline;
    co_return std::exchange(woken_, false);
}

void IoWaker::rest() {
    if (armed_ == base::kNoDeadline) return;
    armed_ = base::kNoDeadline;
    timer_.cancel();
}

/// The timer outlives nothing: whoever lets go of the waker last may do so on another thread.
void IoWaker::arm(base::TimePoint at) {
    armed_ = at;
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this(), at](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self) self->on_time(at);
    });
}

void IoWaker::on_time(base::TimePoint at) {
    if (at != armed_) return;  // it was set anew meanwhile
    armed_ = base::kNoDeadline;
    if (until_ == base::kNoDeadline) return;
    if (at < until_) return arm(until_);
    late_ = true;
    news_.notify();
}

}  // namespace tenon::provider

#include "provider/io_waker.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

namespace tenon::provider {

namespace asio = boost::asio;

void IoWaker::wake() noexcept {
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
        self->woken_ = true;
        self->timer_.cancel();
    });
}

net::Awaitable<bool> IoWaker::wait(base::TimePoint limit) {
    const auto self = shared_from_this();
    while (!woken_) {
        timer_.expires_at(limit);
        const auto [error] = co_await timer_.async_wait(asio::as_tuple(net::UseAwaitable()));
        if (!error && !woken_) co_return false;
    }
    woken_ = false;
    co_return true;
}

}  // namespace tenon::provider

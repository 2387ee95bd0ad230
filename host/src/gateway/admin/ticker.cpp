#include "gateway/admin/ticker.hpp"

#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

#include "net/timer.hpp"

namespace tenon::gateway {

struct Ticker::State : std::enable_shared_from_this<Ticker::State> {
    State(boost::asio::io_context& io, std::chrono::milliseconds every, std::function<void()> call)
        : timer(io), interval(every), tick(std::move(call)) {}

    void run() {
        {
            const std::lock_guard lock(mutex);
            if (stopped) return;
            tick();
        }
        timer.expires_after(interval);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error) self->run();
        });
    }

    net::Timer timer;  ///< I/O thread only
    const std::chrono::milliseconds interval;
    const std::function<void()> tick;
    std::mutex mutex;  ///< held while tick() runs
    bool stopped = false;
};

Ticker::Ticker(boost::asio::io_context& io, std::chrono::milliseconds interval,
               std::function<void()> tick)
    : state_(std::make_shared<State>(io, interval, std::move(tick))) {
    boost::asio::post(io, [state = state_] { state->run(); });
}

Ticker::~Ticker() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopped = true;
    }
    boost::asio::post(state_->timer.get_executor(), [state = state_] { state->timer.cancel(); });
}

}  // namespace tenon::gateway

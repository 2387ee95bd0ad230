#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/blocking_pool.hpp"
#include "provider/io_waker.hpp"

namespace tenon::gateway {

/// Makes a text on a thread where it may take its time. On the present one if the pool is full.
/// \par Preconditions
/// Runs on a thread of `io`. `make` does not throw, and what it uses outlives the pool's job.
inline net::Awaitable<std::string> make_off_thread(net::BlockingPool& pool,
                                                   boost::asio::io_context& io,
                                                   std::function<std::string()> make) {
    struct Made {
        std::mutex mutex;
        std::optional<std::string> text;
    };
    const auto made = std::make_shared<Made>();
    const auto waker = std::make_shared<provider::IoWaker>(io);
    const bool posted = pool.post([made, waker, make] {
        std::string text = make();
        {
            const std::lock_guard lock(made->mutex);
            made->text = std::move(text);
        }
        waker->wake();
    });
    if (!posted) co_return make();
    co_await waker->wait(base::kNoDeadline);  // the job does not wait for anything
    const std::lock_guard lock(made->mutex);
    co_return *std::move(made->text);
}

}  // namespace tenon::gateway

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/blocking_pool.hpp"
#include "provider/io_waker.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {

/// Makes a text on a thread where it may take its time.
/// Errors: Code::overloaded if the pool is full; Code::internal if `make` throws.
/// \par Preconditions
/// Runs on a thread of `io`. What `make` uses outlives the pool's job.
inline net::Awaitable<Result<std::string>> make_off_thread(net::BlockingPool& pool,
                                                           boost::asio::io_context& io,
                                                           std::function<std::string()> make) {
    struct Made {
        std::mutex mutex;
        std::optional<std::string> text;
    };
    const auto made = std::make_shared<Made>();
    const auto waker = std::make_shared<provider::IoWaker>(io);
    const bool posted = pool.post([made, waker, make = std::move(make)] {
        try {
            std::string text = make();
            const std::lock_guard lock(made->mutex);
            made->text = std::move(text);
        } catch (...) {  // there is no text then
        }
        waker->wake();
    });
    if (!posted) {
        Error busy(Code::overloaded, "too many ask for this at once; ask again later");
        busy.retryable = true;
        co_return busy;
    }
    co_await waker->wait(base::kNoDeadline);  // the job does not wait for anything
    const std::lock_guard lock(made->mutex);
    if (!made->text) co_return Error(Code::internal, "there was no memory for this");
    co_return *std::move(made->text);
}

}  // namespace tenon::gateway

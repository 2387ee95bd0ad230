#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/admin/wake_when_gone.hpp"
#include "net/awaitable.hpp"
#include "provider/io_waker.hpp"
#include "tenon/host/host.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {

/// Starts `count` operations at once by `start(index, on_done)`, whose on_done(Result<T>) is called
/// once, on any thread, and waits for their results.
///
/// When the client leaves, the operations are cancelled, and what has not come stays
/// Code::cancelled; on_done may then be called later, and does nothing.
///
/// \param start returns the operation, or nullptr if it cannot be cancelled
/// \param io of the thread that this runs on
template <class T>
net::Awaitable<std::vector<Result<T>>> gather(
    transport::ResponseWriter& response, boost::asio::io_context& io, std::size_t count,
    std::function<std::shared_ptr<host::Operation>(std::size_t, std::function<void(Result<T>)>)>
        start) {
    struct State {
        std::mutex mutex;
        std::vector<Result<T>> results;
        std::size_t missing;
        std::shared_ptr<provider::IoWaker> waker;
    };
    const auto state = std::make_shared<State>();
    const Error gone(Code::cancelled, "the client has left");
    state->results.assign(count, Result<T>(gone));
    state->missing = count;
    state->waker = std::make_shared<provider::IoWaker>(io);
    std::vector<std::shared_ptr<host::Operation>> operations;
    for (std::size_t i = 0; i < count; ++i) {
        operations.push_back(start(i, [state, i](Result<T> result) {
            const std::lock_guard lock(state->mutex);
            state->results[i] = std::move(result);
            if (--state->missing == 0) state->waker->wake();
        }));
    }
    const WakeWhenGone watch(response, *state->waker);
    bool left = false;
    for (;;) {
        {
            const std::lock_guard lock(state->mutex);
            if (state->missing == 0 || left) co_return state->results;
        }
        if (response.client_gone()) {
            for (const auto& operation : operations) {
                if (operation) operation->cancel();
            }
            left = true;
            continue;
        }
        co_await state->waker->wait(base::kNoDeadline);
    }
}

}  // namespace tenon::gateway

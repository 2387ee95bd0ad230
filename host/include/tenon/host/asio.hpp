#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "tenon/host/host.hpp"

namespace tenon::host {

/// Completes a chat request with an Asio completion token of signature `void(Result<ChatAnswer>)`.
///
/// The handler runs on the token's associated executor. `on_delta` (may be empty) runs on one of
/// the host's I/O threads and must return promptly.
///
/// \par Object lifetimes
/// `host` must live until the handler has run.
template <class CompletionToken>
auto async_complete(Host& host, ChatRequest request, OnDelta on_delta, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Result<ChatAnswer>)>(
        [](auto handler, Host* on, ChatRequest what, OnDelta deltas) {
            auto executor = boost::asio::get_associated_executor(handler);
            auto work = boost::asio::make_work_guard(executor);
            // The host's callback must be copyable; completion handlers need only be movable.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            on->start_complete(
                std::move(what), std::move(deltas),
                [shared, work = std::move(work), executor](Result<ChatAnswer> answer) mutable {
                    boost::asio::post(executor, [shared, answer = std::move(answer)]() mutable {
                        std::move (*shared)(std::move(answer));
                    });
                    work.reset();
                });
        },
        token, &host, std::move(request), std::move(on_delta));
}

}  // namespace tenon::host

#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/host/host.hpp"

/// The host's operations with Asio completion tokens of signature `void(Result<T>)`.
///
/// The handler runs on the token's associated executor. Its associated cancellation slot works with
/// every type of cancellation: the operation ends with Code::cancelled unless it has ended, and as
/// Operation::cancel() says.
///
/// \par Object lifetimes
/// `host` must live until the handler has run.
namespace tenon::host {
namespace detail {

/// Cancels an operation that may not have been started yet, from any thread.
class Cancellation {
public:
    void request() {
        const std::lock_guard lock(mutex_);
        requested_ = true;
        if (operation_) operation_->cancel();
    }
    void set(std::shared_ptr<Operation> operation) {
        const std::lock_guard lock(mutex_);
        operation_ = std::move(operation);
        if (requested_ && operation_) operation_->cancel();
    }

private:
    std::mutex mutex_;
    bool requested_ = false;
    std::shared_ptr<Operation> operation_;
};

/// Starts an operation whose `start(on_done)` calls `on_done(Result<T>)` once, on any thread, and
/// returns what cancels it.
template <class T, class Start, class CompletionToken>
auto async_start(Start start, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Result<T>)>(
        [](auto handler, Start begin) {
            auto executor = boost::asio::get_associated_executor(handler);
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            auto work = boost::asio::make_work_guard(executor);
            std::shared_ptr<Cancellation> cancellation;
            if (slot.is_connected()) {
                cancellation = std::make_shared<Cancellation>();
                slot.assign([cancellation](boost::asio::cancellation_type type) {
                    if (type != boost::asio::cancellation_type::none) cancellation->request();
                });
            }
            // The host's callback must be copyable; completion handlers need only be movable.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            auto operation = begin([shared, slot, work = std::move(work),
                                    executor](Result<T> result) mutable {
                boost::asio::post(executor, [shared, slot, result = std::move(result)]() mutable {
                    if (slot.is_connected()) slot.clear();
                    std::move (*shared)(std::move(result));
                });
                work.reset();
            });
            if (cancellation) cancellation->set(std::move(operation));
        },
        token, std::move(start));
}

}  // namespace detail

/// `on_delta` (may be empty) runs on one of the host's I/O threads and must return promptly.
template <class CompletionToken>
auto async_complete(Host& host, ChatRequest request, OnDelta on_delta, CompletionToken&& token) {
    return detail::async_start<ChatAnswer>(
        [&host, request = std::move(request),
         on_delta = std::move(on_delta)](auto on_done) mutable {
            return host.start_complete(std::move(request), std::move(on_delta), std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_embed(Host& host, EmbeddingRequest request, CompletionToken&& token) {
    return detail::async_start<EmbeddingAnswer>(
        [&host, request = std::move(request)](auto on_done) mutable {
            return host.start_embed(std::move(request), std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_rerank(Host& host, RerankRequest request, CompletionToken&& token) {
    return detail::async_start<RerankAnswer>(
        [&host, request = std::move(request)](auto on_done) mutable {
            return host.start_rerank(std::move(request), std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

template <class CompletionToken>
auto async_models(Host& host, std::string provider, CompletionToken&& token) {
    return detail::async_start<std::vector<std::string>>(
        [&host, provider = std::move(provider)](auto on_done) {
            return host.start_models(provider, std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

/// Completes when the provider has settled, or `patience` is over.
template <class CompletionToken>
auto async_command(Host& host, std::string provider, Command command,
                   std::chrono::milliseconds patience, CompletionToken&& token) {
    return detail::async_start<CommandReply>(
        [&host, provider = std::move(provider), command, patience](auto on_done) {
            return host.start_command(provider, command, patience, std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

/// Completes when the check has ended.
template <class CompletionToken>
auto async_check(Host& host, std::string provider, CompletionToken&& token) {
    return detail::async_start<CheckReply>(
        [&host, provider = std::move(provider)](auto on_done) {
            return host.start_check(provider, std::move(on_done));
        },
        std::forward<CompletionToken>(token));
}

}  // namespace tenon::host

#pragma once

#include <condition_variable>
#include <exception>
#include <optional>

#include "runtime/host_impl.hpp"

namespace tenon::runtime {

/// An exception that escaped from a user's callback or from memory exhaustion, as an error.
[[nodiscard]] Error escaped(const std::exception_ptr& exception);

template <class T, class Task>
std::shared_ptr<provider::CancelSignal> HostImpl::spawn(Task task,
                                                        std::function<void(Result<T>)> on_done) {
    const auto result = std::make_shared<std::optional<Result<T>>>();
    return spawn_any(
        [task = std::move(task), result](std::shared_ptr<provider::CancelSignal> cancel,
                                         std::size_t io_index) -> net::Awaitable<void> {
            *result = co_await task(std::move(cancel), io_index);
        },
        [result, on_done = std::move(on_done)](const std::exception_ptr& exception) {
            on_done(exception ? Result<T>(escaped(exception)) : *std::move(*result));
        });
}

template <class T, class Task>
std::shared_ptr<host::Operation> HostImpl::start_operation(Task task,
                                                           std::function<void(Result<T>)> on_done) {
    class Started final : public host::Operation {
    public:
        explicit Started(std::shared_ptr<provider::CancelSignal> signal)
            : signal_(std::move(signal)) {}
        void cancel() noexcept override { signal_->cancel(); }

    private:
        const std::shared_ptr<provider::CancelSignal> signal_;
    };
    return std::make_shared<Started>(spawn<T>(std::move(task), std::move(on_done)));
}

template <class T, class Task>
Result<T> HostImpl::wait_for(Task task, std::stop_token stop) {
    struct Waiting {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<Result<T>> result;
    };
    const auto waiting = std::make_shared<Waiting>();
    const auto cancel = spawn<T>(std::move(task), [waiting](Result<T> result) {
        const std::lock_guard lock(waiting->mutex);
        waiting->result = std::move(result);
        waiting->changed.notify_all();
    });
    const std::stop_callback on_stop(stop, [&] { cancel->cancel(); });
    std::unique_lock lock(waiting->mutex);
    waiting->changed.wait(lock, [&] { return waiting->result.has_value(); });
    return *std::move(waiting->result);
}

template <class T, class Task>
std::vector<Result<T>> HostImpl::wait_for_all(
    const std::vector<std::shared_ptr<ProviderEntry>>& all, Task task, std::stop_token stop) {
    struct Waiting {
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t missing = 0;
        std::vector<std::optional<Result<T>>> results;
    };
    const auto waiting = std::make_shared<Waiting>();
    waiting->missing = all.size();
    waiting->results.resize(all.size());
    std::vector<std::shared_ptr<provider::CancelSignal>> cancels;
    for (std::size_t i = 0; i < all.size(); ++i) {
        cancels.push_back(spawn<T>(
            [task, entry = all[i]](auto cancel, std::size_t io_index) {
                return task(entry, std::move(cancel), io_index);
            },
            [waiting, i](Result<T> result) {
                const std::lock_guard lock(waiting->mutex);
                waiting->results[i] = std::move(result);
                if (--waiting->missing == 0) waiting->changed.notify_all();
            }));
    }
    const std::stop_callback on_stop(stop, [&] {
        for (const auto& cancel : cancels) cancel->cancel();
    });
    std::unique_lock lock(waiting->mutex);
    waiting->changed.wait(lock, [&] { return waiting->missing == 0; });
    std::vector<Result<T>> out;
    out.reserve(all.size());
    for (auto& result : waiting->results) out.push_back(*std::move(result));
    return out;
}

}  // namespace tenon::runtime

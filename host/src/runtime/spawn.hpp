#pragma once

#include <boost/asio/co_spawn.hpp>
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
    auto cancel = std::make_shared<provider::CancelSignal>();
    const std::size_t io_index = io_.pick();
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        id = next_running_++;
        running_.emplace(id, cancel);
        if (closing_) cancel->cancel();
    }
    auto done = [this, id, on_done = std::move(on_done)](const std::exception_ptr& exception,
                                                         std::optional<Result<T>> result) {
        try {
            on_done(exception ? Result<T>(escaped(exception)) : *std::move(result));
        } catch (...) {
            log_.write(base::LogLevel::error, "host",
                       "a callback of the application has thrown an exception; it had been told "
                       "the end of its request",
                       {{"exception", escaped(std::current_exception()).message}});
        }
        const std::lock_guard lock(mutex_);
        running_.erase(id);
        if (running_.empty()) idle_.notify_all();
    };
    // The result travels in an optional, because co_spawn wants a default-constructible one.
    boost::asio::co_spawn(
        io_.context(io_index),
        [](Task run, std::shared_ptr<provider::CancelSignal> signal,
           std::size_t index) -> net::Awaitable<std::optional<Result<T>>> {
            co_return co_await run(std::move(signal), index);
        }(std::move(task), cancel, io_index),
        std::move(done));
    return cancel;
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

}  // namespace tenon::runtime

#include "runtime/spawn.hpp"

#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace tenon::runtime {
namespace {

/// Keeps the task, whose coroutine refers to it.
net::Awaitable<void> run(HostImpl::AnyTask task, std::shared_ptr<provider::CancelSignal> cancel,
                         std::size_t io_index) {
    co_await task(std::move(cancel), io_index);
}

}  // namespace

std::shared_ptr<provider::CancelSignal> HostImpl::spawn_any(
    AnyTask task, std::function<void(const std::exception_ptr&)> on_done) {
    auto cancel = std::make_shared<provider::CancelSignal>();
    const std::size_t io_index = io_.pick();
    std::uint64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        id = next_running_++;
        running_.emplace(id, cancel);
        if (closing_) cancel->cancel();
    }
    auto done = [this, id, on_done = std::move(on_done)](const std::exception_ptr& exception) {
        try {
            on_done(exception);
        } catch (...) {
            log_.write(base::LogLevel::error, "host",
                       "a callback of the application has thrown an exception",
                       {{"exception", escaped(std::current_exception()).message}});
        }
        const std::lock_guard lock(mutex_);
        running_.erase(id);
        if (running_.empty()) idle_.notify_all();
    };
    boost::asio::co_spawn(io_.context(io_index), run(std::move(task), cancel, io_index),
                          std::move(done));
    return cancel;
}

Error escaped(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& e) {
        return Error(Code::internal, std::string("an exception ended the request: ") + e.what());
    } catch (...) {
        return Error(Code::internal, "an exception of an unknown type ended the request");
    }
}

}  // namespace tenon::runtime

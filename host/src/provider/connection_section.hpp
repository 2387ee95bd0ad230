#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "provider/connection_manager.hpp"

namespace tenon::provider {

/// One visit to the machines: holds the lock, and afterwards does what must not be done under it,
/// in the order in which it was decided. Whoever visits, the upkeep wakes in time for what came of
/// it.
class ConnectionManager::Section {
public:
    explicit Section(ConnectionManager& manager) : Section(manager, manager.clock_.now()) {}
    /// For who knows the time already. Whatever was read before the lock was there, time does not
    /// go back.
    Section(ConnectionManager& manager, base::TimePoint time)
        : manager_(manager),
          lock_(manager.mutex_),
          now(manager.latest_ = std::max(time, manager.latest_)) {}
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;
    ~Section() {
        manager_.show_face();
        const bool has_news = !manager_.undelivered_.empty();
        const base::TimePoint next = has_news ? base::TimePoint::min() : manager_.next_wake();
        if (next < manager_.upkeep_until_) {  // else it has been woken already
            manager_.upkeep_until_ = next;
            wake(manager_.upkeep_waker_);
        }
        if (manager_.stopping_) manager_.changed_.notify_all();
        lock_.unlock();
        for (const auto& action : later_) action();
    }

    void wake(std::shared_ptr<plugin::Waker> waker) {
        if (waker) later_.push_back([waker = std::move(waker)] { waker->wake(); });
    }
    void cancel(std::shared_ptr<CancelSignal> signal) {
        later_.push_back([signal = std::move(signal)] { signal->cancel(); });
    }

    /// Runs `job` on an I/O thread, after the visit and not on the visitor's stack, which may be a
    /// plugin's. shut_down() waits for its end.
    void post(std::function<void()> job) {
        ++manager_.running_;
        later_.push_back([self = manager_.shared_from_this(), job = std::move(job)] {
            boost::asio::post(self->io_.context(self->io_.pick()), [self, job] {
                job();
                self->job_ended();
            });
        });
    }
    /// The same for `make(io_index)`, a coroutine of the manager.
    void spawn(std::function<net::Awaitable<void>(std::size_t io_index)> make) {
        spawn(std::move(make), manager_.io_.pick());
    }
    void spawn(std::function<net::Awaitable<void>(std::size_t io_index)> make,
               std::size_t io_index) {
        ++manager_.running_;
        later_.push_back([self = manager_.shared_from_this(), make = std::move(make), io_index] {
            boost::asio::post(self->io_.context(io_index), [self, make, io_index] {
                boost::asio::co_spawn(self->io_.context(io_index), make(io_index),
                                      [self](const std::exception_ptr&) { self->job_ended(); });
            });
        });
    }

private:
    ConnectionManager& manager_;
    std::unique_lock<std::mutex> lock_;
    std::vector<std::function<void()>> later_;

public:
    const base::TimePoint now;
};

}  // namespace tenon::provider

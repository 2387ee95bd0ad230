#include "net/blocking_pool.hpp"

#include <system_error>

namespace tenon::net {

BlockingPool::BlockingPool(std::size_t threads, std::size_t queue)
    : most_threads_(threads), most_queued_(queue) {}

BlockingPool::~BlockingPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::post(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    if (jobs_.size() >= most_queued_) return false;
    jobs_.push_back(std::move(job));
    start_thread_if_needed();
    if (threads_.empty()) {
        jobs_.pop_back();
        return false;
    }
    changed_.notify_one();
    return true;
}

void BlockingPool::write_off(bool one_more) {
    const std::lock_guard lock(mutex_);
    if (one_more) {
        ++most_threads_;
        start_thread_if_needed();
    } else {
        --most_threads_;  // a thread too many stays; it is idle
    }
}

void BlockingPool::start_thread_if_needed() {
    if (jobs_.size() <= idle_ || threads_.size() >= most_threads_) return;
    try {
        threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
        // The system has no more threads; those that there are must do.
    }
}

void BlockingPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        --idle_;
        if (jobs_.empty()) return;
        {
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
        }  // what the job owns dies outside of the lock, too
        lock.lock();
    }
}

}  // namespace tenon::net

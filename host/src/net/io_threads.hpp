#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace tenon::net {

/// The runtime's I/O threads, each with an io_context of its own, so that what starts on a thread
/// stays there and needs no locks.
///
/// \par Thread-safety
/// Any thread, except stop() and the destructor.
class IoThreads {
public:
    using Executor = boost::asio::io_context::executor_type;

    /// \param count 1..64 threads, started at once and named tenon-io-N.
    explicit IoThreads(std::size_t count);
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;
    ~IoThreads();

    [[nodiscard]] std::size_t size() const noexcept { return threads_.size(); }
    [[nodiscard]] boost::asio::io_context& context(std::size_t index) noexcept {
        return threads_[index]->context;
    }
    /// The next thread for a request that has none yet, in turn.
    [[nodiscard]] std::size_t pick() noexcept {
        return next_.fetch_add(1, std::memory_order_relaxed) % threads_.size();
    }

    /// Runs what is queued to its end, then joins. REQUIRES: nothing waits on a socket or timer for
    /// longer than the caller is willing to wait.
    void stop();

private:
    struct Thread {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<Executor> work{context.get_executor()};
        std::thread thread;
    };

    std::vector<std::unique_ptr<Thread>> threads_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace tenon::net

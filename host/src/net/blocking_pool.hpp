#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon::net {

/// A bounded pool of threads for work that blocks: functions that a plugin declared blocking.
///
/// \par Thread-safety
/// post() may be called from any thread.
class BlockingPool {
public:
    /// Threads are started when work first needs them. \param threads 1..256.
    /// \param queue how many jobs may wait beyond those that run.
    explicit BlockingPool(std::size_t threads, std::size_t queue = 1024);
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;
    /// Runs what is queued, then joins.
    ~BlockingPool();

    /// Queues a job, which must not throw. Returns false if the queue is full or no
    /// thread can be started.
    [[nodiscard]] bool post(std::function<void()> job);

    /// One more (or one less) running job is not expected to come back, so that its thread counts
    /// no more among the pool's: what hangs does not keep the others from working. The caller
    /// bounds how many there are.
    void write_off(bool one_more);

private:
    void start_thread_if_needed();  ///< REQUIRES: mutex_ is held
    void run();

    std::size_t most_threads_;
    const std::size_t most_queued_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    std::vector<std::thread> threads_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
};

}  // namespace tenon::net

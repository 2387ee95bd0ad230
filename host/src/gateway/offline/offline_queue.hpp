#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/gateway_config.hpp"
#include "gateway/dialect/dialect.hpp"
#include "net/awaitable.hpp"
#include "provider/cancel_signal.hpp"
#include "store/request_queue.hpp"
#include "tenon/host/host.hpp"
#include "tenon/result.hpp"

namespace tenon::runtime {
class HostImpl;
}

namespace tenon::gateway {

/// Requests whose clients would rather wait than fail while nobody can be asked: kept on the disk,
/// sent when somebody can be asked again, their answers kept until the clients fetch them.
///
/// One thread of its own uses the file; requests run on the host's I/O threads, kMostAtOnce of
/// them. Each is sent at least once: when the daemon ends between a provider's answer and the disk,
/// again.
///
/// \par Thread-safety
/// Any thread; the constructor, stop() and the destructor: one, none of the I/O threads.
/// \par Object lifetimes
/// The host outlives it.
class OfflineQueue {
public:
    static constexpr std::size_t kMostAtOnce = 4;

    /// Errors: the file cannot be used.
    [[nodiscard]] static Result<std::unique_ptr<OfflineQueue>> open(
        runtime::HostImpl& host, const config::OfflineConfig& config,
        const std::filesystem::path& file);
    OfflineQueue(const OfflineQueue&) = delete;
    OfflineQueue& operator=(const OfflineQueue&) = delete;
    ~OfflineQueue();

    /// A request as its client wrote it.
    struct Incoming {
        std::string path;      ///< of the dialect
        std::string provider;  ///< that alone may be asked; empty = as the model says
        std::string model;
        std::string body;
        std::string client;  ///< the name of its key; may be empty
    };
    /// Keeps a request. On the disk when it returns.
    /// \return its id. Errors: Code::overloaded if too many wait; the disk.
    [[nodiscard]] net::Awaitable<Result<std::string>> keep(Incoming incoming, std::size_t io_index);

    /// How a request stands, for the client that sent it. Errors: Code::not_found, also for others.
    [[nodiscard]] net::Awaitable<Result<store::RequestQueue::Found>> find(std::string id,
                                                                          std::string client,
                                                                          std::size_t io_index);
    /// Forgets it. Errors: likewise.
    [[nodiscard]] net::Awaitable<Result<void>> forget(std::string id, std::string client,
                                                      std::size_t io_index);

    /// Calls back on the queue's thread.
    void list(std::function<void(Result<std::vector<store::QueueEntry>>)> on_done);
    /// Those that are not finished.
    [[nodiscard]] std::size_t queued() const noexcept { return queued_; }

    /// Cancels what is being sent; it waits for the next start. Idempotent.
    void stop();

private:
    using Job = std::function<void(store::RequestQueue&)>;
    struct Sent {
        int status = 0;
        std::string body;
        bool nobody = false;  ///< nobody could be asked: it waits on
    };
    struct Sending {
        std::shared_ptr<provider::CancelSignal> cancel;
        std::uint64_t look = 0;  ///< in which it was started
    };

    OfflineQueue(runtime::HostImpl& host, std::unique_ptr<store::RequestQueue> queue);
    void post(Job job);
    template <class T>
    net::Awaitable<Result<T>> on_thread(std::function<Result<T>(store::RequestQueue&)> job,
                                        std::size_t io_index);
    void run();
    [[nodiscard]] bool somebody_can_be_asked() const;
    void drop_expired();
    void send_some();
    /// \return false if no more can be sent now.
    bool send_all_of(const std::string& model);
    void start(store::QueuedRequest request);
    net::Awaitable<void> send(store::QueuedRequest request,
                              std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    net::Awaitable<Sent> ask(const store::QueuedRequest& request,
                             std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    void sent(const std::string& id, const std::string& model, Sent result);
    void count();

    runtime::HostImpl& host_;
    const std::unique_ptr<store::RequestQueue> queue_;  ///< the thread's
    std::unique_ptr<host::Subscription> events_;
    std::atomic<std::size_t> queued_{0};
    std::set<std::string> in_vain_;  ///< the thread's: models that nobody could be asked for,
    std::uint64_t looks_ = 0;        ///< the thread's: as of so many looks

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    std::map<std::string, Sending> sending_;  ///< by their ids
    bool news_ = true;                        ///< somebody may be back
    bool look_ = false;                       ///< something may be sent
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tenon::gateway

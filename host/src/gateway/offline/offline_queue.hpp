#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
#include "gateway/api/key_ring.hpp"
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

class ApiContext;

/// Requests whose clients would rather wait than fail while nobody can be asked: kept on the disk,
/// sent when somebody can be asked again, their answers kept until the clients fetch them.
///
/// One thread of its own uses the file; requests run on the host's I/O threads, kMostAtOnce of
/// them. Each is sent at least once: when the daemon ends between a provider's answer and the disk,
/// again, with the same idempotency key. Each is charged to its client's key when it is sent, and
/// waits while that may send no more.
///
/// What goes wrong on the thread is reported, and it goes on.
///
/// \par Thread-safety
/// Any thread; the constructor, stop() and the destructor: one, none of the I/O threads.
/// \par Object lifetimes
/// The context, with its host, outlives it.
class OfflineQueue {
public:
    static constexpr std::size_t kMostAtOnce = 4;

    /// Errors: the file cannot be used.
    [[nodiscard]] static Result<std::unique_ptr<OfflineQueue>> open(
        ApiContext& context, const config::OfflineConfig& config,
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
    /// \return its id. Errors: Code::overloaded if too many wait; Code::too_large; the disk.
    [[nodiscard]] net::Awaitable<Result<std::string>> keep(Incoming incoming, std::size_t io_index);

    /// How a request stands, for the client that sent it. Errors: Code::not_found, also for others.
    [[nodiscard]] net::Awaitable<Result<store::RequestQueue::Found>> find(std::string id,
                                                                          std::string client,
                                                                          std::size_t io_index);
    /// Forgets it; if it is being sent, that is cancelled. Errors: likewise.
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
        store::QueueLane lane;
        std::shared_ptr<provider::CancelSignal> cancel;
        bool forgotten = false;
        bool ended = false;  ///< with `result`
        Sent result = {};
    };

    OfflineQueue(ApiContext& context, std::unique_ptr<store::RequestQueue> queue);
    void post(Job job);
    void report(std::string_view problem) noexcept;
    template <class Step>
    void guard(const char* what, const Step& step) noexcept;
    template <class T>
    net::Awaitable<Result<T>> on_thread(std::function<Result<T>(store::RequestQueue&)> job,
                                        std::size_t io_index);
    void run() noexcept;
    /// Waits for something to do. \return false: there will be nothing more.
    bool wait(std::vector<Job>& jobs);
    bool take_ended(std::map<std::string, Sending>::node_type& node) noexcept;
    void keep_result(const std::string& id, const Sending& sending);
    void count();
    void drop_expired();
    void send_some();
    [[nodiscard]] bool is_held_back(const store::QueueLane& lane) const;
    /// \return false if no more can be sent now.
    bool send_one_of(const store::QueueLane& lane);
    /// What sending it takes of its client's key. Errors: Code::throttled; it may not be sent.
    [[nodiscard]] Result<KeyLease> charge_for(const store::QueuedRequest& request);
    void start(store::QueuedRequest request, KeyLease lease);
    net::Awaitable<void> send(store::QueuedRequest request, KeyLease lease,
                              std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    net::Awaitable<Sent> ask(const store::QueuedRequest& request, KeyLease& lease,
                             std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    void ended(const std::string& id, Sent result) noexcept;

    ApiContext& context_;
    runtime::HostImpl& host_;
    const std::unique_ptr<store::RequestQueue> queue_;  ///< the thread's
    std::unique_ptr<host::Subscription> events_;
    std::atomic<std::size_t> queued_{0};
    /// \name The thread's, as of its last look
    /// @{
    std::set<std::string> in_vain_;    ///< models that nobody could be asked for
    std::set<std::string> throttled_;  ///< clients whose keys may send no more
    std::chrono::steady_clock::time_point calm_until_{};
    std::chrono::steady_clock::time_point look_at_{};
    /// @}

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Job> jobs_;
    std::map<std::string, Sending> sending_;  ///< by their ids
    bool news_ = true;                        ///< somebody may be back
    bool look_ = false;                       ///< something may be sent
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tenon::gateway

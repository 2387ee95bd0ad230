#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/state.hpp"
#include "tenon/result.hpp"

namespace tenon::store {

/// A request that waits on the disk until somebody can be asked. What is opaque is for whoever put
/// it in.
struct QueuedRequest {
    std::string id = {};               ///< unique in the queue
    std::string dialect = {};          ///< opaque
    std::string model = {};            ///< by which requests can be taken out
    std::string client = {};           ///< opaque
    std::string body = {};             ///< opaque
    std::string idempotency_key = {};  ///< the same whenever it is sent; empty = the id

    UnixMs queued = 0;
    std::int64_t sends = 0;  ///< times that it was taken out, this one included
};

struct QueuedResult {
    int status = 0;    ///< opaque, such as an HTTP status
    std::string body;  ///< opaque
    UnixMs finished = 0;
};

enum class QueueState : std::uint8_t { waiting, taken, finished };

[[nodiscard]] std::string_view to_string(QueueState state) noexcept;

/// A request without its body.
struct QueueEntry {
    std::string id;
    std::string model;
    std::string client;
    QueueState state = QueueState::waiting;
    UnixMs queued = 0;
    std::int64_t sends = 0;
};

/// Requests that go out in their order, whatever holds others back.
struct QueueLane {
    std::string model;
    std::string client;
    friend auto operator<=>(const QueueLane&, const QueueLane&) = default;
};

struct QueueCounts {
    std::size_t waiting = 0;
    std::size_t taken = 0;
    std::size_t finished = 0;
    std::uint64_t bytes = 0;  ///< of the bodies and results of all
    [[nodiscard]] std::size_t all() const noexcept { return waiting + taken + finished; }
};

struct QueueLimits {
    std::size_t max_requests = 10'000;      ///< of all states; then no more are taken in
    std::uint64_t max_bytes = 268'435'456;  ///< of bodies and results; likewise
    UnixMs max_age = 86'400'000;  ///< of requests since they came, of results since they did
};

/// Requests that were accepted while nobody could be asked, and their results until they are picked
/// up; in a SQLite file of its own beside the state: it grows and shrinks by whole prompts, and who
/// throws it away must not lose what the operator wants of the providers.
///
/// A request is sent **at least once**: who takes one has it for a while; if he neither finishes it
/// nor gives it back until then, or the process ends, the next one gets it, with the same
/// idempotency key. Requests go out in the order in which they came in.
///
/// What has returned without an error is on the disk. Time is handed in.
///
/// \par Errors
/// Each names the file, says why, and what to do.
/// \par Thread-safety
/// Safe. Calls wait for each other and for the disk: keep them off threads that serve requests.
class RequestQueue {
public:
    /// Opens the file, made with its directories if it is missing, and locks it: one process at a
    /// time. What a process that has ended had taken out waits again.
    [[nodiscard]] static Result<std::unique_ptr<RequestQueue>> open(
        const std::filesystem::path& path, const QueueLimits& limits);
    ~RequestQueue();
    RequestQueue(const RequestQueue&) = delete;
    RequestQueue& operator=(const RequestQueue&) = delete;

    /// Puts a request in, whose `queued` and `sends` do not matter.
    /// Errors: Code::overloaded if it is full; Code::too_large if it could never hold the request;
    /// Code::invalid if the id is there already.
    Result<void> enqueue(const QueuedRequest& request, UnixMs now);

    /// Takes out the oldest request that waits, or whose taker has been silent for too long.
    /// \param lease how long it is the taker's alone; more than sending it may take
    /// \param lane only of this one; nullptr = of any
    [[nodiscard]] Result<std::optional<QueuedRequest>> take(UnixMs now, UnixMs lease,
                                                            const QueueLane* lane = nullptr);

    /// Puts a request that was taken out back in its place: nothing was sent.
    /// \return whether it was there, and taken.
    Result<bool> give_back(std::string_view id);

    /// Keeps the result of a request, and forgets its body.
    /// \return false if there is no such unfinished request (any more): nobody wants the result.
    Result<bool> finish(std::string_view id, int status, std::string_view body, UnixMs now);

    /// How a request stands; nothing if there is none. Its result stays until remove().
    struct Found {
        QueueEntry entry;
        std::optional<QueuedResult> result;
    };
    [[nodiscard]] Result<std::optional<Found>> find(std::string_view id);

    /// Forgets a request, with its result. \return whether it was there.
    Result<bool> remove(std::string_view id);

    /// Forgets what is too old. Requests that somebody has are left to him.
    /// \return the requests that were not finished.
    Result<std::vector<QueueEntry>> drop_expired(UnixMs now);

    /// The oldest first.
    [[nodiscard]] Result<std::vector<QueueEntry>> list(std::size_t limit = 1'000);
    /// The lanes of requests that could be taken out now, each once, in the order of their oldest.
    [[nodiscard]] Result<std::vector<QueueLane>> lanes(UnixMs now);
    [[nodiscard]] Result<QueueCounts> counts();

private:
    struct Parts;
    explicit RequestQueue(std::unique_ptr<Parts> parts) noexcept;

    Result<void> write(const std::function<Result<void>()>& change);

    std::mutex mutex_;
    std::unique_ptr<Parts> parts_;  ///< guarded by mutex_
};

}  // namespace tenon::store

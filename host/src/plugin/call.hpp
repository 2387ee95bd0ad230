#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "plugin/delta_batch.hpp"
#include "tenon/abi/request.h"
#include "tenon/abi/result.h"
#include "tenon/error.hpp"

struct tenon_json_document;

namespace tenon::plugin {

/// What a start function is asked to do. Borrowed until the start function's ActiveCall exists.
struct CallRequest {
    std::string_view model = {};
    std::string_view body = {};
    /// Where `body` is, if the call may take it over instead of copying it: then it leaves nullopt.
    std::optional<std::string>* own_body = nullptr;
    std::string_view idempotency_key = {};
    std::string_view trace_parent = {};
    bool stream = false;
    base::TimePoint deadline = base::kNoDeadline;
    bool connects = false;  ///< its answer is a connection; set by the proxy
};

/// How a call ended: a copy of the plugin's tenon_result.
struct CallOutcome {
    bool ok = false;
    Error error;  ///< when not ok
    std::string body;
    std::string finish_reason;
    tenon_conn* conn = nullptr;
    std::vector<float> vectors;
    std::uint32_t rows = 0;
    std::uint32_t dimensions = 0;
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;

    /// Forgets the last call but keeps the buffers.
    void reset() noexcept;
    /// Copies what the plugin finished with. Returns false if it makes no sense; then the outcome
    /// is an error that says so. Throws std::bad_alloc.
    bool assign(const tenon_result* result);
};

/// Something that a plugin started through a service on behalf of a call.
///
/// \par Thread-safety
/// Any thread. None of the functions calls back before it returns.
class BoundOperation {
public:
    virtual ~BoundOperation() = default;
    virtual void cancel() noexcept = 0;
    /// Stop or resume reading, because the call's reader is slow or has caught up.
    virtual void set_paused(bool paused) noexcept = 0;
};

/// Told when a call that its reader waits for has deltas or has ended. Called on any thread, under
/// the call's lock: it only passes the news on.
class Waker {
public:
    virtual ~Waker() = default;
    virtual void wake() noexcept = 0;
};

/// A start function of a blocking provider on its way through the worker pool.
struct WorkerJob {
    enum State : int { waiting, running, written_off, ended };
    std::atomic<State> state{waiting};
};

/// One call in its slot, from start until all three have let go: the plugin (finish), the host
/// (release) and the operations that were started for it. Guarded by the slot's mutex.
struct CallSlot {
    /// What is to be done, without the mutex, once plugin and host have let go. Each member says so
    /// to one caller only.
    struct Over {
        tenon_conn* conn = nullptr;  ///< is free again
        bool conn_lost = false;      ///< the call's end blames it
        bool unused = false;         ///< the operations have let go too: the slot can be freed
    };

    // The request as the plugin sees it: points into the strings below.
    tenon_request request{};
    std::string model;
    std::string body;
    std::string idempotency_key;
    std::string trace_parent;
    base::TimePoint deadline = base::kNoDeadline;
    tenon_conn* conn = nullptr;
    std::size_t io_index = 0;

    bool finished = false;   ///< the plugin is done; every later use of the handle is STALE
    bool released = false;   ///< the host is gone; nobody reads deltas or outcome any more
    bool cancelled = false;  ///< nobody wants the answer
    bool conn_lost = false;  ///< how it finished blames the connection
    bool paused = false;     ///< the call's operations stopped reading
    bool connects = false;   ///< a connection is what it brings
    bool reader_waits = false;

    DeltaBatch deltas;
    CallOutcome outcome;
    std::shared_ptr<Waker> waker;
    std::shared_ptr<WorkerJob> job;  ///< nullptr: the start function is not a blocking one
    std::vector<std::shared_ptr<BoundOperation>> operations;
    const tenon_json_document* json = nullptr;  ///< of `body`, parsed on demand

    void prepare(const CallRequest& in, tenon_conn* connection, std::size_t io);
    /// Buffers of an unusually large request do not stay for ever.
    /// Returns what is to be released without the mutex, or nullptr.
    [[nodiscard]] const tenon_json_document* clear() noexcept;
    /// The plugin is done and `outcome` is set: ends the operations and wakes the reader.
    void finish() noexcept;
    [[nodiscard]] Over over() noexcept;
    void wake() noexcept {
        if (!reader_waits) return;
        reader_waits = false;
        if (waker) waker->wake();
    }
};

}  // namespace tenon::plugin

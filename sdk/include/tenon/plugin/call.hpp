#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "tenon/abi/delta.h"
#include "tenon/abi/result.h"
#include "tenon/error.hpp"
#include "tenon/plugin/host.hpp"

namespace tenon {

/// One logical connection of a provider that has any (see `Provider::connect`). Derive from it; the
/// destructor closes the connection.
class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;
};

/// One piece of a streamed answer; see `tenon_delta` for the members. Views are borrowed by emit().
struct Delta {
    std::uint32_t kind = TENON_DELTA_NONE;
    std::uint32_t index = 0;   ///< tool calls: which call of the answer
    std::uint32_t choice = 0;  ///< which choice of the answer
    bool same_chunk = false;   ///< read from the chunk whose `raw` the delta before carried
    std::string_view data = {};
    std::string_view tool_call_id = {};
    std::string_view tool_name = {};
    std::string_view raw = {};  ///< the chunk in the OpenAI dialect, verbatim
};

/// How a complete, embed, rerank or list_models call ended well; see `tenon_result`.
struct Answer {
    std::string_view body = {};           ///< whole answer as JSON; empty when deltas were emitted
    std::string_view finish_reason = {};  ///< empty = "stop"
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
};

class DeliverAwaiter;

/// The plugin's end of one operation: emit deltas, then finish once. Move-only, so it cannot be
/// finished twice; a Call that is destroyed unfinished finishes itself with Code::internal.
///
/// \par Thread-safety
/// Distinct objects: safe. One object: from one thread at a time, any thread.
/// \par Exception safety
/// No function throws.
class [[nodiscard]] Call {
public:
    Call(HostRef host, tenon_call handle, Connection* connection) noexcept
        : host_(host), handle_(handle), connection_(connection) {}
    Call(Call&& other) noexcept
        : host_(other.host_),
          handle_(std::exchange(other.handle_, 0)),
          connection_(other.connection_) {}
    Call& operator=(Call&& other) noexcept;
    ~Call();

    [[nodiscard]] HostRef host() const noexcept { return host_; }
    /// For the functions of the ABI; 0 once finished.
    [[nodiscard]] tenon_call handle() const noexcept { return handle_; }
    /// The connection the call runs on; nullptr for stateless providers.
    template <class T = Connection>
    [[nodiscard]] T* connection() const noexcept {
        return static_cast<T*>(connection_);
    }
    [[nodiscard]] bool finished() const noexcept { return handle_ == 0; }

    /// Does nobody want the answer any more? finish() or fail() is still due.
    [[nodiscard]] bool cancelled() const noexcept;

    /// Hands over one delta. Returns Code::ok (taken), cancelled or stale (stop), or again (not
    /// taken, the reader is slow: see deliver()).
    Code emit(const Delta& delta) noexcept;
    Code emit_text(std::string_view text) noexcept {
        return emit({.kind = TENON_DELTA_TEXT, .data = text});
    }
    Code emit_reasoning(std::string_view text) noexcept {
        return emit({.kind = TENON_DELTA_REASONING, .data = text});
    }
    /// `usage_json` is a usage object in the OpenAI dialect.
    Code emit_usage(std::string_view usage_json) noexcept {
        return emit({.kind = TENON_DELTA_USAGE, .data = usage_json});
    }

    /// `co_await call.deliver(delta)`: emit(), waiting while the reader is slow. For providers that
    /// produce deltas by themselves; what is read from the call's HTTP exchange needs no waiting.
    [[nodiscard]] DeliverAwaiter deliver(const Delta& delta) noexcept;

    /// End with success. Each does nothing on a finished Call.
    void finish(const Answer& answer = {}) noexcept;
    /// embed(): `vectors` holds `rows` rows of `dimensions` numbers, one row per input.
    void finish_vectors(const float* vectors, std::uint32_t rows, std::uint32_t dimensions,
                        std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN) noexcept;
    /// connect(): the connection passes to the host until disconnect().
    void finish_connected(std::unique_ptr<Connection> connection) noexcept;

    /// End with an error. Does nothing on a finished Call.
    void fail(const Error& error) noexcept;

private:
    void finish_raw(const tenon_result& result) noexcept;

    HostRef host_;
    tenon_call handle_;
    Connection* connection_;
};

/// Awaiter of Call::deliver(): offers the delta again until it is taken, the call is cancelled or
/// it has ended. Its co_await yields the last Code.
class DeliverAwaiter {
public:
    DeliverAwaiter(Call& call, const Delta& delta) noexcept : call_(&call), delta_(delta) {}

    bool await_ready() noexcept {
        code_ = call_->emit(delta_);
        return code_ != Code::again;
    }
    bool await_suspend(std::coroutine_handle<> waiter) noexcept;
    Code await_resume() const noexcept { return code_; }

private:
    bool wait_a_little() noexcept;
    static void TENON_CALL on_timer(void* self, tenon_status status) noexcept;

    Call* call_;
    Delta delta_;
    Code code_ = Code::again;
    std::int64_t pause_ns_ = 1'000'000;
    std::coroutine_handle<> waiter_;
};

inline DeliverAwaiter Call::deliver(const Delta& delta) noexcept {
    return {*this, delta};
}

}  // namespace tenon

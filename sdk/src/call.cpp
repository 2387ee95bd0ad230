#include "tenon/plugin/call.hpp"

#include <algorithm>

namespace tenon {
namespace {

tenon_result empty_result() noexcept {
    tenon_result result{};
    result.struct_size = sizeof result;
    result.input_tokens = TENON_TOKENS_UNKNOWN;
    result.output_tokens = TENON_TOKENS_UNKNOWN;
    return result;
}

/// fail() for messages that live in static storage: needs no allocation, so it cannot fail itself.
tenon_error static_error(Code code, std::string_view message) noexcept {
    tenon_error error{};
    error.struct_size = sizeof error;
    error.code = static_cast<std::int32_t>(code);
    error.retry_after_ms = -1;
    error.message = to_abi(message);
    return error;
}

}  // namespace

Call& Call::operator=(Call&& other) noexcept {
    if (this != &other) {
        this->~Call();
        new (this) Call(std::move(other));
    }
    return *this;
}

Call::~Call() {
    if (finished()) return;
    const tenon_error error =
        static_error(Code::internal,
                     "the plugin dropped the call without finishing it (a defect in the plugin)");
    tenon_result result = empty_result();
    result.error = &error;
    finish_raw(result);
}

bool Call::cancelled() const noexcept {
    return finished() || host_.table()->is_cancelled(host_.ctx(), handle_) != 0;
}

Code Call::emit(const Delta& delta) noexcept {
    if (finished()) return Code::stale;
    tenon_delta out{};
    out.struct_size = sizeof out;
    out.kind = delta.kind;
    out.index = delta.index;
    out.choice = delta.choice;
    out.flags = delta.same_chunk ? unsigned{TENON_DELTA_SAME_CHUNK} : 0u;
    out.data = to_abi(delta.data);
    out.tool_call_id = to_abi(delta.tool_call_id);
    out.tool_name = to_abi(delta.tool_name);
    out.raw = to_abi(delta.raw);
    return code_from_status(host_.table()->emit(host_.ctx(), handle_, &out));
}

void Call::finish(const Answer& answer) noexcept {
    tenon_result result = empty_result();
    result.body_json = to_abi(answer.body);
    result.finish_reason = to_abi(answer.finish_reason);
    result.input_tokens = answer.input_tokens;
    result.output_tokens = answer.output_tokens;
    finish_raw(result);
}

void Call::finish_vectors(const float* vectors, std::uint32_t rows, std::uint32_t dimensions,
                          std::uint64_t input_tokens) noexcept {
    tenon_result result = empty_result();
    result.vectors = vectors;
    result.n_vectors = rows;
    result.dimensions = dimensions;
    result.input_tokens = input_tokens;
    finish_raw(result);
}

void Call::finish_connected(std::unique_ptr<Connection> connection) noexcept {
    if (finished()) return;
    if (connection == nullptr) {
        const tenon_error error =
            static_error(Code::internal, "the plugin's connect made no connection");
        tenon_result failed = empty_result();
        failed.error = &error;
        return finish_raw(failed);
    }
    tenon_result result = empty_result();
    result.conn = reinterpret_cast<tenon_conn*>(connection.get());
    const tenon_call handle = std::exchange(handle_, 0);
    // A stale finish leaves the connection with us: the host gave up and will not disconnect it.
    if (host_.table()->finish(host_.ctx(), handle, &result) == TENON_OK) {
        static_cast<void>(connection.release());
    }
}

void Call::fail(const Error& error) noexcept {
    const tenon_error out = error.to_abi();
    tenon_result result = empty_result();
    result.error = &out;
    finish_raw(result);
}

void Call::finish_raw(const tenon_result& result) noexcept {
    if (finished()) return;
    const tenon_call handle = std::exchange(handle_, 0);
    host_.table()->finish(host_.ctx(), handle, &result);
}

bool DeliverAwaiter::await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    return wait_a_little();
}

/// Returns whether the timer was accepted. Once it was, this object may be gone: the timer may have
/// resumed the coroutine on another thread before start() returned here.
bool DeliverAwaiter::wait_a_little() noexcept {
    constexpr std::int64_t kLongestPauseNs = 20'000'000;
    const HostRef host = call_->host();
    const tenon_timer_v1* timer = host.timer();
    if (timer == nullptr) return false;
    const std::int64_t pause = pause_ns_;
    pause_ns_ = std::min(pause * 2, kLongestPauseNs);
    if (timer->start(host.ctx(), call_->handle(), pause, &on_timer, this) != 0) return true;
    code_ = Code::cancelled;  // the host refuses timers of calls that nobody wants any more
    return false;
}

void TENON_CALL DeliverAwaiter::on_timer(void* self, tenon_status status) noexcept {
    auto* awaiter = static_cast<DeliverAwaiter*>(self);
    awaiter->code_ = status == TENON_OK ? awaiter->call_->emit(awaiter->delta_) : Code::cancelled;
    if (awaiter->code_ == Code::again && awaiter->wait_a_little()) return;
    awaiter->waiter_.resume();
}

}  // namespace tenon

#include "plugin/call.hpp"

#include "tenon/plugin/host.hpp"

namespace tenon::plugin {
namespace {

constexpr std::size_t kKeptCapacity = std::size_t{64} << 10;

void recycle(std::string& text) noexcept {
    text.clear();
    if (text.capacity() > kKeptCapacity) std::string().swap(text);
}

}  // namespace

void CallOutcome::reset() noexcept {
    ok = false;
    if (error.code != Code::internal || !error.message.empty()) error = Error();
    recycle(body);
    recycle(finish_reason);
    conn = nullptr;
    vectors.clear();
    rows = dimensions = 0;
    input_tokens = output_tokens = TENON_TOKENS_UNKNOWN;
}

void CallOutcome::assign(const tenon_result& result) {
    ok = result.error == nullptr;
    if (!ok) {
        error = Error::from_abi(*result.error);
        if (error.code == Code::ok) error.code = Code::internal;
    }
    if (TENON_HAS(&result, tenon_result, conn)) conn = result.conn;
    if (TENON_HAS(&result, tenon_result, body_json)) body.assign(from_abi(result.body_json));
    if (TENON_HAS(&result, tenon_result, finish_reason)) {
        finish_reason.assign(from_abi(result.finish_reason));
    }
    if (TENON_HAS(&result, tenon_result, dimensions) && result.vectors != nullptr) {
        rows = result.n_vectors;
        dimensions = result.dimensions;
        vectors.assign(result.vectors, result.vectors + std::size_t{rows} * dimensions);
    }
    if (TENON_HAS(&result, tenon_result, output_tokens)) {
        input_tokens = result.input_tokens;
        output_tokens = result.output_tokens;
    }
}

void CallSlot::prepare(const CallRequest& in, tenon_conn* connection, std::size_t io) {
    model.assign(in.model);
    body.assign(in.body);
    idempotency_key.assign(in.idempotency_key);
    trace_parent.assign(in.trace_parent);
    deadline = in.deadline;
    conn = connection;
    io_index = io;
    finished = released = cancelled = paused = reader_waits = false;
    request.struct_size = sizeof request;
    request.flags = in.stream ? unsigned{TENON_REQUEST_STREAM} : 0u;
    request.deadline_ns = base::to_abi_deadline(deadline);
    request.model = to_abi(model);
    request.body_json = to_abi(body);
    request.idempotency_key = to_abi(idempotency_key);
    request.trace_parent = to_abi(trace_parent);
}

void CallSlot::clear() noexcept {
    recycle(model);
    recycle(body);
    recycle(idempotency_key);
    recycle(trace_parent);
    deltas.clear();
    outcome.reset();
    waker.reset();
    conn = nullptr;
}

}  // namespace tenon::plugin

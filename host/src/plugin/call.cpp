#include "plugin/call.hpp"

#include "plugin/plausible.hpp"
#include "tenon/json_text.hpp"
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

bool CallOutcome::assign(const tenon_result* result) {
    reset();
    if (result == nullptr || !is_plausible(*result)) {
        error = Error(Code::internal,
                      "the plugin finished with a result that makes no sense (uninitialized "
                      "memory?); report it to the plugin's author");
        return false;
    }
    ok = result->error == nullptr;
    if (!ok) {
        error = Error::from_abi(*result->error);
        if (error.code == Code::ok) error.code = Code::internal;
        if (!is_valid_utf8(error.message)) error.message = to_valid_utf8(error.message);
        return true;
    }
    conn = result->conn;
    body.assign(from_abi(result->body_json));
    finish_reason.assign(from_abi(result->finish_reason));
    if (result->vectors != nullptr) {
        rows = result->n_vectors;
        dimensions = result->dimensions;
        vectors.assign(result->vectors, result->vectors + std::size_t{rows} * dimensions);
    }
    input_tokens = result->input_tokens;
    output_tokens = result->output_tokens;
    return true;
}

void CallSlot::prepare(const CallRequest& in, tenon_conn* connection, std::size_t io) {
    model.assign(in.model);
    if (in.own_body != nullptr && in.own_body->has_value()) {
        body = *std::move(*in.own_body);
        in.own_body->reset();
    } else {
        body.assign(in.body);
    }
    idempotency_key.assign(in.idempotency_key);
    trace_parent.assign(in.trace_parent);
    deadline = in.deadline;
    conn = connection;
    io_index = io;
    finished = released = cancelled = conn_lost = paused = reader_waits = false;
    connects = in.connects;
    request.struct_size = sizeof request;
    request.flags = in.stream ? unsigned{TENON_REQUEST_STREAM} : 0u;
    request.deadline_ns = base::to_abi_deadline(deadline);
    request.model = to_abi(model);
    request.body_json = to_abi(body);
    request.idempotency_key = to_abi(idempotency_key);
    request.trace_parent = to_abi(trace_parent);
}

void CallSlot::finish() noexcept {
    finished = true;
    conn_lost = !outcome.ok && outcome.error.scope != Scope::request;
    for (const auto& operation : operations) operation->cancel();
    wake();
}

CallSlot::Over CallSlot::over() noexcept {
    Over out;
    if (!finished || !released) return out;
    out.conn = std::exchange(conn, nullptr);
    out.conn_lost = conn_lost;
    out.unused = operations.empty();
    return out;
}

const tenon_json_document* CallSlot::clear() noexcept {
    recycle(model);
    recycle(body);
    recycle(idempotency_key);
    recycle(trace_parent);
    deltas.clear();
    outcome.reset();
    waker.reset();
    job.reset();
    conn = nullptr;
    return std::exchange(json, nullptr);
}

}  // namespace tenon::plugin

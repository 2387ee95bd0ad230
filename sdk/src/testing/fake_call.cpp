#include "testing/fake_call.hpp"

#include <stdexcept>
#include <utility>

#include "tenon/testing/json_service.hpp"
#include "testing/fake_checks.hpp"
#include "testing/fake_state.hpp"

namespace tenon::testing {
namespace {

std::optional<std::uint64_t> tokens(std::uint64_t count) noexcept {
    if (count == TENON_TOKENS_UNKNOWN) return std::nullopt;
    return count;
}

void fill(Outcome& outcome, const tenon_result& result) {
    outcome.finished = true;
    if (result.error != nullptr) {
        outcome.error = Error::from_abi(*result.error);
        if (outcome.error->code == Code::ok) outcome.error->code = Code::internal;
    }
    outcome.body = from_abi(result.body_json);
    outcome.finish_reason = from_abi(result.finish_reason);
    outcome.input_tokens = tokens(result.input_tokens);
    outcome.output_tokens = tokens(result.output_tokens);
    outcome.connection = result.conn;
    const float* at = result.vectors;
    if (at == nullptr) return;
    for (std::uint32_t row = 0; row < result.n_vectors; ++row, at += result.dimensions) {
        outcome.vectors.emplace_back(at, at + result.dimensions);
    }
}

EmittedDelta copy(const tenon_delta& delta) {
    return {.kind = delta.kind,
            .index = delta.index,
            .choice = delta.choice,
            .same_chunk = (delta.flags & TENON_DELTA_SAME_CHUNK) != 0,
            .data = std::string(from_abi(delta.data)),
            .tool_call_id = std::string(from_abi(delta.tool_call_id)),
            .tool_name = std::string(from_abi(delta.tool_name)),
            .raw = std::string(from_abi(delta.raw))};
}

}  // namespace

LentRequest::LentRequest(std::string_view body_json, const CallOptions& options,
                         std::int64_t deadline_ns)
    : model(options.model),
      body(body_json),
      idempotency_key(options.idempotency_key),
      trace_parent(options.trace_parent) {
    request.struct_size = sizeof request;
    request.flags = options.stream.value_or(false) ? unsigned{TENON_REQUEST_STREAM} : 0u;
    request.deadline_ns = deadline_ns;
    request.model = model.abi();
    request.body_json = body.abi();
    request.idempotency_key = idempotency_key.abi();
    request.trace_parent = trace_parent.abi();
}

tenon_call FakeState::begin(std::unique_ptr<CallRecord> record) {
    const Lock lock(mutex_);
    // Generation in the upper half, slot in the lower one, as the host's; a slot is never reused.
    const std::uint64_t slot = calls_.size();
    record->handle = ((slot + 1) << 32) | slot;
    calls_.push_back(std::move(record));
    return calls_.back()->handle;
}

CallRecord* FakeState::find(const Lock&, tenon_call call) noexcept {
    const std::uint64_t slot = call & 0xFFFF'FFFFu;
    if (slot >= calls_.size() || calls_[slot]->handle != call) return nullptr;
    return calls_[slot].get();
}

std::vector<tenon_call> FakeState::open_calls(const void* owner) const {
    const Lock lock(mutex_);
    std::vector<tenon_call> open;
    for (const auto& call : calls_) {
        if (call->owner == owner && !call->finished) open.push_back(call->handle);
    }
    return open;
}

std::size_t FakeState::calls_on(const tenon_conn* connection) const {
    const Lock lock(mutex_);
    std::size_t count = 0;
    for (const auto& call : calls_) {
        if (call->connection == connection && (!call->finished || call->operations != 0)) ++count;
    }
    return count;
}

std::map<tenon_conn*, bool> FakeState::connections_of(const void* owner) const {
    const Lock lock(mutex_);
    std::map<tenon_conn*, bool> found;
    for (const auto& [handle, connection] : connections) {
        if (connection.owner == owner) found.emplace(handle, connection.usable);
    }
    return found;
}

void FakeState::started(tenon_call handle, tenon_status status) {
    const Lock lock(mutex_);
    CallRecord& call = *find(lock, handle);
    if (!call.finished) call.outcome.start_status = status;
    if (status == TENON_OK) return;
    const std::string name = call.function;
    if (call.finished) {
        return violation(lock, name + " finished the call and then refused it");
    }
    if (status > 0) {
        violation(lock, name + " refused with the status " + std::to_string(status) +
                            ", which is not an error");
    }
    if (!call.outcome.deltas.empty()) violation(lock, name + " emitted deltas and then refused");
    call.finished = call.refused = call.outcome.finished = true;
    const Code code = status > 0 ? Code::internal : code_from_status(status);
    call.outcome.error =
        Error(code, code == Code::unsupported
                        ? "this provider does not offer " + name
                        : "the plugin refused " + name + " (" + std::string(to_string(code)) + ")");
    stop_operations(lock, handle, Error(Code::cancelled, "the call was refused"));
    reclaim(lock, call);
}

void FakeState::cancel(tenon_call handle) {
    Lock lock(mutex_);
    CallRecord* call = find(lock, handle);
    if (call == nullptr || call->finished || std::exchange(call->cancelled, true)) return;
    stop_operations(lock, handle, Error(Code::cancelled, "the call was cancelled"));
    tell_cancel(lock, *call);
}

/// At once, unless plugin code is on the stack: the host never calls a plugin from inside it.
void FakeState::tell_cancel(Lock& lock, CallRecord& record) {
    if (inside_ != 0) {
        queue_.emplace_back(record.tell_cancel);
        changed_.notify_all();
        return;
    }
    const auto tell = record.tell_cancel;
    lock.unlock();
    tell();
    lock.lock();
}

tenon_status FakeState::emit(tenon_call handle, const tenon_delta* delta) {
    Lock lock(mutex_);
    CallRecord* call = find(lock, handle);
    if (call == nullptr) {
        violation(lock, "emit() for a call that never existed");
        return TENON_STALE;
    }
    const std::string name = call->function;
    if (call->finished) {
        violation(lock, name + ": emit() after " +
                            (call->refused ? "the start was refused" : "finish()"));
        return TENON_STALE;
    }
    if (call->cancelled) return TENON_CANCELLED;
    if (!call->emit_answers.empty()) {
        const tenon_status answer = call->emit_answers.front();
        call->emit_answers.pop_front();
        if (answer == TENON_CANCELLED) {
            call->cancelled = true;
            stop_operations(lock, handle, Error(Code::cancelled, "the call was cancelled"));
            queue_.emplace_back(call->tell_cancel);
            changed_.notify_all();
        }
        if (answer != TENON_OK) return answer;
    }
    if (delta == nullptr) {
        violation(lock, name + ": emit() without a delta");
        return TENON_E_INVALID;
    }
    for (auto& breach : check_delta(*call, *delta)) violation(lock, name + ": " + breach);
    if (delta->struct_size >= sizeof(tenon_delta)) call->outcome.deltas.push_back(copy(*delta));
    return TENON_OK;
}

tenon_status FakeState::finish(tenon_call handle, const tenon_result* result) {
    const Lock lock(mutex_);
    CallRecord* call = find(lock, handle);
    if (call == nullptr) {
        violation(lock, "finish() for a call that never existed");
        return TENON_STALE;
    }
    const std::string name = call->function;
    if (call->finished) {
        violation(lock, name + (call->refused ? ": finish() after the start was refused"
                                              : ": finish() was called twice"));
        return TENON_STALE;
    }
    call->finished = true;
    const bool complete = result != nullptr && result->struct_size >= sizeof(tenon_result);
    if (!complete) violation(lock, name + ": finish() without a whole tenon_result");
    if (!call->given_up) {
        call->outcome.finished = true;
        if (complete) {
            fill(call->outcome, *result);
            for (auto& breach : check_result(*call, *result)) violation(lock, name + ": " + breach);
            tenon_conn* opened = call->outcome.connection;
            if (opened != nullptr) connections[opened] = {call->owner, true};
            const auto& error = call->outcome.error;
            const auto used = connections.find(call->connection);
            if (error && error->scope == Scope::connection && used != connections.end()) {
                used->second.usable = false;
            }
        } else {
            call->outcome.error = Error(Code::internal, "finish() without a whole tenon_result");
        }
    }
    stop_operations(lock, handle, Error(Code::cancelled, "the call has finished"));
    reclaim(lock, *call);
    changed_.notify_all();
    return call->given_up ? TENON_STALE : TENON_OK;
}

/// Takes the request back once nobody may look at it any more.
void FakeState::reclaim(const Lock&, CallRecord& call) {
    if (!call.finished || call.operations != 0) return;
    call.request.reset();
    json_service::release(std::exchange(call.json, nullptr));
}

bool FakeState::is_cancelled(tenon_call handle) {
    const Lock lock(mutex_);
    const CallRecord* call = find(lock, handle);
    return call == nullptr || call->finished || call->cancelled || now_ns >= call->deadline_ns;
}

tenon_status FakeState::connection_lost(tenon_conn* connection, const tenon_error* error) {
    const Lock lock(mutex_);
    const auto known = connections.find(connection);
    if (known == connections.end()) return TENON_STALE;
    known->second.usable = false;
    if (error != nullptr) {
        for (auto& breach : check_error(*error)) violation(lock, "conn_lost: " + breach);
    }
    lost.push_back({connection, error != nullptr
                                    ? Error::from_abi(*error)
                                    : Error(Code::unavailable, "the connection was lost")});
    return TENON_OK;
}

const tenon_json_document* FakeState::request_json(tenon_call handle) {
    const Lock lock(mutex_);
    CallRecord* call = find(lock, handle);
    if (call == nullptr || call->finished || !call->request) return nullptr;
    if (call->json == nullptr) {
        const tenon_str body = call->request->body.abi();
        call->json = json_service::parse(&body, nullptr);
    }
    return call->json;
}

}  // namespace tenon::testing

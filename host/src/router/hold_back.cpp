#include "router/hold_back.hpp"

#include "router/thrown.hpp"

namespace tenon::router {
namespace {

/// Whether the delta brings something of the answer, not only of its surroundings.
bool is_output(const Delta& delta) noexcept {
    switch (delta.kind) {
        case TENON_DELTA_NONE:
        case TENON_DELTA_USAGE:  // some send it first
        case TENON_DELTA_META: return false;
        case TENON_DELTA_TOOL_CALL:
            return !delta.data.empty() || !delta.tool_call_id.empty() || !delta.tool_name.empty();
        default: return !delta.data.empty();
    }
}

}  // namespace

void HoldBack::on_deltas(const plugin::DeltaBatch& batch) {
    if (problem_) return;
    if (committed_) return pass(batch);
    bool output = false;
    std::size_t deltas = 0;
    batch.for_each([&](const Delta& delta) {
        output = output || is_output(delta);
        ++deltas;
    });
    // Mostly a stream begins with output or brings it with the second chunk.
    if (output && held_.empty()) return pass(batch);
    batch.for_each([&](const Delta& delta) { held_.push(delta); });
    deltas_ += deltas;
    if (output || deltas_ > kMostDeltas || held_.bytes() > kMostBytes) deliver();
}

bool HoldBack::ready(const std::shared_ptr<plugin::Waker>& waker) {
    if (problem_) return true;
    try {
        return sink_.ready(waker);
    } catch (...) {
        note_problem();
        return true;
    }
}

void HoldBack::deliver() {
    if (!held_.empty()) pass(held_);
    drop();
}

void HoldBack::drop() noexcept {
    held_.clear();
    deltas_ = 0;
}

void HoldBack::pass(const plugin::DeltaBatch& batch) {
    committed_ = true;  // also if the sink throws half-way
    try {
        sink_.on_deltas(batch);
    } catch (...) {
        note_problem();
    }
}

void HoldBack::note_problem() noexcept {
    problem_ = thrown("What takes the stream");
    cancel_.cancel();
}

}  // namespace tenon::router

#include "gateway/telemetry/trace_recorder.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "tenon/abi/result.h"

namespace tenon::gateway {
namespace {

/// The start of a text, not cut within a UTF-8 character.
std::string shortened(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return std::string(text);
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "...";
}

std::optional<std::uint64_t> known(std::uint64_t tokens) noexcept {
    if (tokens == TENON_TOKENS_UNKNOWN) return std::nullopt;
    return tokens;
}

/// A trace that lacks something is better than a request that fails for want of memory.
template <class Work>
void as_far_as_memory_lasts(const Work& work) noexcept {
    try {
        work();
    } catch (const std::bad_alloc&) {
        return;
    }
}

}  // namespace

TraceRecorder::TraceRecorder(TraceStart start, TraceIds& ids) : ids_(ids) {
    if (start.model.size() > kLongestName) start.model = shortened(start.model, kLongestName);
    if (start.request_id.size() > kLongestName) {
        start.request_id = shortened(start.request_id, kLongestName);
    }
    trace_.start = std::move(start);
}

std::string_view TraceRecorder::attempt_started(const router::AttemptStart& start) noexcept {
    attempting_ = true;
    kept_ = false;
    step_began_ = start.time;
    parent_.clear();
    const TraceContext span = ids_.child(trace_.start.context);
    as_far_as_memory_lasts([&] {
        parent_ = span.format();
        trace_.provider = start.provider;
        trace_.provider_model = shortened(start.model, kLongestName);
        if (trace_.attempts.size() >= kMostSteps) {
            ++trace_.dropped;
            return;
        }
        TraceAttempt attempt;
        attempt.number = start.number;
        attempt.span_id = span.span_id;
        attempt.provider = trace_.provider;
        attempt.model = trace_.provider_model;
        attempt.why = start.why;
        attempt.started = mark(start.time);
        trace_.attempts.push_back(std::move(attempt));
        kept_ = true;
    });
    return parent_;
}

void TraceRecorder::attempt_ended(const router::AttemptResult& result) noexcept {
    if (!std::exchange(attempting_, false)) return;
    elsewhere_ += result.time - step_began_;
    if (!kept_) return;
    TraceAttempt& attempt = trace_.attempts.back();
    attempt.ended = mark(result.time);
    attempt.queue_wait = result.queue_wait;
    attempt.first_byte = result.first_byte;
    attempt.stop = result.stop;
    attempt.dialing = result.dialing;
    attempt.decision = result.decision;
    if (result.error == nullptr) return;
    attempt.code = result.error->code;
    attempt.http_status = result.error->http_status;
    as_far_as_memory_lasts(
        [&] { attempt.message = shortened(result.error->message, kLongestText); });
}

void TraceRecorder::wait_started(const router::WaitStart& start) noexcept {
    waiting_ = true;
    kept_ = false;
    step_began_ = start.time;
    if (trace_.waits.size() >= kMostSteps) {
        ++trace_.dropped;
        return;
    }
    as_far_as_memory_lasts([&] {
        trace_.waits.push_back({.why = start.why,
                                .started = since_start(start.time),
                                .planned = start.until - start.time});
        kept_ = true;
    });
}

void TraceRecorder::wait_ended(base::TimePoint now) noexcept {
    if (!std::exchange(waiting_, false)) return;
    elsewhere_ += now - step_began_;
    if (kept_) trace_.waits.back().duration = now - step_began_;
}

void TraceRecorder::request_ended(const router::RequestEnd& end) noexcept {
    trace_.queue_wait = end.queue_wait;
    trace_.paused = end.paused;
    as_far_as_memory_lasts([&] {
        if (end.error != nullptr) note_error(*end.error);
        if (end.outcome == nullptr) return;
        trace_.finish_reason = end.outcome->finish_reason;
        trace_.input_tokens = known(end.outcome->input_tokens);
        trace_.output_tokens = known(end.outcome->output_tokens);
    });
}

void TraceRecorder::note_error(const Error& error) {
    trace_.code = error.code;
    trace_.error = shortened(error.message, kLongestText);
}

void TraceRecorder::delta(base::TimePoint now) noexcept {
    trace_.last_delta = mark(now);
    if (trace_.deltas++ == 0) trace_.first_delta = trace_.last_delta;
}

void TraceRecorder::sent(std::size_t bytes, base::TimePoint now) noexcept {
    if (!trace_.first_sent) trace_.first_sent = since_start(now);
    trace_.bytes += bytes;
}

base::Duration TraceRecorder::overhead(base::TimePoint now) const noexcept {
    const base::TimePoint end = attempting_ || waiting_ ? step_began_ : now;
    return std::max(since_start(end) - elsewhere_, base::Duration::zero());
}

Trace TraceRecorder::finish(int status, const Error* error, base::TimePoint now) {
    trace_.status = status;
    trace_.duration = since_start(now);
    trace_.overhead = overhead(now);
    // Who cancelled it, and why, is known at the end.
    const bool known = trace_.code != Code::ok && trace_.code != Code::cancelled;
    if (error != nullptr && !known) note_error(*error);
    return std::move(trace_);
}

}  // namespace tenon::gateway

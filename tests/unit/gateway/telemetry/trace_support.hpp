#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/telemetry/trace.hpp"
#include "wire/json.hpp"

/// Short words for the tests of traces.
namespace tenon::test {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

inline const base::TimePoint kStart{std::chrono::hours(1)};
inline const std::string kTraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

inline gateway::TraceStart trace_start(std::string request_id = "req-1") {
    gateway::TraceStart start;
    start.context = *gateway::TraceContext::parse(kTraceParent);
    start.request_id = std::move(request_id);
    start.dialect = "openai.chat";
    start.operation = "complete";
    start.model = "gpt";
    start.key = "team";
    start.client = "127.0.0.1:4711";
    start.started = std::chrono::system_clock::from_time_t(1700000000);
    start.time = kStart;
    return start;
}

/// A request that failed at "a", waited, and was streamed by "b". It took 100 ms.
inline gateway::Trace failed_over(gateway::TraceIds& ids, std::string request_id = "req-1") {
    gateway::TraceStart start = trace_start(std::move(request_id));
    start.stream = true;
    start.parent_span = 0xabc;
    gateway::TraceRecorder recorder(std::move(start), ids);
    recorder.attempt_started({1, "a", "gpt-a", router::AttemptWhy::first_pick, kStart + 1ms});
    Error error(Code::throttled, "provider a: too many requests.");
    error.http_status = 429;
    recorder.attempt_ended({.number = 1,
                            .error = &error,
                            .time = kStart + 11ms,
                            .duration = 10ms,
                            .decision = core::RetryDecision{core::RetryAction::retry_here,
                                                            core::RetryReason::throttled, 20ms}});
    recorder.wait_started({router::WaitWhy::throttled, kStart + 11ms, kStart + 31ms});
    recorder.wait_ended(kStart + 32ms);
    recorder.attempt_started({2, "b", "gpt-b", router::AttemptWhy::fail_over, kStart + 33ms});
    recorder.sent(7, kStart + 40ms);  // a comment, to keep the connection alive
    recorder.delta(kStart + 50ms);
    recorder.sent(100, kStart + 50ms);
    recorder.delta(kStart + 90ms);
    recorder.sent(50, kStart + 90ms);
    recorder.attempt_ended({.number = 2,
                            .time = kStart + 95ms,
                            .duration = 62ms,
                            .queue_wait = 2ms,
                            .first_byte = 15ms});
    plugin::CallOutcome outcome;
    outcome.finish_reason = "stop";
    outcome.input_tokens = 12;
    recorder.request_ended({.outcome = &outcome,
                            .time = kStart + 95ms,
                            .attempts = 2,
                            .queue_wait = 2ms,
                            .paused = 21ms});
    recorder.sent(14, kStart + 100ms);
    return recorder.finish(200, nullptr, kStart + 100ms);
}

/// What stands at a JSON pointer of a text, as JSON; "none" if there is nothing.
inline std::string json_at(std::string_view json, std::string_view pointer) {
    const auto document = wire::JsonDocument::parse(json);
    if (!document) return "not JSON: " + std::string(json);
    const wire::JsonView value = document->root().at(pointer);
    return value.exists() ? value.to_text() : "none";
}

}  // namespace tenon::test

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "core/outcome.hpp"
#include "core/retry.hpp"
#include "gateway/telemetry/trace_context.hpp"
#include "router/request_observer.hpp"

/// What is kept of one request: no prompt, no answer, no key. All times are from its start.
namespace tenon::gateway {

/// How far the answer had come at the client.
struct StreamMark {
    base::Duration at{0};
    std::uint64_t bytes = 0;  ///< of the body, that had been sent
};

struct TraceAttempt {
    int number = 0;
    std::uint64_t span_id = 0;
    std::string provider;
    std::string model;  ///< as the provider names it
    router::AttemptWhy why = router::AttemptWhy::first_pick;
    StreamMark started;
    StreamMark ended;
    base::Duration queue_wait{0};
    std::optional<base::Duration> first_byte;  ///< from the start of the call
    core::Stop stop = core::Stop::none;
    bool dialing = false;  ///< it ended while a connection was being made
    Code code = Code::ok;
    int http_status = 0;  ///< of a failure; 0 = none
    std::string message;  ///< of a failure
    std::optional<core::RetryDecision> decision;
};

struct TraceWait {
    router::WaitWhy why = router::WaitWhy::backoff;
    base::Duration started{0};
    base::Duration planned{0};  ///< how long it could have been
    base::Duration duration{0};
};

/// What the gateway knows before the first attempt.
struct TraceStart {
    TraceContext context;                      ///< the span is the request's own
    std::optional<std::uint64_t> parent_span;  ///< the client's
    std::string request_id;
    std::string dialect;    ///< "openai.chat", ...
    std::string operation;  ///< "complete", "embed" or "rerank"
    std::string model;      ///< as the client names it
    std::string key;        ///< the name of the client's key, never the key; may be empty
    std::string client;     ///< "127.0.0.1:4711"
    bool stream = false;
    std::chrono::system_clock::time_point started;
    base::TimePoint time;  ///< likewise
};

struct Trace {
    TraceStart start;
    base::Duration duration{0};
    int status = 0;        ///< of the HTTP answer
    bool refused = false;  ///< by the gateway itself: nobody was asked
    Code code = Code::ok;
    std::string error;  ///< one sentence; empty if there was none

    std::string provider;  ///< who answered, or failed last; empty = nobody was asked
    std::string provider_model;
    std::string finish_reason;
    std::optional<std::uint64_t> input_tokens;
    std::optional<std::uint64_t> output_tokens;

    std::vector<TraceAttempt> attempts;
    std::vector<TraceWait> waits;
    std::size_t dropped = 0;  ///< attempts and waits beyond what is kept

    std::optional<StreamMark> first_delta;
    std::optional<StreamMark> last_delta;
    std::uint64_t deltas = 0;
    std::optional<base::Duration> first_sent;  ///< first byte of the body to the client
    std::uint64_t bytes = 0;                   ///< of the body, sent to the client
    base::Duration queue_wait{0};
    base::Duration paused{0};
    base::Duration overhead{0};  ///< neither in attempts nor in pauses

    /// About what it takes in memory.
    [[nodiscard]] std::size_t footprint() const noexcept;
};

/// Stable names for traces, e.g. "attempt_timeout".
[[nodiscard]] std::string_view to_string(core::Stop stop) noexcept;

}  // namespace tenon::gateway

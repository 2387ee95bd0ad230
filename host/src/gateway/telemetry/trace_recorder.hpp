#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gateway/telemetry/trace_data.hpp"
#include "router/request_observer.hpp"
#include "tenon/error.hpp"

namespace tenon::gateway {

/// Writes down what becomes of one request.
///
/// It is told by the router of attempts and waits, by the gateway of what goes to the client, and
/// gives the trace at the end.
///
/// \par Object lifetimes
/// Borrows the ids.
/// \par Thread-safety
/// The request's I/O thread.
class TraceRecorder final : public router::RequestObserver {
public:
    static constexpr std::size_t kMostSteps = 64;     ///< attempts, and as many waits
    static constexpr std::size_t kLongestText = 512;  ///< of a message, in bytes
    static constexpr std::size_t kLongestName = 128;  ///< of a model, in bytes

    TraceRecorder(TraceStart start, TraceIds& ids);

    // RequestObserver.
    std::string_view attempt_started(const router::AttemptStart& start) noexcept override;
    void attempt_ended(const router::AttemptResult& result) noexcept override;
    void wait_started(const router::WaitStart& start) noexcept override;
    void wait_ended(base::TimePoint now) noexcept override;
    void request_ended(const router::RequestEnd& end) noexcept override;

    /// A delta came at `now`.
    void delta(base::TimePoint now) noexcept;
    /// So much more of the body has been given to the client's connection.
    void sent(std::size_t bytes, base::TimePoint now) noexcept;
    [[nodiscard]] std::uint64_t bytes() const noexcept { return trace_.bytes; }

    /// The time until now in which nobody waited for a provider: outside of attempts and pauses.
    [[nodiscard]] base::Duration overhead(base::TimePoint now) const noexcept;

    [[nodiscard]] const TraceStart& start() const noexcept { return trace_.start; }

    /// The trace; once, at the end. What the router reported goes before `error`.
    /// \param status of the HTTP answer; 499 if the client had left before it began.
    /// \param error why there was no answer; null = none, or the router's.
    [[nodiscard]] Trace finish(int status, const Error* error, base::TimePoint now);

private:
    [[nodiscard]] base::Duration since_start(base::TimePoint time) const noexcept {
        return time - trace_.start.time;
    }
    [[nodiscard]] StreamMark mark(base::TimePoint time) const noexcept {
        return {since_start(time), trace_.bytes};
    }
    void note_error(const Error& error);

    Trace trace_;
    TraceIds& ids_;
    std::string parent_;  ///< traceparent of the attempt under way
    bool attempting_ = false;
    bool waiting_ = false;
    bool kept_ = false;            ///< what is under way is at the end of its list
    base::TimePoint step_began_;   ///< of the attempt or wait under way
    base::Duration elsewhere_{0};  ///< in attempts and pauses that have ended
};

}  // namespace tenon::gateway

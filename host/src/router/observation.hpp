#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "core/retry.hpp"
#include "provider/upstream.hpp"
#include "router/request_observer.hpp"

namespace tenon::router {

/// Tells a request's observer what happens, and keeps what it has begun to tell, so that everything
/// has its end. Without an observer it does nothing and reads no clock.
///
/// \par Object lifetimes
/// Borrows both.
/// \par Thread-safety
/// None.
class Observation {
public:
    Observation(RequestObserver* observer, const base::Clock& clock) noexcept
        : observer_(observer), clock_(clock) {}
    Observation(const Observation&) = delete;
    Observation& operator=(const Observation&) = delete;

    /// \return whether somebody wants to know.
    [[nodiscard]] explicit operator bool() const noexcept { return observer_ != nullptr; }

    /// \return the traceparent of the attempt; empty = that of the request.
    std::string_view attempt_started(const provider::Upstream& upstream, std::string_view model,
                                     AttemptWhy why);
    /// \param error null = it was answered.
    /// \param decision nullopt = the host has ended it all.
    void attempt_ended(const provider::AttemptReport& report, const Error* error,
                       std::optional<core::RetryDecision> decision = std::nullopt) noexcept;
    void wait_started(WaitWhy why, base::TimePoint until) noexcept;
    void wait_ended() noexcept;
    /// Ends what is under way, too. `end.time` is filled in. Only the first call counts.
    void request_ended(RequestEnd end) noexcept;

private:
    RequestObserver* observer_;  ///< nullptr: nobody wants to know, or it has been told all
    const base::Clock& clock_;
    int number_ = 0;
    std::optional<base::TimePoint> attempt_;  ///< when the one under way began
    bool waiting_ = false;
};

}  // namespace tenon::router

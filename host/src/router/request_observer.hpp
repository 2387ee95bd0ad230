#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "core/outcome.hpp"
#include "core/retry.hpp"
#include "plugin/call.hpp"
#include "tenon/error.hpp"

namespace tenon::router {

/// Why an attempt is made, and at this provider.
enum class AttemptWhy : std::uint8_t {
    first_pick,
    pinned,             ///< the first, at the provider that the route is tied to
    retry,              ///< the same again
    transparent_retry,  ///< the same again, in place of one over a connection that had died of age
    fail_over,          ///< another provider or model
    last_resort,        ///< in spite of its state, for nobody else is left
};

enum class WaitWhy : std::uint8_t {
    backoff,    ///< before a retry
    throttled,  ///< ditto, the provider limits its rate
    nobody,     ///< for a provider to come back
};

/// Stable names for traces, e.g. "transparent_retry".
[[nodiscard]] constexpr std::string_view to_string(AttemptWhy why) noexcept {
    switch (why) {
        case AttemptWhy::first_pick: return "first_pick";
        case AttemptWhy::pinned: return "pinned";
        case AttemptWhy::retry: return "retry";
        case AttemptWhy::transparent_retry: return "transparent_retry";
        case AttemptWhy::fail_over: return "fail_over";
        case AttemptWhy::last_resort: break;
    }
    return "last_resort";
}
[[nodiscard]] constexpr std::string_view to_string(WaitWhy why) noexcept {
    switch (why) {
        case WaitWhy::backoff: return "backoff";
        case WaitWhy::throttled: return "throttled";
        case WaitWhy::nobody: break;
    }
    return "nobody";
}

struct AttemptStart {
    int number = 0;  ///< from 1; counts every attempt, unlike Routed::attempts
    std::string_view provider;
    std::string_view model;  ///< as the provider names it
    AttemptWhy why = AttemptWhy::first_pick;
    base::TimePoint time = {};
};

struct AttemptResult {
    int number = 0;
    const Error* error = nullptr;  ///< null = it was answered
    base::TimePoint time = {};
    base::Duration duration{0};
    base::Duration queue_wait{0};                   ///< for permit and connection
    std::optional<base::Duration> first_byte = {};  ///< from the start of the call
    core::Stop stop = core::Stop::none;
    bool dialing = false;  ///< it ended while a connection was being made
    std::optional<core::RetryDecision> decision =
        {};  ///< after a failure; none if the host ended it all
};

struct WaitStart {
    WaitWhy why = WaitWhy::backoff;
    base::TimePoint time = {};
    base::TimePoint until;  ///< at the latest
};

/// How a request ended, with all its attempts.
struct RequestEnd {
    const Error* error = nullptr;                  ///< null = it was answered
    const plugin::CallOutcome* outcome = nullptr;  ///< of the answer; null = there is none
    base::TimePoint time = {};
    int attempts = 0;              ///< as Routed::attempts
    base::Duration queue_wait{0};  ///< at all providers
    base::Duration paused{0};      ///< for back-offs and providers to come back
};

/// Is told what one logical request does. In this order: any number of attempts and waits, each
/// with its end before the next begins, and then request_ended(), once, however the request ends.
///
/// Everything that it is given is borrowed until the function returns; errors carry no secrets.
///
/// \par Thread-safety
/// Called on the request's I/O thread only.
class RequestObserver {
public:
    /// \return what goes to the provider as the attempt's traceparent, borrowed until the attempt
    /// has ended; empty = that of the request.
    virtual std::string_view attempt_started(const AttemptStart& start) noexcept = 0;
    virtual void attempt_ended(const AttemptResult& result) noexcept = 0;
    virtual void wait_started(const WaitStart& start) noexcept = 0;
    virtual void wait_ended(base::TimePoint now) noexcept = 0;
    virtual void request_ended(const RequestEnd& end) noexcept = 0;

protected:
    ~RequestObserver() = default;
};

}  // namespace tenon::router

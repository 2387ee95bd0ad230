#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "tenon/error.hpp"

namespace tenon::core {

/// What one attempt says about its provider, to breaker and health.
enum class Outcome : std::uint8_t {
    success,  ///< it answered in time
    failure,  ///< it did not, or not with an answer
    ignored,  ///< nothing: somebody else ended the attempt, or the answer is about something else
};

/// Why the host itself ended an attempt. It goes before any error: a plugin that is told to stop
/// may finish with whatever it likes.
enum class Stop : std::uint8_t {
    none,  ///< the host did not; the plugin finished by itself
    caller_cancelled,
    caller_deadline,  ///< the request's own limit passed before one of the attempt's did
    attempt_timeout,  ///< connect, first byte, idle chunk or whole attempt took too long
    not_admitted,     ///< refused by permits, pool, budget or breaker: nothing was asked
    hedge_lost,       ///< another attempt answered first
    shutting_down,
};

/// One attempt's end, as the host knows it.
struct AttemptEnd {
    Stop stop = Stop::none;
    const Error* error = nullptr;  ///< borrowed for the call; null = the provider answered
    bool probe = false;            ///< made with a breaker's probe permit
    bool strict_probe = false;     ///< a probe succeeds by a good answer only, not by "bad request"
};

/// What follows from it.
struct Verdict {
    Outcome outcome = Outcome::ignored;
    bool cool_down = false;      ///< the provider limits the rate: ask others for a while
    bool misconfigured = false;  ///< credentials or account: a person has to repair it
};

/// Tells whose fault an attempt's end is. The rules, the first that fits:
/// - the host's own reason (`stop`): a timeout of the attempt is a failure, all others are ignored;
/// - an answer's status: 5xx is a failure; 4xx never is: those that any living server sends for a
///   bad request are successes, those about credentials, rate or capacity are ignored;
/// - the error's code and scope. A failure needs evidence against the provider: unavailable,
///   protocol and internal errors count unless their scope is the request, as the ABI promises;
///   overloaded and deadline always count, for they are never about one request alone.
///
/// \par Thread-safety
/// Any thread; reads `*end.error`.
[[nodiscard]] Verdict judge(const AttemptEnd& end) noexcept;

/// Which limit ended an attempt at `now`: the one that passed first. A caller's deadline at the
/// very moment of the attempt's left the provider all of its time, so the attempt's counts.
/// `attempt_deadline` must not be shortened to the caller's, or the two cannot be told apart.
/// \return Stop::none if neither has passed.
[[nodiscard]] Stop passed_limit(base::TimePoint now, base::TimePoint caller_deadline,
                                base::TimePoint attempt_deadline) noexcept;

}  // namespace tenon::core

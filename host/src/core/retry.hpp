#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "core/backoff.hpp"
#include "core/outcome.hpp"
#include "core/random.hpp"
#include "core/retry_budget.hpp"
#include "tenon/error.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// How tries are repeated that failed in one way.
struct RetryStrategy {
    /// At one provider, for each request; unset = as many as max_attempts leaves, 0 = none.
    std::optional<int> max_retries;
    BackoffSettings backoff;

    friend bool operator==(const RetryStrategy&, const RetryStrategy&) = default;
};

struct RetrySettings {
    int max_attempts = 3;      ///< tries in all, the first and those elsewhere included (gRPC A6)
    RetryStrategy request;     ///< the request was, or may have been, sent
    RetryStrategy connection;  ///< nothing was sent: not connected, or the connection had died

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const RetrySettings&, const RetrySettings&) = default;
};

/// How one try failed, as the host knows it.
struct FailedTry {
    Stop stop = Stop::none;
    const Error* error = nullptr;  ///< borrowed for the call; null = `stop` says it all
    bool committed = false;        ///< a delta or an answer has reached the caller
    bool dialing = false;          ///< it ended while a connection was being made

    /// The connection had served before and died without a byte of an answer, and sending again is
    /// safe: the server has closed it because it was idle, as it may (RFC 9112 section 9.3.1).
    bool stale_connection = false;

    bool admits = true;             ///< the provider would take another try: its breaker is closed
    bool plugin_retries = false;    ///< the plugin has retried by itself, retries would multiply
    bool alternatives = false;      ///< there is another provider to ask, or to wait for
    bool other_model = false;       ///< another model may take what this one does not
    bool counts = true;             ///< false: the provider was not eligible, here is no retry
    RetryBudget* budget = nullptr;  ///< of the provider that was asked; null = without limit
};

enum class RetryAction : std::uint8_t {
    retry_here,         ///< the same provider, after `wait`
    transparent_retry,  ///< the same provider, at once, on a fresh connection; nobody is told
    fail_over,          ///< another provider, at once
    give_up,            ///< report the error
};

enum class RetryReason : std::uint8_t {
    transient,           ///< it may work the next time
    throttled,           ///< ditto, the provider has too much to do
    stale_connection,    ///< the connection had died of age
    last_try,            ///< the last try goes to somebody else
    provider_down,       ///< the error blames the provider as a whole
    not_admitted,        ///< breaker, permits or pool let nobody through
    not_here,            ///< final for this provider, not for others
    hint_too_long,       ///< it asks for a longer wait than is waited
    budget_exhausted,    ///< the provider fails too often for retries
    plugin_retries,      ///< the plugin has retried already
    attempts_exhausted,  ///< no try is left
    deadline,            ///< no time is left, or not enough for the wait
    final_error,         ///< the same request would fail again
    committed,           ///< the caller has part of the answer
    cancelled,           ///< the caller does not want the answer, or has another one
    shutting_down,
};

/// Stable names for logs and metrics, e.g. "hint_too_long".
[[nodiscard]] std::string_view to_string(RetryAction action) noexcept;
[[nodiscard]] std::string_view to_string(RetryReason reason) noexcept;

struct RetryDecision {
    RetryAction action = RetryAction::give_up;
    RetryReason reason = RetryReason::final_error;
    base::Duration wait{0};  ///< of retry_here: ends before the deadline
};

/// Decides, for one logical request, what follows each failed try.
///
/// What the caller owes:
/// - before a wait, permit, connection and probe are given back (law 7): a request that sleeps
///   holds nothing;
/// - a cancel ends the wait at once and calls cancel();
/// - after fail_over the next try is at a provider that this request has not visited;
/// - all tries carry the same idempotency key.
///
/// What it decides, the first that fits: it gives up if somebody ended the request, if part of the
/// answer has reached the caller, if no time or try is left, or if the error is final; it never
/// waits for longer than the time that is left. It fails over rather than wait where waiting is of
/// no use (breaker open, hint too long, budget exhausted, throttled) and for the last try. Without
/// an alternative it gives up, or waits where that helps.
///
/// \par Thread-safety
/// None: it belongs to its request.
/// \par Object lifetimes
/// The settings outlive it.
class RetryPlan {
public:
    /// \par Preconditions
    /// `settings` are valid.
    RetryPlan(const RetrySettings& settings, base::TimePoint deadline) noexcept;

    /// To be asked right before each try, after each wait. If false, the request has ended (by
    /// cancel() or because its deadline has passed) and nothing may be sent.
    [[nodiscard]] bool attempt_started(base::TimePoint now) noexcept;

    /// \par Preconditions
    /// The try that has started last is running; `failed.error` or `failed.stop` is set.
    [[nodiscard]] RetryDecision attempt_failed(const FailedTry& failed, base::TimePoint now,
                                               Random& random) noexcept;

    /// The try was answered. `budget` is that of its provider, or null.
    /// \par Preconditions
    /// As attempt_failed().
    void attempt_succeeded(RetryBudget* budget) noexcept;

    /// The caller wants no answer any more. At any time.
    void cancel() noexcept;

    /// Tries so far: not those that were not admitted or at a provider that is not eligible, nor
    /// those that a transparent retry replaced.
    [[nodiscard]] int attempts() const noexcept { return attempts_; }

    /// For the header that counts retries.
    [[nodiscard]] int retries() const noexcept { return attempts_ > 0 ? attempts_ - 1 : 0; }

    [[nodiscard]] bool ended() const noexcept { return state_ == State::ended; }

private:
    enum class State : std::uint8_t { between, running, ended };

    /// Retries of one kind at the present provider.
    struct Track {
        const RetryStrategy* strategy;
        Backoff backoff;
        int retries = 0;

        [[nodiscard]] bool has_retry() const noexcept {
            return !strategy->max_retries || retries < *strategy->max_retries;
        }
    };

    [[nodiscard]] RetryDecision decide(const FailedTry& failed, base::TimePoint now,
                                       Random& random) noexcept;
    [[nodiscard]] RetryDecision decide_by_error(const FailedTry& failed, base::TimePoint now,
                                                Random& random) noexcept;
    [[nodiscard]] RetryDecision wait_here(const FailedTry& failed, Pressure pressure,
                                          base::TimePoint now, Random& random) noexcept;

    const RetrySettings& settings_;
    base::TimePoint deadline_;
    Track request_;
    Track connection_;
    int attempts_ = 0;
    bool transparent_used_ = false;
    State state_ = State::between;
};

/// Names one logical request to the providers, so that they run it once however often it is sent.
/// Made once for each request and sent with all its tries.
class IdempotencyKey {
public:
    /// A random UUID (RFC 9562, version 4) behind "tenon-". As unique as the seed of `random`,
    /// which must differ from host to host and from start to start.
    explicit IdempotencyKey(Random& random) noexcept;

    /// \par Object lifetimes
    /// Borrowed from this key.
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), text_.size()}; }

private:
    static constexpr std::size_t kLength = 6 + 36;
    std::array<char, kLength> text_;
};

}  // namespace tenon::core

#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

struct RetryBudgetSettings {
    bool enabled = true;  ///< false: every retry is granted
    int max_tokens = 100;
    double refill = 0.1;  ///< tokens for each success (gRPC A6); counted in thousandths
    /// Retries in each second that need no tokens, so that a provider with few calls gets out of an
    /// outage without hundreds of successes (Finagle: minRetriesPerSec, 10 there for services with
    /// thousands of calls a second).
    int reserve_per_second = 1;

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const RetryBudgetSettings&, const RetryBudgetSettings&) = default;
};

/// How many retries a provider bears, so that they do not multiply the load under which it fails.
///
/// The bucket of gRPC A6: a failed try takes one token, a success brings `refill`, and there are
/// retries while more than half of max_tokens is there. First tries are never asked for. Nothing
/// in it depends on how long calls take or when they end (go-zero issue 5011: counting finished
/// calls in a window shorter than a call went on rejecting after the recovery).
///
/// \par Thread-safety
/// Any thread, lock-free.
class RetryBudget {
public:
    /// \par Preconditions
    /// `settings` are valid.
    explicit RetryBudget(const RetryBudgetSettings& settings) noexcept;

    /// A try ended well.
    void on_success() noexcept;

    /// A try failed in a way that a retry may mend, whether or not there will be one.
    void on_failure() noexcept;

    /// Whether there is a retry now: call it last, when it would be made at once or after a wait,
    /// for it takes one from the reserve if the tokens do not suffice.
    [[nodiscard]] bool try_retry(base::TimePoint now) noexcept;

    /// Whether more than half of the tokens is there, which hedged requests need too.
    [[nodiscard]] bool is_healthy() const noexcept;

    [[nodiscard]] double tokens() const noexcept;

private:
    void add(std::int32_t millitokens) noexcept;
    [[nodiscard]] bool take_from_reserve(base::TimePoint now) noexcept;

    const bool enabled_;
    const std::int32_t most_;    // millitokens
    const std::int32_t refill_;  // ditto
    const std::uint32_t reserve_;
    std::atomic<std::int32_t> tokens_;         // millitokens, 0 to most_
    std::atomic<std::uint64_t> reserved_ = 0;  // {second:44 | retries granted in it:20}
};

}  // namespace tenon::core

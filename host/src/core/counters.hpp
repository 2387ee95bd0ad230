#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "core/histogram.hpp"
#include "core/retry.hpp"
#include "tenon/error.hpp"

namespace tenon::core {

/// What different threads write must not share a line; 64 bytes on x86 and most of ARM. Not
/// std::hardware_destructive_interference_size, which depends on the compiler's flags.
inline constexpr std::size_t kCacheLine = 64;

/// How a logical request, or one try of it, ended.
enum class Ending : std::uint8_t {
    succeeded,
    failed,
    cancelled,  ///< by the caller, or nobody needed it any more
    rejected,   ///< by the host: no permit, no connection, breaker open
};
inline constexpr std::size_t kEndings = 4;

/// One number for each Code.
class CodeCounts {
public:
    static constexpr int kLeast = static_cast<int>(Code::overloaded);
    static constexpr int kMost = static_cast<int>(Code::again);
    static constexpr std::size_t kCount = static_cast<std::size_t>(kMost - kLeast + 1);

    [[nodiscard]] static constexpr std::size_t index_of(Code code) noexcept {
        const int value = static_cast<int>(code);
        const bool known = value >= kLeast && value <= kMost;
        return static_cast<std::size_t>((known ? value : static_cast<int>(Code::internal)) -
                                        kLeast);
    }
};

/// What a CallCounters held at one time. `started` is at least `finished()`, always.
struct CallCounts {
    std::uint64_t started = 0;
    std::array<std::uint64_t, kEndings> ended{};
    std::array<std::uint64_t, CodeCounts::kCount> failed_by_code{};

    [[nodiscard]] std::uint64_t of(Ending ending) const noexcept {
        return ended[static_cast<std::size_t>(ending)];
    }
    [[nodiscard]] std::uint64_t failed_with(Code code) const noexcept {
        return failed_by_code[CodeCounts::index_of(code)];
    }
    [[nodiscard]] std::uint64_t finished() const noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : ended) sum += count;
        return sum;
    }
    [[nodiscard]] std::uint64_t in_flight() const noexcept { return started - finished(); }
};

/// Starts and ends of requests or tries. Each start has exactly one end.
///
/// \par Thread-safety
/// Any thread, wait-free. The end of a call happens after its start.
class CallCounters {
public:
    void start() noexcept { started_.fetch_add(1, std::memory_order_relaxed); }

    /// `code` is that of the error, for Ending::failed.
    void end(Ending ending, Code code = Code::ok) noexcept {
        if (ending == Ending::failed) {
            by_code_[CodeCounts::index_of(code)].fetch_add(1, std::memory_order_relaxed);
        }
        // Whoever sees this end also sees the start, and the code.
        ended_[static_cast<std::size_t>(ending)].fetch_add(1, std::memory_order_release);
    }

    /// Ends are read before starts, so that none is without its start. Of failed calls, no more
    /// have ended than have a code.
    [[nodiscard]] CallCounts snapshot() const noexcept {
        CallCounts taken;
        for (std::size_t i = 0; i < kEndings; ++i) {
            taken.ended[i] = ended_[i].load(std::memory_order_acquire);
        }
        for (std::size_t i = 0; i < CodeCounts::kCount; ++i) {
            taken.failed_by_code[i] = by_code_[i].load(std::memory_order_relaxed);
        }
        taken.started = started_.load(std::memory_order_relaxed);
        return taken;
    }

private:
    // Who starts a call need not be who ends it.
    alignas(kCacheLine) std::atomic<std::uint64_t> started_ = 0;
    alignas(kCacheLine) std::array<std::atomic<std::uint64_t>, kEndings> ended_{};
    std::array<std::atomic<std::uint64_t>, CodeCounts::kCount> by_code_{};
};

/// Events of a provider that are only counted.
enum class Tally : std::uint8_t {
    retries,              ///< tries after the first, at this provider
    transparent_retries,  ///< dead connections that were replaced unseen
    fail_overs,           ///< requests that went on to another provider
    budget_exhausted,     ///< retries that were not made for want of budget
    breaker_trips,
    repairs,           ///< connections or health found again
    connects,          ///< connections made
    connect_failures,  ///< connections not made
    disconnects,       ///< connections ended, for whatever reason
    health_checks,
    health_failures,
    bytes_sent,
    bytes_received,
    prompt_tokens,
    completion_tokens,
};
inline constexpr std::size_t kTallies = 15;

[[nodiscard]] constexpr const char* to_string(Tally tally) noexcept {
    switch (tally) {
        case Tally::retries: return "retries";
        case Tally::transparent_retries: return "transparent_retries";
        case Tally::fail_overs: return "fail_overs";
        case Tally::budget_exhausted: return "budget_exhausted";
        case Tally::breaker_trips: return "breaker_trips";
        case Tally::repairs: return "repairs";
        case Tally::connects: return "connects";
        case Tally::connect_failures: return "connect_failures";
        case Tally::disconnects: return "disconnects";
        case Tally::health_checks: return "health_checks";
        case Tally::health_failures: return "health_failures";
        case Tally::bytes_sent: return "bytes_sent";
        case Tally::bytes_received: return "bytes_received";
        case Tally::prompt_tokens: return "prompt_tokens";
        case Tally::completion_tokens: break;
    }
    return "completion_tokens";
}

/// What a ProviderCounters held at one time; a plain value of about 36 KiB.
struct ProviderSnapshot {
    CallCounts requests;  ///< logical ones, whose first provider this was
    CallCounts attempts;  ///< tries at this provider
    std::array<std::uint64_t, kTallies> tallies{};
    HistogramSnapshot queue_wait;
    HistogramSnapshot connect_time;
    HistogramSnapshot first_byte;  ///< of attempts: until the first part of the answer
    HistogramSnapshot duration;    ///< of attempts that were answered
    HistogramSnapshot request_duration;  ///< of requests that succeeded, with all their attempts

    [[nodiscard]] std::uint64_t of(Tally tally) const noexcept {
        return tallies[static_cast<std::size_t>(tally)];
    }
};

/// The statistics of one provider: counters only go up, gauges are derived from them.
///
/// Requests and attempts are counted apart (Finagle: logical and tries), for a request with a retry
/// is one of the former and two of the latter.
///
/// \par Thread-safety
/// Any thread, lock-free.
class ProviderCounters {
public:
    CallCounters requests;
    CallCounters attempts;
    Histogram queue_wait;
    Histogram connect_time;
    Histogram first_byte;
    Histogram duration;
    Histogram request_duration;

    void add(Tally tally, std::uint64_t amount = 1) noexcept {
        tallies_[static_cast<std::size_t>(tally)].fetch_add(amount, std::memory_order_relaxed);
    }

    /// Counts what was decided after a failed try here.
    void count(const RetryDecision& decision) noexcept {
        switch (decision.action) {
            case RetryAction::retry_here: add(Tally::retries); break;
            case RetryAction::transparent_retry: add(Tally::transparent_retries); break;
            case RetryAction::fail_over: add(Tally::fail_overs); break;
            case RetryAction::give_up: break;
        }
        if (decision.reason == RetryReason::budget_exhausted) add(Tally::budget_exhausted);
    }

    [[nodiscard]] ProviderSnapshot snapshot() const noexcept {
        ProviderSnapshot taken;
        // Requests first: a request that is seen to have ended has all its tries behind it.
        taken.requests = requests.snapshot();
        taken.attempts = attempts.snapshot();
        for (std::size_t i = 0; i < kTallies; ++i) {
            taken.tallies[i] = tallies_[i].load(std::memory_order_relaxed);
        }
        taken.queue_wait = queue_wait.snapshot();
        taken.connect_time = connect_time.snapshot();
        taken.first_byte = first_byte.snapshot();
        taken.duration = duration.snapshot();
        taken.request_duration = request_duration.snapshot();
        return taken;
    }

private:
    alignas(kCacheLine) std::array<std::atomic<std::uint64_t>, kTallies> tallies_{};
};

}  // namespace tenon::core

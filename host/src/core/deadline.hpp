#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/outcome.hpp"
#include "tenon/error.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// The waits of an operation, each of which has a limit (law 5).
enum class Phase : std::uint8_t {
    queue,       ///< for a permit and for a connection
    connect,     ///< for a connection that is being made
    first_byte,  ///< from sending to the first part of the answer
    idle,        ///< between two parts of the answer
    total,       ///< everything, with retries and the waits between them
};
inline constexpr std::size_t kPhases = 5;

/// What is done; each has limits of its own.
enum class OperationClass : std::uint8_t {
    chat,    ///< the answer comes as a whole
    stream,  ///< the answer comes in parts
    embed,
    rerank,
    list_models,
    health,
    connect,     ///< making a logical connection
    disconnect,  ///< ending one
};
inline constexpr std::size_t kOperationClasses = 8;

[[nodiscard]] std::string_view to_string(Phase phase) noexcept;
[[nodiscard]] std::string_view to_string(OperationClass operation) noexcept;

/// Limits that somebody has set; the others are left to whoever has less to say.
struct PhaseLimits {
    std::array<std::optional<std::chrono::milliseconds>, kPhases> of{};

    [[nodiscard]] auto& operator[](Phase phase) noexcept {
        return of[static_cast<std::size_t>(phase)];
    }
    [[nodiscard]] const auto& operator[](Phase phase) const noexcept {
        return of[static_cast<std::size_t>(phase)];
    }

    /// Code::invalid with the phase, its value and the allowed range: 1 ms to 100 years.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const PhaseLimits&, const PhaseLimits&) = default;
};

/// What one level of the configuration, global or of a provider, says about time.
struct DeadlineSettings {
    PhaseLimits all;  ///< of each operation in which the phase occurs
    std::array<PhaseLimits, kOperationClasses> by_operation{};  ///< goes before `all`

    [[nodiscard]] PhaseLimits& operator[](OperationClass operation) noexcept {
        return by_operation[static_cast<std::size_t>(operation)];
    }
    [[nodiscard]] const PhaseLimits& operator[](OperationClass operation) const noexcept {
        return by_operation[static_cast<std::size_t>(operation)];
    }

    [[nodiscard]] Result<void> validate() const;
};

/// No limit of its own: the phase ends with the total.
inline constexpr std::chrono::milliseconds kNoLimit = std::chrono::milliseconds::max();

/// The limits in effect for one operation. The total is never kNoLimit.
struct Limits {
    std::array<std::chrono::milliseconds, kPhases> of{};

    /// Whose fault the end of the total may be: see Deadline::stop_of().
    std::chrono::milliseconds configured_total{};

    [[nodiscard]] std::chrono::milliseconds& operator[](Phase phase) noexcept {
        return of[static_cast<std::size_t>(phase)];
    }
    [[nodiscard]] std::chrono::milliseconds operator[](Phase phase) const noexcept {
        return of[static_cast<std::size_t>(phase)];
    }
};

/// Tenon's own limits: queue 5 s, connect 10 s, first byte 30 s, idle 60 s; total 30 s, of streams
/// 600 s, of health checks and disconnects 5 s, of connects 10 s. Only streams have first byte and
/// idle: other answers come as a whole, when they come.
[[nodiscard]] Limits default_limits(OperationClass operation) noexcept;

/// The limits of an operation. `levels` go from the weakest to the strongest, e.g. {global,
/// provider}, null = says nothing: a later one goes before an earlier one, and within one level the
/// operation's own limits before those of all. What the caller asks for goes before everything,
/// also if it is longer.
[[nodiscard]] Limits resolve_limits(OperationClass operation,
                                    std::initializer_list<const DeadlineSettings*> levels,
                                    const PhaseLimits& request = {}) noexcept;

/// The one absolute deadline of a request and the limits of its phases, each of which ends with the
/// total at the latest.
///
/// \par Thread-safety
/// Any thread: it does not change.
class Deadline {
public:
    Deadline(const Limits& limits, base::TimePoint started) noexcept;

    /// When everything is over.
    [[nodiscard]] base::TimePoint total() const noexcept { return total_; }

    /// Time left, zero at least. Without any, nothing may be begun.
    [[nodiscard]] base::Duration remaining(base::TimePoint now) const noexcept;
    [[nodiscard]] bool expired(base::TimePoint now) const noexcept { return now >= total_; }

    /// When a phase that began at `began` ends: what a timer waits for.
    [[nodiscard]] base::TimePoint phase_deadline(Phase phase, base::TimePoint began) const noexcept;

    /// Which limit has passed at `now` in a phase that began at `began`: the phase's own or
    /// Phase::total, whichever was first; if both at once, the phase's own, for it had all its time
    /// (as passed_limit()). A limit passes at its very moment.
    [[nodiscard]] std::optional<Phase> expired_phase(Phase phase, base::TimePoint began,
                                                     base::TimePoint now) const noexcept;

    /// What it means for the provider that `expired` has passed in the phase `during` of an attempt
    /// that began at `began`.
    ///
    /// The queue is the host's affair. Connect, first byte and idle count against the provider. The
    /// total does so only if nothing of the answer had come, the caller had not shortened it, and
    /// the attempt had at least half of it, so that waits and other attempts are not to blame.
    [[nodiscard]] Stop stop_of(Phase expired, Phase during, base::TimePoint began,
                               base::TimePoint now) const noexcept;

    /// What to tell a person: which limit has passed, and how long it was.
    /// Code::overloaded for the queue, otherwise Code::deadline; retryable unless it is the total.
    [[nodiscard]] Error error_of(Phase expired) const;

    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

private:
    Limits limits_;
    base::TimePoint total_;
};

}  // namespace tenon::core

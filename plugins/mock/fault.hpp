#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tenon/error.hpp"

namespace tenon::mock {

/// How a request goes wrong.
struct Fault {
    enum class Kind {
        none,
        error,      ///< fails with `code` before the first delta
        silent,     ///< never answers
        midstream,  ///< fails after half of the deltas
        stall,      ///< stops talking after half of the deltas
        drop,       ///< forgets the call
        exception,  ///< throws
    };
    Kind kind = Kind::none;
    Code code = Code::ok;  ///< of Kind::error
};

/// The fault of that name: an error code as in to_string(Code) or a word for one of the other kinds
/// ("silent", "midstream", "stall", "drop", "throw"). '-' and '_' are the same. nullopt: no such
/// name.
[[nodiscard]] std::optional<Fault> fault_from_name(std::string_view name) noexcept;

/// The fault that a model named "fault-<name>" asks for; Kind::none for other models.
[[nodiscard]] Fault fault_of_model(std::string_view model) noexcept;

/// The error that a fault of Kind::error or Kind::midstream ends with.
[[nodiscard]] Error fault_error(const Fault& fault);

/// The nearest thing for an operation without deltas: an error at once, or silence.
[[nodiscard]] Fault without_deltas(const Fault& fault) noexcept;

/// Which requests fail, of those that are counted from 1.
struct FaultPlan {
    Fault fault;
    std::uint64_t every = 0;  ///< each `every`-th; 0 = none
    double rate = 0;          ///< share of the rest, 0..1, chosen by `seed`
    std::uint64_t seed = 0;
    std::uint64_t times = 0;  ///< only among the first `times` requests; 0 = for ever
};

[[nodiscard]] Fault planned_fault(const FaultPlan& plan, std::uint64_t number) noexcept;

/// Does something that is limited to the first `times` occurrences (0 = no limit) still apply to
/// occurrence `number`, counted from 1?
[[nodiscard]] constexpr bool still_applies(std::uint64_t times, std::uint64_t number) noexcept {
    return times == 0 || number <= times;
}

/// A number that is evenly spread over [0, 1) and depends on the arguments alone.
[[nodiscard]] double chance(std::uint64_t seed, std::uint64_t number) noexcept;

/// The delay before request `number`'s first token: `latency` and an even share of `jitter`.
[[nodiscard]] std::chrono::nanoseconds delay_of(std::chrono::nanoseconds latency,
                                                std::chrono::nanoseconds jitter, std::uint64_t seed,
                                                std::uint64_t number) noexcept;

}  // namespace tenon::mock

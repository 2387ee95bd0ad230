#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::base {

/// Longest duration that parse_duration() accepts: 100 years, so that nanoseconds fit 64 bits.
inline constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24 * 365 * 100);

/// Reads "250ms", "30s", "1.5m" or "1h". A number without unit, a sign, white space and anything
/// finer than a millisecond are refused.
/// \return the duration, or Code::invalid with a message that tells how to write it.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Writes `duration` in the largest unit that needs no decimals; parse_duration() reads it back.
/// \par Preconditions
/// `duration` is not negative.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace tenon::base

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::base {

/// The time of every deadline: monotonic, nanoseconds since an arbitrary start. The same clock as
/// `tenon_host::now_ns`.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// A deadline that never passes.
inline constexpr TimePoint kNoDeadline = TimePoint::max();

/// Time, injected: nothing above this layer asks the system for it, so that tests own it.
///
/// \par Thread-safety
/// now() may be called from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;
};

/// The machine's monotonic clock. One object for the process.
[[nodiscard]] const Clock& steady_clock() noexcept;

/// Seconds since 1970, for stamps that people read; never for deadlines.
[[nodiscard]] std::int64_t unix_seconds() noexcept;

/// "2026-11-21T10:09:08.007Z" (RFC 3339), for people and scripts.
[[nodiscard]] std::string format_utc(std::chrono::system_clock::time_point time);

/// Reads what format_utc() writes; the fraction may be left out, or have 1 to 9 digits.
/// Years from 1700 to 2200.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_utc(std::string_view text);

/// `deadline` as the ABI writes it: nanoseconds, TENON_NO_DEADLINE for kNoDeadline.
[[nodiscard]] std::int64_t to_abi_deadline(TimePoint deadline) noexcept;

}  // namespace tenon::base

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "core/random.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// How waits are spread, so that clients that failed together do not come back together. The
/// numbers are the share of 1,000 such clients that meet in the worst 10 ms after two retries.
enum class Jitter : std::uint8_t {
    none,          ///< the step itself; 100 %
    full,          ///< even between 0 and the step (AWS, "Exponential Backoff And Jitter"); 14 %
    equal,         ///< even between half of the step and all of it (ditto); 22 %
    decorrelated,  ///< around the step, each draw apart from the last (Polly's V2 formula); 12 %
};

/// Why a wait is needed; they begin at different steps.
enum class Pressure : std::uint8_t {
    transient,  ///< something broke
    throttled,  ///< the provider has too much to do
};

struct BackoffSettings {
    std::chrono::milliseconds base{100};             ///< first step (MongoDB's retryable overload)
    std::chrono::milliseconds throttle_base{1'000};  ///< ditto if throttled (AWS SDKs, 2026)
    double growth = 2;                               ///< each step to the one before
    std::chrono::milliseconds cap{30'000};  ///< longest step, and longest hint that is waited for
    Jitter jitter = Jitter::full;

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const BackoffSettings&, const BackoffSettings&) = default;
};

/// The k-th step, min(cap, base * growth^(k-1)): what the jitter spreads. The cap goes before the
/// jitter (AWS SDKs, 2026), or else all long waits would be the same. Never overflows.
/// \par Preconditions
/// k >= 1.
[[nodiscard]] base::Duration backoff_step(const BackoffSettings& settings, Pressure pressure,
                                          std::uint64_t k) noexcept;

/// The waits between the tries of one request.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class Backoff {
public:
    /// \par Preconditions
    /// `settings` are valid.
    explicit Backoff(const BackoffSettings& settings) noexcept : settings_(settings) {}

    /// The wait after the k-th failure, from 0 to the cap, both included, whatever k is.
    /// \par Preconditions
    /// k >= 1. Decorrelated waits are so if k goes up by one from call to call.
    [[nodiscard]] base::Duration delay(Pressure pressure, std::uint64_t k, Random& random) noexcept;

    /// The wait if the provider has asked for `hint`: at least that long and not shorter than
    /// `computed`, which is what delay() said. With jitter it is up to a tenth of the hint longer,
    /// because others were told the same (Envoy's reset header: up to a half), but never longer
    /// than the cap.
    /// \return nullopt if the hint is longer than the cap. Then waiting is no use, and coming back
    ///     early is not what the provider asked for: ask another one, or give up.
    [[nodiscard]] std::optional<base::Duration> delay_for_hint(std::chrono::milliseconds hint,
                                                               base::Duration computed,
                                                               Random& random) const noexcept;

    [[nodiscard]] const BackoffSettings& settings() const noexcept { return settings_; }

private:
    [[nodiscard]] double decorrelated_share(std::uint64_t k, double drawn) noexcept;

    BackoffSettings settings_;
    double last_drawn_ = 0;  ///< by decorrelated jitter
};

}  // namespace tenon::core

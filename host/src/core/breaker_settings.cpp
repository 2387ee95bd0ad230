#include "core/breaker_settings.hpp"

#include <cstdint>

#include "core/setting_range.hpp"

namespace tenon::core {

Result<void> BreakerSettings::validate() const {
    using std::chrono::milliseconds;
    constexpr milliseconds kShortest{1};  // times are kept in milliseconds
    constexpr milliseconds kShortestWindow{1'000};
    constexpr milliseconds kLongest = std::chrono::hours(24);
    constexpr std::int64_t kMost = 10'000;  // a bucket of the window counts to a million
    return first_failure(
        check_range("failure_threshold", std::int64_t{failure_threshold}, 1, kMost),
        check_range("min_throughput", std::int64_t{min_throughput}, 1, kMost),
        check_range("min_failure_ratio", min_failure_ratio, 0, 1),
        check_range("window", window, kShortestWindow, kLongest),
        check_range("recovery", recovery, kShortest, kLongest),
        check_range("recovery_growth", recovery_growth, 1, 10),
        check_range("max_recovery", max_recovery, recovery, kLongest),
        check_range("recovery_jitter", recovery_jitter, 0, 0.5),
        check_range("probes", std::int64_t{probes}, 1, kMaxProbes),
        check_range("successes_to_close", std::int64_t{successes_to_close}, 1, 100),
        check_range("attempt_timeout", attempt_timeout, kShortest, kLongest),
        check_range("lease_grace", lease_grace, milliseconds(0), kLongest));
}

}  // namespace tenon::core

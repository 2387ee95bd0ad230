#include "base/clock.hpp"

#include "tenon/abi/request.h"

namespace tenon::base {
namespace {

class SteadyClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const noexcept override {
        return std::chrono::steady_clock::now();
    }
};

}  // namespace

const Clock& steady_clock() noexcept {
    static const SteadyClock clock;
    return clock;
}

std::int64_t unix_seconds() noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::int64_t to_abi_deadline(TimePoint deadline) noexcept {
    if (deadline == kNoDeadline) return TENON_NO_DEADLINE;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch())
        .count();
}

}  // namespace tenon::base

#include "base/clock.hpp"

#include <array>
#include <ctime>

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

std::string format_utc(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time - seconds).count();
    const std::time_t stamp = std::chrono::system_clock::to_time_t(seconds);
    std::tm parts{};
    std::array<char, 40> text{};
    if (gmtime_r(&stamp, &parts) == nullptr) return {};
    const std::size_t end = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string out(text.data(), end);
    out += '.';
    for (const auto digit : {ms / 100, ms / 10 % 10, ms % 10})
        out += static_cast<char>('0' + digit);
    return out + 'Z';
}

std::int64_t to_abi_deadline(TimePoint deadline) noexcept {
    if (deadline == kNoDeadline) return TENON_NO_DEADLINE;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch())
        .count();
}

}  // namespace tenon::base

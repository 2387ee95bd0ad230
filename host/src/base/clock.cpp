#include "base/clock.hpp"

#include <array>
#include <ctime>

#include "tenon/abi/request.h"

namespace tenon::base {
namespace {

// What the nanoseconds of a time_point can hold.
constexpr int kFirstYear = 1700;
constexpr int kLastYear = 2200;

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

std::optional<std::chrono::system_clock::time_point> parse_utc(std::string_view text) {
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    constexpr std::size_t kMostDigits = 9;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() <= kShape.size() || text.back() != 'Z') return std::nullopt;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] == 'd' ? !is_digit(text[i]) : text[i] != kShape[i]) return std::nullopt;
    }
    const auto number = [&](std::size_t from, std::size_t count) {
        int out = 0;
        for (const char c : text.substr(from, count)) out = out * 10 + (c - '0');
        return out;
    };
    std::string_view fraction = text.substr(kShape.size());
    fraction.remove_suffix(1);
    std::int64_t ns = 0;
    if (!fraction.empty()) {
        if (fraction.front() != '.' || fraction.size() < 2) return std::nullopt;
        fraction.remove_prefix(1);
        if (fraction.size() > kMostDigits) return std::nullopt;
        for (std::size_t i = 0; i < kMostDigits; ++i) {
            const char c = i < fraction.size() ? fraction[i] : '0';
            if (!is_digit(c)) return std::nullopt;
            ns = ns * 10 + (c - '0');
        }
    }
    using namespace std::chrono;
    const year_month_day day(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                             std::chrono::day(static_cast<unsigned>(number(8, 2))));
    const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (number(0, 4) < kFirstYear || number(0, 4) > kLastYear) return std::nullopt;
    if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return sys_days(day) + hours(hour) + minutes(minute) + seconds(second) +
           duration_cast<system_clock::duration>(nanoseconds(ns));
}

std::int64_t to_abi_deadline(TimePoint deadline) noexcept {
    if (deadline == kNoDeadline) return TENON_NO_DEADLINE;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch())
        .count();
}

}  // namespace tenon::base

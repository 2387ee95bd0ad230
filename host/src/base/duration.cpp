#include "base/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tenon::base {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};

constexpr std::array<Unit, 4> kUnits = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

/// More digits than this are not a duration anybody means, and would overflow.
constexpr std::size_t kMostDigits = 13;

Error refuse(std::string_view text, std::string_view why) {
    return {Code::invalid, "'" + std::string(text) + "' is not a duration: " + std::string(why)};
}

std::string_view take_digits(std::string_view& text) {
    const auto end =
        std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

std::int64_t to_number(std::string_view digits) {
    std::int64_t number = 0;
    for (const char c : digits) number = number * 10 + (c - '0');
    return number;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::string_view rest = text;
    const std::string_view whole = take_digits(rest);
    if (whole.empty())
        return refuse(text, "write a number and a unit, such as 250ms, 30s, 5m or 1h");
    std::string_view decimals;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        decimals = take_digits(rest);
        if (decimals.empty()) return refuse(text, "digits must follow the decimal point");
    }
    if (rest.empty()) {
        const std::string number(text);
        return refuse(text, "the unit is missing; write " + number + "s for seconds or " + number +
                                "ms for milliseconds");
    }
    const auto unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == rest; });
    if (unit == kUnits.end()) return refuse(text, "the unit must be ms, s, m or h");

    while (decimals.ends_with('0')) decimals.remove_suffix(1);
    if (decimals.size() > 9) return refuse(text, "milliseconds are the finest it can be");
    if (whole.size() > kMostDigits) return refuse(text, "100 years are the longest it can be");
    std::int64_t divisor = 1;
    for (std::size_t i = 0; i < decimals.size(); ++i) divisor *= 10;
    const std::int64_t fraction = to_number(decimals) * unit->milliseconds;
    if (fraction % divisor != 0) return refuse(text, "milliseconds are the finest it can be");
    const std::int64_t longest = kLongestDuration.count();
    if (to_number(whole) > longest / unit->milliseconds) {
        return refuse(text, "100 years are the longest it can be");
    }
    const std::int64_t total = to_number(whole) * unit->milliseconds + fraction / divisor;
    if (total > longest) return refuse(text, "100 years are the longest it can be");
    return std::chrono::milliseconds(total);
}

std::string format_duration(std::chrono::milliseconds duration) {
    const std::int64_t count = duration.count();
    if (count == 0) return "0s";
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& u) { return count % u.milliseconds == 0; });
    return std::to_string(count / unit->milliseconds) + std::string(unit->name);
}

}  // namespace tenon::base

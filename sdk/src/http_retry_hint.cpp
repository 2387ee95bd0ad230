#include "http_retry_hint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "http_error_text.hpp"

namespace tenon::detail {
namespace {

using std::chrono::sys_days;
using TimePoint = std::chrono::system_clock::time_point;
using Milliseconds = std::optional<double>;

constexpr double kLongestHint = 24 * 3600 * 1000.0;

/// A number at the front of `text`, which loses it. Not finite or absent: nullopt.
std::optional<double> take_number(std::string_view& text) noexcept {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || !std::isfinite(number)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return number;
}

std::string_view trim(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<double> whole_number(std::string_view text) noexcept {
    const auto number = take_number(text);
    return text.empty() ? number : std::nullopt;
}

/// "6m0s", "2m59.56s", "12ms" as Go writes durations; also protobuf's "37s".
Milliseconds duration_ms(std::string_view text) noexcept {
    struct Unit {
        std::string_view name;
        double ms;
    };
    constexpr std::array<Unit, 7> kUnits = {{{"ms", 1.0},
                                             {"us", 1e-3},
                                             {"\xC2\xB5s", 1e-3},
                                             {"ns", 1e-6},
                                             {"h", 3600e3},
                                             {"m", 60e3},
                                             {"s", 1e3}}};
    if (text.empty()) return std::nullopt;
    double sum = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                       [&](const Unit& u) { return text.starts_with(u.name); });
        if (!number || unit == kUnits.end()) return std::nullopt;
        sum += *number * unit->ms;
        text.remove_prefix(unit->name.size());
    }
    return sum;
}

Milliseconds until(const std::chrono::year_month_day& day, double seconds_of_day, TimePoint now) {
    if (!day.ok() || now == TimePoint{}) return std::nullopt;
    const std::chrono::duration<double, std::milli> then = sys_days(day).time_since_epoch();
    const std::chrono::duration<double, std::milli> current = now.time_since_epoch();
    return then.count() + seconds_of_day * 1000.0 - current.count();
}

/// "08:49:37" or "08:49:37.5" at the front of `text`, which loses it.
std::optional<double> take_time(std::string_view& text) noexcept {
    double sum = 0;
    for (const double unit : {3600.0, 60.0, 1.0}) {
        const auto part = take_number(text);
        if (!part || *part < 0 || *part > 60) return std::nullopt;
        sum += *part * unit;
        if (unit == 1.0) break;
        if (!text.starts_with(':')) return std::nullopt;
        text.remove_prefix(1);
    }
    return sum;
}

/// A date of HTTP in any of its three forms: in all of them the day comes before the year, and the
/// time is GMT.
Milliseconds until_http_date(std::string_view text, TimePoint now) {
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::optional<double> day, year, time;
    unsigned month = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" ,-"), text.size());
        std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto name = std::find(kMonths.begin(), kMonths.end(), word);
        if (name != kMonths.end()) {
            month = static_cast<unsigned>(name - kMonths.begin()) + 1;
        } else if (word.find(':') != std::string_view::npos) {
            time = take_time(word);
        } else if (const auto number = whole_number(word)) {
            (day ? year : day) = number;
        }
    }
    if (!day || !year || !time || month == 0 || *day < 1 || *day > 31 || *year < 0 ||
        *year > 9999) {
        return std::nullopt;
    }
    // RFC 9110: two digits that would lie far in the future mean the past; a hint never does.
    const int full_year = static_cast<int>(*year) + (*year < 100 ? 2000 : 0);
    return until(std::chrono::year(full_year) / static_cast<int>(month) / static_cast<int>(*day),
                 *time, now);
}

/// "2026-11-21T06:00:00.5Z", also with an offset such as +02:00 (RFC 3339).
Milliseconds until_rfc3339(std::string_view text, TimePoint now) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = whole_number(text.substr(0, 4));
    const auto month = whole_number(text.substr(5, 2));
    const auto day = whole_number(text.substr(8, 2));
    text.remove_prefix(11);
    const auto time = take_time(text);
    if (!year || !month || !day || !time || text.empty()) return std::nullopt;
    double offset = 0;
    const char zone = text.front();
    if (zone == '+' || zone == '-') {
        const auto hours = whole_number(text.substr(1, 2));
        const auto minutes = whole_number(text.size() == 6 ? text.substr(4, 2) : "?");
        if (!hours || !minutes) return std::nullopt;
        offset = (zone == '+' ? 1 : -1) * (*hours * 3600 + *minutes * 60);
    } else if (zone != 'Z' && zone != 'z') {
        return std::nullopt;
    }
    if (*year < 1970 || *month < 1 || *day < 1) return std::nullopt;
    return until(std::chrono::year(static_cast<int>(*year)) / static_cast<int>(*month) /
                     static_cast<int>(*day),
                 *time - offset, now);
}

/// When a rate limit starts anew: a Go duration (OpenAI, Groq), RFC 3339 (Anthropic), seconds
/// (Cerebras), or a point in time as seconds or milliseconds since 1970.
Milliseconds until_reset(std::string_view text, TimePoint now) {
    text = trim(text);
    const auto number = whole_number(text);
    if (!number) {
        const auto duration = duration_ms(text);
        return duration ? duration : until_rfc3339(text, now);
    }
    constexpr double kSecondsOf2001 = 1e9;
    if (*number < kSecondsOf2001) return *number * 1000.0;
    if (now == TimePoint{}) return std::nullopt;
    const double current =
        std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
    return (*number > kSecondsOf2001 * 100 ? *number : *number * 1000.0) - current;
}

/// The longest wait among the limits of which nothing remains. An answer may say how much remains
/// and it may be enough for a smaller request: then the limits on tokens are to blame.
Milliseconds until_limits_reset(std::span<const HttpHeader> headers, TimePoint now) {
    Milliseconds exhausted, unknown, tokens;
    for (const HttpHeader& candidate : headers) {
        std::string name = to_lower(candidate.name);
        const std::size_t reset = name.find("reset");
        if (name.find("ratelimit") == std::string::npos || reset == std::string::npos) continue;
        const auto wait = until_reset(candidate.value, now);
        if (!wait) continue;
        const bool about_tokens = name.find("token") != std::string::npos;
        const std::string_view remaining = header(headers, name.replace(reset, 5, "remaining"));
        Milliseconds& longest = remaining.empty()        ? unknown
                                : trim(remaining) == "0" ? exhausted
                                                         : tokens;
        if (&longest == &tokens && !about_tokens) continue;
        longest = std::max(longest.value_or(0), *wait);
    }
    return exhausted ? exhausted : unknown ? unknown : tokens;
}

Milliseconds from_body(const JsonLookup& json) {
    for (const std::string_view base : {"", "/0"}) {
        for (char index = '0'; index < '8'; ++index) {
            const auto delay =
                json.find(std::string(base) + "/error/details/" + index + "/retryDelay");
            if (delay) return duration_ms(*delay);
        }
    }
    return std::nullopt;
}

Milliseconds from_retry_after(std::string_view value, TimePoint now) {
    value = trim(value);
    if (const auto seconds = whole_number(value)) {
        return *seconds < 0 ? std::nullopt : Milliseconds(*seconds * 1000.0);
    }
    return until_http_date(value, now);
}

}  // namespace

std::string_view header(std::span<const HttpHeader> headers, std::string_view lower_name) noexcept {
    const auto same = [lower_name](const HttpHeader& candidate) {
        return std::equal(
            candidate.name.begin(), candidate.name.end(), lower_name.begin(), lower_name.end(),
            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    const auto found = std::find_if(headers.begin(), headers.end(), same);
    return found == headers.end() ? std::string_view() : found->value;
}

std::optional<std::int64_t> retry_hint_ms(std::span<const HttpHeader> headers,
                                          const HttpErrorContext& context, bool limits) {
    Milliseconds wait = whole_number(trim(header(headers, "retry-after-ms")));
    if (wait && *wait < 0) wait.reset();
    if (!wait) wait = from_retry_after(header(headers, "retry-after"), context.now);
    if (!wait) wait = from_body(context.json);
    if (!wait && limits) wait = until_limits_reset(headers, context.now);
    if (!wait) return std::nullopt;
    return static_cast<std::int64_t>(std::ceil(std::clamp(*wait, 0.0, kLongestHint)));
}

}  // namespace tenon::detail

#include "cli/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <iostream>

#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(), pattern, values...);
    return out.data();
}

/// "3 min 20 s"; the smaller unit is left out when there is none of it.
std::string in_units(std::int64_t great, const char* unit, std::int64_t small,
                     const char* small_unit) {
    std::string out = std::to_string(great) + " " + unit;
    if (small > 0) out += " " + std::to_string(small) + " " + small_unit;
    return out;
}

}  // namespace

std::string text_of(wire::JsonView value) {
    if (const auto text = value.as_string()) return std::string(*text);
    const auto kind = value.kind();
    const bool is_plain = kind == wire::JsonKind::number || kind == wire::JsonKind::boolean;
    return is_plain ? value.to_text() : std::string();
}

std::int64_t count_of(wire::JsonView value) {
    return std::max<std::int64_t>(value.as_int64().value_or(0), 0);
}

std::string spaced(std::string word) {
    std::replace(word.begin(), word.end(), '_', '-');
    return word;
}

std::string duration_text(std::int64_t us) {
    if (us < 1'000) return std::to_string(us) + " µs";
    if (us < 10'000) return format("%.1f ms", static_cast<double>(us) / 1e3);
    if (us < 1'000'000) return std::to_string(us / 1'000) + " ms";
    if (us < 60'000'000) return format("%.1f s", static_cast<double>(us) / 1e6);
    const std::int64_t s = us / 1'000'000;
    if (s < 3'600) return in_units(s / 60, "min", s % 60, "s");
    if (s < 86'400) return in_units(s / 3'600, "h", s % 3'600 / 60, "min");
    return in_units(s / 86'400, "d", s % 86'400 / 3'600, "h");
}

std::string bytes_text(std::int64_t bytes) {
    if (bytes < 1'000) return std::to_string(bytes) + " B";
    const auto number = static_cast<double>(bytes);
    if (bytes < 1'000'000) return format("%.1f kB", number / 1e3);
    if (bytes < 1'000'000'000) return format("%.1f MB", number / 1e6);
    return format("%.1f GB", number / 1e9);
}

std::string percent_text(std::optional<double> part) {
    if (!part) return "-";
    if (*part >= 1) return "100 %";
    // 0.9996 is not all.
    return format("%.1f %%", std::min(*part * 100, 99.9));
}

std::string local_time_text(const std::string& rfc3339) {
    std::tm utc{};
    const int read = std::sscanf(rfc3339.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year,
                                 &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec);
    if (read != 6) return rfc3339;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    const std::time_t seconds = timegm(&utc);
    std::tm local{};
    if (localtime_r(&seconds, &local) == nullptr) return rfc3339;
    std::array<char, 16> out{};
    std::strftime(out.data(), out.size(), "%H:%M:%S", &local);
    return out.data();
}

std::string path_segment(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        if (plain) {
            out += c;
        } else {
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

void print_json(wire::JsonView value) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    value.write(json);
    std::cout << out << '\n' << std::flush;
}

}  // namespace tenon::cli

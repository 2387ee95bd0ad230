#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

/// Helpers to write JSON and to keep text well-formed UTF-8. To read JSON see
/// tenon/plugin/json.hpp.
///
/// \par Thread-safety
/// Free functions without state: safe.
/// \par Exception safety
/// Those that write throw std::bad_alloc alone; the others throw nothing.
namespace tenon {

/// Appends `text` as a JSON string, quotes included. Ill-formed UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends a number in the shortest form that reads back the same; infinities and NaN, which JSON
/// does not have, become null.
void append_number(std::string& out, double number);
void append_number(std::string& out, std::int64_t number);
void append_number(std::string& out, std::uint64_t number);

/// Any other integer type, without a silent change of value.
template <std::integral T>
requires(!std::same_as<T, bool>) void append_number(std::string& out, T number) {
    if constexpr (std::signed_integral<T>) {
        append_number(out, static_cast<std::int64_t>(number));
    } else {
        append_number(out, static_cast<std::uint64_t>(number));
    }
}

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// The longest beginning of `text` that does not end inside a character. Cut text with
/// `utf8_safe_prefix(text.substr(0, max_bytes))`. Ill-formed bytes elsewhere are left alone.
[[nodiscard]] std::string_view utf8_safe_prefix(std::string_view text) noexcept;

/// `text` with every ill-formed sequence replaced by one U+FFFD (per maximal subpart, as browsers
/// do).
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace tenon

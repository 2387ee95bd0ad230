#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::openai {

/// The number that the first four characters are in hexadecimal.
[[nodiscard]] std::optional<std::uint32_t> parse_hex4(std::string_view text) noexcept;

/// Appends what the inside of a JSON string stands for. Half a surrogate pair becomes U+FFFD.
/// \par Preconditions
/// `written` is well-formed.
void append_unescaped(std::string& out, std::string_view written);

}  // namespace tenon::openai

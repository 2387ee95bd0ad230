#pragma once

#include <string_view>

namespace tenon::wire {

/// One header of a message.
struct HeaderView {
    std::string_view name;  ///< in lower case when it was received
    std::string_view value;
};

/// Is it a method or a header name (RFC 9110, token)?
[[nodiscard]] bool is_token(std::string_view text) noexcept;
[[nodiscard]] bool is_token_char(char c) noexcept;

/// Can it be a header's value? CR, LF and NUL would let it become another header.
[[nodiscard]] bool is_header_value(std::string_view text) noexcept;

/// Compares without regard to case. \param lower in lower case already.
[[nodiscard]] bool equals_lower(std::string_view text, std::string_view lower) noexcept;

}  // namespace tenon::wire

#include "json_unescape.hpp"

#include <charconv>

namespace tenon::openai {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

bool is_high_surrogate(std::uint32_t unit) noexcept {
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(std::uint32_t unit) noexcept {
    return unit >= 0xDC00 && unit < 0xE000;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80 | ((point >> shift) & 0x3F));
    };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0 | (point >> 6));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0 | (point >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0 | (point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// Takes the four digits behind "\u", and the second half of a pair.
std::uint32_t take_code_point(std::string_view& rest) {
    const std::uint32_t first = parse_hex4(rest).value_or(kReplacement);
    rest.remove_prefix(4);
    if (is_low_surrogate(first)) return kReplacement;
    if (!is_high_surrogate(first)) return first;
    if (!rest.starts_with("\\u")) return kReplacement;
    const std::uint32_t second = parse_hex4(rest.substr(2)).value_or(kReplacement);
    if (!is_low_surrogate(second)) return kReplacement;
    rest.remove_prefix(6);
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

char simple_escape(char c) noexcept {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;
    }
}

}  // namespace

std::optional<std::uint32_t> parse_hex4(std::string_view text) noexcept {
    if (text.size() < 4) return std::nullopt;
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + 4, number, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + 4) return std::nullopt;
    return number;
}

void append_unescaped(std::string& out, std::string_view written) {
    for (;;) {
        const std::size_t backslash = written.find('\\');
        out += written.substr(0, backslash);
        if (backslash == std::string_view::npos) return;
        const char kind = written[backslash + 1];
        written.remove_prefix(backslash + 2);
        if (kind == 'u') {
            append_utf8(out, take_code_point(written));
        } else {
            out += simple_escape(kind);
        }
    }
}

}  // namespace tenon::openai

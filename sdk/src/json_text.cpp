#include "tenon/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tenon {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
    std::size_t length;  // bytes, at least 1
    bool valid;          // otherwise `length` is the maximal subpart that one U+FFFD stands for
};

unsigned char byte_at(std::string_view text, std::size_t i) noexcept {
    return static_cast<unsigned char>(text[i]);
}

/// The sequence that begins at `begin` (Unicode, table 3-7: no overlong forms, no surrogates,
/// nothing above U+10FFFF).
Sequence sequence_at(std::string_view text, std::size_t begin) noexcept {
    const unsigned char lead = byte_at(text, begin);
    if (lead < 0x80) return {1, true};
    std::size_t wanted = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        wanted = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        wanted = 3;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        wanted = 4;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {1, false};
    }
    std::size_t length = 1;
    while (length < wanted && begin + length < text.size()) {
        const unsigned char next = byte_at(text, begin + length);
        if (next < low || next > high) break;
        low = 0x80;
        high = 0xBF;
        ++length;
    }
    return {length, length == wanted};
}

/// The first byte at or behind `begin` that is not ASCII. Many at a time: most text is ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t begin) noexcept {
    for (; begin + 32 <= text.size(); begin += 32) {
        std::array<std::uint64_t, 4> words{};
        std::memcpy(words.data(), text.data() + begin, sizeof words);
        const std::uint64_t any = words[0] | words[1] | words[2] | words[3];
        if ((any & 0x8080808080808080u) != 0) break;
    }
    while (begin + 8 <= text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + begin, sizeof word);
        if ((word & 0x8080808080808080u) != 0) break;
        begin += 8;
    }
    while (begin < text.size() && byte_at(text, begin) < 0x80) ++begin;
    return begin;
}

void append_escaped(std::string& out, unsigned char c) {
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        default: break;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u00";
    out += kHex[c >> 4];
    out += kHex[c & 0x0F];
}

template <class T>
void append_chars(std::string& out, T number) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number);
    out.append(buffer, end.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t copied = 0;  // text[copied, i) still has to be copied as it is
    std::size_t i = 0;
    while (i < text.size()) {
        const unsigned char c = byte_at(text, i);
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            ++i;
            continue;
        }
        const Sequence found = sequence_at(text, i);
        if (c < 0x80 || !found.valid) {
            out.append(text.substr(copied, i - copied));
            if (c < 0x80) {
                append_escaped(out, c);
            } else {
                out += kReplacement;
            }
            copied = i + found.length;
        }
        i += found.length;
    }
    out.append(text.substr(copied));
    out += '"';
}

void append_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    append_chars(out, number);
}

void append_number(std::string& out, std::int64_t number) {
    append_chars(out, number);
}

void append_number(std::string& out, std::uint64_t number) {
    append_chars(out, number);
}

bool is_valid_utf8(std::string_view text) noexcept {
    std::size_t i = skip_ascii(text, 0);
    while (i < text.size()) {
        const Sequence found = sequence_at(text, i);
        if (!found.valid) return false;
        i = skip_ascii(text, i + found.length);
    }
    return true;
}

std::string_view utf8_safe_prefix(std::string_view text) noexcept {
    // A lead byte among the last three whose sequence runs past the end is the only way to be
    // inside a character.
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const std::size_t begin = text.size() - back;
        if ((byte_at(text, begin) & 0xC0) == 0x80) continue;
        const Sequence found = sequence_at(text, begin);
        const bool cut = !found.valid && found.length == back && byte_at(text, begin) >= 0xC2 &&
                         byte_at(text, begin) <= 0xF4;
        return cut ? text.substr(0, begin) : text;
    }
    return text;
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        const Sequence found = sequence_at(text, i);
        out += found.valid ? text.substr(i, found.length) : kReplacement;
        i += found.length;
    }
    return out;
}

}  // namespace tenon

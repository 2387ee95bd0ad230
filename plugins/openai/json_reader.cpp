#include "json_reader.hpp"

#include <bit>
#include <bitset>
#include <charconv>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "json_unescape.hpp"

namespace tenon::openai {
namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool ends_run(char c) noexcept {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

/// The high bit of each byte that ends_run(), and of none in front of the first such byte; what
/// follows it may be wrong. Without a branch for each byte: most of a text lies in its strings.
std::uint64_t run_ends(std::uint64_t bytes) noexcept {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    const std::uint64_t quote = bytes ^ (kOnes * '"');
    const std::uint64_t backslash = bytes ^ (kOnes * '\\');
    const std::uint64_t found = ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                                ((bytes - kOnes * 0x20) & ~bytes);
    return found & (kOnes << 7);
}

#ifdef __SSE2__
/// A bit for each of the 16 bytes that ends_run().
unsigned run_ends_of_16(const char* text) noexcept {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), controls)));
}
#endif

std::size_t end_of_run(std::string_view text, std::size_t at) noexcept {
#ifdef __SSE2__
    for (; at + 16 <= text.size(); at += 16) {
        const unsigned ends = run_ends_of_16(text.data() + at);
        if (ends != 0) return at + static_cast<std::size_t>(std::countr_zero(ends));
    }
#endif
    if constexpr (std::endian::native == std::endian::little) {
        for (; at + 8 <= text.size(); at += 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, text.data() + at, sizeof bytes);
            const std::uint64_t ends = run_ends(bytes);
            if (ends != 0) return at + static_cast<std::size_t>(std::countr_zero(ends)) / 8;
        }
    }
    while (at < text.size() && !ends_run(text[at])) ++at;
    return at;
}

/// Goes to one member or element of the value that comes next.
bool descend(JsonReader& in, std::string_view step) {
    if (in.kind() == JsonReader::Kind::object && in.begin_object()) {
        while (in.next_member()) {
            if (in.key() == step) return true;
            in.skip();
        }
    } else if (in.kind() == JsonReader::Kind::array && in.begin_array()) {
        std::size_t index = 0;
        const auto read = std::from_chars(step.data(), step.data() + step.size(), index);
        if (read.ec != std::errc() || read.ptr != step.data() + step.size()) return false;
        while (in.next_element()) {
            if (index-- == 0) return true;
            in.skip();
        }
    }
    return false;
}

}  // namespace

void JsonReader::reset(std::string_view text) noexcept {
    text_ = text;
    at_ = 0;
    failed_ = false;
    first_ = false;
    key_ = {};
    unescaped_.clear();
}

JsonReader::Kind JsonReader::kind() noexcept {
    skip_space();
    switch (peek()) {
        case '{': return Kind::object;
        case '[': return Kind::array;
        case '"': return Kind::string;
        case 't':
        case 'f': return Kind::boolean;
        case 'n': return Kind::null;
        default: return peek() == '-' || is_digit(peek()) ? Kind::number : Kind::none;
    }
}

bool JsonReader::begin_object() noexcept {
    return begin('{');
}

bool JsonReader::begin_array() noexcept {
    return begin('[');
}

bool JsonReader::begin(char bracket) noexcept {
    skip_space();
    if (peek() != bracket) {
        skip();
        return false;
    }
    ++at_;
    first_ = true;
    return true;
}

bool JsonReader::next_member() noexcept {
    if (!next('}')) return false;
    take_key();
    return !failed_;
}

bool JsonReader::next_element() noexcept {
    return next(']');
}

bool JsonReader::next(char closing_bracket) noexcept {
    skip_space();
    if (peek() == closing_bracket) {
        ++at_;
        first_ = false;
        return false;
    }
    const bool more = first_ ? at_ < text_.size() : peek() == ',';
    if (!more) {
        fail();
        return false;
    }
    if (!first_) ++at_;
    first_ = false;
    return true;
}

void JsonReader::take_key() noexcept {
    skip_space();
    const std::size_t begin = at_;
    if (peek() != '"' || !take_string()) return fail();
    // No name that anyone looks for needs an escape; one that is written with them is not found.
    key_ = text_.substr(begin + 1, at_ - begin - 2);
    skip_space();
    if (peek() != ':') return fail();
    ++at_;
}

std::string_view JsonReader::string() {
    if (kind() != Kind::string) {
        skip();
        return {};
    }
    const std::size_t begin = at_;
    if (!take_string()) {
        fail();
        return {};
    }
    const std::string_view written = text_.substr(begin + 1, at_ - begin - 2);
    if (!escaped_) return written;
    unescaped_.reserve(text_.size());
    const std::size_t from = unescaped_.size();
    append_unescaped(unescaped_, written);
    return std::string_view(unescaped_).substr(from);
}

std::optional<std::uint64_t> JsonReader::count() noexcept {
    const bool is_number = kind() == Kind::number;
    const std::string_view written = skip();
    if (!is_number || written.empty()) return std::nullopt;
    const char* end = written.data() + written.size();
    std::uint64_t whole = 0;
    const auto read = std::from_chars(written.data(), end, whole);
    if (read.ec == std::errc() && read.ptr == end) return whole;
    double number = -1;
    std::from_chars(written.data(), end, number);
    constexpr double kLimit = 9007199254740992.0;  // 2^53
    if (!(number >= 0 && number < kLimit)) return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

std::string_view JsonReader::skip() noexcept {
    skip_space();
    const std::size_t begin = at_;
    if (!take_value()) {
        fail();
        return {};
    }
    return text_.substr(begin, at_ - begin);
}

bool JsonReader::finish() noexcept {
    skip_space();
    return !failed_ && at_ != 0 && at_ == text_.size();
}

void JsonReader::skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool JsonReader::take_value() noexcept {
    if (peek() != '{' && peek() != '[') return take_scalar();
    std::bitset<kMaxDepth> is_object;  // of each open container
    std::size_t depth = 0;
    do {
        skip_space();
        if (const char c = peek(); c == '{' || c == '[') {
            if (depth == kMaxDepth) return false;
            is_object[depth++] = c == '{';
            ++at_;
            first_ = true;
        } else if (!take_scalar()) {
            return false;
        }
        // On to the next value; on the way there any number of containers may end.
        while (depth != 0 && !(is_object[depth - 1] ? next_member() : next_element())) {
            if (failed_) return false;
            --depth;
        }
    } while (depth != 0);
    return true;
}

bool JsonReader::take_scalar() noexcept {
    switch (peek()) {
        case '"': return take_string();
        case 't': return take_word("true");
        case 'f': return take_word("false");
        case 'n': return take_word("null");
        default: return take_number();
    }
}

bool JsonReader::take_string() noexcept {
    escaped_ = false;
    ++at_;
    for (;;) {
        at_ = end_of_run(text_, at_);
        const char c = peek();
        if (c == '"') break;
        if (c != '\\' || !take_escape()) return false;
        escaped_ = true;
    }
    ++at_;
    return true;
}

bool JsonReader::take_escape() noexcept {
    ++at_;
    const char c = peek();
    if (c == '\0' || std::strchr("\"\\/bfnrtu", c) == nullptr) return false;
    ++at_;
    if (c != 'u') return true;
    if (!parse_hex4(text_.substr(at_))) return false;
    at_ += 4;
    return true;
}

bool JsonReader::take_number() noexcept {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
        ++at_;  // no digit may follow
    } else if (!take_digits()) {
        return false;
    }
    if (peek() == '.') {
        ++at_;
        if (!take_digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
        ++at_;
        if (peek() == '+' || peek() == '-') ++at_;
        if (!take_digits()) return false;
    }
    return true;
}

bool JsonReader::take_digits() noexcept {
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ != begin;
}

bool JsonReader::take_word(std::string_view word) noexcept {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
}

void JsonReader::fail() noexcept {
    failed_ = true;
    at_ = text_.size();
}

bool JsonText::valid() const noexcept {
    JsonReader in(text);
    in.skip();
    return in.finish();
}

std::optional<std::string> JsonText::find(std::string_view json_pointer) const {
    JsonReader in(text);
    while (!json_pointer.empty()) {
        json_pointer.remove_prefix(1);
        const std::string_view step = json_pointer.substr(0, json_pointer.find('/'));
        json_pointer.remove_prefix(step.size());
        if (!descend(in, step)) return std::nullopt;
    }
    switch (in.kind()) {
        case JsonReader::Kind::string: return std::string(in.string());
        case JsonReader::Kind::number:
        case JsonReader::Kind::boolean: return std::string(in.skip());
        default: return std::nullopt;
    }
}

bool is_truthy(std::string_view written) noexcept {
    return !written.empty() && written != "null" && written != "false" && written != "0" &&
           written != "\"\"";
}

}  // namespace tenon::openai

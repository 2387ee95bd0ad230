#include "wire/top_level_members.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace tenon::wire {
namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The character that the escape at the front of `text` (behind its backslash) stands for, with the
/// escape removed; -1 if it is not ASCII or no escape.
int take_escape(std::string_view& text) noexcept {
    if (text.empty()) return -1;
    const char kind = text.front();
    text.remove_prefix(1);
    switch (kind) {
        case '"':
        case '\\':
        case '/': return kind;
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'u': break;
        default: return -1;
    }
    unsigned code = 0;
    const std::string_view digits = text.substr(0, 4);
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, code, 16);
    if (digits.size() < 4 || read.ec != std::errc() || read.ptr != end || code > 0x7F) return -1;
    text.remove_prefix(4);
    return static_cast<int>(code);
}

}  // namespace

bool MemberText::is(std::string_view name) const noexcept {
    std::string_view rest = key;
    for (const char expected : name) {
        if (rest.empty()) return false;
        int got = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        if (got == '\\') got = take_escape(rest);
        if (got != expected) return false;
    }
    return rest.empty();
}

std::optional<MemberText> TopLevelMembers::next() noexcept {
    if (state_ == State::ended || state_ == State::failed) return std::nullopt;
    MemberText member;
    if (!advance() || (state_ == State::inside && !read_member(member))) state_ = State::failed;
    if (state_ != State::inside) return std::nullopt;
    ++count_;
    return member;
}

/// To the next key, or past the end of the object.
bool TopLevelMembers::advance() noexcept {
    if (state_ == State::start) {
        if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
        skip_space();
        object_begin_ = at_;
        if (!take('{')) return false;
        state_ = State::inside;
        skip_space();
        if (peek() != '}') return true;
    } else {
        skip_space();
        if (take(',')) {
            skip_space();
            return true;
        }
    }
    if (!take('}')) return false;
    skip_space();
    state_ = State::ended;
    return at_ == text_.size();
}

bool TopLevelMembers::read_member(MemberText& member) noexcept {
    const std::size_t key_begin = at_;
    if (!skip_string()) return false;
    member.key = text_.substr(key_begin + 1, at_ - key_begin - 2);
    skip_space();
    if (!take(':')) return false;
    skip_space();
    member.value_begin = at_;
    if (!skip_value()) return false;
    member.value = text_.substr(member.value_begin, at_ - member.value_begin);
    return true;
}

bool TopLevelMembers::take(char expected) noexcept {
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
}

void TopLevelMembers::skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool TopLevelMembers::skip_string() noexcept {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    while (true) {
        const std::size_t quote = text_.find('"', at_);
        if (quote == std::string_view::npos) return false;
        at_ = quote + 1;
        std::size_t escape = quote;
        while (escape > begin && text_[escape - 1] == '\\') --escape;
        if ((quote - escape) % 2 == 0) return true;
    }
}

bool TopLevelMembers::skip_nested() noexcept {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
        switch (text_[at_]) {
            case '"':
                if (!skip_string()) return false;
                continue;
            case '{':
            case '[': ++depth; break;
            case '}':
            case ']':
                if (--depth > 0) break;
                ++at_;
                return true;
            default: break;
        }
        ++at_;
    }
    return false;
}

bool TopLevelMembers::skip_value() noexcept {
    switch (peek()) {
        case '"': return skip_string();
        case '{':
        case '[': return skip_nested();
        default: break;
    }
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(",}] \t\r\n", at_), text_.size());
    return at_ > begin;
}

}  // namespace tenon::wire

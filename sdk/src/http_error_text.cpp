#include "http_error_text.hpp"

#include <algorithm>
#include <array>

#include "tenon/json_text.hpp"

namespace tenon::detail {
namespace {

constexpr std::size_t kLongestRead = 4096;  // bytes; far more than a message may hold
constexpr std::string_view kRedacted = "***";

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) noexcept {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/// A character that keys are made of; '*' because providers echo keys half masked.
bool is_token_char(char c) noexcept {
    return is_digit(c) || is_letter(c) || c == '-' || c == '_' || c == '*';
}

bool has_digit_or_star(std::string_view token) noexcept {
    return std::any_of(token.begin(), token.end(), [](char c) { return is_digit(c) || c == '*'; });
}

/// Beginnings that providers give their keys.
bool has_key_prefix(std::string_view token) noexcept {
    constexpr std::array kUnmistakable = {"sk-", "gsk_", "xai-", "csk-", "nvapi-", "AIza", "eyJ"};
    constexpr std::array kAlsoWords = {"sk_", "pk-", "pk_",  "hf_",   "pa-",  "al-", "fw_",
                                       "r8_", "co_", "key-", "sess-", "tgp_", "ghp_"};
    const auto begins = [token](std::string_view prefix) {
        return token.size() > prefix.size() && token.starts_with(prefix);
    };
    if (std::any_of(kUnmistakable.begin(), kUnmistakable.end(), begins)) return true;
    return token.size() >= 12 && has_digit_or_star(token) &&
           std::any_of(kAlsoWords.begin(), kAlsoWords.end(), begins);
}

/// Letters and digits mixed without a break for 16 characters: no word and no model name is like
/// that ("gpt-4o-mini-audio-preview-2024-12-17" has hyphens), random keys are.
bool has_random_run(std::string_view token) noexcept {
    constexpr std::ptrdiff_t kRun = 16;
    auto begin = token.begin();
    while (begin != token.end()) {
        const auto end =
            std::find_if(begin, token.end(), [](char c) { return !is_digit(c) && !is_letter(c); });
        if (end - begin >= kRun && std::any_of(begin, end, is_digit) &&
            std::any_of(begin, end, is_letter)) {
            return true;
        }
        begin = end == token.end() ? end : end + 1;
    }
    return false;
}

bool looks_like_key(std::string_view token) noexcept {
    // Request ids are for the provider's support, who ask for them.
    if (token.starts_with("req_")) return false;
    return has_key_prefix(token) || token.find(kRedacted) != std::string_view::npos ||
           has_random_run(token);
}

/// The end of the token that begins at `begin`. Dots inside count, for keys of several parts and
/// for keys that the provider shortened ("sk-ab...yz"); a dot at the end belongs to the sentence.
std::size_t token_end(std::string_view text, std::size_t begin, bool dots) noexcept {
    std::size_t end = begin;
    while (end < text.size()) {
        if (is_token_char(text[end])) {
            ++end;
            continue;
        }
        if (!dots || text[end] != '.') break;
        const std::size_t after = text.find_first_not_of('.', end);
        if (after == std::string_view::npos || !is_token_char(text[after])) break;
        end = after;
    }
    return end;
}

std::string redact(std::string_view text) {
    std::string out;
    bool after_bearer = false;
    std::size_t i = 0;
    while (i < text.size()) {
        if (!is_token_char(text[i])) {
            out += text[i++];
            continue;
        }
        const std::size_t end = token_end(text, i, false);
        const std::string_view token = text.substr(i, end - i);
        const bool bearer_key = after_bearer && (has_digit_or_star(token) || token.size() >= 20);
        after_bearer = to_lower(token) == "bearer";
        if (bearer_key || looks_like_key(token)) {
            out += kRedacted;
            i = token_end(text, i, true);
        } else {
            out += token;
            i = end;
        }
    }
    return out;
}

/// Bytes of the character at text[i] that have no place in one line, 0 if it may stay. `space`
/// tells whether a space takes its place. `text` is valid UTF-8.
std::size_t unfit_at(std::string_view text, std::size_t i, bool& space) noexcept {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    space = true;
    if (byte(i) <= 0x20 || byte(i) == 0x7F) return 1;
    if (byte(i) == 0xC2 && byte(i + 1) <= 0xA0) return 2;  // C1 controls, no-break space
    if (byte(i) != 0xE2) return 0;
    if (byte(i + 1) == 0x80 && (byte(i + 2) == 0xA8 || byte(i + 2) == 0xA9)) return 3;
    space = false;  // embeddings, overrides and isolates of the writing direction
    if (byte(i + 1) == 0x80 && byte(i + 2) >= 0xAA && byte(i + 2) <= 0xAE) return 3;
    if (byte(i + 1) == 0x81 && byte(i + 2) >= 0xA6 && byte(i + 2) <= 0xA9) return 3;
    return 0;
}

std::string_view between(std::string_view page, std::string_view lower_page, std::string_view tag) {
    const std::size_t open = lower_page.find('<' + std::string(tag));
    if (open == std::string_view::npos) return {};
    const std::size_t begin = lower_page.find('>', open);
    if (begin == std::string_view::npos) return {};
    const std::size_t end = lower_page.find('<', begin);
    if (end == std::string_view::npos) return {};
    return page.substr(begin + 1, end - begin - 1);
}

}  // namespace

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::string clean_line(std::string_view text) {
    const std::string valid = to_valid_utf8(utf8_safe_prefix(text.substr(0, kLongestRead)));
    std::string line;
    bool gap = false;
    for (std::size_t i = 0; i < valid.size();) {
        bool space = false;
        if (const std::size_t unfit = unfit_at(valid, i, space); unfit > 0) {
            gap = gap || space;
            i += unfit;
            continue;
        }
        if (gap && !line.empty()) line += ' ';
        gap = false;
        line += valid[i++];
    }
    return redact(line);
}

std::string bounded(std::string text, std::size_t characters) {
    std::size_t count = 0;
    std::size_t last_begin = 0;  // of the last character that may stay
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
        if (++count == characters) last_begin = i;
        if (count > characters) {
            text.resize(last_begin);
            text += "\xE2\x80\xA6";
            return text;
        }
    }
    return text;
}

bool is_markup(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    return begin != std::string_view::npos && text[begin] == '<';
}

std::string markup_title(std::string_view page) {
    page = page.substr(0, 4 * kLongestRead);
    const std::string lower_page = to_lower(page);
    for (const std::string_view tag : {"title", "h1", "message"}) {
        if (std::string title = clean_line(between(page, lower_page, tag)); !title.empty()) {
            return title;
        }
    }
    return {};
}

}  // namespace tenon::detail

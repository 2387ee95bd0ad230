#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tenon::base {

/// The candidate that the writer of `word` most likely meant, for "did you mean". The distance is
/// Damerau-Levenshtein (optimal string alignment) without regard to case; about one slip for every
/// three letters is forgiven, and two wholly different words are never near. Of equally near
/// candidates the first wins.
[[nodiscard]] std::optional<std::string_view> nearest_name(
    std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean 'timeouts'?", or "" if nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// The items with `separator` between them.
template <class Range>
[[nodiscard]] std::string join(const Range& items, std::string_view separator) {
    std::string out;
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += separator;
        out += item;
        first = false;
    }
    return out;
}

/// Whether `text` may name a provider, a kind or an alias: [a-z0-9][a-z0-9._-]{0,63}.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

/// What is_name() wants, for messages: completes "... is not a valid name; ".
inline constexpr std::string_view kNameRule =
    "use a-z, 0-9, '.', '_' and '-', beginning with a letter or digit, 64 characters at most";

}  // namespace tenon::base

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace tenon::base {
namespace {

/// Longer words are not names anybody mistyped; the bound also keeps the quadratic search small.
constexpr std::size_t kLongestWord = 128;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> candidates) {
    if (word.size() > kLongestWord) return std::nullopt;
    std::optional<std::string_view> nearest;
    std::size_t nearest_distance = 0;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > kLongestWord) continue;
        const std::size_t forgiven = std::max(word.size(), candidate.size()) / 3;
        const std::size_t found = distance(word, candidate);
        if (found <= forgiven && (!nearest || found < nearest_distance)) {
            nearest = candidate;
            nearest_distance = found;
        }
    }
    return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
    const auto nearest = nearest_name(word, candidates);
    return nearest ? "; did you mean '" + std::string(*nearest) + "'?" : std::string();
}

bool is_name(std::string_view text) noexcept {
    const auto letter_or_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    };
    if (text.empty() || text.size() > 64 || !letter_or_digit(text.front())) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace tenon::base

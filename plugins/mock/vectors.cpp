#include "vectors.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "answer.hpp"
#include "hash.hpp"

namespace tenon::mock {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_punctuation(char c) noexcept {
    const bool word = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
                      static_cast<unsigned char>(c) >= 0x80;
    return !word;
}

/// The tokens without white space and punctuation around them, in lower case.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::string_view token : tokenize(text)) {
        while (!token.empty() && is_punctuation(token.front())) token.remove_prefix(1);
        while (!token.empty() && is_punctuation(token.back())) token.remove_suffix(1);
        if (token.empty()) continue;
        words.emplace_back(token);
        std::transform(token.begin(), token.end(), words.back().begin(), lower);
    }
    return words;
}

/// Number `i` of a word's direction, evenly in [-1, 1).
double coordinate(std::uint64_t word, std::uint64_t i) noexcept {
    constexpr double kTwoToThe52 = 4503599627370496.0;
    return static_cast<double>(mix(word ^ mix(i)) >> 11) / kTwoToThe52 - 1.0;
}

}  // namespace

void append_embedding(std::vector<float>& out, std::string_view text, std::uint32_t dimensions) {
    std::vector<double> sum(dimensions, 0.0);
    std::vector<std::string> words = words_of(text);
    if (words.empty()) words.emplace_back(text);  // no direction would have no length
    for (const std::string& word : words) {
        const std::uint64_t seed = hash(word);
        for (std::uint32_t i = 0; i < dimensions; ++i) sum[i] += coordinate(seed, i);
    }
    double squares = 0;
    for (const double x : sum) squares += x * x;
    const double length = std::sqrt(squares);
    for (const double x : sum) out.push_back(static_cast<float>(x / length));
}

double relevance(std::string_view query, std::string_view document) {
    const auto set_of = [](std::string_view text) {
        auto words = words_of(text);
        std::sort(words.begin(), words.end());
        words.erase(std::unique(words.begin(), words.end()), words.end());
        return words;
    };
    const auto a = set_of(query);
    const auto b = set_of(document);
    std::vector<std::string> common;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
    const std::size_t either = a.size() + b.size() - common.size();
    return either == 0 ? 0.0 : static_cast<double>(common.size()) / static_cast<double>(either);
}

std::vector<Ranked> ranking(std::vector<double> scores, std::uint64_t top_n) {
    std::vector<Ranked> out;
    out.reserve(scores.size());
    for (const double score : scores) out.push_back({out.size(), score});
    std::stable_sort(out.begin(), out.end(),
                     [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    if (top_n < out.size()) out.resize(top_n);
    return out;
}

}  // namespace tenon::mock

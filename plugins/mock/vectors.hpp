#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tenon::mock {

/// Appends `dimensions` numbers of length 1 to `out`: the sum of a random direction for each word,
/// so texts that share words lie close together. A function of the arguments and nothing else.
void append_embedding(std::vector<float>& out, std::string_view text, std::uint32_t dimensions);

/// How well a document answers a query, 0..1: the share of words that they have in common (Jaccard
/// index; ASCII letters are compared without case).
[[nodiscard]] double relevance(std::string_view query, std::string_view document);

struct Ranked {
    std::uint64_t index = 0;  ///< in the request's documents
    double score = 0;
};

/// Best first, the earlier document first among equals; at most `top_n` of them.
[[nodiscard]] std::vector<Ranked> ranking(std::vector<double> scores, std::uint64_t top_n);

}  // namespace tenon::mock

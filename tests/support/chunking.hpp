#pragma once

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::test {

/// The pieces of one stream, in order. Each has a buffer of its own, so that a view which outlives
/// its chunk is caught by the address sanitizer.
using Chunks = std::vector<std::string>;

/// Calls `check` with `text` whole, cut in two at every position, and in chunks of one byte.
inline void for_every_split(std::string_view text, const std::function<void(Chunks)>& check) {
    check({std::string(text)});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        check({std::string(text.substr(0, cut)), std::string(text.substr(cut))});
    }
    Chunks bytes;
    for (const char byte : text) bytes.emplace_back(1, byte);
    check(std::move(bytes));
}

/// `text` in chunks of 0 to `longest` bytes. The same generator state gives the same chunks.
inline Chunks random_chunks(std::string_view text, std::size_t longest, std::mt19937& random) {
    Chunks chunks;
    while (!text.empty()) {
        const std::size_t size = random() % (longest + 1);
        chunks.emplace_back(text.substr(0, size));
        text.remove_prefix(std::min(size, text.size()));
    }
    return chunks;
}

}  // namespace tenon::test

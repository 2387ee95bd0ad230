#pragma once

#include <cstdint>
#include <string_view>

namespace tenon::mock {

/// The mixing step of SplitMix64: neighbouring inputs give unrelated outputs.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/// FNV-1a: the same on every platform and in every run, unlike std::hash.
[[nodiscard]] constexpr std::uint64_t hash(std::string_view text) noexcept {
    std::uint64_t h = 0xCBF29CE484222325u;
    for (const char c : text) {
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    }
    return h;
}

}  // namespace tenon::mock

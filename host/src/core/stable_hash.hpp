#pragma once

#include <cstdint>
#include <string_view>

namespace tenon::core {

/// All bits depend on all bits (splitmix64's finalizer).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/// A hash that is the same on every machine and after every restart, unlike std::hash: FNV-1a, and
/// mix() spreads what it leaves uneven. Not for secrets.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return mix(hash);
}

}  // namespace tenon::core

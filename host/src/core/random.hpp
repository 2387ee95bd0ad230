#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>

namespace tenon::core {

/// Chance, injected: xoshiro256** 1.0 seeded by splitmix64 (Blackman, Vigna: "Scrambled linear
/// pseudorandom number generators", 2018). Equal seeds give equal numbers on every machine. Not for
/// secrets.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept {
        // splitmix64 visits every value once, so four in a row are never all zero, the one state
        // from which xoshiro does not move.
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
            word = z ^ (z >> 31);
        }
    }

    /// 64 even bits.
    [[nodiscard]] constexpr std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// Even in [0, 1): the 53 bits that a double holds.
    [[nodiscard]] constexpr double unit() noexcept {
        return static_cast<double>(next() >> 11) * 0x1.0p-53;
    }

    /// Even in [0, n), without bias: numbers of the last, incomplete round are drawn again.
    /// \par Preconditions
    /// n > 0.
    [[nodiscard]] constexpr std::uint64_t below(std::uint64_t n) noexcept {
        assert(n > 0);
        const std::uint64_t incomplete = (0 - n) % n;  // 2^64 mod n
        for (;;) {
            const std::uint64_t drawn = next();
            if (drawn >= incomplete) return drawn % n;
        }
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace tenon::core

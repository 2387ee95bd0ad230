#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/breaker_settings.hpp"

namespace tenon::core {

/// Who probes, and until when: up to kMaxProbes leases of one generation at a time. Leases of other
/// generations are as good as free.
///
/// \par Thread-safety
/// Any thread, lock-free: each lease is one atomic word {generation:16 | use:8 | deadline:40}, a
/// deadline of 0 meaning free. Deadlines are milliseconds since some start and at least 1, so they
/// last for 34 years.
///
/// `still_current()` tells whether the caller's generation has not been left; it is asked after a
/// word was read and before it is exchanged, so that whoever is late exchanges nothing newer.
class ProbeLeases {
public:
    /// Takes one of the first `limit` leases. \return its id, or nothing if all are taken.
    template <class StillCurrent>
    std::optional<std::uint16_t> claim(std::uint64_t generation, std::uint64_t deadline, int limit,
                                       StillCurrent still_current) noexcept {
        for (std::size_t i = 0; i < static_cast<std::size_t>(limit); ++i) {
            std::uint64_t word = places_[i].load(std::memory_order_acquire);
            while (!is_taken(word, generation) && still_current()) {
                const std::uint64_t use = (use_of(word) + 1) & 0xff;
                const std::uint64_t mine = pack(generation, use, deadline);
                if (places_[i].compare_exchange_weak(word, mine, std::memory_order_acq_rel)) {
                    return static_cast<std::uint16_t>(i << 8 | use);
                }
            }
        }
        return std::nullopt;
    }

    /// Makes place before `generation` begins: in words that an equal one left 65,536 ago.
    template <class StillBefore>
    void prepare(std::uint64_t generation, StillBefore still_before) noexcept {
        for (auto& place : places_) {
            std::uint64_t word = place.load(std::memory_order_acquire);
            if (!is_taken(word, generation) || !still_before()) continue;
            place.compare_exchange_strong(word, 0, std::memory_order_acq_rel);
        }
    }

    [[nodiscard]] bool holds(std::uint64_t generation, std::uint16_t id) const noexcept;

    /// Gives the lease back, if it is held.
    void release(std::uint64_t generation, std::uint16_t id) noexcept;

    struct Held {
        int count = 0;
        std::uint64_t earliest_deadline = 0;  ///< of those, 0 = there is none
    };
    [[nodiscard]] Held held(std::uint64_t generation) const noexcept;

private:
    static constexpr int kDeadlineBits = 40;
    static constexpr std::uint64_t kDeadlineMask = (std::uint64_t{1} << kDeadlineBits) - 1;

    static constexpr std::uint64_t pack(std::uint64_t generation, std::uint64_t use,
                                        std::uint64_t deadline) noexcept {
        return (generation & 0xffff) << 48 | use << kDeadlineBits | (deadline & kDeadlineMask);
    }
    static constexpr std::uint64_t deadline_of(std::uint64_t word) noexcept {
        return word & kDeadlineMask;
    }
    static constexpr std::uint64_t use_of(std::uint64_t word) noexcept {
        return word >> kDeadlineBits & 0xff;
    }
    static constexpr bool is_taken(std::uint64_t word, std::uint64_t generation) noexcept {
        return word >> 48 == (generation & 0xffff) && deadline_of(word) != 0;
    }
    static constexpr bool is(std::uint64_t word, std::uint64_t generation,
                             std::uint16_t id) noexcept {
        return is_taken(word, generation) && use_of(word) == (id & 0xff);
    }

    std::array<std::atomic<std::uint64_t>, kMaxProbes> places_{};
};

}  // namespace tenon::core

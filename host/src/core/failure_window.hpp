#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace tenon::core {

/// How many attempts ended well and badly in the last `length`, by the time at which they ended.
///
/// The time is cut into buckets of a twelfth; a bucket expires as a whole when 12 later ones have
/// begun, so between 11/12 and 12/12 of `length` count, never more (Polly's rolling window has 10).
/// Each count belongs to a generation and is not seen by another: a new generation starts empty
/// without anything having to be cleared.
///
/// \par Thread-safety
/// Any thread, lock-free: each count is one atomic word of generation, bucket number and number.
class FailureWindow {
public:
    static constexpr std::size_t kBuckets = 12;

    struct Counts {
        std::uint64_t successes = 0;
        std::uint64_t failures = 0;

        [[nodiscard]] std::uint64_t total() const noexcept { return successes + failures; }
    };

    /// \par Preconditions
    /// `length` is at least kBuckets ns. Time before `origin` counts as `origin`.
    FailureWindow(base::Duration length, base::TimePoint origin) noexcept
        : width_(static_cast<std::uint64_t>(length.count()) / kBuckets), origin_(origin) {}

    /// Counts one. `still_current()` tells whether `generation` has not been left; it is asked
    /// after the bucket was read, so that a late count cannot disturb those of a later generation.
    /// \return whether it was current.
    template <class StillCurrent>
    bool add_success(std::uint64_t generation, base::TimePoint now, StillCurrent still_current) {
        return add(successes_, generation, now, still_current);
    }
    template <class StillCurrent>
    bool add_failure(std::uint64_t generation, base::TimePoint now, StillCurrent still_current) {
        return add(failures_, generation, now, still_current);
    }

    /// The numbers at `now`, or at the newest bucket if another thread's clock was ahead of `now`.
    [[nodiscard]] Counts counts(std::uint64_t generation, base::TimePoint now) const noexcept;
    /// The failures alone, at half the price.
    [[nodiscard]] std::uint64_t failures(std::uint64_t generation,
                                         base::TimePoint now) const noexcept;

private:
    /// {generation:16 | bucket number:28 | number:20}. The parts repeat after 65,536 generations
    /// and, with 5 s, 42 years.
    using Cell = std::uint64_t;
    using Ring = std::array<std::atomic<Cell>, kBuckets>;

    static constexpr int kNumberBits = 20;
    static constexpr int kEpochBits = 28;
    static constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << kNumberBits) - 1;
    static constexpr std::uint64_t kEpochMask = (std::uint64_t{1} << kEpochBits) - 1;
    static constexpr std::uint64_t kGenerationMask = 0xffff;
    /// Threads read the clock at different moments: how many buckets one may be ahead of another.
    static constexpr std::uint64_t kAhead = 4096;

    static constexpr std::uint64_t number_of(Cell cell) noexcept { return cell & kNumberMask; }
    static constexpr std::uint64_t epoch_of(Cell cell) noexcept {
        return cell >> kNumberBits & kEpochMask;
    }
    static constexpr std::uint64_t generation_of(Cell cell) noexcept {
        return cell >> (kNumberBits + kEpochBits);
    }

    /// `cell` with one more, in its own bucket or, if that has expired, in a new one.
    static constexpr Cell one_more(Cell cell, std::uint64_t generation,
                                   std::uint64_t epoch) noexcept {
        const bool same = generation_of(cell) == generation && number_of(cell) != 0;
        if (same) {
            const std::uint64_t ahead = (epoch_of(cell) - epoch) & kEpochMask;
            if (ahead == 0) return number_of(cell) == kNumberMask ? cell : cell + 1;
            if (ahead < kAhead) return cell;  // this thread is so late that its bucket is gone
        }
        return generation << (kNumberBits + kEpochBits) | epoch << kNumberBits | 1;
    }

    [[nodiscard]] std::uint64_t epoch_at(base::TimePoint now) const noexcept {
        return now <= origin_ ? 0 : static_cast<std::uint64_t>((now - origin_).count()) / width_;
    }

    // Sequentially consistent, for whoever adds the last of n failures must see the other n-1,
    // which may be in another bucket.
    template <class StillCurrent>
    bool add(Ring& ring, std::uint64_t generation, base::TimePoint now,
             StillCurrent& still_current) noexcept {
        const std::uint64_t epoch = epoch_at(now);
        std::atomic<Cell>& place = ring[epoch % kBuckets];
        Cell cell = place.load();
        do {
            if (!still_current()) return false;
        } while (!place.compare_exchange_weak(
            cell, one_more(cell, generation & kGenerationMask, epoch & kEpochMask)));
        return true;
    }

    static std::uint64_t sum(const Ring& ring, std::uint64_t generation,
                             std::uint64_t epoch) noexcept;

    std::uint64_t width_;  // of a bucket, ns
    base::TimePoint origin_;
    Ring successes_{};
    Ring failures_{};
};

}  // namespace tenon::core

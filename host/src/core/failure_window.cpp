#include "core/failure_window.hpp"

namespace tenon::core {

std::uint64_t FailureWindow::sum(const Ring& ring, std::uint64_t generation,
                                 std::uint64_t epoch) noexcept {
    epoch &= kEpochMask;
    generation &= kGenerationMask;
    for (;;) {
        std::uint64_t total = 0;
        std::uint64_t newest = epoch;
        for (const auto& place : ring) {
            const Cell cell = place.load();
            if (generation_of(cell) != generation || number_of(cell) == 0) continue;
            const std::uint64_t age = (epoch - epoch_of(cell)) & kEpochMask;
            if (age < kBuckets) total += number_of(cell);
            if (((epoch_of(cell) - newest) & kEpochMask) < kAhead) newest = epoch_of(cell);
        }
        if (newest == epoch) return total;
        epoch = newest;  // once more, as of the newest bucket
    }
}

FailureWindow::Counts FailureWindow::counts(std::uint64_t generation,
                                            base::TimePoint now) const noexcept {
    const std::uint64_t epoch = epoch_at(now);
    return {.successes = sum(successes_, generation, epoch),
            .failures = sum(failures_, generation, epoch)};
}

std::uint64_t FailureWindow::failures(std::uint64_t generation,
                                      base::TimePoint now) const noexcept {
    return sum(failures_, generation, epoch_at(now));
}

}  // namespace tenon::core

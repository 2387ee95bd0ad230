#include "core/failure_window.hpp"

namespace tenon::core {

std::uint64_t FailureWindow::sum(const Ring& ring, std::uint64_t generation,
                                 std::uint64_t epoch) noexcept {
    std::array<Cell, kBuckets> cells{};
    std::uint64_t newest = epoch;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        const Cell cell = ring[i].load();
        if (generation_of(cell) != generation) continue;
        cells[i] = cell;
        const std::uint64_t ahead = (epoch_of(cell) - newest) & kEpochMask;
        if (number_of(cell) != 0 && ahead < kAhead) newest = epoch_of(cell);
    }
    std::uint64_t total = 0;
    for (const Cell cell : cells) {
        if (((newest - epoch_of(cell)) & kEpochMask) < kBuckets) total += number_of(cell);
    }
    return total;
}

FailureWindow::Counts FailureWindow::counts(std::uint64_t generation,
                                            base::TimePoint now) const noexcept {
    const std::uint64_t epoch = epoch_at(now) & kEpochMask;
    generation &= kGenerationMask;
    return {.successes = sum(successes_, generation, epoch),
            .failures = sum(failures_, generation, epoch)};
}

}  // namespace tenon::core

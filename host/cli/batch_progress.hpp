#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tenon::cli {

/// How far a batch is.
struct BatchProgress {
    std::uint64_t total = 0;
    std::uint64_t done = 0;         ///< on the disk, with those of earlier runs
    std::uint64_t failed = 0;       ///< of these
    std::uint64_t done_before = 0;  ///< in earlier runs
    std::uint64_t in_flight = 0;
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
    std::chrono::milliseconds elapsed{0};  ///< of this run
    std::string held_because;              ///< why nobody can be asked; empty = somebody can
};

/// "512 of 1000 done (51 %), 3 failed, 12.3/s, ETA 40s, 12.3k tokens in, 40k out"
[[nodiscard]] std::string describe(const BatchProgress& progress);

/// The same with a bar before it, for one line of a terminal.
/// \param columns of the terminal
[[nodiscard]] std::string progress_bar(const BatchProgress& progress, std::size_t columns);

}  // namespace tenon::cli

#pragma once

#include <cstdint>
#include <optional>

namespace tenon::gateway {

/// This process, as the system sees it. What cannot be found out is nullopt.
struct ProcessFigures {
    std::optional<double> cpu_seconds;
    std::optional<double> start_time;  ///< seconds since 1970
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> virtual_bytes;
    std::optional<std::uint64_t> open_fds;
    std::optional<std::uint64_t> max_fds;
    std::optional<std::uint64_t> threads;
};

[[nodiscard]] ProcessFigures process_figures();

}  // namespace tenon::gateway

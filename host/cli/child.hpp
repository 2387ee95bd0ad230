#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace tenon::cli {

/// How a child process ended.
struct ChildEnd {
    enum class How { exited, killed_by_signal, timed_out, not_started };
    How how = How::not_started;
    int code = 0;             ///< exit status, signal number or errno
    std::string output;       ///< its standard output
    std::string diagnostics;  ///< its standard error, at most the last 64 KiB
};

/// Runs a program and waits for its end, at most `limit`; then kills it with everything that it
/// started.
[[nodiscard]] ChildEnd run_child(const std::vector<std::string>& arguments,
                                 std::chrono::milliseconds limit);

}  // namespace tenon::cli

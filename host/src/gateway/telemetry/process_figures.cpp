#include "gateway/telemetry/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace tenon::gateway {
namespace {

/// The fields of /proc/self/stat from the third on; the second is a name with any characters.
std::vector<std::string> stat_fields() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream rest(line.substr(name_end + 1));
    return {std::istream_iterator<std::string>(rest), {}};
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    while (file >> word) {
        double seconds = 0;
        if (word == "btime" && file >> seconds) return seconds;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> open_fds() {
    std::error_code error;
    const std::filesystem::directory_iterator all("/proc/self/fd", error);
    if (error) return std::nullopt;
    const auto count = std::distance(begin(all), end(all));
    return static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(count - 1, 0));  // not all's own
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessFigures process_figures() {
    ProcessFigures out;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        out.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.max_fds = limit.rlim_cur;
    out.open_fds = open_fds();
    std::ifstream memory("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    if (memory >> all >> resident) {
        const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        out.virtual_bytes = all * page;
        out.resident_bytes = resident * page;
    }
    const auto fields = stat_fields();
    constexpr std::size_t kThreads = 20 - 3;  // proc(5) counts from 1, stat_fields() begins at 3
    constexpr std::size_t kStart = 22 - 3;
    if (fields.size() <= kStart) return out;
    out.threads = std::strtoull(fields[kThreads].c_str(), nullptr, 10);
    const auto boot = boot_time();
    const auto ticks = static_cast<double>(std::strtoull(fields[kStart].c_str(), nullptr, 10));
    if (boot) out.start_time = *boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    return out;
}

}  // namespace tenon::gateway

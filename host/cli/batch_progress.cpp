#include "cli/batch_progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tenon::cli {
namespace {

constexpr std::size_t kBarWidth = 20;

std::string rounded(double number, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, number);
    return text;
}

/// "950", "12.3k", "4.5M"
std::string short_count(std::uint64_t count) {
    if (count < 1'000) return std::to_string(count);
    const auto number = static_cast<double>(count);
    if (count < 1'000'000) return rounded(number / 1e3, count < 100'000 ? 1 : 0) + "k";
    return rounded(number / 1e6, count < 100'000'000 ? 1 : 0) + "M";
}

/// "40s", "3m 20s", "2h 5m", "3d 4h"
std::string rough_time(double seconds) {
    if (seconds >= 100 * 86'400.0) return "more than 100d";
    const auto s = static_cast<std::uint64_t>(std::ceil(seconds));
    const auto two = [](std::uint64_t a, const char* unit, std::uint64_t b, const char* smaller) {
        return std::to_string(a) + unit + ' ' + std::to_string(b) + smaller;
    };
    if (s < 60) return std::to_string(s) + "s";
    if (s < 3'600) return two(s / 60, "m", s % 60, "s");
    if (s < 86'400) return two(s / 3'600, "h", s % 3'600 / 60, "m");
    return two(s / 86'400, "d", s % 86'400 / 3'600, "h");
}

double share(const BatchProgress& progress) {
    if (progress.total == 0) return 1;
    return static_cast<double>(progress.done) / static_cast<double>(progress.total);
}

}  // namespace

std::string describe(const BatchProgress& progress) {
    // Rounded down: 100 % means all.
    std::string text = std::to_string(progress.done) + " of " + std::to_string(progress.total) +
                       " done (" + rounded(std::floor(share(progress) * 100), 0) + " %)";
    if (progress.failed > 0) text += ", " + short_count(progress.failed) + " failed";
    const double seconds = std::chrono::duration<double>(progress.elapsed).count();
    const auto now_done = static_cast<double>(progress.done - progress.done_before);
    if (now_done > 0 && seconds > 0) {
        const double rate = now_done / seconds;
        text += ", " + rounded(rate, rate < 100 ? 1 : 0) + "/s";
        const auto left = static_cast<double>(progress.total - progress.done);
        if (left > 0) text += ", ETA " + rough_time(left / rate);
    }
    if (progress.input_tokens + progress.output_tokens > 0) {
        text += ", " + short_count(progress.input_tokens) + " tokens in, " +
                short_count(progress.output_tokens) + " out";
    }
    if (!progress.held_because.empty()) text += "; waiting: " + progress.held_because;
    return text;
}

std::string progress_bar(const BatchProgress& progress, std::size_t columns) {
    const auto filled = static_cast<std::size_t>(share(progress) * kBarWidth);
    std::string line = "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] ";
    line += describe(progress);
    // A line that wraps could not be written over. Cut between characters, not within one.
    std::size_t shown = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const auto c = static_cast<unsigned char>(line[i]);
        if (c < 0x20 || c == 0x7f) line[i] = ' ';
        if ((c & 0xc0) == 0x80 || ++shown < columns) continue;
        line.resize(i);
        break;
    }
    return line;
}

}  // namespace tenon::cli

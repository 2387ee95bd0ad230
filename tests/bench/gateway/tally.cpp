#include "tally.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace tenon::bench {
namespace {

constexpr std::array<const char*, kLeaves> kNames = {"never", "in_request", "before_head",
                                                     "before_first_delta", "in_stream"};

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string member(const char* name, const std::string& value) {
    return std::string(",\"") + name + "\":" + value;
}

std::string counts_json(const std::map<std::string, long long>& counts) {
    std::string json = "{";
    for (const auto& [name, count] : counts) {
        if (json.size() > 1) json += ',';
        json += '"' + name + "\":" + std::to_string(count);
    }
    return json + "}";
}

}  // namespace

std::string Times::json() {
    std::sort(values_.begin(), values_.end());
    std::string json = "{\"count\":" + std::to_string(values_.size());
    if (values_.empty()) return json + "}";
    const auto at = [this](double share) {
        const auto last = static_cast<double>(values_.size() - 1);
        return number(static_cast<double>(values_[static_cast<std::size_t>(last * share)]) / 1e3);
    };
    const double sum = std::accumulate(values_.begin(), values_.end(), 0.0);
    json += member("mean", number(sum / static_cast<double>(values_.size()) / 1e3));
    json += member("p50", at(0.5)) + member("p90", at(0.9)) + member("p99", at(0.99)) +
            member("max", at(1));
    return json + "}";
}

std::string Tally::json(Nanoseconds elapsed) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    std::map<std::string, long long> gone;
    long long aborted = 0;
    long long failed = 0;
    for (std::size_t i = 1; i < kLeaves; ++i) {
        gone[kNames[i]] = left[i];
        aborted += left[i];
    }
    for (const auto& [name, count] : failures) failed += count;
    return "{\"seconds\":" + number(seconds) + member("started", std::to_string(started)) +
           member("completed", std::to_string(completed)) +
           member("aborted", std::to_string(aborted)) + member("failed", std::to_string(failed)) +
           member("aborts", counts_json(gone)) + member("failures", counts_json(failures)) +
           member("chunks", std::to_string(chunks)) + member("bytes", std::to_string(bytes)) +
           member("chunks_per_second", number(static_cast<double>(chunks) / seconds)) +
           member("head_us", head.json()) + member("first_delta_us", first_delta.json()) +
           member("gap_us", gap.json()) + member("delay_us", delay.json()) + "}";
}

}  // namespace tenon::bench

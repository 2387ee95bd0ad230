#include "gateway/admin/history.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

// ProviderStatus::state and ::health. The first stands for words that are not here.
constexpr std::array<std::string_view, 9> kWords = {
    "unknown",       "disconnected",  "connecting", "connected", "unhealthy",
    "disconnecting", "misconfigured", "healthy",    "degraded"};

std::uint8_t index_of(std::string_view word) {
    const auto found = std::find(kWords.begin(), kWords.end(), word);
    return found != kWords.end() ? static_cast<std::uint8_t>(found - kWords.begin()) : 0;
}

template <class Number>
std::uint32_t bounded(Number value) {
    constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min<Number>(value, kMost));
}

}  // namespace

void History::add(host::Time time, const std::vector<host::ProviderStatus>& all,
                  const std::vector<host::ProviderStatistics>& statistics) {
    std::map<std::string_view, const host::ProviderStatistics*> by_name;
    for (const auto& each : statistics) by_name.emplace(each.name, &each);
    auto sample = std::make_shared<Sample>();
    // As it is written, so that whoever asks for what came after it does not get it again.
    sample->time = std::chrono::floor<std::chrono::milliseconds>(time);
    Names names;
    for (const host::ProviderStatus& status : all) {
        names.push_back(status.name);
        Point& point = sample->points.emplace_back();
        point.requests = status.requests;
        point.failures = status.failures;
        point.in_flight = bounded(status.in_flight);
        point.state = index_of(status.state);
        point.health = index_of(status.health);
        const auto found = by_name.find(status.name);
        if (found == by_name.end()) continue;
        const host::ProviderStatistics& counted = *found->second;
        point.attempts = counted.attempts.succeeded + counted.attempts.failed;
        point.p50_us = bounded(counted.attempt_time.p50.count());
        point.p95_us = bounded(counted.attempt_time.p95.count());
    }
    const std::lock_guard lock(mutex_);
    const bool same = !samples_.empty() && *samples_.back()->names == names;
    sample->names = same ? samples_.back()->names : std::make_shared<const Names>(std::move(names));
    samples_.push_back(std::move(sample));
    if (samples_.size() > capacity_) samples_.pop_front();
}

std::string History::to_json(std::optional<host::Time> since) const {
    std::vector<std::shared_ptr<const Sample>> samples;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& sample : samples_) {
            if (!since || sample->time > *since) samples.push_back(sample);
        }
    }
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("interval_ms", interval_.count());
    json.key("samples");
    json.begin_array();
    for (const auto& sample : samples) {
        json.begin_object();
        json.member("time", base::format_utc(sample->time));
        json.key("providers");
        json.begin_object();
        for (std::size_t i = 0; i < sample->points.size(); ++i) {
            const Point& point = sample->points[i];
            json.key((*sample->names)[i]);
            json.begin_object();
            json.member("state", kWords[point.state]);
            json.member("health", kWords[point.health]);
            json.member("requests", point.requests);
            json.member("attempts", point.attempts);
            json.member("failures", point.failures);
            json.member("in_flight", point.in_flight);
            json.member("p50_us", point.p50_us);
            json.member("p95_us", point.p95_us);
            json.end_object();
        }
        json.end_object();
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return out;
}

}  // namespace tenon::gateway

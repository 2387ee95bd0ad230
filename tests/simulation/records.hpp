#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "core/breaker.hpp"
#include "core/counters.hpp"
#include "core/histogram.hpp"
#include "scenario.hpp"

namespace tenon::simulation {

/// How many of something happened in each step of time.
class Rate {
public:
    explicit Rate(base::Duration step) noexcept : step_(step) {}

    void add(base::Duration since_start) { ++counts_[since_start / step_]; }
    [[nodiscard]] std::uint64_t at(std::int64_t step) const {
        const auto found = counts_.find(step);
        return found == counts_.end() ? 0 : found->second;
    }
    [[nodiscard]] std::uint64_t most() const {
        std::uint64_t most = 0;
        for (const auto& [step, count] : counts_) most = std::max(most, count);
        return most;
    }

private:
    base::Duration step_;
    std::map<std::int64_t, std::uint64_t> counts_;
};

/// A call that a breaker let through.
struct Admitted {
    base::TimePoint time;
    std::optional<base::TimePoint> sent{};
    bool cancelled = false;  ///< by its caller
};

struct BreakerChange {
    base::TimePoint time;
    core::BreakerEvent event;
};

/// The greatest value that a gauge ever had, and its limit.
struct Gauge {
    std::uint32_t most = 0;
    std::uint32_t limit = 0;
    std::uint32_t last = 0;

    void set(std::uint32_t value) noexcept {
        last = value;
        most = std::max(most, value);
    }
};

enum class GaugeId : std::uint8_t {
    permits_held,
    permits_awaited,
    connections,
    dials,
    connections_awaited,
    probes,
    in_flight,
};
inline constexpr std::array<std::string_view, 7> kGaugeNames = {
    "permits held", "waiting for a permit", "connections", "dials", "waiting for a connection",
    "probes",       "requests in flight"};

struct ProviderRecords {
    std::array<core::ProviderCounters, kStages> counters;  ///< by the time at which a try began
    std::vector<BreakerChange> breaker;
    std::vector<Admitted> admitted;
    Rate attempts{std::chrono::seconds(1)};
    std::array<Gauge, kGaugeNames.size()> gauges;

    [[nodiscard]] core::ProviderCounters& of(Stage stage) noexcept {
        return counters[static_cast<std::size_t>(stage)];
    }
    [[nodiscard]] const core::ProviderCounters& of(Stage stage) const noexcept {
        return counters[static_cast<std::size_t>(stage)];
    }
};

/// What happened, for the requirements, the table and the chart.
struct Records {
    static constexpr std::chrono::milliseconds kBucket{10};

    std::array<ProviderRecords, kProviders> providers;
    std::array<core::CallCounters, kStages> requests;  ///< by the time at which they began
    std::array<core::Histogram, kStages> latency;      ///< of those that succeeded
    Rate requests_succeeded{std::chrono::seconds(1)};
    Rate requests_failed{std::chrono::seconds(1)};  ///< or rejected
    Rate attempts_succeeded{std::chrono::seconds(1)};
    Rate attempts_failed{std::chrono::seconds(1)};
    Rate asked{kBucket};      ///< requests by their callers
    Rate retries{kBucket};    ///< tries after a wait, at the same provider
    Rate failovers{kBucket};  ///< tries that went on to another provider, at once
};

}  // namespace tenon::simulation

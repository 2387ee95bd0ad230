#include "report.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "timeline.hpp"

namespace tenon::simulation {
namespace {

using core::Ending;
using core::Tally;

long long in_ms(base::Duration time) {
    return std::chrono::round<std::chrono::milliseconds>(time).count();
}

long long openings(const Scenario& scenario, const ProviderRecords& provider, Stage stage) {
    return std::count_if(provider.breaker.begin(), provider.breaker.end(), [&](const auto& change) {
        return change.event.to == core::BreakerState::open &&
               scenario.stage_at(change.time - Timeline::start()) == stage;
    });
}

void print_row(const char* name, const core::CallCounts& requests, const core::CallCounts& calls) {
    std::printf("%-9s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %8" PRIu64 " %6" PRIu64,
                name, requests.started, calls.started, calls.of(Ending::succeeded),
                calls.of(Ending::failed), calls.of(Ending::rejected), calls.of(Ending::cancelled));
}

void print_stage(const Scenario& scenario, const Records& records, Stage stage) {
    const auto index = static_cast<std::size_t>(stage);
    std::printf("\n%-9s %8s %8s %8s %7s %8s %6s %7s %6s %5s %6s %7s %7s %9s %9s\n",
                std::string(kStageNames[index]).c_str(), "requests", "attempts", "ok", "failed",
                "refused", "cancel", "retries", "onward", "trips", "opened", "p50 ms", "p95 ms",
                "queue p95", "queue max");
    for (std::size_t i = 0; i < kProviders; ++i) {
        const ProviderRecords& provider = records.providers[i];
        const auto taken = provider.of(stage).snapshot();
        print_row(kProviderNames[i].data(), taken.requests, taken.attempts);
        std::printf(" %7" PRIu64 " %6" PRIu64 " %5" PRIu64 " %6lld %7lld %7lld %9lld %9lld\n",
                    taken.of(Tally::retries), taken.of(Tally::fail_overs),
                    taken.of(Tally::breaker_trips), openings(scenario, provider, stage),
                    in_ms(taken.duration.percentile(50)), in_ms(taken.duration.percentile(95)),
                    in_ms(taken.queue_wait.percentile(95)), in_ms(taken.queue_wait.longest));
    }
    const auto requests = records.requests[index].snapshot();
    const auto latency = records.latency[index].snapshot();
    std::printf("%-9s %8" PRIu64 " %8s %8" PRIu64 " %7" PRIu64 " %8" PRIu64 " %6" PRIu64, "all",
                requests.started, "", requests.of(Ending::succeeded), requests.of(Ending::failed),
                requests.of(Ending::rejected), requests.of(Ending::cancelled));
    std::printf(" %7s %6s %5s %6s %7lld %7lld\n", "", "", "", "", in_ms(latency.percentile(50)),
                in_ms(latency.percentile(95)));
}

}  // namespace

void print_table(const Scenario& scenario, const Records& records) {
    for (const Stage stage : {Stage::before, Stage::outage, Stage::after}) {
        print_stage(scenario, records, stage);
    }
}

}  // namespace tenon::simulation

#include "requirements.hpp"

#include <algorithm>
#include <cstdint>

#include "timeline.hpp"

namespace tenon::simulation {
namespace {

using core::Ending;

/// Of all clients, in the worst 10 ms.
constexpr double kMostRetries = 0.2;

std::string number(std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (std::size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
    return digits;
}

Requirement all_answered(const Records& records) {
    std::uint64_t answered = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t wanted = 0;
    for (const auto& stage : records.requests) {
        const auto counts = stage.snapshot();
        answered += counts.of(Ending::succeeded);
        cancelled += counts.of(Ending::cancelled);
        wanted += counts.started - counts.of(Ending::cancelled);
    }
    return {answered == wanted && wanted > 0,
            "Every request was answered: " + number(answered) + " of " + number(wanted) + " (and " +
                number(cancelled) + " were cancelled by their callers)."};
}

Requirement retries_spread(const Scenario& scenario, const Records& records) {
    const std::uint64_t most = records.retries.most();
    const double limit = kMostRetries * scenario.clients;
    return {static_cast<double>(most) <= limit,
            "Retries in the worst 10 ms: " + number(most) + ", at most " +
                number(static_cast<std::uint64_t>(limit)) + " of " + number(scenario.clients) +
                " clients. (Requests in the worst 10 ms: " + number(records.asked.most()) +
                "; those that went on to another provider, at once: " +
                number(records.failovers.most()) + ".)"};
}

/// While the breaker of the lost primary is open, from each opening to what ends it.
Requirement left_alone(const Scenario& scenario, const Records& records) {
    const ProviderRecords& primary = records.providers[kPrimary];
    const base::TimePoint outage_ends = Timeline::start() + scenario.outage_ends;
    std::uint64_t periods = 0;
    std::uint64_t tries = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t most = 0;
    const base::TimePoint* first = nullptr;
    for (std::size_t i = 0; i < primary.breaker.size(); ++i) {
        const BreakerChange& change = primary.breaker[i];
        if (change.event.to != core::BreakerState::open || change.time >= outage_ends) continue;
        if (first == nullptr) first = &change.time;
        // A period lasts until the breaker opens again or closes.
        base::TimePoint end = base::kNoDeadline;
        for (std::size_t j = i + 1; j < primary.breaker.size(); ++j) {
            if (primary.breaker[j].event.to == core::BreakerState::half_open) continue;
            end = primary.breaker[j].time;
            break;
        }
        std::uint64_t count = 0;
        for (const Admitted& call : primary.admitted) {
            if (call.time < change.time || call.time >= end) continue;
            ++(call.cancelled ? cancelled : count);
        }
        ++periods;
        tries += count;
        most = std::max(most, count);
    }
    if (first == nullptr) return {false, "The breaker of the lost primary never opened."};

    std::uint64_t sent = 0;
    std::uint64_t sent_later = 0;
    for (const Admitted& call : primary.admitted) {
        const bool before =
            call.time < *first && call.time >= Timeline::start() + scenario.outage_begins;
        if (!before || !call.sent) continue;
        ++(*call.sent < *first ? sent : sent_later);
    }
    return {most <= 1,
            "Tries at the lost primary while its breaker was open: " + number(tries) + " in " +
                number(periods) + " periods, at most " + number(most) + " in one, and " +
                number(cancelled) +
                " whose callers cancelled them, which tells nothing. (Before it opened, " +
                number(sent) + " had been sent into the outage; " + number(sent_later) +
                " more had been let through, stood in the queue and were sent later.)"};
}

Requirement within_limits(const Records& records) {
    std::string above;
    std::size_t gauges = 0;
    for (std::size_t i = 0; i < kProviders; ++i) {
        for (std::size_t id = 0; id < kGaugeNames.size(); ++id) {
            const Gauge& gauge = records.providers[i].gauges[id];
            ++gauges;
            if (gauge.most <= gauge.limit) continue;
            above += " " + std::string(kProviderNames[i]) + ": " + std::string(kGaugeNames[id]) +
                     " " + number(gauge.most) + " of " + number(gauge.limit) + ".";
        }
    }
    return {above.empty(), "No gauge was above its limit (" + number(gauges) + " gauges)." + above};
}

Requirement all_given_back(const Records& records) {
    std::string left;
    for (std::size_t i = 0; i < kProviders; ++i) {
        for (std::size_t id = 0; id < kGaugeNames.size(); ++id) {
            const Gauge& gauge = records.providers[i].gauges[id];
            if (gauge.last == 0) continue;
            left += " " + std::string(kProviderNames[i]) + ": " + std::string(kGaugeNames[id]) +
                    " " + number(gauge.last) + ".";
        }
    }
    return {left.empty(), "At the end all gauges are zero." + left};
}

/// Adds up, and tells whether each start has one end.
bool add(const core::CallCounters& counters, core::CallCounts& sum) {
    const auto counts = counters.snapshot();
    sum.started += counts.started;
    for (std::size_t i = 0; i < core::kEndings; ++i) sum.ended[i] += counts.ended[i];
    return counts.started == counts.finished();
}

std::string in_words(const core::CallCounts& counts) {
    return number(counts.started) + " = " + number(counts.of(Ending::succeeded)) + " succeeded + " +
           number(counts.of(Ending::failed)) + " failed + " + number(counts.of(Ending::cancelled)) +
           " cancelled + " + number(counts.of(Ending::rejected)) + " rejected";
}

Requirement one_end_for_each_start(const Records& records) {
    core::CallCounts requests;
    core::CallCounts attempts;
    core::CallCounts first_asked;
    bool kept = true;
    for (const auto& stage : records.requests) kept = add(stage, requests) && kept;
    for (const auto& provider : records.providers) {
        for (const auto& counters : provider.counters) {
            kept = add(counters.attempts, attempts) && kept;
            kept = add(counters.requests, first_asked) && kept;
        }
    }
    return {kept && requests.started > 0,
            "Every start has one end. Requests: " + in_words(requests) +
                ". Tries: " + in_words(attempts) + "."};
}

}  // namespace

std::vector<Requirement> check(const Scenario& scenario, const Records& records) {
    return {all_answered(records),         retries_spread(scenario, records),
            left_alone(scenario, records), within_limits(records),
            all_given_back(records),       one_end_for_each_start(records)};
}

}  // namespace tenon::simulation

#pragma once

#include <chrono>

#include "gateway/telemetry/metrics.hpp"

/// Sources for tests of metrics.
namespace tenon::test {

inline host::ProviderStatus provider_status() {
    host::ProviderStatus status;
    status.name = "a";
    status.kind = "openai";
    status.state = "connected";
    status.score = 75;
    status.breaker.state = "half_open";
    status.pool.max = 5;
    status.pool.idle = 2;
    status.model_breakers.resize(2);
    status.model_breakers[0].state = "open";
    status.model_breakers[1].state = "closed";
    return status;
}

inline void count_something(core::ProviderCounters& counters) {
    for (int i = 0; i < 4; ++i) counters.attempts.start();
    counters.attempts.end(core::Ending::succeeded);
    counters.attempts.end(core::Ending::failed, Code::throttled);
    counters.attempts.end(core::Ending::failed, Code::throttled);
    counters.add(core::Tally::retries, 3);
    counters.add(core::Tally::completion_tokens, 40);
    counters.add(core::Tally::health_checks, 5);
    counters.add(core::Tally::health_failures, 1);
    counters.first_byte.record(std::chrono::milliseconds(20));
}

/// With something of everything.
inline gateway::MetricsSources all_sources() {
    gateway::MetricsSources sources;
    sources.providers = [](const gateway::MetricsSources::Provider& use) {
        core::ProviderCounters counters;
        count_something(counters);
        use(provider_status(), counters.snapshot());
    };
    sources.servers = [] {
        return std::vector<gateway::MetricsSources::Server>{{"public", {.open = 5}},
                                                            {"control", {}}};
    };
    sources.otlp = [] { return gateway::OtlpExporter::Counts{.dropped = 6}; };
    sources.traces = [] { return std::size_t{7}; };
    sources.offline_queued = [] { return std::size_t{8}; };
    sources.version = "9.8.7";
    return sources;
}

}  // namespace tenon::test

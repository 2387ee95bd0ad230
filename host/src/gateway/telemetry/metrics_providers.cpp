#include "gateway/telemetry/metrics_families.hpp"

namespace tenon::gateway {
namespace {

using core::Ending;
using core::Tally;
using prometheus::MetricType;

struct Provider {
    const host::ProviderStatus& status;
    const core::ProviderSnapshot& counts;
};

constexpr std::int64_t kLatency[] = {1'000,       5'000,      10'000,     25'000,     50'000,
                                     100'000,     250'000,    500'000,    1'000'000,  2'500'000,
                                     5'000'000,   10'000'000, 30'000'000, 60'000'000, 120'000'000,
                                     300'000'000, 600'000'000};
constexpr std::int64_t kQueueWait[] = {10,      100,     1'000,     5'000,     10'000,    50'000,
                                       100'000, 500'000, 1'000'000, 5'000'000, 30'000'000};
constexpr std::int64_t kConnect[] = {1'000,   5'000,     10'000,    50'000,    100'000,
                                     500'000, 1'000'000, 5'000'000, 10'000'000};

constexpr Code kCodes[] = {Code::ok,          Code::cancelled,   Code::stale,    Code::again,
                           Code::invalid,     Code::unsupported, Code::internal, Code::no_memory,
                           Code::unavailable, Code::deadline,    Code::auth,     Code::forbidden,
                           Code::throttled,   Code::too_large,   Code::refused,  Code::protocol,
                           Code::not_found,   Code::overloaded};

/// Succeeded, cancelled, rejected; and the failed ones, a series for each code that has occurred.
void by_result(SeriesWriter& out, const core::CallCounts& calls) {
    out.value(calls.of(Ending::succeeded), {{"result", "succeeded"}, {"code", "ok"}});
    out.value(calls.of(Ending::cancelled), {{"result", "cancelled"}, {"code", "cancelled"}});
    out.value(calls.of(Ending::rejected), {{"result", "rejected"}, {"code", "overloaded"}});
    for (const Code code : kCodes) {
        const std::uint64_t failed = calls.failed_with(code);
        // An unknown code counts as internal.
        const bool is_own =
            core::CodeCounts::index_of(code) != core::CodeCounts::index_of(Code::internal) ||
            code == Code::internal;
        if (failed == 0 || !is_own) continue;
        out.value(failed, {{"result", "failed"}, {"code", to_string(code)}});
    }
}

template <Tally tally>
void tallied(SeriesWriter& out, const Provider& provider) {
    out.value(provider.counts.of(tally));
}
template <Tally good, Tally bad>
void good_and_bad(SeriesWriter& out, const Provider& provider) {
    const std::uint64_t all = provider.counts.of(good);
    const std::uint64_t failed = provider.counts.of(bad);
    out.value(all > failed ? all - failed : 0, {{"result", "succeeded"}});
    out.value(failed, {{"result", "failed"}});
}

std::uint64_t open_models(const host::ProviderStatus& status) {
    std::uint64_t open = 0;
    for (const auto& breaker : status.model_breakers) {
        if (breaker.state == "open" || breaker.state == "forced_open") ++open;
    }
    return open;
}

constexpr FamilySpec<Provider> kStates[] = {
    {"tenon_provider_info", MetricType::Gauge, "1; what kind of provider it is.",
     [](SeriesWriter& out, const Provider& p) {
         out.value(1.0, {{"kind", p.status.kind}});
     }},
    {"tenon_provider_state", MetricType::Gauge, "1 for the state that it is in, else 0.",
     [](SeriesWriter& out, const Provider& p) {
         out.one_of("state", p.status.state,
                    {"disconnected", "connecting", "connected", "unhealthy", "disconnecting",
                     "misconfigured"});
     }},
    {"tenon_provider_enabled", MetricType::Gauge, "1 if it is enabled.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.status.enabled ? 1.0 : 0.0); }},
    {"tenon_provider_health_score", MetricType::Gauge, "From 0, worst, to 1, best.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.status.score / 100.0); }},
    {"tenon_breaker_state", MetricType::Gauge, "1 for the state that its breaker is in, else 0.",
     [](SeriesWriter& out, const Provider& p) {
         out.one_of("state", p.status.breaker.state,
                    {"closed", "open", "half_open", "forced_open", "forced_closed", "disabled"});
     }},
    {"tenon_breaker_models_open", MetricType::Gauge, "Its models whose own breaker is open.",
     [](SeriesWriter& out, const Provider& p) { out.value(open_models(p.status)); }},
    {"tenon_breaker_rejected_total", MetricType::Counter,
     "Attempts that its own breaker did not let through.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.status.breaker.rejected); }},
    {"tenon_pool_connections_max", MetricType::Gauge, "Logical connections that it may have.",
     [](SeriesWriter& out, const Provider& p) { out.value(std::uint64_t{p.status.pool.max}); }},
    {"tenon_pool_connections", MetricType::Gauge, "Logical connections, by state.",
     [](SeriesWriter& out, const Provider& p) {
         const host::PoolStatus& pool = p.status.pool;
         out.value(std::uint64_t{pool.active}, {{"state", "active"}});
         out.value(std::uint64_t{pool.idle}, {{"state", "idle"}});
         out.value(std::uint64_t{pool.connecting}, {{"state", "connecting"}});
     }},
    {"tenon_pool_waiting", MetricType::Gauge, "Requests that wait for a connection.",
     [](SeriesWriter& out, const Provider& p) { out.value(std::uint64_t{p.status.pool.waiting}); }},
    {"tenon_permits_limit", MetricType::Gauge, "Requests that it may have at once.",
     [](SeriesWriter& out, const Provider& p) {
         out.value(std::uint64_t{p.status.permits.limit});
     }},
    {"tenon_permits_held", MetricType::Gauge, "Requests that hold a permit.",
     [](SeriesWriter& out, const Provider& p) { out.value(std::uint64_t{p.status.permits.held}); }},
    {"tenon_permits_waiting", MetricType::Gauge, "Requests that wait for a permit.",
     [](SeriesWriter& out, const Provider& p) {
         out.value(std::uint64_t{p.status.permits.waiting});
     }},
    {"tenon_plugin_unfinished", MetricType::Gauge,
     "Calls and operations that the plugin has not finished.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.status.unfinished); }},
    {"tenon_plugin_misbehaviours_total", MetricType::Counter,
     "Rules of the ABI that the plugin broke.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.status.misbehaviours); }},
};

constexpr FamilySpec<Provider> kCounts[] = {
    {"tenon_provider_requests_total", MetricType::Counter,
     "Requests that asked it first, with all their attempts, by result.",
     [](SeriesWriter& out, const Provider& p) { by_result(out, p.counts.requests); }},
    {"tenon_attempts_total", MetricType::Counter, "Attempts at it, by result.",
     [](SeriesWriter& out, const Provider& p) { by_result(out, p.counts.attempts); }},
    {"tenon_attempts_in_flight", MetricType::Gauge, "Attempts under way.",
     [](SeriesWriter& out, const Provider& p) { out.value(p.counts.attempts.in_flight()); }},
    {"tenon_retries_total", MetricType::Counter, "Attempts after a failed one, at the same.",
     tallied<Tally::retries>},
    {"tenon_transparent_retries_total", MetricType::Counter,
     "Connections that had died of age and were replaced unseen.",
     tallied<Tally::transparent_retries>},
    {"tenon_failovers_total", MetricType::Counter, "Requests that went on to another provider.",
     tallied<Tally::fail_overs>},
    {"tenon_retry_budget_exhausted_total", MetricType::Counter,
     "Retries that were not made for want of budget.", tallied<Tally::budget_exhausted>},
    {"tenon_breaker_trips_total", MetricType::Counter, "Times that a breaker opened.",
     tallied<Tally::breaker_trips>},
    {"tenon_provider_repairs_total", MetricType::Counter, "Times that breaker or health came back.",
     tallied<Tally::repairs>},
    {"tenon_connects_total", MetricType::Counter, "Connections that were to be made, by result.",
     [](SeriesWriter& out, const Provider& p) {
         out.value(p.counts.of(Tally::connects), {{"result", "succeeded"}});
         out.value(p.counts.of(Tally::connect_failures), {{"result", "failed"}});
     }},
    {"tenon_disconnects_total", MetricType::Counter, "Connections that ended.",
     tallied<Tally::disconnects>},
    {"tenon_health_checks_total", MetricType::Counter, "Health checks, by result.",
     good_and_bad<Tally::health_checks, Tally::health_failures>},
    {"tenon_tokens_total", MetricType::Counter, "Tokens that it has counted, by direction.",
     [](SeriesWriter& out, const Provider& p) {
         out.value(p.counts.of(Tally::prompt_tokens), {{"direction", "input"}});
         out.value(p.counts.of(Tally::completion_tokens), {{"direction", "output"}});
     }},
    {"tenon_queue_wait_seconds", MetricType::Histogram,
     "Waits of attempts for permit and connection.",
     [](SeriesWriter& out, const Provider& p) { out.histogram(p.counts.queue_wait, kQueueWait); }},
    {"tenon_first_byte_seconds", MetricType::Histogram,
     "From the start of the call to the first part of the answer.",
     [](SeriesWriter& out, const Provider& p) { out.histogram(p.counts.first_byte, kLatency); }},
    {"tenon_attempt_duration_seconds", MetricType::Histogram,
     "Attempts that were answered, without the queue.",
     [](SeriesWriter& out, const Provider& p) { out.histogram(p.counts.duration, kLatency); }},
    {"tenon_connect_seconds", MetricType::Histogram, "How long connections took to be made.",
     [](SeriesWriter& out, const Provider& p) { out.histogram(p.counts.connect_time, kConnect); }},
};

}  // namespace

FamilyList collect_providers(const MetricsSources& sources) {
    const std::span<const FamilySpec<Provider>> states(kStates);
    const std::span<const FamilySpec<Provider>> counts(kCounts);
    FamilyList out = empty_families(states);
    FamilyList counted = empty_families(counts);
    if (sources.providers) {
        sources.providers(
            [&](const host::ProviderStatus& status, const core::ProviderSnapshot& snapshot) {
                const Provider provider{status, snapshot};
                fill_families(out, states, provider, {{"provider", status.name}});
                fill_families(counted, counts, provider, {{"provider", status.name}});
            });
    }
    out.insert(out.end(), std::make_move_iterator(counted.begin()),
               std::make_move_iterator(counted.end()));
    return out;
}

}  // namespace tenon::gateway

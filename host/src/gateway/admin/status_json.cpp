#include "gateway/admin/status_json.hpp"

#include <map>

#include "base/clock.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

void write(wire::JsonWriter& json, const host::BreakerStatus& breaker) {
    json.begin_object();
    if (!breaker.model.empty()) json.member("model", breaker.model);
    json.member("state", breaker.state);
    json.member("failures", breaker.failures);
    json.member("calls", breaker.calls);
    json.member("trips", breaker.trips);
    json.member("repairs", breaker.repairs);
    json.member("rejected", breaker.rejected);
    json.member("retry_after_ms", breaker.retry_after.count());
    json.end_object();
}

void write(wire::JsonWriter& json, const host::PoolStatus& pool) {
    json.begin_object();
    json.member("max", pool.max);
    json.member("active", pool.active);
    json.member("idle", pool.idle);
    json.member("connecting", pool.connecting);
    json.member("waiting", pool.waiting);
    json.end_object();
}

void write(wire::JsonWriter& json, const host::PermitStatus& permits) {
    json.begin_object();
    json.member("limit", permits.limit);
    json.member("held", permits.held);
    json.member("waiting", permits.waiting);
    json.end_object();
}

void write(wire::JsonWriter& json, std::string_view name, const host::CallStatistics& calls) {
    json.key(name);
    json.begin_object();
    json.member("started", calls.started);
    json.member("succeeded", calls.succeeded);
    json.member("failed", calls.failed);
    json.member("cancelled", calls.cancelled);
    json.member("rejected", calls.rejected);
    json.key("failed_by_code");
    json.begin_object();
    for (const auto& [code, count] : calls.failed_by_code) json.member(code, count);
    json.end_object();
    json.end_object();
}

void write(wire::JsonWriter& json, std::string_view name, const host::LatencySummary& times) {
    json.key(name);
    json.begin_object();
    json.member("count", times.count);
    json.member("average_us", times.average.count());
    json.member("p50_us", times.p50.count());
    json.member("p90_us", times.p90.count());
    json.member("p95_us", times.p95.count());
    json.member("p99_us", times.p99.count());
    json.member("max_us", times.max.count());
    json.end_object();
}

void write(wire::JsonWriter& json, const host::ProviderStatistics& s) {
    json.begin_object();
    write(json, "requests", s.requests);
    write(json, "attempts", s.attempts);
    json.member("retries", s.retries);
    json.member("transparent_retries", s.transparent_retries);
    json.member("fail_overs", s.fail_overs);
    json.member("budget_exhausted", s.budget_exhausted);
    json.member("breaker_trips", s.breaker_trips);
    json.member("breaker_repairs", s.breaker_repairs);
    json.member("connects", s.connects);
    json.member("connect_failures", s.connect_failures);
    json.member("disconnects", s.disconnects);
    json.member("health_checks", s.health_checks);
    json.member("health_failures", s.health_failures);
    json.member("input_tokens", s.input_tokens);
    json.member("output_tokens", s.output_tokens);
    write(json, "request_time", s.request_time);
    write(json, "attempt_time", s.attempt_time);
    write(json, "first_byte", s.first_byte);
    write(json, "queue_wait", s.queue_wait);
    write(json, "connect_time", s.connect_time);
    json.end_object();
}

void write_statistics(wire::JsonWriter& json, const host::ProviderStatistics* statistics) {
    const auto rate = statistics != nullptr ? success_rate(*statistics) : std::nullopt;
    json.key("success_rate");
    rate ? json.value(*rate) : json.null();
    json.key("statistics");
    statistics != nullptr ? write(json, *statistics) : json.null();
}

void write(wire::JsonWriter& json, const host::ProviderStatus& s,
           const host::ProviderStatistics* statistics) {
    json.begin_object();
    json.member("name", s.name);
    json.member("kind", s.kind);
    json.member("library", s.library);
    json.member("enabled", s.enabled);
    json.member("state", s.state);
    json.member("wanted", s.wanted);
    json.member("health", s.health);
    json.member("healthy", s.healthy);
    json.member("score", s.score);
    json.member("default_model", s.default_model);
    json.member("server_version", s.server_version);
    json.key("response_time_us");
    s.response_time ? json.value(s.response_time->count()) : json.null();
    write_time(json, "last_check", s.last_check);
    write_time(json, "next_check", s.next_check);
    write_time(json, "cools_down_until", s.cools_down_until);
    json.key("breaker");
    write(json, s.breaker);
    json.key("model_breakers");
    json.begin_array();
    for (const host::BreakerStatus& breaker : s.model_breakers) write(json, breaker);
    json.end_array();
    json.key("pool");
    write(json, s.pool);
    json.key("permits");
    write(json, s.permits);
    json.member("requests", s.requests);
    json.member("failures", s.failures);
    json.member("in_flight", s.in_flight);
    json.member("unfinished", s.unfinished);
    json.member("misbehaviours", s.misbehaviours);
    json.member("last_error", s.last_error);
    write_statistics(json, statistics);
    json.end_object();
}

}  // namespace

void write_time(wire::JsonWriter& json, std::string_view name, std::optional<host::Time> time) {
    json.key(name);
    if (time) {
        json.value(base::format_utc(*time));
    } else {
        json.null();
    }
}

std::optional<double> success_rate(const host::ProviderStatistics& statistics) {
    const auto answered = statistics.attempts.succeeded + statistics.attempts.failed;
    if (answered == 0) return std::nullopt;
    return static_cast<double>(statistics.attempts.succeeded) / static_cast<double>(answered);
}

void write_providers(wire::JsonWriter& json, const std::vector<host::ProviderStatus>& all,
                     const std::vector<host::ProviderStatistics>& statistics) {
    std::map<std::string_view, const host::ProviderStatistics*> by_name;
    for (const host::ProviderStatistics& each : statistics) by_name.emplace(each.name, &each);
    json.begin_array();
    for (const host::ProviderStatus& status : all) {
        const auto found = by_name.find(status.name);
        write(json, status, found != by_name.end() ? found->second : nullptr);
    }
    json.end_array();
}

std::string to_json(const std::vector<host::ProviderStatus>& all,
                    const std::vector<host::ProviderStatistics>& statistics) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    write_providers(json, all, statistics);
    return out;
}

}  // namespace tenon::gateway

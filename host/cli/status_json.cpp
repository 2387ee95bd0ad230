#include "cli/status_json.hpp"

#include <optional>

#include "base/clock.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

void write_time(wire::JsonWriter& json, std::string_view name, std::optional<host::Time> time) {
    json.key(name);
    if (time) {
        json.value(base::format_utc(*time));
    } else {
        json.null();
    }
}

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

void write(wire::JsonWriter& json, const host::ProviderStatus& s) {
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
    json.end_object();
}

}  // namespace

std::string to_json(const std::vector<host::ProviderStatus>& all) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    json.begin_array();
    for (const host::ProviderStatus& status : all) write(json, status);
    json.end_array();
    return out;
}

}  // namespace tenon::cli

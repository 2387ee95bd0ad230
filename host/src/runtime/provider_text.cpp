#include "runtime/provider_text.hpp"

#include <algorithm>
#include <chrono>

#include "base/duration.hpp"

namespace tenon::runtime {
namespace {

using std::chrono::microseconds;

microseconds to_us(base::Duration time) {
    return std::chrono::duration_cast<microseconds>(time);
}

host::LatencySummary summary(const core::HistogramSnapshot& times) {
    return {times.count,
            to_us(times.average()),
            to_us(times.percentile(50)),
            to_us(times.percentile(90)),
            to_us(times.percentile(95)),
            to_us(times.percentile(99)),
            to_us(times.longest)};
}

host::CallStatistics to_calls(const core::CallCounts& counts) {
    host::CallStatistics out;
    out.started = counts.started;
    out.succeeded = counts.of(core::Ending::succeeded);
    out.failed = counts.of(core::Ending::failed);
    out.cancelled = counts.of(core::Ending::cancelled);
    out.rejected = counts.of(core::Ending::rejected);
    for (int code = core::CodeCounts::kLeast; code <= core::CodeCounts::kMost; ++code) {
        const auto known = static_cast<Code>(code);
        const std::uint64_t failed = counts.failed_with(known);
        // Numbers without a code of their own count as internal errors.
        if (failed > 0) out.failed_by_code[std::string(to_string(known))] = failed;
    }
    return out;
}

enum class Announced : std::uint8_t { nothing, connected, disconnected };

/// What will be the case if all goes well.
Announced what_is_announced(core::ReplyNote note) noexcept {
    switch (note) {
        case core::ReplyNote::connecting:
        case core::ReplyNote::connects_when_drained:
        case core::ReplyNote::dialling:
        case core::ReplyNote::checking:
        case core::ReplyNote::already_connecting:
        case core::ReplyNote::already_waiting_for_drain:
        case core::ReplyNote::already_dialling: return Announced::connected;
        case core::ReplyNote::draining:
        case core::ReplyNote::already_disconnecting: return Announced::disconnected;
        default: return Announced::nothing;
    }
}

host::BreakerStatus to_breaker(const std::string& model, const core::BreakerSnapshot& breaker) {
    host::BreakerStatus out;
    out.model = model;
    out.state = to_string(breaker.state);
    out.failures = breaker.counts.failures;
    out.calls = breaker.counts.failures + breaker.counts.successes;
    out.trips = breaker.trips;
    out.repairs = breaker.repairs;
    out.rejected = breaker.rejected;
    const auto longest = base::Duration(base::kLongestDuration);
    out.retry_after =
        std::chrono::ceil<std::chrono::milliseconds>(std::min(breaker.retry_after, longest));
    return out;
}

}  // namespace

std::string state_name(const provider::ProviderReport& report) {
    const core::ConnectionReport& connection = report.connections.connection;
    if (connection.misconfigured) return "misconfigured";
    return std::string(to_string(connection.state));
}

std::string reply_text(core::CommandReply reply, bool waited, std::string_view name,
                       const provider::ProviderReport& report) {
    using core::ReplyNote;
    const core::ConnectionState state = report.connections.connection.state;
    const Announced announced = what_is_announced(reply.note);
    if (announced == Announced::connected && state == core::ConnectionState::connected) {
        return core::describe({ReplyNote::now_connected}, name);
    }
    if (announced == Announced::disconnected && state == core::ConnectionState::disconnected) {
        return core::describe({ReplyNote::now_disconnected}, name);
    }
    const bool hoped = announced == Announced::connected || reply.note == ReplyNote::recreating ||
                       reply.note == ReplyNote::now_kept_connected;
    const std::string& why = report.connections.last_error.message;
    const bool tells_why = reply.note == ReplyNote::already_unhealthy || (waited && hoped);
    // Without recovery it is disconnected when it could not be connected.
    const bool failed = state == core::ConnectionState::unhealthy ||
                        (state == core::ConnectionState::disconnected && !why.empty());
    if (!tells_why || !failed) return core::describe(reply, name);
    std::string text = "Provider '" + std::string(name) + "' is " + state_name(report);
    if (!why.empty()) text += ": " + why;
    if (text.back() != '.') text += '.';
    return text;
}

host::Time to_wall_clock(base::TimePoint time) {
    const auto ago = base::steady_clock().now() - time;
    return std::chrono::time_point_cast<host::Time::duration>(std::chrono::system_clock::now() -
                                                              ago);
}

host::ProviderStatus to_status(const std::string& name, const provider::ProviderReport& report) {
    const auto& [connection, pool, permits, last_error] = report.connections;
    const core::HealthStatus& health = report.health;
    host::ProviderStatus out;
    out.name = name;
    out.enabled = connection.enabled;
    out.state = state_name(report);
    out.wanted = to_string(connection.wanted);
    out.health = to_string(health.state);
    out.healthy = health.healthy;
    out.score = health.score;
    out.breaker = to_breaker({}, report.breakers.provider);
    for (const auto& [model, breaker] : report.breakers.models) {
        out.model_breakers.push_back(to_breaker(model, breaker));
    }
    out.pool = {pool.max, pool.active, pool.idle, pool.connecting, pool.waiting};
    out.permits = {permits.limit, permits.held, permits.waiting};
    out.server_version = health.server_version;
    if (health.response_time) out.response_time = to_us(*health.response_time);
    if (health.last_check) out.last_check = to_wall_clock(*health.last_check);
    if (health.next_check) out.next_check = to_wall_clock(*health.next_check);
    if (health.cool_down_until) out.cools_down_until = to_wall_clock(*health.cool_down_until);
    out.last_error = report.last_error;
    out.unfinished = report.unfinished;
    out.misbehaviours = report.misbehaviours;
    return out;
}

void count_calls(host::ProviderStatus& status, const core::ProviderSnapshot& snapshot) {
    status.requests = snapshot.requests.started;
    status.failures = snapshot.attempts.of(core::Ending::failed);
    status.in_flight = snapshot.attempts.in_flight();
}

host::Event to_host(const core::Event& event) {
    host::Event out;
    out.sequence = event.sequence;
    out.kind = to_string(event.kind);
    out.provider = event.provider;
    out.from = event.from;
    out.to = event.to;
    out.reason = event.reason;
    out.time = to_wall_clock(event.time);
    return out;
}

host::ProviderStatistics to_statistics(const std::string& name,
                                       const core::ProviderSnapshot& snapshot) {
    host::ProviderStatistics out;
    out.name = name;
    out.requests = to_calls(snapshot.requests);
    out.attempts = to_calls(snapshot.attempts);
    out.retries = snapshot.of(core::Tally::retries);
    out.transparent_retries = snapshot.of(core::Tally::transparent_retries);
    out.fail_overs = snapshot.of(core::Tally::fail_overs);
    out.budget_exhausted = snapshot.of(core::Tally::budget_exhausted);
    out.breaker_trips = snapshot.of(core::Tally::breaker_trips);
    out.breaker_repairs = snapshot.of(core::Tally::repairs);
    out.connects = snapshot.of(core::Tally::connects);
    out.connect_failures = snapshot.of(core::Tally::connect_failures);
    out.disconnects = snapshot.of(core::Tally::disconnects);
    out.health_checks = snapshot.of(core::Tally::health_checks);
    out.health_failures = snapshot.of(core::Tally::health_failures);
    out.input_tokens = snapshot.of(core::Tally::prompt_tokens);
    out.output_tokens = snapshot.of(core::Tally::completion_tokens);
    out.request_time = summary(snapshot.request_duration);
    out.attempt_time = summary(snapshot.duration);
    out.first_byte = summary(snapshot.first_byte);
    out.queue_wait = summary(snapshot.queue_wait);
    out.connect_time = summary(snapshot.connect_time);
    return out;
}

}  // namespace tenon::runtime

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How providers stand and how they have done, as plain values.
namespace tenon::host {

/// A moment in the past or future, by the wall clock, exact to about a millisecond.
using Time = std::chrono::system_clock::time_point;

struct BreakerStatus {
    std::string model;  ///< empty: the provider's own breaker
    /// "closed", "open", "half_open", "forced_open", "forced_closed" or "disabled"
    std::string state;
    std::uint64_t failures = 0;                ///< within its window
    std::uint64_t calls = 0;                   ///< likewise
    std::uint64_t trips = 0;                   ///< closed -> open, ever
    std::uint64_t repairs = 0;                 ///< half-open -> closed, ever
    std::uint64_t rejected = 0;                ///< attempts, ever
    std::chrono::milliseconds retry_after{0};  ///< 0 = a call may get through now
};

/// Logical connections. Without any, as for stateless kinds, all are 0.
struct PoolStatus {
    std::uint32_t max = 0;
    std::uint32_t active = 0;
    std::uint32_t idle = 0;
    std::uint32_t connecting = 0;
    std::uint32_t waiting = 0;  ///< requests that wait for a connection
};

/// Requests at once.
struct PermitStatus {
    std::uint32_t limit = 0;
    std::uint32_t held = 0;
    std::uint32_t waiting = 0;  ///< requests that wait for a permit
    [[nodiscard]] std::uint32_t available() const noexcept {
        return limit > held ? limit - held : 0;
    }
};

/// How one provider stands.
struct ProviderStatus {
    std::string name;
    std::string kind;
    std::string library;
    std::string default_model;

    bool enabled = true;
    /// "disconnected", "connecting", "connected", "unhealthy" or "disconnecting"; "misconfigured"
    /// if it could not be made, or its credentials are refused: see last_error.
    std::string state;
    std::string wanted;  ///< "on_demand", "connected" or "disconnected"
    /// "unknown", "healthy", "degraded" (the latest checks have failed), "unhealthy",
    /// "misconfigured"
    std::string health;
    bool healthy = false;
    int score = 0;  ///< 0 = worst, 100 = best

    BreakerStatus breaker;
    std::vector<BreakerStatus> model_breakers;  ///< those that are not closed or have failures
    PoolStatus pool;
    PermitStatus permits;

    std::string server_version;                              ///< from a check, may be empty
    std::optional<std::chrono::microseconds> response_time;  ///< of the last check that passed
    std::optional<Time> last_check;
    std::optional<Time> next_check;
    std::optional<Time> cools_down_until;  ///< it limits the rate
    std::string last_error;                ///< of a request, check or dial; may be empty

    std::uint64_t requests = 0;   ///< that this provider was the first to be asked for
    std::uint64_t failures = 0;   ///< attempts
    std::uint64_t in_flight = 0;  ///< attempts
    /// What the plugin has not finished: calls, including those that nobody waits for any more, and
    /// what the host does for them, such as timers and HTTP requests.
    std::uint64_t unfinished = 0;
    std::uint64_t misbehaviours = 0;  ///< rules of the ABI that the plugin broke
};

/// Exact to 3 %.
struct LatencySummary {
    std::uint64_t count = 0;
    std::chrono::microseconds average{0};
    std::chrono::microseconds p50{0};
    std::chrono::microseconds p90{0};
    std::chrono::microseconds p95{0};
    std::chrono::microseconds p99{0};
    std::chrono::microseconds max{0};
};

/// Everything that was started has ended in one of four ways or is in flight.
struct CallStatistics {
    std::uint64_t started = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;  ///< by the caller
    std::uint64_t rejected = 0;   ///< by this host: no permit, no connection, breaker open
    std::map<std::string, std::uint64_t, std::less<>> failed_by_code;  ///< "unavailable", ...
    [[nodiscard]] std::uint64_t in_flight() const noexcept {
        return started - succeeded - failed - cancelled - rejected;
    }
};

/// What one provider has done since it was made. Only rises.
struct ProviderStatistics {
    std::string name;
    CallStatistics requests;  ///< logical ones, whose first provider this was
    CallStatistics attempts;  ///< here
    std::uint64_t retries = 0;
    std::uint64_t transparent_retries = 0;  ///< dead connections that were replaced unseen
    std::uint64_t fail_overs = 0;           ///< requests that went on to another provider
    std::uint64_t budget_exhausted = 0;     ///< retries that were not made for want of budget
    std::uint64_t breaker_trips = 0;
    std::uint64_t breaker_repairs = 0;
    std::uint64_t connects = 0;
    std::uint64_t connect_failures = 0;
    std::uint64_t disconnects = 0;
    std::uint64_t health_checks = 0;
    std::uint64_t health_failures = 0;
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
    LatencySummary request_time;  ///< of requests that succeeded, with all waits and attempts
    LatencySummary attempt_time;  ///< of attempts that were answered, without the queue
    LatencySummary first_byte;    ///< of streams
    LatencySummary queue_wait;    ///< for permit and connection
    LatencySummary connect_time;
};

/// Something that happened.
struct Event {
    std::uint64_t sequence = 0;  ///< from 1, one more for each event of the host
    /// "connection_state", "enabled", "health", "breaker", "cool_down", "pool", "fail_over",
    /// "retry_exhausted", "pool_cleared", "connection_closed" or "reloaded"
    std::string kind;
    std::string provider;  ///< empty = the host itself
    std::string from;      ///< state before; may be empty
    std::string to;        ///< state since; may be empty
    std::string reason;    ///< one sentence or word
    Time time;
};

}  // namespace tenon::host

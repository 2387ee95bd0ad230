#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.hpp"
#include "core/balancer.hpp"
#include "core/breaker_settings.hpp"
#include "core/deadline.hpp"
#include "core/ewma.hpp"
#include "core/failover.hpp"
#include "core/health.hpp"
#include "core/permits.hpp"
#include "core/pool_types.hpp"
#include "core/random.hpp"
#include "core/retry.hpp"
#include "core/retry_budget.hpp"

namespace tenon::simulation {

inline constexpr std::size_t kProviders = 3;
inline constexpr std::size_t kPrimary = 0;  ///< the one that is lost
inline constexpr std::size_t kFlaky = 1;    ///< the one that fails often
inline constexpr std::array<std::string_view, kProviders> kProviderNames = {"primary", "flaky",
                                                                            "steady"};

enum class Stage : std::uint8_t { before, outage, after };
inline constexpr std::size_t kStages = 3;
inline constexpr std::array<std::string_view, kStages> kStageNames = {"before", "outage", "after"};

/// How the other side of the wire behaves while it is reachable.
struct RemoteSettings {
    double median_ms = 0;     ///< of answers, log-normal
    double spread = 0.5;      ///< sigma of the logarithm
    double failure_rate = 0;  ///< answered by 503, in 20 to 60 ms
};

/// Who asks what, what breaks when, and how the machines are set. What is not set here is the
/// machines' own default.
struct Scenario {
    std::uint64_t seed = 1;
    std::uint32_t clients = 1'000;
    std::chrono::milliseconds mean_think{15'000};  ///< between an answer and the next request
    /// At each full period all clients that think ask at once, as cron jobs do; 0 = never.
    std::chrono::milliseconds herd_period{60'000};
    double cancelled = 0.01;  ///< share of the requests whose caller gives up, within 4 s
    bool checks = false;      ///< the providers have health checks

    std::chrono::seconds outage_begins{120};
    std::chrono::seconds outage_ends{420};
    std::chrono::seconds length{600};  ///< from then on nobody asks any more

    std::array<RemoteSettings, kProviders> remotes{{
        {.median_ms = 800},
        {.median_ms = 900, .failure_rate = 0.3},
        {.median_ms = 1'500},
    }};

    core::BreakerSettings breaker;
    core::PermitSettings permits;
    core::PoolSettings pool;
    core::RetrySettings retry;
    core::RetryBudgetSettings budget;
    core::FailoverSettings failover;
    core::BalancerSettings balancer;
    core::EwmaSettings ewma;
    core::HealthSettings health;
    /// Above all for non-streamed requests, whose answer has no time limit of its own by default:
    /// the first attempt that hangs would use up the time of the whole request.
    core::DeadlineSettings limits;

    /// Room for all clients at each provider: 8 HTTP/2 connections with 50 calls each, the rest in
    /// the queue.
    Scenario() {
        permits.permits = 400;
        permits.queue = 600;
        pool.mode = core::ConnectionMode::multiplexed;
        pool.max_connections = 8;
        pool.calls_per_connection = 50;
        pool.preconnect = 8;
        pool.max_waiting = 600;
        limits[core::OperationClass::chat][core::Phase::first_byte] =
            std::chrono::milliseconds(10'000);
    }

    [[nodiscard]] Stage stage_at(base::Duration since_start) const noexcept {
        if (since_start < outage_begins) return Stage::before;
        return since_start < outage_ends ? Stage::outage : Stage::after;
    }
};

}  // namespace tenon::simulation

#include "config/derive.hpp"

#include <algorithm>
#include <array>

namespace tenon::config {
namespace {

using core::OperationClass;
using core::Phase;
using std::chrono::milliseconds;

/// What requests do.
constexpr std::array kRequests = {OperationClass::chat, OperationClass::stream,
                                  OperationClass::embed, OperationClass::rerank,
                                  OperationClass::list_models};

milliseconds longest(const Timeouts& timeouts, Phase phase) {
    milliseconds out{0};
    for (const OperationClass operation : kRequests) {
        const core::Limits limits = limits_of(timeouts, operation);
        // Without a limit of its own the phase ends with the total.
        out = std::max(out, std::min(limits[phase], limits[Phase::total]));
    }
    return out;
}

void derive_times(ProviderSettings& settings) {
    const Timeouts& timeouts = settings.timeouts;
    settings.connection.connect_timeout =
        limits_of(timeouts, OperationClass::connect)[Phase::total];
    settings.health.timeout = limits_of(timeouts, OperationClass::health)[Phase::total];
    settings.pool.acquire_timeout = longest(timeouts, Phase::queue);
    settings.permits.queue_timeout = settings.pool.acquire_timeout;
    settings.breaker.attempt_timeout = longest(timeouts, Phase::total);
    core::EwmaSettings& latency = settings.latency;
    const milliseconds ceiling = limits_of(timeouts, OperationClass::stream)[Phase::first_byte];
    latency.failure_ceiling = ceiling;
    latency.failure_floor = std::min(latency.failure_floor, ceiling);
}

void remove_jitter(ProviderSettings& settings) {
    settings.breaker.recovery_jitter = 0;
    settings.retry.request.backoff.jitter = core::Jitter::none;
    settings.retry.connection.backoff.jitter = core::Jitter::none;
    settings.health.jitter = 0;
    settings.health.first_within = milliseconds(0);
}

}  // namespace

void derive(ProviderSettings& settings) {
    settings.connection.connect_on_demand = settings.connection.connect != ConnectWhen::manual;
    derive_times(settings);
    core::AdaptiveLimitSettings& limit = settings.adaptive_limit;
    // Not std::clamp: the bounds may be the wrong way round, which is found later.
    limit.initial = std::max(limit.least, std::min(limit.most, settings.permits.permits));
    if (!settings.pool.pooling) settings.pool.min_idle = settings.pool.preconnect = 0;
    if (!settings.jitter) remove_jitter(settings);
}

void derive(Config& config) {
    derive(static_cast<ProviderSettings&>(config));
    for (auto& [name, provider] : config.providers) derive(provider);
}

}  // namespace tenon::config

#pragma once

#include "config/config.hpp"

namespace tenon::config {

/// Sets the members that the file does not have, because they say what others have said already:
///
/// | member | follows |
/// | --- | --- |
/// | connection.connect_on_demand | connection.connect |
/// | connection.connect_timeout | timeouts of connecting |
/// | health.timeout | timeouts of health checks |
/// | pool.acquire_timeout, permits.queue_timeout | the longest timeout of a queue |
/// | breaker.attempt_timeout | the longest timeout of a request |
/// | latency.failure_ceiling, and failure_floor at most that | the longest for a first byte |
/// | adaptive_limit.initial | permits.permits, within its bounds |
/// | pool.min_idle, pool.preconnect | 0 if pool.pooling is off |
/// | every jitter, health.first_within | none if jitter is off |
///
/// Doing it again changes nothing. Whoever changes settings in the program does it too.
void derive(ProviderSettings& settings);

/// The settings at the top and those of each provider.
void derive(Config& config);

}  // namespace tenon::config

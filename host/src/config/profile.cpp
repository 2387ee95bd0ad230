#include "config/profile.hpp"

namespace tenon::config {
namespace {

using namespace std::chrono_literals;

/// Whoever tries something out wants to see at once that it fails, the same way each time.
void suit_development(Config& config) {
    config.log.level = base::LogLevel::debug;
    config.jitter = false;
    config.timeouts.queue = 1s;
    config.timeouts.connect = 3s;
    config.timeouts.first_byte = 15s;
    config.timeouts.idle = 20s;
    config.timeouts.health_check = 2s;
    config.timeouts.stream = 2min;
    config.http.connect_timeout = 3s;
    config.connection.reconnect_delay = 1s;
    config.connection.drain_grace = 1s;
    config.breaker.recovery = 2s;
    config.retry.max_attempts = 1;
    config.health.interval = 10s;
    config.health.recheck = 1s;
    config.health.cool_down = 1s;
}

/// Models that think for minutes, on machines that answer one or two at a time.
void suit_high_latency(Config& config) {
    config.timeouts.queue = 5min;
    config.timeouts.connect = 30s;
    config.timeouts.first_byte = 5min;
    config.timeouts.idle = 5min;
    config.timeouts.health_check = 30s;
    config.timeouts.request = 15min;
    config.timeouts.stream = 1h;
    config.http.connect_timeout = 30s;
    config.http.read_timeout = 5min;
    config.http.write_timeout = 60s;
    config.permits.permits = 2;
    config.breaker.window = 10min;
    config.health.interval = 60s;
    config.health.recheck = 15s;
    config.latency.tau = 60s;
}

}  // namespace

Config defaults_of(Profile profile) {
    Config config;
    config.profile = profile;
    switch (profile) {
        case Profile::production: break;
        case Profile::development: suit_development(config); break;
        case Profile::high_latency: suit_high_latency(config); break;
    }
    return config;
}

}  // namespace tenon::config

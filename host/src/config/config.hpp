#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/gateway_config.hpp"
#include "config/secrets.hpp"
#include "config/timeouts.hpp"
#include "core/adaptive_limit.hpp"
#include "core/balancer.hpp"
#include "core/breaker_settings.hpp"
#include "core/connection_state.hpp"
#include "core/ewma.hpp"
#include "core/failover.hpp"
#include "core/health.hpp"
#include "core/permits.hpp"
#include "core/pool_types.hpp"
#include "core/retry.hpp"
#include "core/retry_budget.hpp"
#include "core/route_table.hpp"
#include "tenon/error.hpp"
#include "wire/json_position.hpp"

/// The configuration as values. What each member means, its bounds and its unit stand in
/// config/describe.hpp, and for people in docs/configuration.md. All of it is copyable; a member's
/// initialiser is the built-in default.
namespace tenon::config {

/// What the defaults suit; see config/profile.hpp.
enum class Profile : std::uint8_t { production, development, high_latency };

struct PluginsConfig {
    std::vector<std::string> directories;  ///< absolute, or relative to the working directory
    std::vector<std::string> allow;        ///< kinds; empty = all

    friend bool operator==(const PluginsConfig&, const PluginsConfig&) = default;
};

struct RuntimeConfig {
    int io_threads = 2;
    int blocking_threads = 4;

    friend bool operator==(const RuntimeConfig&, const RuntimeConfig&) = default;
};

struct LogConfig {
    base::LogLevel level = base::LogLevel::warn;
    base::LogFormat format = base::LogFormat::text;
    std::map<std::string, base::LogLevel, std::less<>> components;

    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

struct TlsConfig {
    bool verify = true;
    std::string ca_file;  ///< empty = the certificates of the system

    friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct HttpConfig {
    int max_connections = 100;
    int max_keepalive = 20;
    std::chrono::milliseconds keepalive_expiry = std::chrono::seconds(5);
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds read_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds write_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds pool_timeout = std::chrono::seconds(5);
    std::int64_t max_body_bytes = std::int64_t{64} * 1024 * 1024;
    TlsConfig tls;

    friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

/// When a provider with connections is connected, unless a person asks for it.
enum class ConnectWhen : std::uint8_t {
    on_demand,  ///< by the first request
    at_start,   ///< by the start of the host
    manual,     ///< by nobody else
};

/// `stateless` and `needs_check` follow from the provider's kind: whoever uses the settings sets
/// them.
struct ConnectionConfig : core::ConnectionSettings {
    ConnectWhen connect = ConnectWhen::on_demand;

    friend bool operator==(const ConnectionConfig&, const ConnectionConfig&) = default;
};

/// Of a route, by core::Cause.
using Fallbacks = decltype(core::RouteSpec::fallbacks);

/// What is said at the top for all providers, and by a provider for itself alone. Members that
/// derive() sets are not read from the file.
struct ProviderSettings {
    bool jitter = true;  ///< false: derive() takes all of it out
    Timeouts timeouts;
    HttpConfig http;
    ConnectionConfig connection;
    core::PoolSettings pool;  ///< `mode` and `calls_per_connection` follow from the kind
    core::PermitSettings permits;
    core::AdaptiveLimitSettings adaptive_limit;
    core::BreakerSettings breaker;
    core::RetrySettings retry;
    core::RetryBudgetSettings retry_budget;
    core::HealthSettings health;
    core::EwmaSettings latency;

    friend bool operator==(const ProviderSettings&, const ProviderSettings&) = default;
};

/// Where something was written, for messages. It makes no difference to what was written.
struct WrittenAt {
    std::string file;
    std::string pointer;                                   ///< "/providers/openai/config"
    std::string path;                                      ///< "providers.openai.config"
    std::shared_ptr<const wire::JsonPositions> positions;  ///< null = unknown

    friend bool operator==(const WrittenAt&, const WrittenAt&) noexcept { return true; }
};

/// The object that goes to a provider's plugin. It is JSON with all ${...} replaced, thus secret as
/// a whole; config/provider_schema.hpp takes the secrets out. Pointers inside `json` follow
/// `pointer`.
struct PluginConfig : WrittenAt {
    Secret json = Secret(std::string_view("{}"));
    /// JSON pointers, inside `json`, of the strings that came from the environment.
    std::vector<std::string> from_environment;

    friend bool operator==(const PluginConfig&, const PluginConfig&) = default;
};

/// Why something cannot be used, if so. That counts, the reason does not: it tells of a line, too,
/// which may move.
struct Unusable : std::optional<Error> {
    using std::optional<Error>::optional;
    using std::optional<Error>::operator=;

    friend bool operator==(const Unusable& a, const Unusable& b) noexcept {
        return a.has_value() == b.has_value();
    }
};

/// The settings are those in effect: the ones at the top, with this provider's own in their place.
struct ProviderConfig : ProviderSettings {
    std::string kind;
    bool enabled = true;
    std::vector<std::string> models;
    std::string default_model;  ///< empty = none
    std::map<std::string, std::string, std::less<>> model_aliases;
    PluginConfig config;

    /// Why this provider cannot be used although the file is good: an environment variable is not
    /// set. The others are not concerned.
    Unusable unusable;

    friend bool operator==(const ProviderConfig&, const ProviderConfig&) = default;
};

/// The settings are those of providers that have none of their own.
struct Config : ProviderSettings {
    std::string schema;  ///< "$schema", for editors
    Profile profile = Profile::production;
    PluginsConfig plugins;
    RuntimeConfig runtime;
    LogConfig log;
    std::string default_provider;  ///< empty = none
    std::string default_model;     ///< empty = none
    std::vector<core::RouteSpec> routes;
    bool nested_fallbacks = true;
    core::FailoverSettings failover;
    core::BalancerSettings balancer;
    GatewayConfig gateway;
    TelemetryConfig telemetry;
    DaemonConfig daemon;
    std::map<std::string, ProviderConfig, std::less<>> providers;

    friend bool operator==(const Config&, const Config&) = default;
};

/// A provider that says nothing about itself.
[[nodiscard]] ProviderConfig provider_prototype(const Config& config);

}  // namespace tenon::config

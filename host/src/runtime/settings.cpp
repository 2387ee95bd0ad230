#include "runtime/settings.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/describe.hpp"
#include "config/provider_schema.hpp"
#include "config/timeouts.hpp"

namespace tenon::runtime {
namespace {

/// A share of `whole` for one of `clients`, at least 1.
std::size_t share(int whole, std::size_t clients) {
    return std::max<std::size_t>((static_cast<std::size_t>(whole) + clients - 1) / clients, 1);
}

/// All errors as one message, one line each.
std::string in_lines(const std::vector<config::Problem>& problems) {
    std::string text;
    for (const config::Problem& problem : problems) {
        if (problem.severity != config::Severity::error) continue;
        if (!text.empty()) text += '\n';
        text += config::format(problem);
    }
    return text;
}

}  // namespace

base::LogOptions to_log_options(const config::LogConfig& config) {
    base::LogOptions options;
    options.level = config.level;
    options.components = config.components;
    options.format = config.format;
    return options;
}

router::RouterSettings to_router_settings(const config::Config& config, std::uint64_t seed) {
    router::RouterSettings settings;
    settings.retry = config.retry;
    settings.failover = config.failover;
    settings.balancer = config.balancer;
    settings.seed = seed;
    return settings;
}

bool is_allowed(const config::PluginsConfig& config, std::string_view kind) {
    return config.allow.empty() ||
           std::find(config.allow.begin(), config.allow.end(), kind) != config.allow.end();
}

Result<config::Profile> to_profile(std::string_view name) {
    if (name.empty()) return config::Profile::production;
    std::vector<std::string_view> known;
    for (const auto& [known_name, profile] : config::choices(config::Profile{})) {
        if (name == known_name) return profile;
        known.push_back(known_name);
    }
    return Error(Code::invalid, "there is no profile '" + std::string(name) + "'; use one of " +
                                    base::join(known, ", "));
}

provider::ProviderSettings to_provider_settings(const config::ProviderConfig& config,
                                                std::uint64_t seed) {
    provider::ProviderSettings settings;
    settings.deadlines = config::to_deadlines(config.timeouts);
    settings.breaker = config.breaker;
    settings.retry = config.retry;
    settings.retry_budget = config.retry_budget;
    settings.latency = config.latency;
    provider::ConnectionManagerSettings& manager = settings.connections;
    manager.connection = config.connection;
    manager.health = config.health;
    manager.pool = config.pool;
    manager.permits = config.permits;
    manager.adaptive = config.adaptive_limit;
    manager.enabled = config.enabled;
    manager.wanted = config.connection.connect == config::ConnectWhen::at_start
                         ? core::WantedState::connected
                         : core::WantedState::on_demand;
    manager.seed = seed;
    return settings;
}

transport::HttpOptions to_http_options(const config::HttpConfig& config,
                                       const config::Timeouts& timeouts, std::size_t clients) {
    transport::HttpOptions options;
    options.max_connections = share(config.max_connections, clients);
    options.max_keepalive = config.max_keepalive == 0 ? 0 : share(config.max_keepalive, clients);
    options.keepalive_expiry = config.keepalive_expiry;
    options.connect_timeout = config.connect_timeout;
    options.first_byte_timeout = timeouts.first_byte;
    options.read_timeout = config.read_timeout;
    options.write_timeout = config.write_timeout;
    options.pool_timeout = config.pool_timeout;
    options.max_body_bytes = static_cast<std::uint64_t>(config.max_body_bytes);
    options.tls.verify = config.tls.verify;
    options.tls.ca_file = config.tls.ca_file;
    return options;
}

Result<plugin::ProxyOptions> to_proxy_options(const std::string& name,
                                              const config::ProviderConfig& config,
                                              const plugin::Kind& kind) {
    const auto schema = config::ProviderSchema::parse(kind.config_schema);
    if (!schema) {
        Error error = schema.error();
        error.message = "the plugin's configuration schema is unusable (" + error.message +
                        "); report it to the author of " + kind.library_path;
        return error;
    }
    const bool keep_secrets = (kind.options & TENON_OPTION_READS_SECRETS) != 0;
    config::CheckedPluginConfig checked = schema->check(config.config, keep_secrets);
    if (config::has_errors(checked.problems)) {
        return Error(Code::invalid, in_lines(checked.problems));
    }
    plugin::ProxyOptions options;
    options.name = name;
    options.config_json = std::string(checked.json.reveal());
    for (const auto& [key, secret] : checked.secrets) {
        options.secrets.emplace(key, std::string(secret.reveal()));
    }
    return options;
}

}  // namespace tenon::runtime

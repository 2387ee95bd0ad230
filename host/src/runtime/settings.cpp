#include "runtime/settings.hpp"

#include <algorithm>

#include "config/provider_schema.hpp"

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

provider::Timeouts to_timeouts(const config::Timeouts& config) {
    return {config.connect,      config.first_byte, config.idle,
            config.health_check, config.request,    config.stream};
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

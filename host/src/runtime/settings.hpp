#pragma once

#include "base/log.hpp"
#include "config/config.hpp"
#include "provider/provider.hpp"
#include "router/router.hpp"
#include "transport/http_client.hpp"

namespace tenon::runtime {

/// The configuration's values in the words of the layers that use them. The layers do not know the
/// configuration, so that each can be used and tested without it.
[[nodiscard]] base::LogOptions to_log_options(const config::LogConfig& config);
[[nodiscard]] router::RouterSettings to_router_settings(const config::Config& config,
                                                        std::uint64_t seed);
[[nodiscard]] bool is_allowed(const config::PluginsConfig& config, std::string_view kind);
/// Of a profile's name; empty = production. Errors: there is no such profile.
[[nodiscard]] Result<config::Profile> to_profile(std::string_view name);
/// \param seed of the provider's jitter
[[nodiscard]] provider::ProviderSettings to_provider_settings(const config::ProviderConfig& config,
                                                              std::uint64_t seed);
/// For one of `clients` clients that share the configured numbers of connections.
[[nodiscard]] transport::HttpOptions to_http_options(const config::HttpConfig& config,
                                                     const config::Timeouts& timeouts,
                                                     std::size_t clients);
/// The proxy's name, configuration and secrets. Errors: the configuration does not fit the kind's
/// schema, with every problem in the message.
[[nodiscard]] Result<plugin::ProxyOptions> to_proxy_options(const std::string& name,
                                                            const config::ProviderConfig& config,
                                                            const plugin::Kind& kind);

}  // namespace tenon::runtime

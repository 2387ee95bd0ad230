#pragma once

#include "base/log.hpp"
#include "config/config.hpp"
#include "provider/provider.hpp"
#include "transport/http_client.hpp"

namespace tenon::runtime {

/// The configuration's values in the words of the layers that use them. The layers do not know the
/// configuration, so that each can be used and tested without it.
[[nodiscard]] base::LogOptions to_log_options(const config::LogConfig& config);
[[nodiscard]] provider::Timeouts to_timeouts(const config::Timeouts& config);
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

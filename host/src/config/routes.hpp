#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/route_table.hpp"

namespace tenon::config {

/// A provider as far as routes are concerned.
struct RoutedProvider {
    std::string name;
    const ProviderConfig* config;
};

/// What stands before a model's name in the route that asks this provider and nobody else:
/// "NAME/", or "provider:NAME/" if the configuration has routes of its own that begin with that.
[[nodiscard]] std::string direct_prefix(const Config& config, std::string_view provider);

/// All routes: those of the configuration; each model that providers list, at the default provider
/// first and then at all others that list it; and, behind direct_prefix(), every model at every
/// provider. Earlier ones win where names clash.
/// \param providers in the order of their numbers in the table
[[nodiscard]] core::RouteTableSpec route_spec(const Config& config,
                                              const std::vector<RoutedProvider>& providers);

/// With the providers of the configuration.
[[nodiscard]] core::RouteTableSpec route_spec(const Config& config);

}  // namespace tenon::config

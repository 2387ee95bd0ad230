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

/// The name under which a provider alone is asked for a model. Nobody can type it.
[[nodiscard]] std::string direct_route(std::string_view provider, std::string_view model);

/// Whether a route has that name because of direct_route().
[[nodiscard]] bool is_direct(std::string_view route) noexcept;

/// All routes: those of the configuration; each model that providers list, at the default provider
/// first and then at all others that list it; "PROVIDER/MODEL"; and direct_route(). Earlier ones
/// win where names clash.
/// \param providers in the order of their numbers in the table
[[nodiscard]] core::RouteTableSpec route_spec(const Config& config,
                                              const std::vector<RoutedProvider>& providers);

/// With the providers of the configuration.
[[nodiscard]] core::RouteTableSpec route_spec(const Config& config);

}  // namespace tenon::config

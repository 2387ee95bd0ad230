#include "config/config.hpp"

namespace tenon::config {

ProviderConfig provider_prototype(const Config& config) {
    ProviderConfig provider;
    static_cast<ProviderSettings&>(provider) = config;
    return provider;
}

core::RouteTableSpec to_route_table_spec(const Config& config) {
    core::RouteTableSpec spec;
    for (const auto& [name, provider] : config.providers) spec.providers.push_back(name);
    spec.routes = config.routes;
    spec.default_model = config.default_model;
    spec.nested_fallbacks = config.nested_fallbacks;
    return spec;
}

}  // namespace tenon::config

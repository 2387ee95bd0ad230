#include "config/routes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tenon::config {
namespace {

/// Collects routes; a name that is taken stays as it is.
class Routes {
public:
    explicit Routes(std::vector<core::RouteSpec> configured) : routes_(std::move(configured)) {
        for (const core::RouteSpec& route : routes_) {
            names_.insert(route.model);
            names_.insert(route.aliases.begin(), route.aliases.end());
        }
    }

    void add(const std::string& model, std::vector<std::vector<core::TargetSpec>> tiers) {
        if (!names_.insert(model).second) return;
        routes_.push_back(
            {.model = model, .aliases = {}, .tiers = std::move(tiers), .fallbacks = {}});
    }
    [[nodiscard]] std::vector<core::RouteSpec> take() && { return std::move(routes_); }

private:
    std::vector<core::RouteSpec> routes_;
    std::set<std::string, std::less<>> names_;
};

/// What a provider calls a model that it lists.
std::map<std::string, std::string> models_of(const ProviderConfig& config) {
    std::map<std::string, std::string> models;
    for (const std::string& model : config.models) models.emplace(model, model);
    for (const auto& [alias, model] : config.model_aliases) models[alias] = model;
    return models;
}

void add_listed(Routes& routes, const std::vector<RoutedProvider>& providers,
                std::string_view default_provider) {
    std::map<std::string, std::vector<std::vector<core::TargetSpec>>> models;
    // The default provider is a tier of its own, above the others.
    for (const bool first : {true, false}) {
        std::set<std::string> in_this_tier;
        for (const RoutedProvider& provider : providers) {
            if ((provider.name == default_provider) != first) continue;
            for (const auto& [model, name] : models_of(*provider.config)) {
                auto& tiers = models[model];
                if (in_this_tier.insert(model).second) tiers.emplace_back();
                tiers.back().push_back({provider.name, name, 1});
            }
        }
    }
    for (auto& [model, tiers] : models) {
        const bool is_pattern = model.find('*') != std::string::npos;
        if (!is_pattern && !model.empty()) routes.add(model, std::move(tiers));
    }
}

void add_direct(Routes& routes, const std::string& prefix, const RoutedProvider& provider) {
    for (const auto& [alias, model] : provider.config->model_aliases) {
        if (alias.find('*') != std::string::npos) continue;
        routes.add(prefix + alias, {{{provider.name, model, 1}}});
    }
    routes.add(prefix + "*", {{{provider.name, "*", 1}}});
}

}  // namespace

std::string direct_prefix(const Config& config, std::string_view provider) {
    const std::string prefix = std::string(provider) + "/";
    const auto clashes = [&](const std::string& name) { return name.starts_with(prefix); };
    for (const core::RouteSpec& route : config.routes) {
        if (clashes(route.model) ||
            std::any_of(route.aliases.begin(), route.aliases.end(), clashes))
            return "provider:" + prefix;
    }
    return prefix;
}

core::RouteTableSpec route_spec(const Config& config,
                                const std::vector<RoutedProvider>& providers) {
    core::RouteTableSpec spec;
    for (const RoutedProvider& provider : providers) spec.providers.push_back(provider.name);
    Routes routes(config.routes);
    add_listed(routes, providers, config.default_provider);
    for (const RoutedProvider& provider : providers) {
        add_direct(routes, direct_prefix(config, provider.name), provider);
    }
    spec.routes = std::move(routes).take();
    spec.default_model = config.default_model;
    spec.nested_fallbacks = config.nested_fallbacks;
    return spec;
}

core::RouteTableSpec route_spec(const Config& config) {
    std::vector<RoutedProvider> providers;
    for (const auto& [name, provider] : config.providers) providers.push_back({name, &provider});
    return route_spec(config, providers);
}

}  // namespace tenon::config

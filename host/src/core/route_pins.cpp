#include "core/route_pins.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace tenon::core {
namespace {

bool has(const Route& route, std::uint32_t provider) noexcept {
    for (const auto& tier : route.tiers) {
        for (const auto& target : tier.targets) {
            if (target.provider == provider) return true;
        }
    }
    return false;
}

/// The providers of the route, for "did you mean".
std::vector<std::string_view> providers_of(const RouteTable& table, const Route& route) {
    std::vector<std::string_view> out;
    for (std::uint32_t i = 0; i < table.providers().size(); ++i) {
        if (has(route, i)) out.emplace_back(table.providers()[i]);
    }
    return out;
}

}  // namespace

Result<void> RoutePins::pin(const RouteTable& table, const Pin& pin, base::TimePoint now) {
    const auto match = table.find(pin.model);
    if (!match) return table.unknown_model(pin.model);
    const Route& route = *match->route;
    const auto known = providers_of(table, route);
    const auto provider = table.provider(pin.provider);
    if (!provider) {
        const std::string nearest = base::did_you_mean(pin.provider, known);
        return Error(Code::not_found, "There is no provider \"" + pin.provider + '"' +
                                          (nearest.empty() ? "." : nearest));
    }
    if (!has(route, *provider)) {
        return Error(Code::invalid, "Route \"" + route.model + "\" cannot be pinned to \"" +
                                        pin.provider + "\", which does not have the model; use " +
                                        base::join(known, " or ") + ".");
    }
    if (pin.until <= now) {
        return Error(Code::invalid, "The pin of route \"" + route.model +
                                        "\" would have expired already; give a later time.");
    }
    std::erase_if(pins_, [&](const Pin& old) { return old.model == route.model; });
    pins_.push_back(pin);
    pins_.back().model = route.model;
    return {};
}

bool RoutePins::unpin(const RouteTable& table, std::string_view model) {
    const auto match = table.find(model);
    // A pin may outlive its route: then only its own name finds it.
    const std::string_view name = match ? std::string_view(match->route->model) : model;
    return std::erase_if(
               pins_, [&](const Pin& pin) { return pin.model == name || pin.model == model; }) > 0;
}

void RoutePins::expire(base::TimePoint now) {
    std::erase_if(pins_, [now](const Pin& pin) { return pin.until <= now; });
}

std::optional<PinnedProvider> RoutePins::find(const RouteTable& table, const Route& route,
                                              base::TimePoint now) const noexcept {
    for (const Pin& pin : pins_) {
        if (pin.model != route.model || pin.until <= now) continue;
        const auto provider = table.provider(pin.provider);
        // After a reload the route may be without it.
        if (provider && has(route, *provider)) return PinnedProvider{*provider, pin.force};
    }
    return std::nullopt;
}

}  // namespace tenon::core

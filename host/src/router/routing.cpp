#include "router/routing.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tenon::router {

Routing::Routing(std::shared_ptr<const core::RouteTable> table,
                 const std::vector<std::shared_ptr<provider::Upstream>>& upstreams,
                 const core::BalancerSettings& settings, std::size_t threads)
    : table_(std::move(table)) {
    for (const auto& name : table_->providers()) {
        const auto found =
            std::find_if(upstreams.begin(), upstreams.end(),
                         [&](const auto& upstream) { return upstream->name() == name; });
        assert(found != upstreams.end());
        upstreams_.push_back(*found);
    }
    for (std::size_t i = 0; i < threads; ++i) {
        balancers_.push_back(core::balancers_for(*table_, settings));
    }
}

core::ProviderState RoutedProviders::state(const core::Target& target,
                                           const core::Match& match) const {
    return routing_.upstream(target)->state(core::model_at(target, match, scratch_));
}

std::string RoutedProviders::reason(const core::Target& target, const core::Match& match) const {
    return routing_.upstream(target)->reason(core::model_at(target, match, scratch_));
}

}  // namespace tenon::router

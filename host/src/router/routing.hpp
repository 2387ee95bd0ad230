#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/balancer.hpp"
#include "core/failover.hpp"
#include "core/retry.hpp"
#include "core/route_pins.hpp"
#include "core/route_table.hpp"
#include "provider/upstream.hpp"

namespace tenon::router {

/// A route table, the providers behind its numbers, and the balancers of its tiers, a set for each
/// I/O thread.
///
/// \par Thread-safety
/// Any thread: it does not change, but for the balancers, each of which is one thread's own.
class Routing {
public:
    /// \param upstreams in any order; those that the table does not name are left out.
    /// \par Preconditions
    /// Every provider of the table is among `upstreams`.
    Routing(std::shared_ptr<const core::RouteTable> table,
            const std::vector<std::shared_ptr<provider::Upstream>>& upstreams,
            const core::BalancerSettings& settings, std::size_t threads);

    [[nodiscard]] const core::RouteTable& table() const noexcept { return *table_; }
    [[nodiscard]] const std::shared_ptr<provider::Upstream>& upstream(
        const core::Target& target) const noexcept {
        return upstreams_[target.provider];
    }
    [[nodiscard]] std::span<core::Balancer> balancers(std::size_t io_index) const noexcept {
        return balancers_[io_index];
    }

private:
    const std::shared_ptr<const core::RouteTable> table_;
    std::vector<std::shared_ptr<provider::Upstream>> upstreams_;  ///< by the table's numbers
    mutable std::vector<std::vector<core::Balancer>> balancers_;  ///< by I/O thread
};

/// How requests are repeated and handed on.
struct RequestSettings {
    core::RetrySettings retry;
    core::FailoverSettings failover;
};

/// What requests that begin now go by. It never changes: others take its place, and a request keeps
/// the one with which it began.
struct Published {
    std::shared_ptr<const Routing> routing;
    core::RoutePins pins;
    std::shared_ptr<const RequestSettings> settings = {};
};

/// The providers' states for one request's plan.
///
/// \par Thread-safety
/// None.
class RoutedProviders final : public core::Providers {
public:
    explicit RoutedProviders(const Routing& routing) noexcept : routing_(routing) {}

    [[nodiscard]] core::ProviderState state(const core::Target& target,
                                            const core::Match& match) const override;
    [[nodiscard]] std::string reason(const core::Target& target,
                                     const core::Match& match) const override;

private:
    const Routing& routing_;
    mutable std::string scratch_;
};

}  // namespace tenon::router

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "core/route_table.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// A route that somebody has tied to one of its providers by hand. Kept by names, so that it
/// survives a reload.
struct Pin {
    std::string model;  ///< the route's, not an alias
    std::string provider;
    base::TimePoint until = base::kNoDeadline;

    /// true: nobody else is asked, whatever state the provider is in, only not if it is disabled or
    /// disconnected by hand. false: it is asked first, and the others as ever if it fails.
    bool force = false;
};

/// A pin as it is in force for one request.
struct PinnedProvider {
    std::uint32_t provider = 0;
    bool force = false;
};

/// The pins of all routes: a value; publish a copy, as with the route table.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe, if one of the calls is not const.
class RoutePins {
public:
    /// Ties the route of `pin.model` (which may be an alias) to the provider; replaces an older pin
    /// of the route.
    /// \return Code::not_found with the nearest name if there is no such route or provider,
    /// Code::invalid if the route does not have the provider, or `until` has passed.
    [[nodiscard]] Result<void> pin(const RouteTable& table, const Pin& pin, base::TimePoint now);

    /// \return whether the route was pinned.
    bool unpin(const RouteTable& table, std::string_view model);

    /// Takes out those that have expired. They have had no effect since; this only frees them.
    void expire(base::TimePoint now);

    /// The pin in force for the route. Costs nothing while there are no pins; never allocates.
    [[nodiscard]] std::optional<PinnedProvider> find(const RouteTable& table, const Route& route,
                                                     base::TimePoint now) const noexcept;

    [[nodiscard]] std::span<const Pin> all() const noexcept { return pins_; }

private:
    std::vector<Pin> pins_;  ///< few: somebody set each of them by hand
};

}  // namespace tenon::core

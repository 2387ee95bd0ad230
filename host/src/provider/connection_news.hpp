#pragma once

#include <variant>

#include "core/connection_state.hpp"
#include "core/health.hpp"

namespace tenon::provider {

/// What a listener is told.
struct EnabledChange {
    bool enabled;
};
struct CoolDown {
    bool begins;           ///< else it is over
    bool goes_on = false;  ///< it had begun before, and takes longer
};
struct PoolCleared {};
using ConnectionNews = std::variant<core::ConnectionTransition, core::HealthTransition,
                                    EnabledChange, CoolDown, PoolCleared>;

/// What somebody knows who has heard all news.
struct ConnectionNewsSeen {
    core::ConnectionState state = core::ConnectionState::disconnected;
    bool enabled = true;
    bool cools_down = false;
    core::HealthState health = core::HealthState::unknown;
};

}  // namespace tenon::provider

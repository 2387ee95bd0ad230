#pragma once

#include "tenon/host/host.hpp"

namespace tenon::gateway {

/// Can anybody be asked?
[[nodiscard]] inline bool is_ready(host::Host& host) {
    for (const host::ProviderStatus& status : host.status(false)) {
        const bool able = status.enabled && status.state != "misconfigured" &&
                          status.state != "unhealthy" && status.breaker.state != "open" &&
                          status.breaker.state != "forced_open";
        if (able) return true;
    }
    return false;
}

}  // namespace tenon::gateway

#pragma once

#include "tenon/abi/service/http.h"
#include "tenon/abi/service/json.h"
#include "tenon/abi/service/timer.h"

namespace tenon::plugin {

/// The tables of the host's services; their ctx is that of the provider's host table, a Proxy.
[[nodiscard]] const tenon_http_v1& http_service() noexcept;
[[nodiscard]] const tenon_timer_v1& timer_service() noexcept;
[[nodiscard]] const tenon_json_v1& json_service_table() noexcept;

}  // namespace tenon::plugin

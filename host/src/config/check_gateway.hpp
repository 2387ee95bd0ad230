#pragma once

#include "config/config.hpp"
#include "config/listen_address.hpp"
#include "config/report.hpp"
#include "tenon/result.hpp"

namespace tenon::config {

/// Whether the gateway may listen there: "https" needs a certificate, and whom other machines can
/// reach needs keys or permission. Also for addresses that do not come from the file.
/// Errors: Code::invalid with what is missing and what to do.
[[nodiscard]] Result<void> may_listen(const ListenAddress& address, const GatewayConfig& gateway);

/// Reports what is wrong with `gateway`, `telemetry` and `daemon`.
void check_gateway(const Config& config, Report& report);

}  // namespace tenon::config

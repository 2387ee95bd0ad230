#pragma once

#include "config/config.hpp"
#include "config/report.hpp"

namespace tenon::config {

/// Reports what no single member can know: whether settings agree with each other, and whether
/// names lead to something.
/// \par Preconditions
/// derive() is done.
void check(const Config& config, Report& report);
void check(const ProviderSettings& settings, Report& report);

}  // namespace tenon::config

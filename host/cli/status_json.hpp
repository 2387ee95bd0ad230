#pragma once

#include <string>
#include <vector>

#include "tenon/host/status.hpp"

namespace tenon::cli {

/// An array with one object for each provider, for scripts. Times are RFC 3339 in UTC.
[[nodiscard]] std::string to_json(const std::vector<host::ProviderStatus>& all);

}  // namespace tenon::cli

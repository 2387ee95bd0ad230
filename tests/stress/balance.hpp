#pragma once

#include <string>
#include <vector>

#include "tenon/host/host.hpp"

namespace tenon::stress {

/// What is left in the host although nothing is under way, and sums that do not match; waits for
/// what ends by itself (drains, checks), but not for ever.
[[nodiscard]] std::vector<std::string> find_imbalance(host::Host& host);

/// One line for each provider.
void print_statistics(const host::Host& host);

}  // namespace tenon::stress

#pragma once

#include <memory>
#include <span>
#include <string>

#include "gateway/telemetry/trace_data.hpp"

namespace tenon::gateway {

/// [{...}]: one line's worth of each, in the order given.
[[nodiscard]] std::string traces_to_json(std::span<const std::shared_ptr<const Trace>> traces);

/// All of one trace. Times are microseconds since the request's start ("at_us").
[[nodiscard]] std::string to_json(const Trace& trace);

}  // namespace tenon::gateway

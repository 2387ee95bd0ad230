#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/counters.hpp"
#include "core/events.hpp"
#include "provider/provider.hpp"
#include "tenon/host/status.hpp"

/// How providers stand, in the words of the public API.
namespace tenon::runtime {

/// ProviderStatus::state.
[[nodiscard]] std::string state_name(const provider::ProviderReport& report);

/// The answer to a command, one sentence for a person: what it began, or what has come of that.
/// \param waited until it has settled, or patience was over
[[nodiscard]] std::string reply_text(core::CommandReply reply, bool waited, std::string_view name,
                                     const provider::ProviderReport& report);

/// The wall clock's time of a moment.
[[nodiscard]] host::Time to_wall_clock(base::TimePoint time);

/// Without what the configuration and the counters say.
[[nodiscard]] host::ProviderStatus to_status(const std::string& name,
                                             const provider::ProviderReport& report);
void count_calls(host::ProviderStatus& status, const core::ProviderSnapshot& snapshot);

[[nodiscard]] host::Event to_host(const core::Event& event);

[[nodiscard]] host::ProviderStatistics to_statistics(const std::string& name,
                                                     const core::ProviderSnapshot& snapshot);

}  // namespace tenon::runtime

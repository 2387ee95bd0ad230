#pragma once

#include <filesystem>
#include <string>

#include "cli/control_commands.hpp"

namespace tenon::cli {

/// Can the command be given while no daemon runs, because its effect is kept?
[[nodiscard]] bool can_be_wanted(ProviderVerb verb) noexcept;

/// Changes what is wanted of providers in the store, and says what a daemon will make of it.
/// \param why there is no daemon
[[nodiscard]] int change_wanted_state(const GlobalOptions& global,
                                      const ProviderCommandOptions& options,
                                      const std::filesystem::path& state_file,
                                      const std::string& why);

/// Pins a route in the store, if the configuration has it and the provider, or takes the pin away.
/// \param why there is no daemon
[[nodiscard]] int keep_pin(const GlobalOptions& global, const RoutePinOptions& options,
                           const std::filesystem::path& state_file, const std::string& why);
[[nodiscard]] int forget_pin(const GlobalOptions& global, const std::string& model,
                             const std::filesystem::path& state_file, const std::string& why);

}  // namespace tenon::cli

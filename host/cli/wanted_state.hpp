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

}  // namespace tenon::cli

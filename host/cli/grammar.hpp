#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <functional>
#include <string>

#include "cli/commands.hpp"

namespace tenon::cli {

/// Set by the subcommand that was chosen.
struct Chosen {
    std::function<int()> run;
};

CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::chrono::milliseconds& into, const std::string& help);

/// The commands of control_commands.hpp.
void add_control_commands(CLI::App& app, const GlobalOptions& global, Chosen& chosen);

}  // namespace tenon::cli

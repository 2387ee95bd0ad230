#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/control_client.hpp"

namespace tenon::cli {

/// Where the daemon of this configuration is, or would be.
struct DaemonPlaces {
    std::filesystem::path socket;
    std::filesystem::path state_file;
};

/// Looks into the configuration for nothing else, so that a daemon can be asked although the file
/// has an error by now, or names variables that only the daemon has.
/// Errors: there is no place for the state, or the configuration is no JSON.
[[nodiscard]] Result<DaemonPlaces> find_daemon(const GlobalOptions& global);

/// A client for that daemon, or the exit status after the reason was printed.
struct FoundDaemon {
    std::optional<ControlClient> client;
    int status = kSuccess;
    DaemonPlaces places;
};

[[nodiscard]] FoundDaemon daemon_client(const GlobalOptions& global);

/// Prints why the daemon has not done what was asked; returns the exit status.
[[nodiscard]] int report_daemon_failure(const Error& error);

/// How to have a daemon: completes a sentence.
inline constexpr const char* kHowToStart = "start one with 'tenon serve'";

}  // namespace tenon::cli

#pragma once

#include <memory>

#include "cli/commands.hpp"
#include "tenon/host/host.hpp"

namespace tenon::cli {

/// A host as the global options ask for it, or the exit status after the reason was printed.
struct OpenedHost {
    std::unique_ptr<host::Host> host;
    int status = kSuccess;
};

/// What the global options ask for; nothing else is set.
[[nodiscard]] host::HostOptions host_options(const GlobalOptions& global);

/// How long a command needs its host.
enum class HostUse { one_request, long_run };

[[nodiscard]] OpenedHost open_host(const GlobalOptions& global, HostUse use = HostUse::one_request);

/// The configuration file that applies, which need not exist if the user named it; nothing = the
/// built-in defaults.
[[nodiscard]] std::optional<std::filesystem::path> configuration_file(const GlobalOptions& global);

}  // namespace tenon::cli

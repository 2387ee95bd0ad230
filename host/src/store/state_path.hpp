#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::store {

/// The value of an environment variable, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Where the state is unless somebody says otherwise: $TENON_STATE, else
/// $XDG_STATE_HOME/tenon/state.db, else ~/.local/state/tenon/state.db. Empty variables count as not
/// set, and so does an XDG_STATE_HOME that is not absolute, as its specification demands.
/// \return Code::invalid if there is no HOME either.
[[nodiscard]] Result<std::filesystem::path> default_state_path(const Environment& environment);

/// Where the daemon listens for commands, and commands look for it: `configured`
/// (daemon.control_socket), else $TENON_SOCKET, else $XDG_RUNTIME_DIR/tenon/control.sock, else
/// control.sock beside the state, which is at `state_file` (daemon.state_file) or, if that is
/// empty, at default_state_path(). Variables count as there.
/// \return Code::invalid if there is no place, or if its name is too long for a socket.
[[nodiscard]] Result<std::filesystem::path> control_socket_path(
    const std::filesystem::path& configured, const std::filesystem::path& state_file,
    const Environment& environment);

/// Makes what is missing: directories with mode 0700, and an empty file with mode 0600. What is
/// there stays as it is.
/// \par Preconditions
/// `path` is absolute.
Result<void> make_state_file(const std::filesystem::path& path);

}  // namespace tenon::store

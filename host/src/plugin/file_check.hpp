#pragma once

#include <filesystem>
#include <optional>

#include "plugin/load_error.hpp"

namespace tenon::plugin {

/// What may be learnt about a plugin file without running any of its code.
///
/// A plugin is code with all the rights of this process, so the file and every directory above it
/// must be changeable by root and the current user only: owned by one of them, not writable for the
/// world (a directory with the sticky bit may be), nor for a group other than the owner's own
/// private one.
///
/// \param path absolute. Returns why the file is refused, nullopt if it may be loaded.
[[nodiscard]] std::optional<LoadError> check_file(const std::filesystem::path& path);

}  // namespace tenon::plugin

#pragma once

#include <filesystem>
#include <vector>

namespace tenon::runtime {

/// Where plugins are looked for beyond what is configured, as far as it exists: $TENON_PLUGIN_PATH
/// (directories separated by ':', ignored for a program with raised privileges), then
/// ../lib/tenon/plugins beside the running program's directory, which is where an installation and
/// the build tree have them. Never the working directory.
[[nodiscard]] std::vector<std::filesystem::path> built_in_plugin_directories();

}  // namespace tenon::runtime

#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"

namespace tenon::config {

/// A load is whole or not at all.
struct LoadResult {
    std::optional<Config> config;   ///< absent if any problem is an error
    std::vector<Problem> problems;  ///< all of them, in the order of the file
    std::filesystem::path file;     ///< what was read; empty = the built-in defaults
};

/// Longer files are refused.
inline constexpr std::size_t kLongestFile = std::size_t{4} * 1024 * 1024;

/// Where the configuration is: `given`, else $TENON_CONFIG, else tenon/config.json in
/// $XDG_CONFIG_HOME or ~/.config. Only the last may be missing.
/// \return nothing if there is no file: the built-in defaults apply.
[[nodiscard]] std::optional<std::filesystem::path> find_file(const std::filesystem::path& given,
                                                             const Environment& environment);

/// Finds and reads the configuration; `given` is empty unless the user named a file.
/// \param usual the profile if the file names none
[[nodiscard]] LoadResult load(const std::filesystem::path& given, const Environment& environment,
                              Profile usual = Profile::production);

/// Reads a configuration from `text`. `file` names it in problems, and relative paths in it count
/// from that file's directory; it is not opened.
[[nodiscard]] LoadResult parse(std::string_view text, const std::filesystem::path& file,
                               const Environment& environment, Profile usual = Profile::production);

/// Reads what a program says about one provider: `text` is an object with members such as "pool"
/// and "breaker"; absent ones stay as in `settings`. Errors: every problem, one per line.
[[nodiscard]] Result<ProviderSettings> parse_settings(std::string_view text,
                                                      const ProviderSettings& settings,
                                                      const Environment& environment);

}  // namespace tenon::config

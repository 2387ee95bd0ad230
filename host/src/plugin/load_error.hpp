#pragma once

#include <string>
#include <string_view>

#include "tenon/error.hpp"

namespace tenon::plugin {

/// How far the loading of one file came. Each stage fails with its own words.
enum class LoadStage {
    file,         ///< does not exist, is not a regular file, cannot be read
    permissions,  ///< somebody else could change it or its directory
    format,       ///< not a shared library, or one for another architecture
    symbol,       ///< exports no tenon_plugin_entry_v1 (or only that of another major)
    link,         ///< the dynamic linker refused: missing dependency, undefined symbol
    entry,        ///< the entry function failed
    version,      ///< needs a newer host
    descriptor,   ///< the descriptor or the table of functions breaks the ABI's rules
};

[[nodiscard]] std::string_view to_string(LoadStage stage) noexcept;

/// Why one library, or one kind of it, was not taken.
struct LoadError {
    std::string path;
    LoadStage stage = LoadStage::file;
    std::string message;  ///< names the cause and what to do; without the path

    /// "PATH: MESSAGE", as an error of the host.
    [[nodiscard]] Error to_error() const;
};

}  // namespace tenon::plugin

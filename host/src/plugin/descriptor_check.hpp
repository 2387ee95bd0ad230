#pragma once

#include <string>
#include <vector>

#include "plugin/kind.hpp"
#include "plugin/load_error.hpp"
#include "tenon/abi/entry.h"

namespace tenon::plugin {

/// What one library offered: the kinds that passed, and why others did not.
struct CheckedPlugin {
    std::vector<Kind> kinds;  ///< `library_path` is not set yet
    std::vector<LoadError> errors;
};

/// Checks what the entry function returned against the rules of the ABI and copies it: at most
/// `struct_size` bytes are read, unknown tail members and feature bits are ignored, NULL functions
/// are filled with defaults. One bad kind does not hide the others of its library.
///
/// Pure: calls none of the plugin's functions. `host_abi` is the host's TENON_ABI_CURRENT.
[[nodiscard]] CheckedPlugin check_plugin(const tenon_plugin* plugin, std::uint32_t host_abi,
                                         const std::string& path);

/// "1.7"
[[nodiscard]] std::string format_abi(std::uint32_t version);

/// [a-z0-9][a-z0-9._-]{0,63}
[[nodiscard]] bool is_kind_id(std::string_view id) noexcept;

}  // namespace tenon::plugin

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "plugin/load_error.hpp"
#include "tenon/abi/entry.h"

namespace tenon::plugin {

/// One plugin library that is mapped into the process, and stays so for ever: a library with live
/// threads or thread-local destructors cannot be unloaded safely (docs/abi.md, "Loading").
///
/// \par Thread-safety
/// open() may be called from any thread; the rest is immutable.
class Library {
public:
    /// Checks the file, maps it (RTLD_NOW, local, NODELETE) and calls its entry function once. A
    /// path that is open already gives the same object.
    ///
    /// \param path absolute. A symbolic link may point inside its own directory only.
    /// \param entry_limit after which a hanging entry function is left behind.
    [[nodiscard]] static std::variant<std::shared_ptr<const Library>, LoadError> open(
        const std::filesystem::path& path, base::Duration entry_limit = std::chrono::seconds(5));

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// What the entry function returned; may be nullptr or nonsense, see check_plugin().
    [[nodiscard]] const tenon_plugin* plugin() const noexcept { return plugin_; }

    ~Library();

private:
    struct Mapping;
    Library();

    std::string path_;
    const tenon_plugin* plugin_ = nullptr;
    std::unique_ptr<Mapping> mapping_;
};

}  // namespace tenon::plugin

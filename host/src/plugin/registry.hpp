#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/kind.hpp"
#include "plugin/load_error.hpp"
#include "tenon/result.hpp"

namespace tenon::plugin {

/// The kinds of all loaded libraries, and what could not be loaded. Each file stands for itself: a
/// broken one is recorded and the next one is tried.
///
/// \par Thread-safety
/// None; filled at start, read afterwards.
class Registry {
public:
    /// Loads every `*.so` of the directory in alphabetical order. The error is about the directory
    /// itself (missing, unreadable); errors of files are in errors().
    Result<void> load_directory(const std::filesystem::path& directory);

    /// Loads one file. Returns whether all of it was taken; if not, errors() has grown.
    bool load_file(const std::filesystem::path& file);

    /// Takes over what `other` has loaded. Loading runs plugin code and must not happen under a
    /// lock: load into a registry of your own, then merge it under the lock.
    void merge(Registry&& other);

    /// Sorted by id.
    [[nodiscard]] const std::vector<std::shared_ptr<const Kind>>& kinds() const noexcept {
        return kinds_;
    }
    /// nullptr if no loaded library offers it.
    [[nodiscard]] std::shared_ptr<const Kind> find(std::string_view id) const noexcept;

    [[nodiscard]] const std::vector<LoadError>& errors() const noexcept { return errors_; }

private:
    /// A file that is tried again is not reported again.
    void report(LoadError error);
    void add(std::shared_ptr<const Kind> kind);

    std::vector<std::shared_ptr<const Kind>> kinds_;
    std::vector<LoadError> errors_;
    std::vector<std::string> loaded_paths_;
};

}  // namespace tenon::plugin

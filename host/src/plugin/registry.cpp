#include "plugin/registry.hpp"

#include <algorithm>

#include "plugin/descriptor_check.hpp"
#include "plugin/library.hpp"

namespace tenon::plugin {

namespace fs = std::filesystem;

Result<void> Registry::load_directory(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> files;
    for (auto entry = fs::directory_iterator(directory, error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (entry->path().extension() == ".so") files.push_back(fs::absolute(entry->path()));
    }
    if (error) {
        const bool missing = error == std::errc::no_such_file_or_directory;
        return Error(Code::invalid,
                     "the plugin directory " + directory.string() +
                         (missing ? " does not exist" : " cannot be read: " + error.message()));
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) load_file(file);
    return {};
}

bool Registry::load_file(const fs::path& file) {
    auto opened = Library::open(fs::absolute(file).lexically_normal());
    if (auto* error = std::get_if<LoadError>(&opened)) {
        report(std::move(*error));
        return false;
    }
    const auto library = std::get<std::shared_ptr<const Library>>(opened);
    if (std::find(loaded_paths_.begin(), loaded_paths_.end(), library->path()) !=
        loaded_paths_.end()) {
        return true;
    }
    loaded_paths_.push_back(library->path());
    CheckedPlugin checked = check_plugin(library->plugin(), TENON_ABI_CURRENT, library->path());
    const std::size_t errors_before = errors_.size();
    for (LoadError& error : checked.errors) errors_.push_back(std::move(error));
    for (Kind& kind : checked.kinds) {
        kind.library_path = library->path();
        add(std::make_shared<const Kind>(std::move(kind)));
    }
    return errors_.size() == errors_before;
}

void Registry::report(LoadError error) {
    const bool known = std::any_of(errors_.begin(), errors_.end(), [&](const LoadError& other) {
        return other.path == error.path && other.message == error.message;
    });
    if (!known) errors_.push_back(std::move(error));
}

void Registry::add(std::shared_ptr<const Kind> kind) {
    if (const auto other = find(kind->id)) {
        errors_.push_back({kind->library_path, LoadStage::descriptor,
                           "offers the kind '" + kind->id + "', which " + other->library_path +
                               " offers already; remove one of the two"});
        return;
    }
    const auto at =
        std::lower_bound(kinds_.begin(), kinds_.end(), kind->id,
                         [](const auto& a, const std::string& id) { return a->id < id; });
    kinds_.insert(at, std::move(kind));
}

void Registry::merge(Registry&& other) {
    const auto loaded = [this](const std::string& path) {
        return std::find(loaded_paths_.begin(), loaded_paths_.end(), path) != loaded_paths_.end();
    };
    for (LoadError& error : other.errors_) {
        if (!loaded(error.path)) report(std::move(error));
    }
    for (auto& kind : other.kinds_) {
        if (!loaded(kind->library_path)) add(std::move(kind));
    }
    for (std::string& path : other.loaded_paths_) {
        if (!loaded(path)) loaded_paths_.push_back(std::move(path));
    }
}

std::shared_ptr<const Kind> Registry::find(std::string_view id) const noexcept {
    for (const auto& kind : kinds_) {
        if (kind->id == id) return kind;
    }
    return nullptr;
}

std::string_view to_string(LoadStage stage) noexcept {
    switch (stage) {
        case LoadStage::file: return "file";
        case LoadStage::permissions: return "permissions";
        case LoadStage::format: return "format";
        case LoadStage::symbol: return "symbol";
        case LoadStage::link: return "link";
        case LoadStage::entry: return "entry";
        case LoadStage::version: return "version";
        case LoadStage::descriptor: return "descriptor";
    }
    return "file";
}

Error LoadError::to_error() const {
    return Error(Code::invalid, path + ": " + message);
}

}  // namespace tenon::plugin

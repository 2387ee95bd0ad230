#include "plugin/library.hpp"

#include <dlfcn.h>

#define BOOST_DLL_USE_STD_FS
#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "plugin/file_check.hpp"

namespace tenon::plugin {
namespace {

namespace dll = boost::dll;
namespace fs = std::filesystem;

/// Looks for the entry symbol without running any code of the file.
std::optional<std::string> missing_entry(const fs::path& path) {
    std::vector<std::string> symbols;
    try {
        symbols = dll::library_info(path.string(), true).symbols();
    } catch (const std::exception&) {
        return "its symbol table cannot be read: the file is damaged";
    }
    if (std::find(symbols.begin(), symbols.end(), TENON_ENTRY_SYMBOL) != symbols.end()) {
        return std::nullopt;
    }
    constexpr std::string_view kFamily = "tenon_plugin_entry_v";
    for (const std::string& symbol : symbols) {
        if (symbol.starts_with(kFamily)) {
            return "is built for version " + symbol.substr(kFamily.size()) +
                   " of the plugin ABI, this host speaks version 1; get a plugin that was built "
                   "for version 1, or another Tenon";
        }
    }
    return std::string("exports no ") + TENON_ENTRY_SYMBOL + ": it is not a Tenon plugin";
}

/// Says what the dynamic linker's message means.
std::string explain_link_error(std::string_view message, const fs::path& path) {
    constexpr std::string_view kMissing = ": cannot open shared object file";
    const auto missing = message.find(kMissing);
    if (missing != std::string_view::npos) {
        const std::string_view name = message.substr(0, missing);
        if (name != path.string()) {
            return "needs the library " + std::string(name) +
                   ", which is not installed or not where the plugin looks for it";
        }
    }
    constexpr std::string_view kUndefined = "undefined symbol: ";
    const auto undefined = message.find(kUndefined);
    if (undefined != std::string_view::npos) {
        const std::string_view rest = message.substr(undefined + kUndefined.size());
        return "uses the symbol '" + std::string(rest.substr(0, rest.find_first_of(" ,("))) +
               "', which no library provides; the plugin was linked incompletely (link it with "
               "-Wl,-z,defs)";
    }
    return "the dynamic linker refused it: " + std::string(message);
}

}  // namespace

struct Library::Mapping {
    dll::shared_library library;
};

Library::Library() = default;
Library::~Library() = default;

std::variant<std::shared_ptr<const Library>, LoadError> Library::open(const fs::path& given) {
    // Never destroyed: libraries stay mapped until the process is gone.
    static std::mutex& mutex = *new std::mutex;
    static auto& open_libraries = *new std::map<std::string, std::shared_ptr<const Library>>;
    const std::lock_guard lock(mutex);

    const auto refuse = [&](LoadStage stage, std::string message) {
        return LoadError{given.string(), stage, std::move(message)};
    };
    if (!given.is_absolute()) return refuse(LoadStage::file, "is not an absolute path");
    std::error_code error;
    const fs::path path = fs::canonical(given, error);
    if (error) {
        return refuse(LoadStage::file, error == std::errc::no_such_file_or_directory
                                           ? "there is no such file"
                                           : "cannot be opened: " + error.message());
    }
    if (path.parent_path() != fs::canonical(given.parent_path(), error)) {
        return refuse(LoadStage::permissions,
                      "is a symbolic link that leaves its directory, to " + path.string());
    }
    if (const auto found = open_libraries.find(path.string()); found != open_libraries.end()) {
        return found->second;
    }
    if (auto why = check_file(path)) return *std::move(why);
    if (auto why = missing_entry(path)) return refuse(LoadStage::symbol, *std::move(why));

    // Boost.DLL has no name for NODELETE; without it, its destructor would unmap.
    const auto mode = static_cast<dll::load_mode::type>(dll::load_mode::rtld_now |
                                                        dll::load_mode::rtld_local | RTLD_NODELETE);
    auto mapping = std::make_unique<Mapping>();
    dlerror();
    mapping->library.load(path.string(), error, mode);
    if (error) {
        const char* cause = dlerror();  // Boost reports "bad file descriptor" for everything
        return refuse(LoadStage::link,
                      explain_link_error(cause != nullptr ? cause : error.message(), path));
    }
    const auto entry = mapping->library.get<const tenon_plugin*(std::uint32_t)>(TENON_ENTRY_SYMBOL);
    auto library = std::shared_ptr<Library>(new Library);
    try {
        library->plugin_ = entry(TENON_ABI_CURRENT);
    } catch (...) {
        return refuse(LoadStage::entry, "its entry function threw an exception");
    }
    library->path_ = path.string();
    library->mapping_ = std::move(mapping);
    open_libraries.emplace(library->path_, library);
    return std::shared_ptr<const Library>(std::move(library));
}

}  // namespace tenon::plugin

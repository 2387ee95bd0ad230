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

#include "plugin/bounded_call.hpp"
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
        return "has a symbol table that cannot be read: it is damaged; install it again";
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
    return std::string("exports no ") + TENON_ENTRY_SYMBOL +
           ": it is no Tenon plugin; remove it from the plugin directory";
}

/// Says what the dynamic linker's message means.
std::string explain_link_error(std::string_view message, const fs::path& path) {
    constexpr std::string_view kMissing = ": cannot open shared object file";
    const auto missing = message.find(kMissing);
    if (missing != std::string_view::npos) {
        const std::string_view name = message.substr(0, missing);
        if (name != path.string()) {
            return "needs the library " + std::string(name) +
                   ", which is not installed or not where the plugin looks for it; install that "
                   "library";
        }
    }
    constexpr std::string_view kUndefined = "undefined symbol: ";
    const auto undefined = message.find(kUndefined);
    if (undefined != std::string_view::npos) {
        const std::string_view rest = message.substr(undefined + kUndefined.size());
        return "uses the symbol '" + std::string(rest.substr(0, rest.find_first_of(" ,("))) +
               "', which no library provides: it was linked incompletely; rebuild it with "
               "-Wl,-z,defs to see what is missing";
    }
    return "is refused by the dynamic linker (" + std::string(message) +
           "); rebuild or reinstall it";
}

/// The file behind a path, which must lie in the same directory.
std::variant<fs::path, LoadError> resolve(const fs::path& given) {
    const auto refuse = [&](LoadStage stage, std::string message) {
        return LoadError{given.string(), stage, std::move(message)};
    };
    if (!given.is_absolute()) {
        return refuse(LoadStage::file, "is not an absolute path; give the whole path");
    }
    std::error_code error;
    fs::path path = fs::canonical(given, error);
    if (error == std::errc::no_such_file_or_directory) {
        return refuse(LoadStage::file, fs::is_symlink(fs::symlink_status(given, error))
                                           ? "is a symbolic link to a file that does not exist; "
                                             "install the plugin again"
                                           : "does not exist; check the path");
    }
    if (error) {
        return refuse(LoadStage::file,
                      "cannot be opened: " + error.message() + "; check its permissions");
    }
    if (path.parent_path() != fs::canonical(given.parent_path(), error)) {
        return refuse(LoadStage::permissions, "is a symbolic link that leaves its directory, to " +
                                                  path.string() +
                                                  "; copy the file or name its own directory");
    }
    return path;
}

using Entry = const tenon_plugin*(std::uint32_t);

/// What the entry function returns, or why there is nothing to return.
std::variant<const tenon_plugin*, std::string> call_entry(const dll::shared_library& library,
                                                          base::Duration limit) {
    struct Answer {
        const tenon_plugin* plugin = nullptr;
        std::optional<std::string> exception;
    };
    // Shared with a thread that is left behind when the function hangs.
    const auto answer = std::make_shared<Answer>();
    Entry* const entry = &library.get<Entry>(TENON_ENTRY_SYMBOL);
    const bool in_time = run_bounded(limit, [answer, entry] {
        try {
            answer->plugin = entry(TENON_ABI_CURRENT);
        } catch (const std::exception& e) {
            answer->exception = std::string(" (") + e.what() + ")";
        } catch (...) {
            answer->exception = "";
        }
    });
    if (!in_time) {
        return "has an entry function that does not return; report it to the plugin's author";
    }
    if (answer->exception) {
        return "has an entry function that throws an exception" + *answer->exception +
               "; report it to the plugin's author";
    }
    return answer->plugin;
}

}  // namespace

struct Library::Mapping {
    dll::shared_library library;

    /// Returns why the file cannot be mapped.
    std::optional<std::string> map(const fs::path& path) {
        // Boost.DLL has no name for NODELETE; without it, its destructor would unmap.
        const auto mode = static_cast<dll::load_mode::type>(
            dll::load_mode::rtld_now | dll::load_mode::rtld_local | RTLD_NODELETE);
        dlerror();
        std::error_code error;
        library.load(path.string(), error, mode);
        if (!error) return std::nullopt;
        const char* cause = dlerror();  // Boost reports "bad file descriptor" for everything
        return explain_link_error(cause != nullptr ? cause : error.message(), path);
    }
};

Library::Library() = default;
Library::~Library() = default;

std::variant<std::shared_ptr<const Library>, LoadError> Library::open(const fs::path& given,
                                                                      base::Duration entry_limit) {
    // Never destroyed: libraries stay mapped until the process is gone.
    static std::mutex& mutex = *new std::mutex;
    static auto& open_libraries = *new std::map<std::string, std::shared_ptr<const Library>>;
    const std::lock_guard lock(mutex);

    auto resolved = resolve(given);
    if (auto* error = std::get_if<LoadError>(&resolved)) return std::move(*error);
    const fs::path& path = std::get<fs::path>(resolved);
    if (const auto found = open_libraries.find(path.string()); found != open_libraries.end()) {
        return found->second;
    }
    if (auto why = check_file(path)) return *std::move(why);
    if (auto why = missing_entry(path)) {
        return LoadError{path.string(), LoadStage::symbol, *std::move(why)};
    }
    auto library = std::shared_ptr<Library>(new Library);
    library->path_ = path.string();
    library->mapping_ = std::make_unique<Mapping>();
    if (auto why = library->mapping_->map(path)) {
        return LoadError{path.string(), LoadStage::link, *std::move(why)};
    }
    auto entered = call_entry(library->mapping_->library, entry_limit);
    if (auto* why = std::get_if<std::string>(&entered)) {
        return LoadError{path.string(), LoadStage::entry, std::move(*why)};
    }
    library->plugin_ = std::get<const tenon_plugin*>(entered);
    open_libraries.emplace(library->path_, library);
    return std::shared_ptr<const Library>(std::move(library));
}

}  // namespace tenon::plugin

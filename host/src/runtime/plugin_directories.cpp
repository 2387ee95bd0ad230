#include "runtime/plugin_directories.hpp"

#include <cstdlib>
#include <string_view>

namespace tenon::runtime {

namespace fs = std::filesystem;

std::vector<fs::path> built_in_plugin_directories() {
    std::vector<fs::path> directories;
    if (const char* value = secure_getenv("TENON_PLUGIN_PATH")) {
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::string_view directory = rest.substr(0, rest.find(':'));
            rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
            // A relative directory would depend on where the program was started.
            if (directory.starts_with('/')) directories.emplace_back(directory);
        }
    }
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const fs::path beside = program.parent_path().parent_path() / "lib";
        for (const fs::path& lib : {beside, beside / TENON_MULTIARCH}) {
            const fs::path plugins = lib / "tenon" / "plugins";
            if (fs::is_directory(plugins, error)) directories.push_back(plugins);
        }
    }
    return directories;
}

}  // namespace tenon::runtime

#include "cli/open_host.hpp"

#include "cli/terminal.hpp"
#include "config/load.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

/// What is named relative to here, in a form that means the same elsewhere.
fs::path absolute_path(const fs::path& path) {
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    return error ? path : absolute.lexically_normal();  // who uses it says what is wrong
}

}  // namespace

std::optional<std::filesystem::path> configuration_file(const GlobalOptions& global) {
    return config::find_file(global.config_file, config::process_environment());
}

host::HostOptions host_options(const GlobalOptions& global) {
    host::HostOptions options;
    if (const auto file = configuration_file(global)) options.config_file = absolute_path(*file);
    for (const std::string& directory : global.plugin_directories) {
        options.plugin_directories.push_back(absolute_path(directory));
    }
    return options;
}

OpenedHost open_host(const GlobalOptions& global, HostUse use) {
    host::HostOptions options = host_options(global);
    // A command reports what concerns it; the rest is for those who ask.
    // With one request it ends before a second check would be due.
    options.active_checks = use == HostUse::long_run;
    options.log_level = global.log_level.empty() ? "off" : global.log_level;
    auto opened = host::Host::open(options);
    if (!opened) {
        print_error(opened.error().message);
        return {nullptr, kConfiguration};
    }
    return {*std::move(opened), kSuccess};
}

}  // namespace tenon::cli

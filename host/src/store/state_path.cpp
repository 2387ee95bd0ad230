#include "store/state_path.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace tenon::store {
namespace {

namespace fs = std::filesystem;

Error cannot_create(const char* what, const fs::path& path, int error) {
    const bool is_denied = error == EACCES || error == EPERM || error == EROFS;
    return {is_denied ? Code::forbidden : Code::invalid,
            std::string("cannot create ") + what + " " + path.string() +
                " for the state: " + std::error_code(error, std::generic_category()).message() +
                "; repair that, or choose another file with TENON_STATE"};
}

Result<void> make_directories(const fs::path& path) {
    // A file in the place of a directory is found when something is to be made in it.
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    const int error = errno;
    if (error != ENOENT || !path.has_relative_path()) {
        return cannot_create("the directory", path, error);
    }
    if (auto parent = make_directories(path.parent_path()); !parent) return parent;
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return cannot_create("the directory", path, errno);
}

}  // namespace

Result<fs::path> default_state_path(const Environment& environment) {
    if (const auto path = environment("TENON_STATE"); path && !path->empty())
        return fs::path(*path);
    const auto state_home = environment("XDG_STATE_HOME");
    if (state_home && fs::path(*state_home).is_absolute()) {
        return fs::path(*state_home) / "tenon" / "state.db";
    }
    if (const auto home = environment("HOME"); home && !home->empty()) {
        return fs::path(*home) / ".local" / "state" / "tenon" / "state.db";
    }
    return Error(Code::invalid,
                 "there is no place for the state, because HOME is not set; name a file with "
                 "TENON_STATE");
}

Result<void> make_state_file(const fs::path& path) {
    if (auto made = make_directories(path.parent_path()); !made) return made;
    // Not open(): to close a descriptor of a database takes SQLite's locks from this process.
    if (::mknod(path.c_str(), S_IFREG | 0600, 0) == 0 || errno == EEXIST) return {};
    return cannot_create("the file", path, errno);
}

}  // namespace tenon::store

#include "store/state_path.hpp"

#include <sys/stat.h>
#include <sys/un.h>

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

Result<fs::path> socket_place(const fs::path& configured, const fs::path& state_file,
                              const Environment& environment) {
    if (!configured.empty()) return configured;
    if (const auto path = environment("TENON_SOCKET"); path && !path->empty()) {
        return fs::path(*path);
    }
    const auto runtime = environment("XDG_RUNTIME_DIR");
    if (runtime && fs::path(*runtime).is_absolute()) {
        return fs::path(*runtime) / "tenon" / "control.sock";
    }
    if (!state_file.empty()) return state_file.parent_path() / "control.sock";
    auto state = default_state_path(environment);
    if (!state) return state.error();
    return state->parent_path() / "control.sock";
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

Result<fs::path> control_socket_path(const fs::path& configured, const fs::path& state_file,
                                     const Environment& environment) {
    auto path = socket_place(configured, state_file, environment);
    static constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
    if (path && path->native().size() > kLongest) {
        return Error(Code::invalid, "the control socket " + path->string() + " has a name of " +
                                        std::to_string(path->native().size()) +
                                        " bytes, and sockets may have " + std::to_string(kLongest) +
                                        "; name another one with daemon.control_socket or "
                                        "TENON_SOCKET");
    }
    return path;
}

Result<void> make_state_file(const fs::path& path) {
    if (auto made = make_directories(path.parent_path()); !made) return made;
    // Not open(): to close a descriptor of a database takes SQLite's locks from this process.
    if (::mknod(path.c_str(), S_IFREG | 0600, 0) == 0 || errno == EEXIST) return {};
    return cannot_create("the file", path, errno);
}

}  // namespace tenon::store

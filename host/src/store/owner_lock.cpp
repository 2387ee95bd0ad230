#include "store/owner_lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

namespace tenon::store {
namespace {

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

Error describe(const std::filesystem::path& path, int error) {
    const bool is_denied = error == EACCES || error == EPERM || error == EROFS;
    return {is_denied ? Code::forbidden : Code::invalid,
            "cannot use the lock file " + path.string() + ": " +
                std::error_code(error, std::generic_category()).message() +
                "; repair that, or choose another file for the state with TENON_STATE"};
}

}  // namespace

Result<OwnerLock> OwnerLock::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return describe(path, errno);
    return OwnerLock(fd, path);
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

OwnerLock::~OwnerLock() {
    if (fd_ >= 0) ::close(fd_);
}

Result<bool> OwnerLock::take() {
    struct flock lock = whole_file();
    if (::fcntl(fd_, F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) return false;
        return failure(errno);
    }
    // Only people read it, so a full disk is no reason to refuse.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_, 0) == 0) (void)!::pwrite(fd_, pid.data(), pid.size(), 0);
    return true;
}

Result<bool> OwnerLock::is_taken() const {
    struct flock lock = whole_file();
    if (::fcntl(fd_, F_OFD_GETLK, &lock) != 0) return failure(errno);
    return lock.l_type != F_UNLCK;
}

pid_t OwnerLock::holder() const noexcept {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(fd_, text.data(), text.size(), 0);
    pid_t pid = 0;
    if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
    return pid;
}

Error OwnerLock::failure(int error) const {
    return describe(path_, error);
}

}  // namespace tenon::store

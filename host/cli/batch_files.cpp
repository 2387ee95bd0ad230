#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "cli/batch_output.hpp"

namespace tenon::cli {

Result<std::unique_ptr<LineFile>> LineFile::open(const std::filesystem::path& path) {
    const auto fail = [&](const std::string& why) {
        return Error(Code::invalid, "cannot write to " + path.string() + ": " + why);
    };
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0) return fail(std::generic_category().message(errno));
    auto file = std::unique_ptr<LineFile>(new LineFile(fd, path));
    struct stat status {};
    if (::fstat(fd, &status) != 0) return fail(std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode)) {
        return fail("it is not a regular file, and what is in it could not be found again");
    }
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail(std::generic_category().message(errno));
        return fail(
            "another 'tenon batch' is writing to it; wait for that one, or choose another "
            "file");
    }
    // Only now: who held the lock may have written until the end.
    if (::fstat(fd, &status) != 0) return fail(std::generic_category().message(errno));
    file->size_ = static_cast<std::uint64_t>(status.st_size);
    return file;
}

LineFile::~LineFile() {
    ::close(fd_);
}

Error LineFile::failure(const std::string& what, int error) const {
    return Error(Code::internal,
                 what + ' ' + path_.string() + ": " + std::generic_category().message(error));
}

Result<std::uint64_t> LineFile::cut_torn_line() {
    std::array<char, 65'536> block{};
    std::uint64_t end = size_;  // behind the last line feed, once it is found
    while (end > 0) {
        const std::uint64_t begin = end > block.size() ? end - block.size() : 0;
        const std::size_t length = end - begin;
        const ssize_t got = ::pread(fd_, block.data(), length, static_cast<off_t>(begin));
        if (got != static_cast<ssize_t>(length))
            return failure("cannot read", got < 0 ? errno : EIO);
        const auto last = std::find(std::make_reverse_iterator(block.begin() + got),
                                    std::make_reverse_iterator(block.begin()), '\n');
        const auto kept = static_cast<std::size_t>(last.base() - block.begin());
        end = begin + kept;
        if (kept > 0) break;
    }
    const std::uint64_t torn = size_ - end;
    if (torn == 0) return torn;
    if (::ftruncate(fd_, static_cast<off_t>(end)) != 0) return failure("cannot shorten", errno);
    size_ = end;
    return torn;
}

Result<void> LineFile::clear() {
    if (::ftruncate(fd_, 0) != 0) return failure("cannot empty", errno);
    size_ = 0;
    return sync();
}

Result<void> LineFile::append(std::string_view line) {
    ssize_t written = 0;
    do {
        written = ::write(fd_, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(line.size())) {
        size_ += line.size();
        return {};
    }
    Error error = failure("cannot write to", written < 0 ? errno : ENOSPC);
    // Should this fail too, the next run cuts off what is torn.
    if (written > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
        error.message += " (and its last line is torn)";
    }
    return error;
}

Result<void> LineFile::sync() {
    if (::fdatasync(fd_) != 0) return failure("cannot bring to the disk what is in", errno);
    return {};
}

}  // namespace tenon::cli

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "tenon/result.hpp"

namespace tenon::store {

/// A file that the owner of something keeps locked, with its process id in it for people. The lock
/// ends with the process, however it ends; the file stays, and means nothing without the lock.
///
/// It is a lock of the open file (F_OFD_SETLK), not flock(), because that cannot be looked at
/// without being taken: a look would for a moment keep out the rightful owner.
///
/// \par Thread-safety
/// All but the destructor may be called from any thread.
class OwnerLock {
public:
    /// Opens the file, made for this user alone if there is none; locks nothing.
    [[nodiscard]] static Result<OwnerLock> open(const std::filesystem::path& path);

    OwnerLock(OwnerLock&& other) noexcept;
    OwnerLock& operator=(OwnerLock&&) = delete;
    ~OwnerLock();

    /// Locks it until this object or the process ends.
    /// \return false if another has locked it, in this process or elsewhere.
    [[nodiscard]] Result<bool> take();

    /// Has somebody else locked it?
    [[nodiscard]] Result<bool> is_taken() const;

    /// The process that has last locked it; 0 if that is not known.
    [[nodiscard]] pid_t holder() const noexcept;

private:
    OwnerLock(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
    [[nodiscard]] Error failure(int error) const;

    int fd_;
    std::filesystem::path path_;
};

}  // namespace tenon::store

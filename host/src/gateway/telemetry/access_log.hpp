#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/api/request_summary.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {

/// One JSON object for each request that has ended, a line each, in a file. Lines are written by a
/// thread of its own, so that a slow disk slows down no request; when too many wait, lines are
/// dropped and counted. Those of refused requests have half of the room, so that no flood of them
/// drives out the others.
///
/// \par Thread-safety
/// Any thread.
class AccessLog {
public:
    static constexpr std::size_t kMostWaiting = std::size_t{4} << 20;  ///< bytes

    /// \param path "-" = standard output.
    /// Errors: the file cannot be opened.
    [[nodiscard]] static Result<std::unique_ptr<AccessLog>> open(const std::string& path);
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    /// Writes what waits.
    ~AccessLog();

    void write(const RequestStart& start, const RequestSummary& summary) noexcept;

    /// Opens the file again by its name: who rotates logs has moved the old one away.
    void reopen() noexcept;

    [[nodiscard]] std::uint64_t dropped() const;

private:
    explicit AccessLog(std::string path, int fd);
    void run();

    const std::string path_;
    int fd_;  ///< the thread's
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string waiting_;
    std::uint64_t dropped_ = 0;
    bool reopen_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tenon::gateway

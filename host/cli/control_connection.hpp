#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::cli {

/// How a wait ends at the latest.
using ControlDeadline = std::chrono::steady_clock::time_point;

/// One connection to the daemon's control socket. Every wait ends at its deadline, or when `stop`
/// is requested (then with Code::cancelled).
///
/// \par Thread-safety
/// None.
class ControlConnection {
public:
    /// Connects, and makes sure that the other side is the user's own or the system's.
    /// Errors: see says_no_daemon(); Code::forbidden, Code::deadline, Code::cancelled.
    [[nodiscard]] static Result<ControlConnection> open(const std::filesystem::path& socket,
                                                        ControlDeadline deadline,
                                                        const std::stop_token& stop);
    ControlConnection(ControlConnection&& other) noexcept;
    ControlConnection& operator=(ControlConnection&&) = delete;
    ~ControlConnection();

    Result<void> write(std::string_view bytes, ControlDeadline deadline,
                       const std::stop_token& stop);
    /// The next bytes, which live until the next call; none = the daemon has closed.
    [[nodiscard]] Result<std::string_view> read(ControlDeadline deadline,
                                                const std::stop_token& stop);

private:
    ControlConnection(int fd, const std::filesystem::path& socket);

    int fd_;
    std::filesystem::path socket_;
    std::string buffer_;
};

/// Does the error say that no daemon listens there?
[[nodiscard]] bool says_no_daemon(const Error& error) noexcept;

}  // namespace tenon::cli

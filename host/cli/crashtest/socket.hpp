#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::cli::crashtest {

using Clock = std::chrono::steady_clock;

/// One TCP connection on the loopback interface whose waits are bounded.
///
/// \par Thread-safety
/// One thread, except interrupt().
class Socket {
public:
    /// Takes the descriptor over.
    explicit Socket(int fd) noexcept : fd_(fd) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&&) = delete;
    ~Socket();

    [[nodiscard]] static Result<Socket> connect(std::uint16_t port);

    /// All of it; false = the peer has gone, or does not read.
    bool send(std::string_view bytes, Clock::time_point deadline) noexcept;

    enum class Read { bytes, end, broken, late };
    /// What there is, in `into`, as soon as there is something.
    Read read(std::string& into, Clock::time_point deadline);

    /// Closes so that the peer sees a reset, not an end.
    void reset() noexcept;
    void close() noexcept;
    /// Lets a wait of another thread end. The descriptor stays open.
    void interrupt() const noexcept;

private:
    int fd_;
};

/// A listening socket on a port that the system chooses.
///
/// \par Thread-safety
/// accept() on one thread, interrupt() on any.
class ListeningSocket {
public:
    [[nodiscard]] static Result<ListeningSocket> open();
    ListeningSocket(ListeningSocket&& other) noexcept;
    ListeningSocket& operator=(ListeningSocket&&) = delete;
    ~ListeningSocket();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// The next connection; -1 after interrupt().
    [[nodiscard]] int accept() const noexcept;
    void interrupt() const noexcept;

private:
    ListeningSocket(int fd, std::uint16_t port) noexcept : fd_(fd), port_(port) {}

    int fd_;
    std::uint16_t port_;
};

}  // namespace tenon::cli::crashtest

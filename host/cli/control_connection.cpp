#include "cli/control_connection.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoDaemon = "no_daemon";
constexpr std::size_t kReadAtOnce = 16 * 1024;

std::string reason(int error) {
    return std::error_code(error, std::generic_category()).message();
}

Error no_daemon(const std::string& message) {
    Error error(Code::unavailable, message);
    error.provider_code = kNoDaemon;
    return error;
}

Error cannot_connect(const fs::path& socket, int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR: return no_daemon("no daemon runs: there is no socket " + socket.string());
        case ECONNREFUSED:
            return no_daemon("no daemon runs: nobody listens on " + socket.string() +
                             " any more, which an earlier one has left");
        case EACCES:
        case EPERM:
            return {Code::forbidden, "the daemon's socket " + socket.string() +
                                         " belongs to another user; ask as that user, or as root"};
        default:
            return {Code::unavailable,
                    "cannot connect to the daemon on " + socket.string() + ": " + reason(error)};
    }
}

Error cancelled() {
    return {Code::cancelled, "interrupted"};
}

/// A descriptor that becomes readable when somebody asks to stop.
class StopSignal {
public:
    explicit StopSignal(const std::stop_token& stop)
        : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), on_stop_(stop, Raise{fd_}) {}
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;
    [[nodiscard]] int fd() const noexcept { return fd_.value; }

private:
    struct Owned {
        explicit Owned(int fd) : value(fd) {}
        ~Owned() { ::close(value); }
        Owned(const Owned&) = delete;
        Owned& operator=(const Owned&) = delete;
        int value;
    };
    struct Raise {
        explicit Raise(const Owned& owned) : fd(owned.value) {}
        void operator()() const noexcept { ::eventfd_write(fd, 1); }
        int fd;
    };

    Owned fd_;
    std::stop_callback<Raise> on_stop_;  // ends before the descriptor
};

enum class Waited { ready, late, stopped };

/// \param fd -1 = only wait
Waited wait_for(int fd, short events, ControlDeadline deadline, const std::stop_token& stop) {
    const StopSignal signal(stop);
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                              deadline - std::chrono::steady_clock::now())
                              .count();
        std::array<pollfd, 2> watched{pollfd{signal.fd(), POLLIN, 0}, pollfd{fd, events, 0}};
        const int timeout = static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
        const int found = ::poll(watched.data(), watched.size(), timeout);
        if (watched[0].revents != 0) return Waited::stopped;
        if (found > 0) return Waited::ready;
        if (found == 0 && left <= 0) return Waited::late;
    }
}

Result<void> check_peer(int fd, const fs::path& socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return cannot_connect(socket, errno);
    }
    const uid_t self = ::geteuid();
    if (peer.uid == self || peer.uid == 0 || self == 0) return {};
    return Error(Code::forbidden, "the process that listens on " + socket.string() +
                                      " belongs to user " + std::to_string(peer.uid) +
                                      ", not to you; nothing was sent to it");
}

}  // namespace

bool says_no_daemon(const Error& error) noexcept {
    return error.provider_code == kNoDaemon;
}

ControlConnection::ControlConnection(int fd, const fs::path& socket) : fd_(fd), socket_(socket) {}

ControlConnection::ControlConnection(ControlConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      socket_(std::move(other.socket_)),
      buffer_(std::move(other.buffer_)) {}

ControlConnection::~ControlConnection() {
    if (fd_ >= 0) ::close(fd_);
}

Result<ControlConnection> ControlConnection::open(const fs::path& socket, ControlDeadline deadline,
                                                  const std::stop_token& stop) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof address.sun_path) {
        return cannot_connect(socket, ENAMETOOLONG);
    }
    std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return cannot_connect(socket, errno);
    ControlConnection connection(fd, socket);
    while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == EINTR) continue;
        // Its queue is full. The kernel does not tell when that changes.
        if (errno != EAGAIN) return cannot_connect(socket, errno);
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) {
            return Error(Code::deadline, "the daemon on " + socket.string() +
                                             " does not accept connections; it hangs or is very "
                                             "busy");
        }
        const auto again = std::min(deadline, now + std::chrono::milliseconds(20));
        if (wait_for(-1, 0, again, stop) == Waited::stopped) return cancelled();
    }
    if (auto peer = check_peer(fd, socket); !peer) return peer.error();
    return connection;
}

Result<void> ControlConnection::write(std::string_view bytes, ControlDeadline deadline,
                                      const std::stop_token& stop) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            continue;
        }
        // An answer may be there although it does not read on.
        if (errno == EPIPE || errno == ECONNRESET) return {};
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return cannot_connect(socket_, errno);
        switch (wait_for(fd_, POLLOUT, deadline, stop)) {
            case Waited::ready: break;
            case Waited::stopped: return cancelled();
            case Waited::late:
                return Error(Code::deadline, "the daemon on " + socket_.string() +
                                                 " does not read what is sent to it");
        }
    }
    return {};
}

Result<std::string_view> ControlConnection::read(ControlDeadline deadline,
                                                 const std::stop_token& stop) {
    buffer_.resize(kReadAtOnce);
    for (;;) {
        switch (wait_for(fd_, POLLIN, deadline, stop)) {
            case Waited::ready: break;
            case Waited::stopped: return cancelled();
            case Waited::late:
                return Error(Code::deadline, "the daemon on " + socket_.string() +
                                                 " has not answered in time; what was asked of it "
                                                 "may still happen");
        }
        const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
        if (got >= 0) return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
        if (errno == ECONNRESET) return std::string_view();
        if (errno != EINTR && errno != EAGAIN) return cannot_connect(socket_, errno);
    }
}

}  // namespace tenon::cli

#include "cli/crashtest/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tenon::cli::crashtest {
namespace {

sockaddr_in loopback(std::uint16_t port) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

Error failure(const char* what) {
    const int error = errno;
    return {Code::unavailable, std::string("cannot ") + what + " on the loopback interface: " +
                                   std::error_code(error, std::generic_category()).message()};
}

/// Small pieces are to arrive one by one.
void send_at_once(int fd) noexcept {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// false = late.
bool wait_for(int fd, short events, Clock::time_point deadline) noexcept {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd watched{fd, events, 0};
        const int timeout = static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
        const int found = ::poll(&watched, 1, timeout);
        if (found > 0 || (found < 0 && errno != EINTR)) return true;
        if (found == 0 && left <= 0) return false;
    }
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket::~Socket() {
    close();
}

Result<Socket> Socket::connect(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure("make a socket");
    Socket socket(fd);
    const sockaddr_in address = loopback(port);
    while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINTR) return failure("connect");
    }
    send_at_once(fd);
    return socket;
}

bool Socket::send(std::string_view bytes, Clock::time_point deadline) noexcept {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            if (!wait_for(fd_, POLLOUT, deadline)) return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

Socket::Read Socket::read(std::string& into, Clock::time_point deadline) {
    std::array<char, 16 * 1024> buffer;
    for (;;) {
        if (!wait_for(fd_, POLLIN, deadline)) return Read::late;
        const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got == 0) return Read::end;
        if (got > 0) {
            into.assign(buffer.data(), static_cast<std::size_t>(got));
            return Read::bytes;
        }
        if (errno != EINTR && errno != EAGAIN) return Read::broken;
    }
}

void Socket::reset() noexcept {
    if (fd_ < 0) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void Socket::close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Socket::interrupt() const noexcept {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

Result<ListeningSocket> ListeningSocket::open() {
    constexpr int kQueue = 256;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return failure("make a socket");
    ListeningSocket socket(fd, 0);
    sockaddr_in address = loopback(0);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(fd, any, size) != 0 || ::listen(fd, kQueue) != 0 ||
        ::getsockname(fd, any, &size) != 0) {
        return failure("listen");
    }
    socket.port_ = ntohs(address.sin_port);
    return socket;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}

ListeningSocket::~ListeningSocket() {
    if (fd_ >= 0) ::close(fd_);
}

int ListeningSocket::accept() const noexcept {
    for (;;) {
        const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            send_at_once(fd);
            return fd;
        }
        if (errno != EINTR && errno != ECONNABORTED) return -1;
    }
}

void ListeningSocket::interrupt() const noexcept {
    ::shutdown(fd_, SHUT_RDWR);
}

}  // namespace tenon::cli::crashtest

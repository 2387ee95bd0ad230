#include "net/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace tenon::net {
namespace {

union Address {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
    sockaddr_storage storage;
};

void set(int fd, int level, int option, int value) noexcept {
    ::setsockopt(fd, level, option, &value, sizeof value);
}

/// What accepted sockets inherit. Keep-alive finds clients that vanished during a long stream.
void set_tcp_options(int fd) noexcept {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

int open_socket(int family) noexcept {
    return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/// Is somebody listening there already, whether he shares the port or not?
bool is_taken(const Address& address, socklen_t size) noexcept {
    const int probe = open_socket(address.any.sa_family);
    if (probe < 0) return false;
    set(probe, SOL_SOCKET, SO_REUSEADDR, 1);
    const bool taken = ::bind(probe, &address.any, size) != 0 && errno == EADDRINUSE;
    ::close(probe);
    return taken;
}

}  // namespace

std::string ListenEndpoint::name() const {
    if (!unix_path.empty()) return "unix:" + unix_path;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::unique_ptr<Listener>> Listener::open(const ListenEndpoint& endpoint,
                                                 std::size_t sockets) {
    std::unique_ptr<Listener> listener(new Listener(endpoint));
    auto opened = endpoint.unix_path.empty() ? listener->open_tcp(sockets) : listener->open_unix();
    if (!opened) return std::move(opened).error();
    return listener;
}

Listener::~Listener() {
    for (const int fd : sockets_) {
        if (fd >= 0) ::close(fd);
    }
    struct stat found {};
    if (file_number_ != 0 && ::lstat(endpoint_.unix_path.c_str(), &found) == 0 &&
        found.st_ino == file_number_ && found.st_dev == file_device_) {
        ::unlink(endpoint_.unix_path.c_str());
    }
}

int Listener::release(std::size_t index) noexcept {
    return std::exchange(sockets_[index], -1);
}

Error Listener::failure(std::string_view what, int reason) const {
    std::string message = "cannot listen on " + endpoint_.name() + ": " + std::string(what) + " (" +
                          std::generic_category().message(reason) + ")";
    if (reason == EADDRINUSE) message += "; is the server running already?";
    return {Code::unavailable, std::move(message)};
}

Result<void> Listener::open_tcp(std::size_t sockets) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(endpoint_.host.c_str(), nullptr, &hints, &found);
        error != 0) {
        return Error(Code::invalid, "cannot listen on " + endpoint_.name() + ": " +
                                        ::gai_strerror(error) + "; check the host");
    }
    const addrinfo* chosen = found;
    while (chosen->ai_family != AF_INET && chosen->ai_next != nullptr) chosen = chosen->ai_next;
    if (chosen->ai_family != AF_INET) chosen = found;
    Address address{};
    socklen_t size = chosen->ai_addrlen;
    std::memcpy(&address, chosen->ai_addr, size);
    ::freeaddrinfo(found);

    in_port_t& port = address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port;
    port = htons(endpoint_.port);
    // Sockets that share a port would also share it with another server of the same user.
    if (endpoint_.port != 0 && is_taken(address, size)) return failure("bind", EADDRINUSE);
    while (sockets_.size() < sockets || sockets_.empty()) {
        const int fd = open_socket(address.any.sa_family);
        if (fd < 0) return failure("socket", errno);
        sockets_.push_back(fd);
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        const int on = 1;
        const bool shared =
            sockets > 1 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
        set_tcp_options(fd);
        if (::bind(fd, &address.any, size) != 0) return failure("bind", errno);
        if (::listen(fd, SOMAXCONN) != 0) return failure("listen", errno);
        ::getsockname(fd, &address.any, &size);
        if (!shared) break;
    }
    endpoint_.port = ntohs(port);
    return {};
}

Result<void> Listener::open_unix() {
    Address address{};
    if (endpoint_.unix_path.size() >= sizeof address.local.sun_path) {
        return Error(Code::invalid,
                     "cannot listen on " + endpoint_.name() + ": the path is longer than " +
                         std::to_string(sizeof address.local.sun_path - 1) + " bytes");
    }
    if (auto replaced = replace_stale_file(); !replaced) return replaced;
    address.local.sun_family = AF_UNIX;
    endpoint_.unix_path.copy(address.local.sun_path, sizeof address.local.sun_path - 1);
    const int fd = open_socket(AF_UNIX);
    if (fd < 0) return failure("socket", errno);
    sockets_.push_back(fd);
    if (::bind(fd, &address.any, sizeof address.local) != 0) return failure("bind", errno);
    struct stat made {};
    // Before listen() nobody can connect, so that there is no moment with another mode.
    if (::chmod(endpoint_.unix_path.c_str(), S_IRUSR | S_IWUSR) != 0 ||
        ::lstat(endpoint_.unix_path.c_str(), &made) != 0) {
        const int reason = errno;
        ::unlink(endpoint_.unix_path.c_str());
        return failure("chmod", reason);
    }
    file_device_ = made.st_dev;
    file_number_ = made.st_ino;
    if (::listen(fd, SOMAXCONN) != 0) return failure("listen", errno);
    return {};
}

Result<void> Listener::replace_stale_file() const {
    struct stat found {};
    if (::lstat(endpoint_.unix_path.c_str(), &found) != 0) return {};
    if (!S_ISSOCK(found.st_mode)) {
        return Error(Code::invalid, "cannot listen on " + endpoint_.name() +
                                        ": the file exists and is no socket; choose another path");
    }
    Address address{};
    address.local.sun_family = AF_UNIX;
    endpoint_.unix_path.copy(address.local.sun_path, sizeof address.local.sun_path - 1);
    const int fd = open_socket(AF_UNIX);
    if (fd < 0) return failure("socket", errno);
    const int connected = ::connect(fd, &address.any, sizeof address.local);
    const int reason = errno;
    ::close(fd);
    // Only a refusal says that nobody is there: a full queue or a lack of permission does not.
    if (connected == 0 || reason != ECONNREFUSED) return failure("bind", EADDRINUSE);
    if (::unlink(endpoint_.unix_path.c_str()) != 0) return failure("unlink", errno);
    return {};
}

}  // namespace tenon::net

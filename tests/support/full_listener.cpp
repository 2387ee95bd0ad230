#include "support/full_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tenon::test {

FullListener::FullListener(const char* host) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds_.push_back(listener);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::inet_addr(host);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener, raw, size) != 0 || ::listen(listener, 0) != 0 ||
        ::getsockname(listener, raw, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "listen");
    }
    port_ = ntohs(address.sin_port);
    // A queue of length 0 holds one or two, depending on the kernel.
    for (int i = 0; i < 4; ++i) {
        const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        fds_.push_back(client);
        static_cast<void>(::connect(client, raw, size));
    }
}

FullListener::~FullListener() {
    for (const int fd : fds_) ::close(fd);
}

}  // namespace tenon::test

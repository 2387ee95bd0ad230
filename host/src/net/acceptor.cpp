#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "net/listener.hpp"
#include "net/timer.hpp"

namespace tenon::net {
namespace {

/// Accepted in one go, so that connections that are there already get their turn.
constexpr int kBatch = 64;

constexpr std::chrono::milliseconds kPause{100};

std::string peer_name(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
    }
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
    }
    return "unix";
}

/// Does this mean that the process, or the machine, has no room for another connection?
bool is_shortage(int reason) noexcept {
    return reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM;
}

}  // namespace

struct Acceptor::Impl : std::enable_shared_from_this<Acceptor::Impl> {
    Impl(boost::asio::io_context& io, int fd, Sink sink_in)
        : socket(io, fd), pause(io), sink(std::move(sink_in)) {}

    enum class Outcome { none_left, more, shortage };

    void wait() {
        socket.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                              if (!error && self->socket.is_open()) self->go_on();
                          });
    }

    void go_on() {
        if (accept() != Outcome::shortage) return wait();
        pause.expires_after(kPause);
        pause.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error && self->socket.is_open()) self->go_on();
        });
    }

    Outcome accept() {
        for (int i = 0; i < kBatch; ++i) {
            sockaddr_storage address{};
            socklen_t size = sizeof address;
            const int fd = ::accept4(socket.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                     &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                in_trouble = false;
                sink.accepted({fd, peer_name(address)});
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return Outcome::none_left;
            } else if (is_shortage(errno)) {
                const int reason = errno;
                if (!std::exchange(in_trouble, true)) {
                    sink.trouble("connections cannot be accepted (" +
                                 std::generic_category().message(reason) + ")");
                }
                return Outcome::shortage;
            }
            // Anything else is about a connection that was given up before it was accepted.
        }
        return Outcome::more;
    }

    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> socket;
    Timer pause;
    Sink sink;
    bool in_trouble = false;
};

Acceptor::Acceptor(boost::asio::io_context& io, int fd, Sink sink)
    : impl_(std::make_shared<Impl>(io, fd, std::move(sink))) {}

Acceptor::~Acceptor() {
    boost::system::error_code ignored;
    impl_->socket.close(ignored);
    impl_->pause.cancel();
}

void Acceptor::start() {
    impl_->wait();
}

void Acceptor::stop() {
    if (!impl_->socket.is_open()) return;
    constexpr int kMostBatches = 16;  // more than any queue holds
    for (int i = 0; i < kMostBatches && impl_->accept() == Impl::Outcome::more; ++i) {
    }
    boost::system::error_code ignored;
    impl_->socket.close(ignored);
    impl_->pause.cancel();
}

}  // namespace tenon::net

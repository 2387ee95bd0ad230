#include "event_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "options.hpp"

namespace tenon::bench {
namespace {

constexpr int kBacklog = 4096;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int new_socket() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die(std::string("no socket: ") + std::strerror(errno));
    return fd;
}

void control(int epoll, int operation, int fd, Watcher& watcher, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    if (::epoll_ctl(epoll, operation, fd, &event) != 0) {
        die(std::string("epoll_ctl: ") + std::strerror(errno));
    }
}

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

EventLoop::~EventLoop() {
    ::close(epoll_);
}

void EventLoop::watch(int fd, Watcher& watcher, std::uint32_t events) {
    control(epoll_, EPOLL_CTL_ADD, fd, watcher, events);
}

void EventLoop::change(int fd, Watcher& watcher, std::uint32_t events) {
    control(epoll_, EPOLL_CTL_MOD, fd, watcher, events);
}

void EventLoop::wake_at(Watcher& watcher, Time time) {
    watcher.alarm_ = ++last_alarm_;
    alarms_.push({time, last_alarm_, &watcher});
}

int EventLoop::patience() const {
    if (alarms_.empty()) return -1;
    const auto left = alarms_.top().time - now();
    if (left.count() <= 0) return 0;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void EventLoop::ring() {
    const Time time = now();
    while (!alarms_.empty() && alarms_.top().time <= time) {
        const Alarm alarm = alarms_.top();
        alarms_.pop();
        if (alarm.watcher->alarm_ != alarm.number) continue;
        alarm.watcher->alarm_ = 0;
        alarm.watcher->on_time();
    }
}

void EventLoop::run() {
    std::array<epoll_event, 256> events{};
    while (!stopped_) {
        const int count = ::epoll_wait(epoll_, events.data(), events.size(), patience());
        for (int i = 0; i < count; ++i) {
            static_cast<Watcher*>(events[static_cast<std::size_t>(i)].data.ptr)
                ->on_events(events[static_cast<std::size_t>(i)].events);
        }
        ring();
    }
}

int listen_at(std::uint16_t port) {
    const int fd = new_socket();
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, kBacklog) != 0) {
        die("cannot listen at port " + std::to_string(port) + ": " + std::strerror(errno));
    }
    return fd;
}

std::uint16_t port_of(int fd) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

int connect_to(std::uint16_t port) {
    const int fd = new_socket();
    no_delay(fd);
    const sockaddr_in address = loopback(port);
    ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return fd;
}

void no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void close_with_reset(int fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd);
}

}  // namespace tenon::bench

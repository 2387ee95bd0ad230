#pragma once

#include <chrono>
#include <cstdint>
#include <queue>
#include <vector>

namespace tenon::bench {

using Time = std::chrono::steady_clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

inline Time now() noexcept {
    return std::chrono::steady_clock::now();
}

/// What a loop tells. Stays alive as long as the loop; may be told of events that are over.
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual void on_events(std::uint32_t events) = 0;
    virtual void on_time() {}

private:
    friend class EventLoop;
    std::uint64_t alarm_ = 0;
};

/// Sockets and alarms for one thread on epoll: little enough that what is measured is not the
/// loop. Each watcher has one alarm.
class EventLoop {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void watch(int fd, Watcher& watcher, std::uint32_t events);
    void change(int fd, Watcher& watcher, std::uint32_t events);

    /// Replaces the watcher's alarm.
    void wake_at(Watcher& watcher, Time time);
    void forget_alarm(Watcher& watcher) noexcept { watcher.alarm_ = 0; }

    /// Until stop().
    void run();
    void stop() noexcept { stopped_ = true; }

private:
    struct Alarm {
        Time time;
        std::uint64_t number = 0;
        Watcher* watcher = nullptr;
        bool operator>(const Alarm& other) const noexcept { return time > other.time; }
    };

    [[nodiscard]] int patience() const;
    void ring();

    int epoll_ = -1;
    bool stopped_ = false;
    std::uint64_t last_alarm_ = 0;
    std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
};

/// \name Sockets that do not block
/// @{
int listen_at(std::uint16_t port);  ///< on loopback; 0 = any port
std::uint16_t port_of(int fd);
int connect_to(std::uint16_t port);  ///< on loopback; may be under way still
void no_delay(int fd);
void close_with_reset(int fd);
/// @}

}  // namespace tenon::bench

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "core/events.hpp"
#include "net/io_threads.hpp"

namespace tenon::provider {

/// Brings the events of a host to whoever has subscribed to them, on I/O thread 0.
///
/// \par Object lifetimes
/// Clock, I/O threads and log outlive the hub. Its destructor ends all subscriptions as theirs
/// does; events that are under way are then lost. Subscriptions may outlive it.
/// \par Thread-safety
/// Any thread.
class EventHub {
    struct Subscriber;
    struct Shared;

public:
    /// Called with one event after another, in order; on I/O thread 0, so it must not block. If it
    /// throws, that is logged and its subscription ends.
    using OnEvent = std::function<void(const core::Event& event)>;

    /// Lasts as long as this object. The destructor waits for the end of a running call, unless it
    /// is called from there; when it has returned, nothing is called and the function is gone (from
    /// within the call: once that has returned).
    class Subscription {
    public:
        explicit Subscription(std::shared_ptr<Subscriber> subscriber) noexcept;
        Subscription(const Subscription&) = delete;
        Subscription& operator=(const Subscription&) = delete;
        ~Subscription();

        /// The newest event's number before this began; its own events have greater ones. Who reads
        /// all states after subscribing misses nothing.
        [[nodiscard]] std::uint64_t first_sequence() const noexcept;
        /// How many events it was too slow for; see core::EventQueue.
        [[nodiscard]] std::uint64_t lost() const;
        /// Whether its function has thrown, or the hub is gone.
        [[nodiscard]] bool ended() const;

    private:
        const std::shared_ptr<Subscriber> subscriber_;
    };

    EventHub(const base::Clock& clock, net::IoThreads& io, base::Log& log);
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;
    ~EventHub();

    /// Whether anybody has subscribed. Ask before a reason is put into words.
    [[nodiscard]] bool wanted() const noexcept { return shared_->source.wanted(); }

    /// Numbers the event and hands it on; calls nobody. Nothing if it is not wanted. Without memory
    /// for it, it is lost.
    /// \param from, to of static storage
    void publish(core::EventKind kind, std::string_view provider, std::string_view from,
                 std::string_view to, std::string reason) noexcept;

    /// \param capacity how many events wait for the subscriber at most, at least 1
    [[nodiscard]] std::unique_ptr<Subscription> subscribe(OnEvent on_event,
                                                          std::size_t capacity = 256);

private:
    /// What subscriptions and posted calls keep alive.
    struct Shared {
        Shared(const base::Clock& with_clock, net::IoThreads& with_io, base::Log& with_log) noexcept
            : clock(with_clock), io(with_io), log(with_log) {}

        const base::Clock& clock;
        net::IoThreads& io;
        base::Log& log;

        std::mutex mutex;
        core::EventSource source;                              // numbers under the mutex
        std::vector<std::shared_ptr<Subscriber>> subscribers;  // guarded by the mutex
    };

    const std::shared_ptr<Shared> shared_;
};

}  // namespace tenon::provider

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tenon/host/status.hpp"

namespace tenon::gateway {

/// The newest events of a host, and whoever listens to them.
///
/// A listener is a number, that of the last event it has taken: what it takes next are the events
/// behind it. So none comes twice, none is missed between those of the past and those to come, and
/// the ring itself is the bound of what waits for a slow listener. Numbers that are missing are
/// events that were lost, here or on the way here.
///
/// \par Thread-safety
/// Any thread.
class EventRing {
public:
    explicit EventRing(std::size_t capacity = 1000) : capacity_(capacity) {}
    EventRing(const EventRing&) = delete;
    EventRing& operator=(const EventRing&) = delete;

    /// Says that the first event to come has a greater number than this.
    void begin_after(std::uint64_t sequence);

    /// Adds an event, whose number is greater than those before, and wakes who waits for one.
    void push(const host::Event& event);

    /// Ends all listeners, now and later.
    void close();

    /// What a listener takes at once.
    struct Batch {
        struct Entry {
            std::uint64_t lost_before = 0;            ///< events
            std::shared_ptr<const std::string> text;  ///< as the stream has it
        };
        std::vector<Entry> entries;
        bool closed = false;  ///< there will be no more
    };

    /// One who listens, until it is destroyed.
    ///
    /// \par Thread-safety
    /// One thread.
    /// \par Object lifetimes
    /// The ring must outlive it.
    class Listener {
    public:
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        ~Listener();

        /// The newest event when it began; events with greater numbers happened since.
        [[nodiscard]] std::uint64_t began_at() const noexcept { return began_at_; }

        /// Events that have not been taken, `most` at once. After an empty batch that is not closed
        /// the listener is woken as soon as there is something.
        [[nodiscard]] Batch take(std::size_t most = 64);

    private:
        friend class EventRing;
        Listener(EventRing& ring, std::function<void()> wake) noexcept
            : ring_(ring), wake_(std::move(wake)) {}

        EventRing& ring_;
        const std::function<void()> wake_;
        std::uint64_t began_at_ = 0;
        std::uint64_t taken_ = 0;  ///< the newest event that was taken, or is not wanted
        bool waits_ = false;       ///< guarded by ring_.mutex_
    };

    /// \param since take events with greater numbers, as far as they are kept; nullopt = only those
    /// to come. A number that no event has yet is one of a host that has ended since: all are taken
    /// then.
    /// \param wake called on any thread, under the ring's lock: it must not wait, throw, or call
    /// the ring.
    [[nodiscard]] std::unique_ptr<Listener> listen(std::optional<std::uint64_t> since,
                                                   std::function<void()> wake);

private:
    struct Kept {
        std::uint64_t sequence;
        std::shared_ptr<const std::string> text;
    };

    void wake_all();  ///< REQUIRES: mutex_ is held

    const std::size_t capacity_;
    std::mutex mutex_;
    std::deque<Kept> kept_;     ///< by rising numbers
    std::uint64_t newest_ = 0;  ///< number
    bool closed_ = false;
    std::vector<Listener*> listeners_;
};

/// {"sequence","kind","provider","from","to","reason","time"}.
[[nodiscard]] std::string to_json(const host::Event& event);

}  // namespace tenon::gateway

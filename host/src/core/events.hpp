#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace tenon::core {

/// What an event is about (the vocabulary of MongoDB's CMAP and SDAM, as far as it applies).
enum class EventKind : std::uint8_t {
    // States: `to` holds until the next event of the same kind and provider.
    connection_state,  ///< disconnected, connecting, connected, unhealthy, disconnecting
    enabled,           ///< enabled or disabled
    health,            ///< what the health checks say
    breaker,           ///< closed, open, half_open
    cool_down,         ///< asked to be left alone, or not any more
    pool,              ///< ready, paused, closed
    // Moments: they happened.
    fail_over,          ///< a request went from one provider to another
    retry_exhausted,    ///< a request failed with all its tries
    pool_cleared,       ///< all its connections were given up
    connection_closed,  ///< one connection ended
    reloaded,           ///< the configuration was read anew
};

/// Whether a later event of the same kind and provider makes an earlier one obsolete.
[[nodiscard]] bool is_state(EventKind kind) noexcept;

/// Stable name for logs and metrics, e.g. "connection_state".
[[nodiscard]] std::string_view to_string(EventKind kind) noexcept;

/// Something that happened to a provider.
struct Event {
    std::uint64_t sequence = 0;  ///< from 1, one more for each event of the host
    EventKind kind = EventKind::connection_state;
    std::string provider;   ///< empty = the host itself
    std::string_view from;  ///< name of the state before; static storage
    std::string_view to;    ///< name of the state since; static storage. fail_over: empty
    std::string reason;     ///< one sentence or word for a person, never a secret
    base::TimePoint time;
};

/// Numbers the events, and knows whether anybody wants them: without subscribers an event costs one
/// relaxed load.
///
/// \par Thread-safety
/// Any thread. Events are in order if they are numbered and pushed under one lock.
class EventSource {
public:
    [[nodiscard]] bool wanted() const noexcept {
        return subscribers_.load(std::memory_order_relaxed) > 0;
    }
    void subscribed() noexcept { subscribers_.fetch_add(1, std::memory_order_relaxed); }
    void unsubscribed() noexcept { subscribers_.fetch_sub(1, std::memory_order_relaxed); }

    /// The next event's number.
    [[nodiscard]] std::uint64_t next() noexcept {
        return last_.fetch_add(1, std::memory_order_relaxed) + 1;
    }

    /// The number of the newest event. A new subscriber notes it, then reads all states: later
    /// events have greater numbers.
    [[nodiscard]] std::uint64_t last() const noexcept {
        return last_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> last_ = 0;
    std::atomic<int> subscribers_ = 0;
};

/// The events that one subscriber has not read yet. If it is slow, moments and states that have
/// been followed by others are lost, the oldest first; the newest state of each kind and provider
/// never is. So there are `capacity` events in it at most, or one of each kind and provider if
/// those are more.
///
/// \par Thread-safety
/// None: the owner guards it, and calls no subscriber while it does.
class EventQueue {
public:
    /// \par Preconditions
    /// `capacity` is at least 1.
    explicit EventQueue(std::size_t capacity);

    /// \par Preconditions
    /// `event.sequence` is greater than those before.
    void push(Event event);

    /// The oldest event, or nullopt.
    [[nodiscard]] std::optional<Event> pop();

    [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }

    /// How many were lost since the queue was made.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    using Sequence = std::uint64_t;
    using Key = std::pair<EventKind, std::string>;

    const std::size_t capacity_;
    std::map<Sequence, Event> events_;
    std::map<Key, Sequence> newest_;  ///< states that are not to be lost
    std::set<Sequence> losable_;      ///< all other events
    std::uint64_t lost_ = 0;
    Sequence last_ = 0;
};

}  // namespace tenon::core

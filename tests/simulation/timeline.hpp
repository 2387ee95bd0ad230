#pragma once

#include <cassert>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/clock.hpp"

namespace tenon::simulation {

/// Virtual time and what is to happen in it. Events of one moment happen in the order in which they
/// were added, so equal seeds give equal runs.
class Timeline {
public:
    using Action = std::function<void()>;
    /// Names an event; none() is never one.
    using EventId = std::pair<base::TimePoint, std::uint64_t>;
    [[nodiscard]] static constexpr EventId none() noexcept { return {}; }

    [[nodiscard]] base::TimePoint now() const noexcept { return now_; }
    [[nodiscard]] base::Duration since_start() const noexcept { return now_ - kStart; }
    [[nodiscard]] static constexpr base::TimePoint start() noexcept { return kStart; }

    EventId at(base::TimePoint time, Action action) {
        assert(time >= now_);
        const EventId id{time, ++added_};
        events_.emplace(id, std::move(action));
        return id;
    }
    EventId after(base::Duration wait, Action action) { return at(now_ + wait, std::move(action)); }
    /// After all that is already to happen at this moment.
    EventId soon(Action action) { return at(now_, std::move(action)); }

    /// An event that has happened, or was cancelled, is cancelled to no effect.
    void cancel(EventId id) { events_.erase(id); }

    /// Lets everything happen, until nothing more is to happen.
    void run() {
        while (!events_.empty()) {
            auto event = events_.extract(events_.begin());
            now_ = event.key().first;
            event.mapped()();
        }
    }

private:
    /// Far from zero, so that nothing can rely on it.
    static constexpr base::TimePoint kStart{std::chrono::hours(1000)};

    base::TimePoint now_ = kStart;
    std::uint64_t added_ = 0;
    std::map<EventId, Action> events_;
};

}  // namespace tenon::simulation

#include "core/events.hpp"

#include <cassert>

namespace tenon::core {

bool is_state(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::connection_state:
        case EventKind::enabled:
        case EventKind::health:
        case EventKind::breaker:
        case EventKind::cool_down:
        case EventKind::pool: return true;
        case EventKind::fail_over:
        case EventKind::retry_exhausted:
        case EventKind::pool_cleared:
        case EventKind::connection_closed:
        case EventKind::reloaded: break;
    }
    return false;
}

std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::connection_state: return "connection_state";
        case EventKind::enabled: return "enabled";
        case EventKind::health: return "health";
        case EventKind::breaker: return "breaker";
        case EventKind::cool_down: return "cool_down";
        case EventKind::pool: return "pool";
        case EventKind::fail_over: return "fail_over";
        case EventKind::retry_exhausted: return "retry_exhausted";
        case EventKind::pool_cleared: return "pool_cleared";
        case EventKind::connection_closed: return "connection_closed";
        case EventKind::reloaded: break;
    }
    return "reloaded";
}

EventQueue::EventQueue(std::size_t capacity) : capacity_(capacity) {
    assert(capacity >= 1);
}

void EventQueue::push(Event event) {
    assert(event.sequence > last_);
    last_ = event.sequence;
    if (is_state(event.kind)) {
        Sequence& newest = newest_[{event.kind, event.provider}];
        if (newest != 0) losable_.insert(newest);
        newest = event.sequence;
    } else {
        losable_.insert(event.sequence);
    }
    const Sequence sequence = event.sequence;
    events_.emplace(sequence, std::move(event));
    while (events_.size() > capacity_ && !losable_.empty()) {
        events_.erase(*losable_.begin());
        losable_.erase(losable_.begin());
        ++lost_;
    }
}

std::optional<Event> EventQueue::pop() {
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.extract(events_.begin()).mapped());
    if (losable_.erase(event.sequence) == 0) newest_.erase({event.kind, event.provider});
    return event;
}

}  // namespace tenon::core

#include "router/change_waits.hpp"

#include <utility>

namespace tenon::router {

ChangeWaits::Place::Place(ChangeWaits& waits, std::shared_ptr<plugin::Waker> waker)
    : waits_(waits), waker_(std::move(waker)) {
    const std::lock_guard lock(waits_.mutex_);
    waits_.wakers_.insert(waker_);
}

ChangeWaits::Place::~Place() {
    const std::lock_guard lock(waits_.mutex_);
    waits_.wakers_.erase(waker_);
}

void ChangeWaits::changed() noexcept {
    // Whoever takes a place after this sees the new number; whoever has one is woken.
    last_.fetch_add(1, std::memory_order_release);
    const std::lock_guard lock(mutex_);
    for (const auto& waker : wakers_) waker->wake();
}

std::size_t ChangeWaits::size() const noexcept {
    const std::lock_guard lock(mutex_);
    return wakers_.size();
}

}  // namespace tenon::router

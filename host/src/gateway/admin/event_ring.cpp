#include "gateway/admin/event_ring.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

/// As server-sent events have it. JSON has no line ends of its own.
std::string to_text(const host::Event& event) {
    return "id: " + std::to_string(event.sequence) + "\nevent: " + event.kind +
           "\ndata: " + to_json(event) + "\n\n";
}

}  // namespace

std::string to_json(const host::Event& event) {
    std::string out;
    wire::JsonWriter json(out);
    json.begin_object();
    json.member("sequence", event.sequence);
    json.member("kind", event.kind);
    json.member("provider", event.provider);
    json.member("from", event.from);
    json.member("to", event.to);
    json.member("reason", event.reason);
    json.member("time", base::format_utc(event.time));
    json.end_object();
    return out;
}

void EventRing::begin_after(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, sequence);
}

void EventRing::push(const host::Event& event) {
    auto text = std::make_shared<const std::string>(to_text(event));
    const std::lock_guard lock(mutex_);
    kept_.push_back({event.sequence, std::move(text)});
    if (kept_.size() > capacity_) kept_.pop_front();
    newest_ = event.sequence;
    wake_all();
}

void EventRing::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_all();
}

void EventRing::wake_all() {
    for (Listener* listener : listeners_) {
        if (std::exchange(listener->waits_, false)) listener->wake_();
    }
}

std::unique_ptr<EventRing::Listener> EventRing::listen(std::optional<std::uint64_t> since,
                                                       std::function<void()> wake) {
    std::unique_ptr<Listener> listener(new Listener(*this, std::move(wake)));
    const std::lock_guard lock(mutex_);
    listener->began_at_ = newest_;
    listener->taken_ = since.value_or(newest_);
    if (listener->taken_ > newest_) listener->taken_ = 0;
    listeners_.push_back(listener.get());
    return listener;
}

EventRing::Listener::~Listener() {
    const std::lock_guard lock(ring_.mutex_);
    std::erase(ring_.listeners_, this);
}

EventRing::Batch EventRing::Listener::take(std::size_t most) {
    Batch batch;
    const std::lock_guard lock(ring_.mutex_);
    batch.closed = ring_.closed_;
    const auto& kept = ring_.kept_;
    auto next = std::upper_bound(
        kept.begin(), kept.end(), taken_,
        [](std::uint64_t sequence, const Kept& each) { return sequence < each.sequence; });
    for (; next != kept.end() && batch.entries.size() < most; ++next) {
        batch.entries.push_back({next->sequence - taken_ - 1, next->text});
        taken_ = next->sequence;
    }
    waits_ = batch.entries.empty() && !batch.closed;
    return batch;
}

}  // namespace tenon::gateway

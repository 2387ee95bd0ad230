#include "provider/event_hub.hpp"

#include <boost/asio/post.hpp>

#include <condition_variable>
#include <exception>
#include <new>
#include <thread>
#include <utility>

namespace tenon::provider {

/// One subscription's events on their way. While there are any it has one turn on the I/O thread,
/// posted or running.
struct EventHub::Subscriber : std::enable_shared_from_this<EventHub::Subscriber> {
    Subscriber(std::shared_ptr<Shared> of, OnEvent function, std::size_t capacity)
        : shared(std::move(of)), on_event(std::move(function)), queue(capacity) {}

    // Under the lock.
    void push(const core::Event& event) {
        queue.push(event);
        if (!has_turn) post_turn();
    }
    void post_turn() noexcept;
    /// No call begins from now on.
    void end() noexcept;

    // Without it.
    /// One event, so that requests on the same thread need not wait for all of them.
    void take_turn();
    void call(const core::Event& event) noexcept;
    /// end(), and waits for a call that is running on another thread.
    void end_and_wait() noexcept;

    const std::shared_ptr<Shared> shared;
    std::uint64_t first_sequence = 0;

    // Guarded by shared->mutex; on_event is called and destroyed without it, by whoever has the
    // turn or else has ended the subscription.
    OnEvent on_event;
    core::EventQueue queue;
    bool has_turn = false;
    bool ended = false;
    std::thread::id caller;  ///< none: no call is running
    std::condition_variable call_over;
};

/// Without memory for it the next event tries again.
void EventHub::Subscriber::post_turn() noexcept {
    try {
        boost::asio::post(shared->io.context(0),
                          [self = shared_from_this()] { self->take_turn(); });
        has_turn = true;
    } catch (...) {
        has_turn = false;
    }
}

void EventHub::Subscriber::end() noexcept {
    if (std::exchange(ended, true)) return;
    std::erase_if(shared->subscribers, [this](const auto& each) { return each.get() == this; });
    shared->source.unsubscribed();
}

void EventHub::Subscriber::take_turn() {
    std::unique_lock lock(shared->mutex);
    if (ended) return;
    const auto event = queue.pop();
    caller = std::this_thread::get_id();
    lock.unlock();
    call(*event);
    lock.lock();
    if (ended) {
        auto done = std::exchange(on_event, nullptr);
        lock.unlock();
        done = nullptr;
        lock.lock();
    }
    caller = {};
    call_over.notify_all();
    has_turn = false;
    if (!ended && queue.size() > 0) post_turn();
}

void EventHub::Subscriber::call(const core::Event& event) noexcept {
    const auto failed = [this](std::string_view what) {
        shared->log.write(base::LogLevel::error, "events",
                          "a subscriber has thrown an exception; it gets no more events",
                          {{"exception", what}});
        const std::lock_guard lock(shared->mutex);
        end();
    };
    try {
        on_event(event);
    } catch (const std::exception& error) {
        failed(error.what());
    } catch (...) {
        failed("not a std::exception");
    }
}

void EventHub::Subscriber::end_and_wait() noexcept {
    std::unique_lock lock(shared->mutex);
    end();
    if (caller == std::this_thread::get_id()) return;  // take_turn() does the rest
    call_over.wait(lock, [this] { return caller == std::thread::id(); });
    const auto done = std::exchange(on_event, nullptr);
    lock.unlock();
}

// --- Subscriptions -------------------------------------------------------------------------------

EventHub::Subscription::Subscription(std::shared_ptr<Subscriber> subscriber) noexcept
    : subscriber_(std::move(subscriber)) {}

EventHub::Subscription::~Subscription() {
    subscriber_->end_and_wait();
}

std::uint64_t EventHub::Subscription::first_sequence() const noexcept {
    return subscriber_->first_sequence;
}

std::uint64_t EventHub::Subscription::lost() const {
    const std::lock_guard lock(subscriber_->shared->mutex);
    return subscriber_->queue.lost();
}

bool EventHub::Subscription::ended() const {
    const std::lock_guard lock(subscriber_->shared->mutex);
    return subscriber_->ended;
}

// --- The hub -------------------------------------------------------------------------------------

EventHub::EventHub(const base::Clock& clock, net::IoThreads& io, base::Log& log)
    : shared_(std::make_shared<Shared>(clock, io, log)) {}

EventHub::~EventHub() {
    std::vector<std::shared_ptr<Subscriber>> subscribers;
    {
        const std::lock_guard lock(shared_->mutex);
        subscribers = shared_->subscribers;
    }
    for (const auto& subscriber : subscribers) subscriber->end_and_wait();
}

void EventHub::publish(core::EventKind kind, std::string_view provider, std::string_view from,
                       std::string_view to, std::string reason) noexcept {
    if (!wanted()) return;
    try {
        const std::lock_guard lock(shared_->mutex);
        if (!wanted()) return;
        const core::Event event{.sequence = shared_->source.next(),
                                .kind = kind,
                                .provider = std::string(provider),
                                .from = from,
                                .to = to,
                                .reason = std::move(reason),
                                .time = shared_->clock.now()};
        for (const auto& subscriber : shared_->subscribers) subscriber->push(event);
    } catch (const std::bad_alloc&) {  // the event is lost
    }
}

std::unique_ptr<EventHub::Subscription> EventHub::subscribe(OnEvent on_event,
                                                            std::size_t capacity) {
    auto subscriber = std::make_shared<Subscriber>(shared_, std::move(on_event), capacity);
    auto subscription = std::make_unique<Subscription>(subscriber);
    const std::lock_guard lock(shared_->mutex);
    subscriber->first_sequence = shared_->source.last();
    shared_->source.subscribed();
    shared_->subscribers.push_back(std::move(subscriber));
    return subscription;
}

}  // namespace tenon::provider

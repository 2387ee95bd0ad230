#include "provider/event_hub.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "support/gate.hpp"

namespace tenon::provider {
namespace {

using core::Event;
using core::EventKind;
using Subscription = std::unique_ptr<EventHub::Subscription>;

/// Stands still, and counts how often it is read.
class StillClock final : public base::Clock {
public:
    static constexpr base::TimePoint kTime{std::chrono::hours(77)};

    [[nodiscard]] base::TimePoint now() const noexcept override {
        ++reads;
        return kTime;
    }

    mutable std::atomic<int> reads{0};
};

/// What a subscriber was told.
class Inbox {
public:
    void put(const Event& event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
        changed_.notify_all();
    }
    /// Once there are `count`; those that there are after a long time.
    std::vector<Event> wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, test::kPatience, [&] { return events_.size() >= count; });
        return events_;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return events_.size();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Event> events_;
};

struct Rig {
    ~Rig() { gate.open(); }

    EventHub::OnEvent into(Inbox& inbox) {
        return [&inbox](const Event& event) { inbox.put(event); };
    }
    void moment(std::string reason) {
        hub->publish(EventKind::reloaded, "", "", "", std::move(reason));
    }
    /// Returns what `function` does on I/O thread 0.
    template <class F>
    auto on_io_thread(F function) {
        std::packaged_task<decltype(function())()> task(std::move(function));
        auto done = task.get_future();
        boost::asio::post(io.context(0), [&task] { task(); });
        if (done.wait_for(test::kPatience) != std::future_status::ready) std::terminate();
        return done.get();
    }
    /// Whatever was posted by what was posted up to now is done.
    void settle() {
        for (int i = 0; i < 3; ++i) on_io_thread([] {});
    }
    base::LogOptions log_options() {
        base::LogOptions options;
        options.sink = [this](base::LogLevel, std::string_view line) { logged += line; };
        return options;
    }
    /// Keeps the I/O thread busy until the gate is opened.
    void block() {
        boost::asio::post(io.context(0), [gate = gate] { (void)gate.wait(); });
    }

    StillClock clock;
    std::string logged;  // by the I/O thread
    base::Log log{log_options()};
    test::Gate gate;
    net::IoThreads io{2};
    std::unique_ptr<EventHub> hub = std::make_unique<EventHub>(clock, io, log);
};

BOOST_AUTO_TEST_SUITE(event_hub)

// T: nothing is spent without subscribers.
BOOST_AUTO_TEST_CASE(without_subscribers_nothing_is_numbered) {
    Rig rig;
    BOOST_TEST(!rig.hub->wanted());
    rig.moment("nobody hears this");
    Inbox inbox;
    const auto subscription = rig.hub->subscribe(rig.into(inbox));
    BOOST_TEST(rig.hub->wanted());
    BOOST_TEST(subscription->first_sequence() == 0U);
    BOOST_TEST(rig.clock.reads == 0);
}

BOOST_AUTO_TEST_CASE(an_event_comes_as_it_was_published_on_the_first_io_thread) {
    Rig rig;
    Inbox inbox;
    std::thread::id thread;
    const auto subscription = rig.hub->subscribe([&](const Event& event) {
        thread = std::this_thread::get_id();
        inbox.put(event);
    });
    rig.hub->publish(EventKind::breaker, "alpha", "closed", "open", "5 failures");
    const auto events = inbox.wait(1);
    BOOST_TEST_REQUIRE(events.size() == 1U);
    BOOST_TEST(events[0].sequence == 1U);
    BOOST_TEST((events[0].kind == EventKind::breaker));
    BOOST_TEST(events[0].provider == "alpha");
    BOOST_TEST(events[0].from == "closed");
    BOOST_TEST(events[0].to == "open");
    BOOST_TEST(events[0].reason == "5 failures");
    BOOST_TEST((events[0].time == StillClock::kTime));
    BOOST_TEST((thread == rig.on_io_thread([] { return std::this_thread::get_id(); })));
}

BOOST_AUTO_TEST_CASE(who_publishes_on_the_io_thread_calls_nobody_itself) {
    Rig rig;
    Inbox inbox;
    const auto subscription = rig.hub->subscribe(rig.into(inbox));
    const auto at_once = rig.on_io_thread([&] {
        rig.moment("now");
        return inbox.size();
    });
    BOOST_TEST(at_once == 0U);
    BOOST_TEST(inbox.wait(1).size() == 1U);
}

BOOST_AUTO_TEST_CASE(events_of_many_threads_come_to_all_subscribers_in_order) {
    constexpr int kThreads = 4;
    constexpr int kEach = 500;
    Rig rig;
    Inbox first;
    Inbox second;
    const auto one = rig.hub->subscribe(rig.into(first), kThreads * kEach);
    const auto two = rig.hub->subscribe(rig.into(second), kThreads * kEach);
    static constexpr std::string_view kNames[kThreads] = {"a", "b", "c", "d"};
    std::vector<std::thread> threads;
    for (const auto name : kNames) {
        threads.emplace_back([&rig, name] {
            for (int i = 0; i < kEach; ++i) {
                rig.hub->publish(EventKind::fail_over, name, "", "", std::to_string(i));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    for (Inbox* inbox : {&first, &second}) {
        const auto events = inbox->wait(kThreads * kEach);
        BOOST_TEST_REQUIRE(events.size() == std::size_t(kThreads * kEach));
        std::map<std::string, int> next;
        for (std::size_t i = 0; i < events.size(); ++i) {
            BOOST_TEST_REQUIRE(events[i].sequence == i + 1);
            BOOST_TEST_REQUIRE(events[i].reason == std::to_string(next[events[i].provider]++));
        }
    }
    BOOST_TEST(one->lost() == 0U);
}

BOOST_AUTO_TEST_CASE(a_new_subscriber_knows_which_event_was_the_last_before) {
    Rig rig;
    Inbox early;
    Inbox late;
    const auto one = rig.hub->subscribe(rig.into(early));
    rig.moment("1");
    rig.moment("2");
    const auto two = rig.hub->subscribe(rig.into(late));
    BOOST_TEST(two->first_sequence() == 2U);
    rig.moment("3");
    BOOST_TEST(early.wait(3).size() == 3U);
    const auto events = late.wait(1);
    BOOST_TEST_REQUIRE(events.size() == 1U);
    BOOST_TEST(events[0].sequence == 3U);
}

BOOST_AUTO_TEST_CASE(a_slow_subscriber_loses_the_oldest_moments_and_no_newest_state) {
    Rig rig;
    Inbox inbox;
    const auto subscription = rig.hub->subscribe(rig.into(inbox), 3);
    rig.block();
    rig.hub->publish(EventKind::health, "alpha", "good", "bad", "");
    for (int i = 2; i <= 10; ++i) rig.moment(std::to_string(i));
    BOOST_TEST(subscription->lost() == 7U);
    rig.gate.open();
    const auto events = inbox.wait(3);
    BOOST_TEST_REQUIRE(events.size() == 3U);
    BOOST_TEST(events[0].to == "bad");
    BOOST_TEST(events[1].reason == "9");
    BOOST_TEST(events[2].reason == "10");
}

// T: a subscriber that throws.
BOOST_AUTO_TEST_CASE(a_subscriber_that_throws_gets_no_more_and_the_others_do) {
    for (const bool standard : {true, false}) {
        Rig rig;
        Inbox inbox;
        std::atomic<int> calls{0};
        const auto bad = rig.hub->subscribe([&](const Event&) {
            ++calls;
            if (standard) throw std::runtime_error("its bug");
            throw 123;
        });
        const auto good = rig.hub->subscribe(rig.into(inbox));
        for (int i = 0; i < 3; ++i) rig.moment("x");
        BOOST_TEST(inbox.wait(3).size() == 3U);
        rig.settle();
        BOOST_TEST(calls == 1);
        BOOST_TEST(bad->ended());
        BOOST_TEST(!good->ended());
        BOOST_TEST(rig.logged.find("a subscriber has thrown") != std::string::npos);
        BOOST_TEST(rig.logged.find(standard ? "its bug" : "not a std::exception") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(without_subscribers_that_do_not_throw_events_are_not_wanted_any_more) {
    Rig rig;
    auto bad = rig.hub->subscribe([](const Event&) { throw 123; });
    rig.moment("x");
    rig.settle();
    BOOST_TEST(!rig.hub->wanted());
    bad.reset();
    const auto good = rig.hub->subscribe([](const Event&) {});
    BOOST_TEST(rig.hub->wanted());
}

BOOST_AUTO_TEST_CASE(a_subscription_that_is_destroyed_gets_no_more) {
    Rig rig;
    Inbox inbox;
    auto subscription = rig.hub->subscribe(rig.into(inbox));
    rig.block();
    rig.moment("too late");
    subscription.reset();
    BOOST_TEST(!rig.hub->wanted());
    rig.gate.open();
    rig.settle();
    BOOST_TEST(inbox.size() == 0U);
    BOOST_TEST(rig.logged == "");
}

BOOST_AUTO_TEST_CASE(who_destroys_a_subscription_waits_for_its_running_call) {
    Rig rig;
    test::Gate entered;
    std::atomic<bool> finished{false};
    auto subscription = rig.hub->subscribe([&, gate = rig.gate](const Event&) {
        entered.open();
        (void)gate.wait();
        finished = true;
    });
    rig.moment("x");
    BOOST_TEST(entered.wait());
    std::thread opener([&] { rig.gate.open(); });
    subscription.reset();
    BOOST_TEST(finished);
    opener.join();
}

BOOST_AUTO_TEST_CASE(a_subscriber_may_end_its_own_subscription_while_it_is_called) {
    Rig rig;
    Subscription subscription;
    auto held = std::make_shared<int>(7);
    const std::weak_ptr<int> watched = held;
    std::atomic<int> sum{0};
    subscription = rig.hub->subscribe([&, held = std::exchange(held, nullptr)](const Event&) {
        subscription.reset();
        sum += *held;  // the function lives until it returns
    });
    rig.moment("1");
    rig.moment("2");
    rig.settle();
    BOOST_TEST(sum == 7);
    BOOST_TEST(!rig.hub->wanted());
    BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(a_subscriber_may_publish_and_subscribe) {
    Rig rig;
    Inbox inbox;
    Subscription other;
    const auto subscription = rig.hub->subscribe([&](const Event& event) {
        if (event.reason != "first") return;
        other = rig.hub->subscribe(rig.into(inbox));
        rig.moment("second");
    });
    rig.moment("first");
    const auto events = inbox.wait(1);
    BOOST_TEST_REQUIRE(events.size() == 1U);
    BOOST_TEST(events[0].reason == "second");
    rig.on_io_thread([&] { other.reset(); });
}

BOOST_AUTO_TEST_CASE(when_a_subscription_is_gone_so_is_its_function) {
    Rig rig;
    auto held = std::make_shared<int>(7);
    const std::weak_ptr<int> watched = held;
    auto subscription = rig.hub->subscribe([held = std::move(held)](const Event&) {});
    rig.block();
    rig.moment("its turn is posted");
    subscription.reset();
    BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(what_a_function_holds_may_use_the_hub_when_it_goes) {
    Rig rig;
    Inbox inbox;
    const auto other = rig.hub->subscribe(rig.into(inbox));
    const auto last_words = [&rig](const char* words) {
        return std::shared_ptr<void>(nullptr, [&rig, words](void*) { rig.moment(words); });
    };
    auto idle = rig.hub->subscribe([held = last_words("1")](const Event&) {});
    idle.reset();
    Subscription called;
    called =
        rig.hub->subscribe([&called, held = last_words("3")](const Event&) { called.reset(); });
    rig.moment("2");
    const auto events = inbox.wait(3);
    BOOST_TEST_REQUIRE(events.size() == 3U);
    BOOST_TEST(events[0].reason == "1");
    BOOST_TEST(events[2].reason == "3");
}

BOOST_AUTO_TEST_CASE(a_hub_that_is_destroyed_with_events_pending_calls_nobody_any_more) {
    Rig rig;
    Inbox inbox;
    const auto subscription = rig.hub->subscribe(rig.into(inbox));
    rig.block();
    for (int i = 0; i < 5; ++i) rig.moment("x");
    rig.hub.reset();
    rig.gate.open();
    rig.settle();
    BOOST_TEST(inbox.size() == 0U);
    BOOST_TEST(subscription->ended());
}

BOOST_AUTO_TEST_CASE(a_subscriber_may_destroy_the_hub) {
    Rig rig;
    std::atomic<int> calls{0};
    const auto subscription = rig.hub->subscribe([&](const Event&) {
        ++calls;
        rig.hub.reset();
    });
    rig.block();
    rig.moment("1");
    rig.moment("2");
    rig.gate.open();
    rig.settle();
    BOOST_TEST(calls == 1);
    BOOST_TEST(subscription->ended());
}

BOOST_AUTO_TEST_CASE(after_a_storm_of_subscribers_nobody_is_left) {
    Rig rig;
    std::vector<std::thread> threads;
    std::atomic<bool> stop{false};
    std::atomic<int> bad{0};
    std::thread publisher([&] {
        while (!stop) rig.moment("x");
    });
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                std::atomic<std::uint64_t> newest{0};
                test::Gate called;
                const auto subscription = rig.hub->subscribe(
                    [&](const Event& event) {
                        if (event.sequence <= newest) ++bad;
                        newest = event.sequence;
                        called.open();
                    },
                    2);
                if (round % 2 == 0 && !called.wait()) ++bad;
                if (round % 2 == 0 && newest <= subscription->first_sequence()) ++bad;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    stop = true;
    publisher.join();
    BOOST_TEST(bad == 0);
    BOOST_TEST(!rig.hub->wanted());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

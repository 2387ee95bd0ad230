#include "managed_fixture.hpp"

#include <algorithm>

using namespace tenon;
using namespace tenon::test;

namespace {

/// "kind from>to" of one provider's events.
std::vector<std::string> story(const std::vector<host::Event>& events, const std::string& provider,
                               const std::string& kind) {
    std::vector<std::string> out;
    for (const auto& event : events) {
        if (event.provider == provider && event.kind == kind) {
            out.push_back(event.from + '>' + event.to);
        }
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_events)

BOOST_AUTO_TEST_CASE(a_life_of_a_provider_is_told_in_order) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session");
    Events events(*host);
    tell(*host, "p", host::Command::connect, kSettle);
    tell(*host, "p", host::Command::disable, kSettle);
    tell(*host, "p", host::Command::enable, kSettle);
    tell(*host, "p", host::Command::disconnect, kSettle);
    events.wait_for("the last", [&](const host::Event&) {
        return story(events.all_unlocked(), "p", "connection_state").size() == 8;
    });
    const auto all = events.all();
    const std::vector<std::string> states = {
        "disconnected>connecting",    "connecting>connected",      "connected>disconnecting",
        "disconnecting>disconnected", "disconnected>connecting",   "connecting>connected",
        "connected>disconnecting",    "disconnecting>disconnected"};
    BOOST_TEST(story(all, "p", "connection_state") == states, boost::test_tools::per_element());
    const std::vector<std::string> enabled = {"enabled>disabled", "disabled>enabled"};
    BOOST_TEST(story(all, "p", "enabled") == enabled, boost::test_tools::per_element());
    for (std::size_t i = 1; i < all.size(); ++i) {
        BOOST_TEST(all[i].sequence > all[i - 1].sequence);
        BOOST_TEST((all[i].time >= all[i - 1].time - std::chrono::milliseconds(5)));
    }
    BOOST_TEST(all.front().sequence > events.subscription().began_after());
    BOOST_TEST(events.subscription().lost() == 0u);
}

BOOST_AUTO_TEST_CASE(each_change_tells_its_reason) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session");
    Events events(*host);
    BOOST_TEST(host->complete(ask("p", "x")).has_value());
    BOOST_TEST(events.wait_for("p", "connection_state", "connecting").reason == "demanded");
    BOOST_TEST(events.wait_for("p", "connection_state", "connected").reason == "dialled");
    tell(*host, "p", host::Command::disconnect, kSettle);
    BOOST_TEST(events.wait_for("p", "connection_state", "disconnecting").reason ==
               "disconnect_asked");
    BOOST_TEST(events.wait_for("p", "connection_state", "disconnected").reason == "drained");
}

BOOST_AUTO_TEST_CASE(health_breaker_and_fail_over_are_told) {
    const auto host = open_with(R"({"routes":[{"model":"m",
        "tiers":[[{"provider":"bad"}],[{"provider":"good"}]]}],
        "retry":{"request":{"backoff":{"base":"1ms"}}},
        "providers":{"good":{"kind":"mock"},"bad":{"kind":"mock","config":{"fail_every":1}},
        "sick":{"kind":"mock","config":{"health":"fail"},
                "jitter":false,"health":{"recheck":"1ms","min_gap":"1ms"}}}})");
    Events events(*host);
    tell(*host, "sick", host::Command::connect);
    for (int i = 0; i < 5; ++i) BOOST_TEST(who_answers(*host, "m") == "good");
    const auto breaker = events.wait_for("bad", "breaker", "open");
    BOOST_TEST(breaker.from == "closed");
    const auto fail_over = events.wait_for("bad", "fail_over", "");
    BOOST_TEST(contains(fail_over.reason, "good is asked instead"), fail_over.reason);
    BOOST_TEST(contains(fail_over.reason, "the mock failed as asked"), fail_over.reason);
    const auto state = events.wait_for("sick", "connection_state", "unhealthy");
    BOOST_TEST(!state.reason.empty());
}

BOOST_AUTO_TEST_CASE(a_health_event_tells_what_the_check_said) {
    const auto host = open_host();
    Events events(*host);
    add(*host, "sick", "mock", R"({"health":"fail"})",
        R"({"jitter":false,"health":{"recheck":"1ms","min_gap":"1ms"}})");
    tell(*host, "sick", host::Command::connect);
    const auto event = events.wait_for("sick", "health", "unhealthy");
    BOOST_TEST(contains(event.reason, "the mock failed as asked"), event.reason);
}

BOOST_AUTO_TEST_CASE(a_request_that_used_all_its_tries_is_told) {
    const auto host = open_with(R"({"retry":{"request":{"backoff":{"base":"1ms"}}}})", quiet());
    add(*host, "bad", "mock", R"({"fail_every":1})");
    Events events(*host);
    BOOST_TEST(!host->complete(ask("bad", "x")).has_value());
    BOOST_TEST(contains(events.wait_for("bad", "retry_exhausted", "").reason, "mock failed"));
}

BOOST_AUTO_TEST_CASE(a_subscriber_that_throws_harms_nobody) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    std::atomic<int> calls{0};
    const auto broken = host->subscribe([&](const host::Event&) {
        ++calls;
        throw std::runtime_error("mine");
    });
    Events events(*host);
    for (int i = 0; i < 3; ++i) {
        tell(*host, "p", host::Command::connect, kSettle);
        tell(*host, "p", host::Command::disconnect, kSettle);
    }
    events.wait_for("the last", [&](const host::Event&) {
        return story(events.all_unlocked(), "p", "connection_state").size() == 9;
    });
    BOOST_TEST(calls == 1);
    BOOST_TEST(host->complete(ask("mock", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(a_subscription_may_be_destroyed_inside_of_its_callback) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    std::unique_ptr<host::Subscription> subscription;
    std::mutex made;
    std::atomic<int> calls{0};
    {
        const std::lock_guard lock(made);
        subscription = host->subscribe([&](const host::Event&) {
            ++calls;
            const std::lock_guard wait_until_it_is_there(made);
            subscription.reset();
        });
    }
    Events events(*host);
    tell(*host, "p", host::Command::connect, kSettle);
    tell(*host, "p", host::Command::disconnect, kSettle);
    events.wait_for("p", "connection_state", "disconnected");
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_subscription_that_has_ended_calls_nobody) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    for (int i = 0; i < 50; ++i) {
        auto alive = std::make_unique<std::atomic<bool>>(true);
        std::atomic<int> late{0};
        auto subscription = host->subscribe([&late, flag = alive.get()](const host::Event&) {
            if (!flag->load()) ++late;
        });
        host->start_command("p", i % 2 == 0 ? host::Command::connect : host::Command::disconnect,
                            {}, [](const Result<host::CommandReply>&) {});
        subscription.reset();
        alive->store(false);
        BOOST_TEST(late == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_slow_subscriber_loses_old_events_and_keeps_the_newest_states) {
    const auto host = open_host(quiet());
    for (const char* name : {"p", "q"}) add(*host, name, "mock");
    std::promise<void> entered;
    std::promise<void> go;
    std::mutex mutex;
    std::vector<host::Event> seen;
    const auto slow = host->subscribe(
        [&](const host::Event& event) {
            const std::lock_guard lock(mutex);
            seen.push_back(event);
            if (seen.size() > 1) return;
            entered.set_value();
            go.get_future().wait();
        },
        2);
    tell(*host, "p", host::Command::connect);
    entered.get_future().wait();
    // I/O thread 0 is held up, and with it all that is told.
    std::promise<void> over;
    std::atomic<int> commands{20};
    for (int i = 0; i < 20; ++i) {
        host->start_command("q", i % 2 == 0 ? host::Command::connect : host::Command::disconnect,
                            {}, [&](const auto&) {
                                if (--commands == 0) over.set_value();
                            });
    }
    go.set_value();
    over.get_future().wait();
    tell(*host, "q", host::Command::connect, kSettle);
    eventually("the newest state", [&] {
        const std::lock_guard lock(mutex);
        const auto newest = std::find_if(seen.rbegin(), seen.rend(), [](const host::Event& event) {
            return event.provider == "q" && event.kind == "connection_state";
        });
        return newest != seen.rend() && newest->to == "connected";
    });
    const std::lock_guard lock(mutex);
    for (std::size_t i = 1; i < seen.size(); ++i) {
        BOOST_TEST(seen[i].sequence > seen[i - 1].sequence);
    }
    BOOST_TEST(seen.size() + slow->lost() == seen.back().sequence - slow->began_after());
}

BOOST_AUTO_TEST_SUITE_END()

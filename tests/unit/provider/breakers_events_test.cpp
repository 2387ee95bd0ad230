#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <barrier>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "breakers_support.hpp"
#include "core/random.hpp"

namespace tenon::provider {
namespace {

using namespace breakers_tests;

/// Runs `work(index)` on `count` threads that begin together.
template <class Work>
void together(int count, Work work) {
    std::barrier start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            work(i);
        });
    }
    for (auto& thread : threads) thread.join();
}

/// A listener that finds out whether it is told in order, and one event at a time.
struct Witness {
    void operator()(std::string_view model, const core::BreakerEvent& event) {
        if (inside.exchange(true)) ++overlaps;
        const std::string key(model);
        auto [place, is_new] = newest.try_emplace(key, 1);
        // A model's breaker that made room may come again, and begins anew.
        if (event.sequence != place->second + 1 && event.sequence != 2) ++gaps;
        if (is_new && event.from != BreakerState::closed) ++gaps;
        place->second = event.sequence;
        if (event.cause == core::BreakerCause::too_many_failures) ++trips;
        inside = false;
    }

    std::map<std::string, std::uint64_t> newest;
    std::atomic<bool> inside{false};
    std::atomic<int> overlaps{0};
    int gaps = 0;
    std::uint64_t trips = 0;
};

BOOST_AUTO_TEST_SUITE(breakers_events)

BOOST_AUTO_TEST_CASE(each_change_is_told_with_the_model_it_is_about) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.attempts(5, kProviderFails, "n");
    rig.now += seconds(30);
    rig.attempts(1, kAnswer);
    using State = BreakerState;
    const std::vector<std::pair<std::string, State>> expected = {
        {"m", State::open},      {"", State::open},   {"", State::half_open},
        {"m", State::half_open}, {"", State::closed}, {"m", State::closed}};
    BOOST_TEST_REQUIRE(rig.told.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        BOOST_TEST(rig.told[i].first == expected[i].first);
        BOOST_TEST(rig.told[i].second.to == expected[i].second);
    }
    BOOST_TEST(rig.told[0].second.sequence == 2U);
    BOOST_TEST(rig.told[0].second.counts.failures == 5U);
}

BOOST_AUTO_TEST_CASE(what_is_done_by_hand_is_told) {
    Rig rig;
    (void)rig.breakers.force_open("", rig.now);
    (void)rig.breakers.force_closed("m", rig.now);
    rig.breakers.reset("", rig.now);
    BOOST_TEST_REQUIRE(rig.told.size() == 4U);
    BOOST_TEST(rig.told[0].second.to == BreakerState::forced_open);
    BOOST_TEST(rig.told[1].first == "m");
    BOOST_TEST(rig.told[1].second.to == BreakerState::forced_closed);
    BOOST_TEST(rig.told[2].first == "");
    BOOST_TEST(rig.told[3].first == "m");
    BOOST_TEST(rig.told[3].second.to == BreakerState::closed);
}

// B15
BOOST_AUTO_TEST_CASE(a_listener_that_throws_loses_that_event_alone) {
    int told = 0;
    Breakers breakers("alpha", exact(), kStart, 1, [&](std::string_view, const auto&) {
        ++told;
        if (told == 1) throw std::runtime_error("a bug");
        if (told == 2) throw 123;
    });
    for (int i = 0; i < 5; ++i) {
        auto pass = breakers.admit("m", kStart);
        BOOST_TEST_REQUIRE(pass.has_value());
        pass->report(kProviderFails, kStart);
    }
    BOOST_TEST(told == 1);
    BOOST_TEST(breakers.snapshot(kStart).provider.state == BreakerState::open);
    breakers.reset("", kStart);
    (void)breakers.force_open("", kStart);
    BOOST_TEST(told == 3);
}

// B15
BOOST_AUTO_TEST_CASE(a_listener_may_call_back_and_hears_of_it_afterwards) {
    std::vector<BreakerState> told;
    int depth = 0;
    std::unique_ptr<Breakers> breakers;
    const auto listener = [&](std::string_view, const core::BreakerEvent& event) {
        BOOST_TEST(++depth == 1);
        told.push_back(event.to);
        if (event.to == BreakerState::open) breakers->reset("", kStart);
        (void)breakers->snapshot(kStart);
        --depth;
    };
    breakers = std::make_unique<Breakers>("alpha", exact(), kStart, 1, listener);
    for (int i = 0; i < 5; ++i) {
        breakers->admit("m", kStart).value().report(kModelFails, kStart);
    }
    const std::vector<BreakerState> expected = {BreakerState::open, BreakerState::closed,
                                                BreakerState::closed};
    BOOST_TEST(told == expected, boost::test_tools::per_element());
}

// B15: of two threads with an event each, either may be the first to come with it.
BOOST_AUTO_TEST_CASE(events_of_many_threads_come_in_order_and_one_at_a_time) {
    for (int round = 0; round < 20; ++round) {
        Witness witness;
        Breakers breakers("alpha", exact(), kStart, 1, std::ref(witness));
        together(8, [&](int index) {
            for (int i = 0; i < 200; ++i) {
                if (index % 2 == 0) {
                    (void)breakers.force_open("", kStart);
                    breakers.reset("m", kStart);
                } else {
                    (void)breakers.force_closed("m", kStart);
                    breakers.reset("", kStart);
                }
            }
        });
        BOOST_TEST(witness.gaps == 0);
        BOOST_TEST(witness.overlaps == 0);
        const auto last = breakers.snapshot(kStart).provider;
        BOOST_TEST(last.generation == 1U + 8 * 200);
        BOOST_TEST(witness.newest[""] == last.generation);
    }
}

BOOST_AUTO_TEST_CASE(many_first_failures_of_a_model_make_one_breaker_that_opens_once) {
    for (int round = 0; round < 100; ++round) {
        Rig rig;
        std::array<Pass, 8> passes;
        for (auto& pass : passes) pass = rig.admit();
        together(8, [&](int i) { passes.at(std::size_t(i)).report(kModelFails, kStart); });
        BOOST_TEST_REQUIRE(rig.told.size() == 1U);
        BOOST_TEST_REQUIRE(rig.look("m").trips == 1U);
        BOOST_TEST_REQUIRE(rig.look().counts.failures == 0U);
    }
}

BOOST_AUTO_TEST_CASE(after_a_storm_nothing_is_held_and_all_events_were_told) {
    Witness witness;
    core::BreakerSettings settings = exact();
    settings.recovery = milliseconds(20);
    settings.window = seconds(1);
    settings.attempt_timeout = milliseconds(50);
    settings.lease_grace = milliseconds(0);
    settings.probes = 3;
    settings.successes_to_close = 2;
    Breakers breakers("alpha", settings, kStart, 1, std::ref(witness));
    std::atomic<int> clock{0};  // a millisecond for every eight looks
    const auto now = [&] { return kStart + milliseconds(clock.fetch_add(1) / 8); };

    // More models than there is room for.
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i) names.push_back("model-" + std::to_string(i));
    together(8, [&](int index) {
        core::Random random(std::uint64_t(index) + 1);
        for (int i = 0; i < 20'000; ++i) {
            const std::string& name = names[random.below(i % 2 == 0 ? 4 : names.size())];
            if (random.below(1000) == 0) breakers.reset(random.below(2) == 0 ? "" : name, now());
            if (random.below(100) == 0) breakers.tick(now());
            (void)breakers.would_admit(name, now());
            auto pass = breakers.admit(name, now());
            if (!pass) continue;
            switch (random.below(8)) {
                case 0: break;  // dropped
                case 1: pass->report(kNothing, now()); break;
                case 2: pass->report(kProviderFails, now()); break;
                case 3:
                case 4: pass->report(kModelFails, now()); break;
                default: pass->report(kAnswer, now()); break;
            }
        }
    });
    BOOST_TEST(witness.gaps == 0);
    BOOST_TEST(witness.overlaps == 0);
    const auto after = breakers.snapshot(now());
    BOOST_TEST(witness.newest[""] == after.provider.generation);
    BOOST_TEST(after.provider.probes_in_flight == 0);
    BOOST_TEST(after.provider.trips > 0U);
    std::uint64_t trips = after.provider.trips;
    for (const auto& model : after.models) {
        BOOST_TEST(model.breaker.probes_in_flight == 0);
        trips += model.breaker.trips;
    }
    BOOST_TEST(witness.trips >= trips);
}

// Whoever found a breaker just before it made room may still be about to change it.
BOOST_AUTO_TEST_CASE(a_breaker_that_made_room_tells_nothing_after_its_successor) {
    Witness witness;
    Breakers breakers("alpha", exact(), kStart, 1, std::ref(witness));
    // Room is left for one more: "m" and "n" take it from each other.
    for (std::size_t i = 1; i < Breakers::kMostModels; ++i) {
        BOOST_TEST_REQUIRE(breakers.force_closed("model-" + std::to_string(i), kStart).has_value());
    }
    std::atomic<bool> done{false};
    together(4, [&](int index) {
        while (index > 0 && !done) {
            breakers.reset("m", kStart);
            std::this_thread::yield();  // or the first hardly ever gets the lock
        }
        if (index > 0) return;
        for (int turn = 0; turn < 2'000; ++turn) {
            const char* model = turn % 2 == 0 ? "m" : "n";
            (void)breakers.force_closed(model, kStart);
            breakers.reset(model, kStart);
        }
        done = true;
    });
    BOOST_TEST(witness.gaps == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

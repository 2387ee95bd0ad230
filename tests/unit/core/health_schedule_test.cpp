#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

#include "health_rig.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using State = HealthState;

std::vector<base::Duration> times(const HealthRig& rig) {
    std::vector<base::Duration> found;
    for (const auto& started : rig.started) found.push_back(started.at);
    return found;
}

using Times = std::vector<base::Duration>;

BOOST_AUTO_TEST_SUITE(health_schedule)

BOOST_AUTO_TEST_CASE(the_first_check_comes_within_a_second_and_others_every_interval) {
    HealthRig rig(exact());
    rig.start();
    rig.run_until(95s);
    BOOST_TEST((times(rig) == Times{0s, 30s, 60s, 90s}));
    for (const auto& started : rig.started) {
        BOOST_TEST(started.check.periodic);
        BOOST_TEST((started.check.deadline == at(started.at + 5s)));
    }
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        HealthRig other({}, seed);
        other.start();
        const auto wake = other.monitor.next_wake() - at(0s);
        BOOST_TEST_REQUIRE((wake >= 0s && wake < 1s));
    }
}

BOOST_AUTO_TEST_CASE(intervals_are_spread_over_ten_percent_to_both_sides) {
    HealthRig rig;
    rig.start();
    rig.run_until(30'000s);
    base::Duration least = 1h;
    base::Duration most = 0s;
    for (std::size_t i = 1; i < rig.started.size(); ++i) {
        const auto interval = rig.started[i].at - rig.started[i - 1].at;
        least = std::min(least, interval);
        most = std::max(most, interval);
    }
    BOOST_TEST((least >= 27s && least < 27'200ms));
    BOOST_TEST((most <= 33s && most > 32'800ms));
}

BOOST_AUTO_TEST_CASE(after_a_failure_the_next_check_comes_soon_until_it_is_decided) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{1s, refused_connection()}; };
    rig.start();
    rig.run_until(50s);
    // From a check's end while it is not decided, from its start afterwards.
    BOOST_TEST((times(rig) == Times{0s, 6s, 12s, 42s}));
    BOOST_TEST(!rig.started[1].check.periodic);
    BOOST_TEST(rig.started[3].check.periodic);
}

// H3; the time limit is DESIGN's 5 s.
BOOST_AUTO_TEST_CASE(
    a_check_that_hangs_is_one_failure_at_its_deadline_and_its_late_reply_is_ignored) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.start();
    rig.run_until(5s - 1ns);
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 0);
    rig.run_until(5s);
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 1);
    BOOST_TEST(rig.monitor.status(rig.now, {}).last_error ==
               "The health check did not end in time.");

    rig.apply(rig.monitor.check_done(rig.started[0].check.id, {}, rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 1);
    BOOST_TEST((rig.monitor.state() == State::unknown));
}

// H3
BOOST_AUTO_TEST_CASE(a_late_reply_does_not_end_the_check_that_runs_now) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.start();
    rig.run_until(10s);
    BOOST_TEST_REQUIRE(rig.started.size() == 2U);
    rig.apply(rig.monitor.check_done(rig.started[0].check.id, {}, rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).checking);
    BOOST_TEST((rig.monitor.state() == State::unknown));
    rig.apply(rig.monitor.check_done(rig.started[1].check.id, {}, rig.now));
    BOOST_TEST((rig.monitor.state() == State::healthy));
}

// H4
BOOST_AUTO_TEST_CASE(a_check_that_is_slower_than_the_interval_never_meets_another) {
    HealthSettings settings = exact();
    settings.interval = 2s;
    settings.timeout = 60s;
    HealthRig rig(settings);
    rig.server = [](base::Duration) { return CheckReply{7s}; };
    rig.start();
    rig.run_until(30s);
    // Half a second of rest between them.
    BOOST_TEST((times(rig) == Times{0s, 7'500ms, 15s, 22'500ms, 30s}));
}

/// The time from the fault to unhealthy, over all phases of the schedule.
std::pair<base::Duration, base::Duration> detection(HealthSettings settings, bool hangs) {
    base::Duration least = 1h;
    base::Duration most = 0s;
    for (auto fault = 100s + 0ms; fault < 135s; fault += 70ms) {
        HealthRig rig(settings, 5);
        rig.server = [&](base::Duration now) {
            return now < fault ? CheckReply{1ms} : CheckReply{0s, refused_connection(), hangs};
        };
        rig.start();
        rig.run_until(fault + 150s);
        const auto found = rig.became(State::unhealthy);
        BOOST_TEST_REQUIRE(found.has_value());
        least = std::min(least, *found - fault);
        most = std::max(most, *found - fault);
    }
    return {least, most};
}

// H5, the bounds of F: 10 to 40 s if refused, at most 70 s if nothing answers within 10 s.
BOOST_AUTO_TEST_CASE(a_fault_is_found_within_the_bounds_that_follow_from_the_numbers) {
    HealthSettings settings = exact();
    settings.timeout = 10s;
    const auto [refused_least, refused_most] = detection(settings, false);
    BOOST_TEST((refused_least >= 10s && refused_least < 10'200ms));
    BOOST_TEST((refused_most <= 40s && refused_most > 39'800ms));
    const auto [hung_least, hung_most] = detection(settings, true);
    BOOST_TEST((hung_least >= 40s && hung_most <= 70s && hung_most > 69'800ms));
}

// H5 with the defaults: 5 s for a check, and the interval may be 10 % longer.
BOOST_AUTO_TEST_CASE(a_fault_is_found_within_the_bounds_of_the_defaults) {
    BOOST_TEST((detection({}, false).second <= 33s + 10s));
    BOOST_TEST((detection({}, true).second <= 33s + 25s));
}

// H12
BOOST_AUTO_TEST_CASE(a_hundred_requests_for_a_check_within_half_a_second_make_one) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{10ms, refused_connection()}; };
    rig.start();
    rig.run_until(20s);
    const auto before = rig.started.size();
    for (int i = 0; i < 100; ++i) {
        rig.run_until(20s + i * 5ms);
        rig.apply(rig.monitor.request_check(rig.now));
    }
    rig.run_until(24s);
    BOOST_TEST(rig.started.size() == before + 1);
    BOOST_TEST((rig.started.back().at == 20s));
}

// H12
BOOST_AUTO_TEST_CASE(a_check_that_is_asked_for_right_after_another_waits_half_a_second) {
    HealthRig rig(exact());
    rig.start();
    rig.run_until(100ms);
    for (int i = 0; i < 100; ++i) rig.apply(rig.monitor.request_check(rig.now));
    rig.run_until(29s);
    BOOST_TEST((times(rig) == Times{0s, 500ms}));
    BOOST_TEST(!rig.started[1].check.periodic);
}

BOOST_AUTO_TEST_CASE(whoever_asks_again_and_again_does_not_put_the_ticks_off) {
    HealthRig rig(exact());
    rig.start();
    for (int i = 1; i <= 60; ++i) {
        rig.run_until(i * 10s);
        rig.apply(rig.monitor.request_check(rig.now));
    }
    const auto ticks = std::count_if(rig.started.begin(), rig.started.end(),
                                     [](const auto& started) { return started.check.periodic; });
    BOOST_TEST(ticks == 21);
}

BOOST_AUTO_TEST_CASE(verify_is_content_with_a_check_that_runs_only_if_it_passes) {
    for (const bool passes : {true, false}) {
        HealthRig rig(exact());
        rig.server = [&](base::Duration) {
            return CheckReply{1s, passes ? std::nullopt : std::optional(refused_connection())};
        };
        rig.start();
        rig.run_until(0s);
        rig.apply(rig.monitor.verify(rig.now));
        rig.run_until(2s);
        BOOST_TEST((times(rig) == (passes ? Times{0s} : Times{0s, 1'500ms})));
    }
}

BOOST_AUTO_TEST_CASE(verify_is_not_content_with_a_check_that_has_just_ended) {
    HealthRig rig(exact());
    rig.start();
    rig.run_until(10s);
    rig.apply(rig.monitor.request_check(rig.now));
    rig.run_until(10'100ms);
    rig.apply(rig.monitor.verify(rig.now));
    rig.run_until(12s);
    BOOST_TEST((times(rig) == Times{0s, 10s, 10'500ms}));
}

// H13
BOOST_AUTO_TEST_CASE(checks_of_many_providers_spread_although_they_began_together) {
    constexpr int kProviders = 12;
    constexpr auto kCheck = 500ms;
    std::vector<std::pair<base::Duration, int>> changes;
    for (int i = 0; i < kProviders; ++i) {
        HealthRig rig({}, static_cast<std::uint64_t>(i) + 1);
        rig.server = [&](base::Duration) { return CheckReply{kCheck}; };
        rig.start();
        rig.run_until(7h);
        for (const auto& started : rig.started) {
            if (started.at < 3h) continue;
            changes.emplace_back(started.at, 1);
            changes.emplace_back(started.at + kCheck, -1);
        }
    }
    std::sort(changes.begin(), changes.end());
    int running = 0;
    int most = 0;
    for (const auto& change : changes) most = std::max(most, running += change.second);
    BOOST_TEST(most <= (kProviders + 2) / 3);
}

// H15
BOOST_AUTO_TEST_CASE(after_stop_there_is_no_timer_and_no_check_whatever_it_was_doing) {
    for (const auto moment : {0ms, 500ms, 10'000ms}) {  // before, during, after a check
        HealthRig rig;
        rig.server = [](base::Duration) { return CheckReply{5s}; };
        rig.start();
        rig.run_until(moment);
        const bool checking = rig.monitor.status(rig.now, {}).checking;
        const auto steps = rig.monitor.stop(rig.now);
        BOOST_TEST((steps.abandoned != 0) == checking);
        BOOST_TEST((rig.monitor.next_wake() == base::kNoDeadline));
        BOOST_TEST((rig.monitor.state() == State::unknown));
        BOOST_TEST(!rig.monitor.tick(at(1h)).check.has_value());
        BOOST_TEST(!rig.monitor.request_check(at(1h)).check.has_value());
        BOOST_TEST(!rig.monitor.verify(at(1h)).check.has_value());
        BOOST_TEST(!rig.monitor.recover(at(1h)).check.has_value());
    }
}

// H11: what remains of it is the owner's (docs/acceptance/health.md).
BOOST_AUTO_TEST_CASE(a_reply_to_a_check_that_stop_gave_up_changes_nothing) {
    HealthRig rig(exact());
    rig.start();
    const auto id = rig.monitor.tick(rig.now).check.value().id;
    BOOST_TEST(rig.monitor.stop(rig.now).abandoned == id);
    const auto steps = rig.monitor.check_done(id, {}, at(1s));
    BOOST_TEST((steps.verdict == HealthVerdict::undecided));
    BOOST_TEST((rig.monitor.state() == State::unknown));
    rig.apply(rig.monitor.start(at(2s)));
    rig.monitor.check_done(id, {}, at(3s));
    BOOST_TEST((rig.monitor.state() == State::unknown));
}

BOOST_AUTO_TEST_CASE(a_machine_that_slept_during_a_check_checks_again_and_counts_nothing) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.start();
    rig.run_until(0s);
    rig.now = at(1h);
    const auto steps = rig.apply(rig.monitor.tick(rig.now));
    BOOST_TEST(steps.abandoned == rig.started[0].check.id);
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 0);
    rig.run_until(1h);
    BOOST_TEST((times(rig) == Times{0s, 1h}));
}

BOOST_AUTO_TEST_CASE(an_error_that_a_sleeping_machine_notices_late_counts_nothing_either) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.start();
    rig.run_until(0s);
    const Error error = refused_connection();
    rig.now = at(8s);
    rig.apply(rig.monitor.check_done(rig.started[0].check.id, {.error = &error}, rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 0);
    rig.run_until(8s);
    BOOST_TEST((times(rig) == Times{0s, 8s}));
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_a_little_late_is_no_sleep) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.start();
    rig.run_until(0s);
    rig.now = at(7'500ms);  // 1.5 times the limit
    rig.apply(rig.monitor.tick(rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include <boost/test/unit_test.hpp>

#include "health_rig.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using State = HealthState;

constexpr Verdict kSuccess{.outcome = Outcome::success};
constexpr Verdict kFailure{.outcome = Outcome::failure};
constexpr Verdict kIgnored{.outcome = Outcome::ignored};
constexpr Verdict kThrottled{.outcome = Outcome::ignored, .cool_down = true};
constexpr Verdict kUnauthorised{.outcome = Outcome::ignored, .misconfigured = true};

HealthRig healthy() {
    HealthRig rig(exact());
    rig.start();
    rig.run_until(0s);
    return rig;
}

BOOST_AUTO_TEST_SUITE(health_request)

BOOST_AUTO_TEST_CASE(a_request_that_succeeds_puts_the_periodic_check_off) {
    HealthRig rig = healthy();
    rig.run_until(29s);
    rig.monitor.request_ended(kSuccess, {}, rig.now);
    rig.run_until(58s);
    BOOST_TEST(rig.started.size() == 1U);
    rig.run_until(59s);
    BOOST_TEST(rig.started.size() == 2U);
}

BOOST_AUTO_TEST_CASE(under_steady_traffic_no_check_is_needed) {
    HealthRig rig = healthy();
    for (int i = 1; i <= 3'600; ++i) {
        rig.run_until(i * 1s);
        rig.monitor.request_ended(kSuccess, {}, rig.now);
    }
    BOOST_TEST(rig.started.size() == 1U);
}

BOOST_AUTO_TEST_CASE(requests_do_not_replace_checks_if_that_is_switched_off) {
    HealthSettings settings = exact();
    settings.passive_replaces = false;
    HealthRig rig(settings);
    rig.start();
    rig.run_until(29s);
    rig.monitor.request_ended(kSuccess, {}, rig.now);
    rig.run_until(30s);
    BOOST_TEST(rig.started.size() == 2U);
}

BOOST_AUTO_TEST_CASE(requests_that_succeed_never_make_a_provider_healthy) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) { return CheckReply{0s, refused_connection()}; };
    rig.start();
    rig.run_until(11s);
    BOOST_TEST_REQUIRE((rig.monitor.state() == State::unhealthy));
    for (int i = 0; i < 100; ++i) rig.monitor.request_ended(kSuccess, {}, rig.now);
    BOOST_TEST((rig.monitor.state() == State::unhealthy));
    rig.run_until(40s);
    BOOST_TEST(rig.started.size() == 4U);  // and its check is not put off
}

BOOST_AUTO_TEST_CASE(requests_that_succeed_do_not_end_a_row_of_failed_checks) {
    HealthRig rig(exact());
    rig.server = [](base::Duration now) {
        return now < 30s ? CheckReply{} : CheckReply{0s, refused_connection()};
    };
    rig.start();
    rig.run_until(36s);
    rig.monitor.request_ended(kSuccess, {}, rig.now);
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 2);
    rig.run_until(40s);
    BOOST_TEST((rig.monitor.state() == State::unhealthy));
}

BOOST_AUTO_TEST_CASE(a_request_that_fails_brings_the_check_forward_and_decides_nothing) {
    HealthRig rig = healthy();
    rig.run_until(12s);
    rig.monitor.request_ended(kFailure, {}, rig.now);
    BOOST_TEST((rig.monitor.state() == State::healthy));
    rig.run_until(12s);
    BOOST_TEST(rig.started.size() == 2U);
    BOOST_TEST(!rig.started[1].check.periodic);
}

BOOST_AUTO_TEST_CASE(a_thousand_requests_that_fail_neither_make_it_unhealthy_nor_flood_it) {
    HealthRig rig = healthy();
    for (int i = 0; i < 1'000; ++i) {
        rig.run_until(i * 20ms);
        rig.monitor.request_ended(i % 2 == 0 ? kFailure : kUnauthorised, {}, rig.now);
    }
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST(rig.started.size() == 4U);  // 0, 5, 10, 15 s
}

BOOST_AUTO_TEST_CASE(a_key_that_a_request_finds_refused_is_checked_before_it_is_believed) {
    HealthRig rig = healthy();
    rig.server = [](base::Duration) { return CheckReply{0s, answered(Code::auth, 401)}; };
    rig.run_until(10s);
    rig.monitor.request_ended(kUnauthorised, {}, rig.now);
    BOOST_TEST((rig.monitor.state() == State::healthy));
    rig.run_until(10s);
    BOOST_TEST((rig.monitor.state() == State::misconfigured));
}

// H10: what a saturated pool refuses is ignored as an outcome.
BOOST_AUTO_TEST_CASE(a_saturated_pool_does_not_look_sick) {
    HealthRig rig = healthy();
    for (int i = 0; i < 1'000; ++i) {
        rig.monitor.request_ended(judge({.stop = Stop::not_admitted}), {}, rig.now);
        rig.monitor.request_ended(kIgnored, {}, rig.now);
    }
    rig.run_until(29s);
    BOOST_TEST(rig.started.size() == 1U);
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST(rig.monitor.status(rig.now, {}).score == 100);
}

BOOST_AUTO_TEST_CASE(too_many_requests_cools_down_for_as_long_as_the_server_says) {
    HealthRig rig = healthy();
    rig.monitor.request_ended(kThrottled, 7'000, at(0s));
    BOOST_TEST(rig.monitor.is_cooling_down(at(7s) - 1ns));
    BOOST_TEST(!rig.monitor.is_cooling_down(at(7s)));
    BOOST_TEST((rig.monitor.status(at(1s), {}).cool_down_until == at(7s)));
    BOOST_TEST((rig.monitor.state() == State::healthy));
}

BOOST_AUTO_TEST_CASE(without_a_hint_or_with_a_senseless_one_the_default_applies) {
    for (const auto hint : {std::optional<std::int64_t>(), std::optional<std::int64_t>(-5)}) {
        HealthRig rig = healthy();
        rig.monitor.request_ended(kThrottled, hint, at(0s));
        BOOST_TEST(rig.monitor.is_cooling_down(at(5s) - 1ns));
        BOOST_TEST(!rig.monitor.is_cooling_down(at(5s)));
    }
}

BOOST_AUTO_TEST_CASE(no_hint_is_believed_beyond_the_longest_cool_down) {
    HealthRig rig = healthy();
    rig.monitor.request_ended(kThrottled, std::numeric_limits<std::int64_t>::max(), at(0s));
    BOOST_TEST(rig.monitor.is_cooling_down(at(300s) - 1ns));
    BOOST_TEST(!rig.monitor.is_cooling_down(at(300s)));
}

BOOST_AUTO_TEST_CASE(a_later_hint_extends_a_cool_down_and_never_shortens_it) {
    HealthRig rig = healthy();
    rig.monitor.request_ended(kThrottled, 10'000, at(0s));
    rig.monitor.request_ended(kThrottled, 1'000, at(1s));
    BOOST_TEST(rig.monitor.is_cooling_down(at(9s)));
    rig.monitor.request_ended(kThrottled, 10'000, at(5s));
    BOOST_TEST(rig.monitor.is_cooling_down(at(14s)));
}

BOOST_AUTO_TEST_CASE(a_cool_down_of_an_earlier_run_goes_on_as_long_as_hints_are_believed) {
    HealthSettings settings;
    settings.longest_cool_down = 60s;
    HealthMonitor monitor(settings, 1);
    monitor.resume_cool_down(at(-1s), at(0s));
    BOOST_TEST(!monitor.is_cooling_down(at(0s)));
    monitor.resume_cool_down(at(10s), at(0s));
    BOOST_TEST(monitor.is_cooling_down(at(9s)));
    BOOST_TEST(!monitor.is_cooling_down(at(10s)));
    monitor.resume_cool_down(at(10h), at(0s));
    BOOST_TEST(!monitor.is_cooling_down(at(60s)));
}

BOOST_AUTO_TEST_CASE(a_cool_down_outlives_stop_and_start) {
    HealthRig rig = healthy();
    rig.monitor.request_ended(kThrottled, 10'000, at(0s));
    rig.monitor.stop(at(1s));
    rig.monitor.start(at(2s));
    BOOST_TEST(rig.monitor.is_cooling_down(at(3s)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include <boost/test/unit_test.hpp>

#include <type_traits>

#include "breaker_support.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

static_assert(!std::is_copy_constructible_v<BreakerPermit>);
static_assert(std::is_nothrow_move_constructible_v<BreakerPermit>);

BOOST_AUTO_TEST_SUITE(breaker_half_open)

// B4
BOOST_AUTO_TEST_CASE(when_the_recovery_time_is_over_one_call_probes_and_the_others_are_rejected) {
    Subject subject;
    subject.trip();
    subject.now += seconds(30);
    const Admission first = subject.admission();
    BOOST_TEST(first.permit.is_probe());
    BOOST_TEST(subject.state() == BreakerState::half_open);
    for (int i = 0; i < 20; ++i) {
        const Admission other = subject.admission();
        BOOST_TEST(!other);
        BOOST_TEST(ms(other.retry_after).count() == 35'000);
    }
    BOOST_TEST(subject.events.size() == 2U);
    BOOST_TEST(subject.events.back().cause == BreakerCause::recovery_over);
    BOOST_TEST(subject.look().probes_in_flight == 1);
}

// B5
BOOST_AUTO_TEST_CASE(the_probe_is_admitted_at_the_very_end_of_the_recovery_time_and_not_before) {
    Subject subject;
    subject.trip();
    subject.now += seconds(30) - std::chrono::nanoseconds(1);
    BOOST_TEST(!subject.admit());
    BOOST_TEST(subject.state() == BreakerState::open);
    subject.now += std::chrono::nanoseconds(1);
    BOOST_TEST(subject.admit().is_probe());
}

// B13
BOOST_AUTO_TEST_CASE(a_jump_of_an_hour_makes_the_next_call_a_probe) {
    Subject subject;
    subject.trip();
    subject.now += std::chrono::hours(1);
    BOOST_TEST(subject.admit().is_probe());
}

BOOST_AUTO_TEST_CASE(a_successful_probe_closes_with_an_empty_window) {
    Subject subject;
    subject.record(subject.probe(), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
    BOOST_TEST(subject.look().counts.total() == 0U);
    BOOST_TEST(subject.look().repairs == 1U);
    BOOST_TEST(subject.events.back().cause == BreakerCause::probes_succeeded);
    subject.calls(4, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(a_failed_probe_opens_again_for_the_whole_recovery_time) {
    Subject subject;
    auto permit = subject.probe();
    subject.now += seconds(2);
    subject.record(std::move(permit), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.events.back().cause == BreakerCause::probe_failed);
    BOOST_TEST(ms(subject.look().retry_after).count() == 30'000);
    BOOST_TEST(subject.look().reopens == 1);
    BOOST_TEST(subject.look().trips == 1U);
}

// B6, D1
BOOST_AUTO_TEST_CASE(a_success_from_before_changes_nothing_while_open_or_half_open) {
    Subject subject;
    auto early = subject.admit();
    auto earlier = subject.admit();
    subject.trip();
    subject.record(std::move(early), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.look().late == 1U);
    subject.now += seconds(30);
    auto probe = subject.admit();
    subject.record(std::move(earlier), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    BOOST_TEST(subject.look().late == 2U);
    BOOST_TEST(subject.look().probes_in_flight == 1);
    BOOST_TEST(!subject.admit());
}

// B7, D2
BOOST_AUTO_TEST_CASE(
    a_failure_from_before_neither_opens_again_nor_counts_in_the_next_closed_state) {
    Subject subject;
    std::vector<BreakerPermit> early;
    for (int i = 0; i < 6; ++i) early.push_back(subject.admit());
    auto probe = subject.probe();
    subject.record(std::move(early.back()), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    subject.record(std::move(probe), Outcome::success);
    for (auto& permit : early) subject.record(std::move(permit), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
    BOOST_TEST(subject.look().counts.failures == 0U);
    BOOST_TEST(subject.look().late == 6U);
}

// D2: releasing an old permit must not make a new probe permit
BOOST_AUTO_TEST_CASE(an_ignored_call_from_before_frees_no_probe) {
    Subject subject;
    auto early = subject.admit();
    const auto probe = subject.probe();
    subject.record(std::move(early), Outcome::ignored);
    BOOST_TEST(!subject.admit());
    BOOST_TEST(probe.is_probe());
}

// B8, B10, D7
BOOST_AUTO_TEST_CASE(an_ignored_probe_stays_half_open_and_the_next_call_probes) {
    Subject subject;
    subject.record(subject.probe(), Outcome::ignored);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    BOOST_TEST(subject.look().probes_in_flight == 0);
    BOOST_TEST(subject.look().retry_after.count() == 0);
    auto next = subject.admit();
    BOOST_TEST(next.is_probe());
    BOOST_TEST(!subject.admit());
    subject.record(std::move(next), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(hundreds_of_ignored_probes_in_a_row_are_all_let_go) {
    Subject subject;
    subject.record(subject.probe(), Outcome::ignored);
    for (int i = 0; i < 600; ++i) {
        auto permit = subject.admit();
        BOOST_TEST_REQUIRE(permit.is_probe());
        subject.record(std::move(permit), Outcome::ignored);
    }
    BOOST_TEST(subject.events.size() == 2U);
}

// B9
BOOST_AUTO_TEST_CASE(a_probe_that_never_reports_counts_as_failed_when_its_lease_is_over) {
    Subject subject;
    auto lost = subject.probe();
    subject.now += seconds(35) - std::chrono::nanoseconds(1);
    BOOST_TEST(!subject.admit());
    BOOST_TEST(subject.state() == BreakerState::half_open);
    subject.now += std::chrono::nanoseconds(1);
    const Admission admission = subject.admission();
    BOOST_TEST(!admission);
    BOOST_TEST(ms(admission.retry_after).count() == 30'000);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.events.back().cause == BreakerCause::probe_never_reported);
    subject.record(std::move(lost), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.look().late == 1U);
}

// B9
BOOST_AUTO_TEST_CASE(a_timer_notices_an_expired_lease_where_no_call_comes) {
    Subject subject;
    const auto lost = subject.probe();
    subject.now += seconds(34);
    BOOST_TEST(!subject.breaker.tick(subject.now));
    subject.now += seconds(1);
    const auto event = subject.breaker.tick(subject.now);
    BOOST_TEST_REQUIRE(event.has_value());
    BOOST_TEST(event->to == BreakerState::open);
    BOOST_TEST(event->cause == BreakerCause::probe_never_reported);
    BOOST_TEST(ms(event->open_for).count() == 30'000);
    BOOST_TEST(!subject.breaker.tick(subject.now));
    BOOST_TEST(lost.is_probe());
}

BOOST_AUTO_TEST_CASE(a_late_report_counts_if_nobody_has_noticed_that_the_lease_is_over) {
    Subject subject;
    auto slow = subject.probe();
    subject.now += seconds(40);
    subject.record(std::move(slow), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(a_tick_changes_no_other_state) {
    Subject subject;
    BOOST_TEST(!subject.breaker.tick(subject.now + std::chrono::hours(1)));
    subject.trip();
    BOOST_TEST(!subject.breaker.tick(subject.now + std::chrono::hours(1)));
    BOOST_TEST(subject.state() == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(as_many_probes_run_at_once_as_the_settings_say) {
    BreakerSettings settings = exact();
    settings.probes = 3;
    Subject subject(settings);
    auto first = subject.probe();
    auto second = subject.admit();
    auto third = subject.admit();
    BOOST_TEST((first.is_probe() && second.is_probe() && third.is_probe()));
    BOOST_TEST(!subject.admit());
    BOOST_TEST(subject.look().probes_in_flight == 3);
    subject.record(std::move(second), Outcome::ignored);
    BOOST_TEST(subject.admit().is_probe());
    BOOST_TEST(!subject.admit());
    subject.record(std::move(third), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
    subject.record(std::move(first), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.look().late == 1U);
}

BOOST_AUTO_TEST_CASE(the_oldest_of_several_leases_decides_and_a_rejection_waits_for_it) {
    BreakerSettings settings = exact();
    settings.probes = 2;
    Subject subject(settings);
    auto oldest = subject.probe();
    subject.now += seconds(10);
    const auto other = subject.admit();
    const Admission rejected = subject.admission();
    BOOST_TEST(ms(rejected.retry_after).count() == 25'000);
    subject.record(std::move(oldest), Outcome::ignored);
    subject.now += seconds(25);
    const auto third = subject.admit();
    BOOST_TEST(third.is_probe());
    subject.now += seconds(10);
    BOOST_TEST(!subject.admit());
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(other.is_probe());
}

BOOST_AUTO_TEST_CASE(an_expired_lease_opens_even_if_another_probe_could_be_admitted) {
    BreakerSettings settings = exact();
    settings.probes = 2;
    Subject subject(settings);
    const auto lost = subject.probe();
    subject.now += seconds(35);
    BOOST_TEST(!subject.admit());
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(lost.is_probe());
}

BOOST_AUTO_TEST_CASE(it_closes_after_as_many_successes_as_the_settings_say) {
    BreakerSettings settings = exact();
    settings.successes_to_close = 3;
    Subject subject(settings);
    subject.record(subject.probe(), Outcome::success);
    subject.calls(1, Outcome::ignored);
    subject.calls(1, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    BOOST_TEST(subject.look().probe_successes == 2);
    subject.calls(1, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(successes_of_a_former_half_open_state_are_not_carried_on) {
    BreakerSettings settings = exact();
    settings.successes_to_close = 2;
    Subject subject(settings);
    subject.record(subject.probe(), Outcome::success);
    subject.calls(1, Outcome::failure);
    subject.now += seconds(30);
    subject.calls(1, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    subject.calls(1, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(recovery_grows_with_each_failed_probe_up_to_the_limit_and_starts_again) {
    BreakerSettings settings = exact();
    settings.recovery_growth = 2;
    settings.max_recovery = milliseconds(200'000);
    Subject subject(settings);
    subject.trip();
    for (const int wait : {30, 60, 120, 200, 200, 200}) {
        BOOST_TEST(ms(subject.look().retry_after).count() == wait * 1'000);
        subject.now += seconds(wait);
        subject.calls(1, Outcome::failure);
    }
    for (int i = 0; i < 300; ++i) {
        subject.now += seconds(200);
        subject.calls(1, Outcome::failure);
    }
    BOOST_TEST(ms(subject.look().retry_after).count() == 200'000);
    subject.now += seconds(200);
    subject.calls(1, Outcome::success);
    subject.trip();
    BOOST_TEST(ms(subject.look().retry_after).count() == 30'000);
}

BOOST_AUTO_TEST_CASE(a_permit_that_was_moved_away_reports_nothing) {
    Subject subject;
    auto permit = subject.probe();
    auto moved = std::move(permit);
    subject.record(std::move(permit), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::half_open);
    BOOST_TEST(subject.look().late == 0U);
    subject.record(std::move(moved), Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include <boost/test/unit_test.hpp>

#include "breaker_support.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

/// Five failures at the given times after the start; whether the breaker is open then.
bool five_failures_open(const std::vector<milliseconds>& times) {
    Subject subject;
    for (const milliseconds time : times) {
        subject.now = at(time);
        subject.calls(1, Outcome::failure);
    }
    return subject.state() == BreakerState::open;
}

BOOST_AUTO_TEST_SUITE(breaker_closed)

// B1
BOOST_AUTO_TEST_CASE(the_fifth_failure_opens_and_the_fourth_does_not) {
    Subject subject;
    subject.calls(4, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
    BOOST_TEST(subject.events.empty());
    subject.calls(1, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.events.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_event_of_opening_tells_what_was_why_and_for_how_long) {
    Subject subject;
    subject.calls(2, Outcome::success);
    subject.trip();
    const BreakerEvent event = subject.events.at(0);
    BOOST_TEST(event.sequence == 2U);
    BOOST_TEST(event.from == BreakerState::closed);
    BOOST_TEST(event.to == BreakerState::open);
    BOOST_TEST(event.cause == BreakerCause::too_many_failures);
    BOOST_TEST(ms(event.open_for).count() == 30'000);
    BOOST_TEST(event.counts.failures == 5U);
    BOOST_TEST(event.counts.successes == 2U);
    BOOST_TEST(subject.look().trips == 1U);
}

BOOST_AUTO_TEST_CASE(calls_that_were_let_through_before_it_opened_do_not_open_it_twice) {
    Subject subject;
    std::vector<BreakerPermit> permits;
    for (int i = 0; i < 10; ++i) permits.push_back(subject.admit());
    for (auto& permit : permits) subject.record(std::move(permit), Outcome::failure);
    BOOST_TEST(subject.events.size() == 1U);
    BOOST_TEST(subject.look().late == 5U);
}

// B2
BOOST_AUTO_TEST_CASE(five_failures_within_the_window_open_and_a_fifth_after_it_does_not) {
    using Times = std::vector<milliseconds>;
    const Times first{milliseconds(0), 15 * kSecond, 30 * kSecond, 45 * kSecond};
    Times inside = first;
    inside.push_back(milliseconds(59'900));
    BOOST_TEST(five_failures_open(inside));
    Times outside = first;
    outside.push_back(milliseconds(60'100));
    BOOST_TEST(!five_failures_open(outside));
}

// B2
BOOST_AUTO_TEST_CASE(five_failures_within_55_s_open_at_every_phase_of_the_buckets) {
    for (milliseconds phase{0}; phase < 5 * kSecond; phase += milliseconds(50)) {
        const auto last = phase + 55 * kSecond;
        BOOST_TEST_REQUIRE(five_failures_open({phase, phase, phase, phase, last}), phase.count());
        BOOST_TEST_REQUIRE(five_failures_open({phase, last, last, last, last}), phase.count());
    }
}

// B2
BOOST_AUTO_TEST_CASE(five_failures_that_span_60_s_do_not_open_at_any_phase_of_the_buckets) {
    for (milliseconds phase{0}; phase < 5 * kSecond; phase += milliseconds(50)) {
        const auto last = phase + 60 * kSecond;
        BOOST_TEST_REQUIRE(!five_failures_open({phase, phase, phase, phase, last}), phase.count());
        BOOST_TEST_REQUIRE(!five_failures_open({phase, last, last, last, last}), phase.count());
    }
}

// B3
BOOST_AUTO_TEST_CASE(with_a_ratio_one_failure_of_one_does_not_open_and_three_of_three_do) {
    BreakerSettings settings = exact();
    settings.failure_threshold = 1;
    settings.min_failure_ratio = 0.5;
    Subject subject(settings);
    subject.calls(2, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
    subject.calls(1, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(it_opens_when_the_ratio_is_just_reached_and_not_below) {
    BreakerSettings settings = exact();
    settings.min_failure_ratio = 0.1;
    Subject subject(settings);
    subject.calls(46, Outcome::success);
    subject.calls(5, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);  // 5 of 51
    Subject exactly(settings);
    exactly.calls(45, Outcome::success);
    exactly.calls(4, Outcome::failure);
    BOOST_TEST(exactly.state() == BreakerState::closed);  // 4 of 49: too few
    exactly.calls(1, Outcome::failure);
    BOOST_TEST(exactly.state() == BreakerState::open);  // 5 of 50
}

BOOST_AUTO_TEST_CASE(it_opens_only_when_there_is_enough_traffic) {
    BreakerSettings settings = exact();
    settings.failure_threshold = 2;
    settings.min_throughput = 10;
    Subject subject(settings);
    subject.calls(9, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
    subject.calls(1, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(a_success_never_opens_even_if_it_makes_the_traffic_enough) {
    BreakerSettings settings = exact();
    settings.failure_threshold = 2;
    settings.min_throughput = 10;
    Subject subject(settings);
    subject.calls(9, Outcome::failure);
    subject.calls(1, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

// B17
BOOST_AUTO_TEST_CASE(successes_do_not_clear_failures) {
    Subject subject;
    subject.calls(4, Outcome::failure);
    subject.calls(100, Outcome::success);
    subject.calls(1, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);
}

// B13
BOOST_AUTO_TEST_CASE(a_jump_of_an_hour_empties_the_window) {
    Subject subject;
    subject.calls(4, Outcome::failure);
    subject.now += std::chrono::hours(1);
    BOOST_TEST(subject.look().counts.total() == 0U);
    subject.calls(4, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

// B14: the prototype's bucket numbers had 24 bits
BOOST_AUTO_TEST_CASE(no_bucket_comes_back_after_idle_periods_of_whole_windows) {
    for (const std::int64_t windows : {1, 2, 7, 60, 1'440, 1'398'101, 1'398'102}) {
        Subject subject;
        subject.calls(4, Outcome::failure);
        subject.now += windows * seconds(60);
        BOOST_TEST(subject.look().counts.failures == 0U, windows);
        subject.calls(1, Outcome::failure);
        BOOST_TEST(subject.state() == BreakerState::closed, windows);
    }
    Subject wrapped;
    wrapped.calls(4, Outcome::failure);
    wrapped.now += (std::int64_t{1} << 24) * seconds(5);
    wrapped.calls(1, Outcome::failure);
    BOOST_TEST(wrapped.look().counts.failures == 1U);
}

BOOST_AUTO_TEST_CASE(the_wait_of_a_rejection_is_what_is_left_of_the_recovery_time) {
    Subject subject;
    subject.trip();
    subject.now += milliseconds(29'999);
    const Admission admission = subject.admission();
    BOOST_TEST(!admission);
    BOOST_TEST(ms(admission.retry_after).count() == 1);
    BOOST_TEST(subject.look().rejected == 1U);
}

BOOST_AUTO_TEST_CASE(the_recovery_time_varies_by_ten_percent_and_equal_seeds_agree) {
    std::int64_t least = 1'000'000;
    std::int64_t most = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        std::int64_t first = 0;
        for (int run = 0; run < 2; ++run) {
            Breaker breaker(BreakerSettings{}, kStart, seed);
            std::optional<BreakerEvent> event;
            for (int i = 0; i < 5; ++i) {
                event = breaker.record(breaker.admit(kStart).permit, Outcome::failure, kStart);
            }
            const auto open_for = ms(event.value().open_for).count();
            if (run == 0) first = open_for;
            BOOST_TEST_REQUIRE(open_for == first);
        }
        least = std::min(least, first);
        most = std::max(most, first);
    }
    BOOST_TEST((least >= 27'000 && least < 27'100), least);
    BOOST_TEST((most <= 33'000 && most > 32'900), most);
}

BOOST_AUTO_TEST_CASE(a_clock_that_reads_before_the_start_is_taken_for_the_start) {
    Subject subject;
    subject.now -= seconds(10);
    subject.trip();
    BOOST_TEST(subject.state() == BreakerState::open);
    const Admission admission = subject.admission();
    BOOST_TEST(!admission);
    BOOST_TEST((admission.retry_after > base::Duration::zero()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

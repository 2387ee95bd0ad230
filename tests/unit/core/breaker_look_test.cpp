#include <boost/test/unit_test.hpp>

#include "breaker_support.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

static_assert(noexcept(std::declval<const Breaker&>().lets_all_through()));
static_assert(noexcept(std::declval<const Breaker&>().retry_after(kStart)));

BOOST_AUTO_TEST_SUITE(breaker_look)

BOOST_AUTO_TEST_CASE(a_closed_breaker_lets_all_through_at_once) {
    const Subject subject;
    BOOST_TEST(subject.breaker.lets_all_through());
    BOOST_TEST(ms(subject.breaker.retry_after(kStart)).count() == 0);
}

BOOST_AUTO_TEST_CASE(forced_closed_and_disabled_let_all_through) {
    Subject subject;
    subject.breaker.force_open(subject.now);
    BOOST_TEST(!subject.breaker.lets_all_through());
    subject.breaker.force_closed(subject.now);
    BOOST_TEST(subject.breaker.lets_all_through());
    subject.breaker.disable(subject.now);
    BOOST_TEST(subject.breaker.lets_all_through());
}

BOOST_AUTO_TEST_CASE(an_open_breaker_tells_the_rest_of_its_recovery_time) {
    Subject subject;
    subject.trip();
    subject.now += seconds(10);
    BOOST_TEST(!subject.breaker.lets_all_through());
    BOOST_TEST(ms(subject.breaker.retry_after(subject.now)).count() == 20'000);
    BOOST_TEST(ms(subject.breaker.retry_after(kStart + seconds(30))).count() == 0);
}

BOOST_AUTO_TEST_CASE(to_look_at_the_end_of_the_recovery_time_starts_no_probe) {
    Subject subject;
    subject.trip();
    subject.now += seconds(30);
    BOOST_TEST(ms(subject.breaker.retry_after(subject.now)).count() == 0);
    BOOST_TEST(subject.state() == BreakerState::open);
    BOOST_TEST(subject.look().rejected == 0U);
    BOOST_TEST(subject.admit().is_probe());
}

BOOST_AUTO_TEST_CASE(half_open_it_tells_until_when_the_others_probe) {
    Subject subject;
    auto probe = subject.probe();
    subject.now += seconds(5);
    BOOST_TEST(!subject.breaker.lets_all_through());
    BOOST_TEST(ms(subject.breaker.retry_after(subject.now)).count() == 30'000);
    subject.record(std::move(probe), Outcome::ignored);
    BOOST_TEST(ms(subject.breaker.retry_after(subject.now)).count() == 0);
}

BOOST_AUTO_TEST_CASE(forced_open_does_not_end_by_itself) {
    Subject subject;
    subject.breaker.force_open(subject.now);
    BOOST_TEST((subject.breaker.retry_after(subject.now) == kNotByItself));
}

BOOST_AUTO_TEST_CASE(a_call_from_before_the_breaker_counts_until_its_state_changes) {
    Subject subject;
    for (int i = 0; i < 4; ++i) subject.record(Breaker::permit_from_before(), Outcome::failure);
    subject.record(Breaker::permit_from_before(), Outcome::success);
    BOOST_TEST(subject.look().counts.failures == 4U);
    BOOST_TEST(subject.look().counts.successes == 1U);
    subject.record(Breaker::permit_from_before(), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::open);

    subject.breaker.reset(subject.now);
    subject.record(Breaker::permit_from_before(), Outcome::failure);
    BOOST_TEST(subject.look().counts.failures == 0U);
    BOOST_TEST(subject.look().late == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

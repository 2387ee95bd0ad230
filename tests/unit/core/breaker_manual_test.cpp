#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

#include "breaker_support.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

// Nothing in it throws, so there is no path on which a permit is lost (B15, D10).
static_assert(noexcept(std::declval<Breaker&>().admit(kStart)));
static_assert(noexcept(std::declval<Breaker&>().record({}, Outcome::success, kStart)));
static_assert(noexcept(judge({})));

BOOST_AUTO_TEST_SUITE(breaker_manual)

// B12
BOOST_AUTO_TEST_CASE(forced_open_rejects_for_ever_and_survives_successes) {
    Subject subject;
    auto early = subject.admit();
    const BreakerEvent event = subject.breaker.force_open(subject.now);
    BOOST_TEST(event.to == BreakerState::forced_open);
    BOOST_TEST(event.cause == BreakerCause::by_hand);
    subject.record(std::move(early), Outcome::success);
    subject.now += std::chrono::hours(24);
    const Admission admission = subject.admission();
    BOOST_TEST(!admission);
    BOOST_TEST((admission.retry_after == kNotByItself));
    BOOST_TEST((subject.look().retry_after == kNotByItself));
    BOOST_TEST(subject.state() == BreakerState::forced_open);
    BOOST_TEST(subject.events.empty());
}

BOOST_AUTO_TEST_CASE(forced_closed_lets_all_through_counts_and_never_opens) {
    Subject subject;
    subject.trip();
    subject.breaker.force_closed(subject.now);
    subject.calls(100, Outcome::failure);
    subject.calls(3, Outcome::success);
    BOOST_TEST(subject.state() == BreakerState::forced_closed);
    BOOST_TEST(subject.look().counts.failures == 100U);
    BOOST_TEST(subject.look().counts.successes == 3U);
    BOOST_TEST(subject.look().rejected == 0U);
}

BOOST_AUTO_TEST_CASE(disabled_counts_and_never_opens) {
    Subject subject;
    subject.breaker.disable(subject.now);
    subject.calls(100, Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::disabled);
    BOOST_TEST(subject.look().counts.failures == 100U);
}

BOOST_AUTO_TEST_CASE(a_breaker_that_the_settings_switch_off_begins_disabled_and_resets_to_it) {
    BreakerSettings settings = exact();
    settings.enabled = false;
    Subject subject(settings);
    subject.trip();
    BOOST_TEST(subject.state() == BreakerState::disabled);
    subject.breaker.force_open(subject.now);
    BOOST_TEST(!subject.admit());
    subject.breaker.reset(subject.now);
    BOOST_TEST(subject.state() == BreakerState::disabled);
    BOOST_TEST(!!subject.admit());
}

// B12
BOOST_AUTO_TEST_CASE(reset_gives_an_empty_window_and_a_new_generation_from_any_state) {
    const auto check = [](Subject& subject) {
        const auto before = subject.look();
        const BreakerEvent event = subject.breaker.reset(subject.now);
        const auto after = subject.look();
        BOOST_TEST(event.from == before.state);
        BOOST_TEST(event.sequence == before.generation + 1);
        BOOST_TEST(after.generation == before.generation + 1);
        BOOST_TEST(after.state == BreakerState::closed);
        BOOST_TEST(after.counts.total() == 0U);
        BOOST_TEST(after.reopens == 0);
        BOOST_TEST(after.probes_in_flight == 0);
        BOOST_TEST(after.retry_after.count() == 0);
        subject.calls(4, Outcome::failure);
        BOOST_TEST(subject.state() == BreakerState::closed);
        subject.calls(1, Outcome::failure);
        BOOST_TEST(subject.state() == BreakerState::open);
    };
    Subject closed;
    closed.calls(4, Outcome::failure);
    check(closed);
    check(closed);  // open now
    Subject half_open;
    const auto permit = half_open.probe();
    check(half_open);
    Subject reopened;
    reopened.record(reopened.probe(), Outcome::failure);
    check(reopened);
    Subject forced;
    forced.breaker.force_open(forced.now);
    check(forced);
    Subject forced_closed;
    forced_closed.breaker.force_closed(forced_closed.now);
    forced_closed.calls(50, Outcome::failure);
    check(forced_closed);
    Subject disabled;
    disabled.breaker.disable(disabled.now);
    disabled.calls(50, Outcome::failure);
    check(disabled);
}

BOOST_AUTO_TEST_CASE(calls_from_before_a_reset_do_not_count_after_it) {
    Subject subject;
    std::vector<BreakerPermit> early;
    for (int i = 0; i < 5; ++i) early.push_back(subject.admit());
    subject.breaker.reset(subject.now);
    for (auto& permit : early) subject.record(std::move(permit), Outcome::failure);
    BOOST_TEST(subject.state() == BreakerState::closed);
    BOOST_TEST(subject.look().late == 5U);
    BOOST_TEST(subject.look().counts.total() == 0U);
}

// B15
BOOST_AUTO_TEST_CASE(whoever_is_told_of_a_change_may_ask_and_change_the_breaker_at_once) {
    Subject subject;
    subject.trip();
    const BreakerEvent told = subject.events.at(0);
    BOOST_TEST(subject.state() == told.to);
    const BreakerEvent reset = subject.breaker.reset(subject.now);
    BOOST_TEST(reset.sequence == told.sequence + 1);
    BOOST_TEST(subject.state() == BreakerState::closed);
}

// B18
BOOST_AUTO_TEST_CASE(a_snapshot_tells_the_state_its_counts_and_how_long_to_wait) {
    Subject subject;
    subject.calls(3, Outcome::failure);
    subject.calls(2, Outcome::success);
    auto look = subject.look();
    BOOST_TEST(look.state == BreakerState::closed);
    BOOST_TEST(look.generation == 1U);
    BOOST_TEST(look.counts.failures == 3U);
    BOOST_TEST(look.counts.successes == 2U);
    BOOST_TEST(look.retry_after.count() == 0);
    subject.calls(2, Outcome::failure);
    subject.now += seconds(12);
    look = subject.look();
    BOOST_TEST(look.state == BreakerState::open);
    BOOST_TEST(look.generation == 2U);
    BOOST_TEST(look.counts.total() == 0U);
    BOOST_TEST(ms(look.retry_after).count() == 18'000);
    subject.now += seconds(20);
    BOOST_TEST(subject.look().state == BreakerState::open);
    BOOST_TEST(subject.look().retry_after.count() == 0);
}

BOOST_AUTO_TEST_CASE(states_and_causes_have_distinct_names) {
    BOOST_TEST(to_string(BreakerState::half_open) == "half_open");
    BOOST_TEST(to_string(BreakerState::forced_closed) == "forced_closed");
    BOOST_TEST(to_string(BreakerCause::probe_never_reported) == "probe_never_reported");
}

// --- Validation: B16, D10 ------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_design_and_valid) {
    const BreakerSettings settings;
    BOOST_TEST(settings.validate().has_value());
    BOOST_TEST(settings.failure_threshold == 5);
    BOOST_TEST(settings.window.count() == 60'000);
    BOOST_TEST(settings.min_throughput == 3);
    BOOST_TEST(settings.min_failure_ratio == 0);
    BOOST_TEST(settings.recovery.count() == 30'000);
    BOOST_TEST(settings.recovery_jitter == 0.1);
    BOOST_TEST(settings.probes == 1);
    BOOST_TEST(settings.successes_to_close == 1);
}

BOOST_AUTO_TEST_CASE(each_setting_that_could_stop_recovery_or_counting_is_refused_by_name) {
    using Change = void (*)(BreakerSettings&);
    const std::pair<const char*, Change> cases[] = {
        {"failure_threshold", [](auto& s) { s.failure_threshold = 0; }},
        {"failure_threshold", [](auto& s) { s.failure_threshold = 10'001; }},
        {"min_throughput", [](auto& s) { s.min_throughput = 0; }},
        {"min_failure_ratio", [](auto& s) { s.min_failure_ratio = 1.01; }},
        {"min_failure_ratio", [](auto& s) { s.min_failure_ratio = -0.1; }},
        {"min_failure_ratio",
         [](auto& s) { s.min_failure_ratio = std::numeric_limits<double>::quiet_NaN(); }},
        {"window", [](auto& s) { s.window = milliseconds(999); }},
        {"recovery", [](auto& s) { s.recovery = milliseconds(0); }},
        {"recovery_growth", [](auto& s) { s.recovery_growth = 0.9; }},
        {"max_recovery", [](auto& s) { s.max_recovery = milliseconds(29'999); }},
        {"recovery_jitter", [](auto& s) { s.recovery_jitter = 0.51; }},
        {"probes", [](auto& s) { s.probes = 0; }},
        {"probes", [](auto& s) { s.probes = 17; }},
        {"successes_to_close", [](auto& s) { s.successes_to_close = 0; }},
        {"attempt_timeout", [](auto& s) { s.attempt_timeout = milliseconds(0); }},
        {"lease_grace", [](auto& s) { s.lease_grace = milliseconds(-1); }},
    };
    for (const auto& [name, change] : cases) {
        BreakerSettings settings;
        change(settings);
        const auto valid = settings.validate();
        BOOST_TEST_REQUIRE(!valid.has_value(), name);
        BOOST_TEST((valid.error().code == Code::invalid), name);
        const std::string& message = valid.error().message;
        BOOST_TEST((message.find(name) != std::string::npos), name << " in: " << message);
    }
}

BOOST_AUTO_TEST_CASE(a_lease_is_never_shorter_than_an_attempt) {
    BreakerSettings settings;
    BOOST_TEST(settings.probe_lease().count() == 35'000);
    settings.attempt_timeout = milliseconds(600'000);
    settings.lease_grace = milliseconds(0);
    BOOST_TEST(settings.validate().has_value());
    BOOST_TEST((settings.probe_lease() >= settings.attempt_timeout));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

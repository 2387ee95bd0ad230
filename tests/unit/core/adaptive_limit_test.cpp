#include "core/adaptive_limit.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

/// A limit that is fed calls one after the other.
struct Fixture {
    explicit Fixture(const AdaptiveLimitSettings& settings) : limit(settings) {}

    std::uint32_t call(LimitSample sample, base::Duration latency, std::uint32_t in_flight) {
        const auto started = now;
        now += latency;
        return limit.on_sample(sample, started, now, in_flight);
    }

    AdaptiveLimit limit;
    base::TimePoint now = at(0ms);
};

AdaptiveLimitSettings algorithm(LimitAlgorithm algorithm) {
    AdaptiveLimitSettings settings;
    settings.algorithm = algorithm;
    return settings;
}

BOOST_AUTO_TEST_SUITE(adaptive_limit)

BOOST_AUTO_TEST_CASE(switched_off_it_stays_where_it_began) {
    Fixture f({});
    BOOST_TEST(f.call(LimitSample::overload, 1s, 10) == 10U);
    BOOST_TEST(f.call(LimitSample::ok, 1s, 10) == 10U);
}

// 10 * 0.8 + 0.2 * (10 + 4) = 10.8, then 11.6
BOOST_AUTO_TEST_CASE(steady_latency_under_load_lets_the_gradient_add_its_headroom) {
    Fixture f(algorithm(LimitAlgorithm::gradient));
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 10) == 10U);
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 10) == 11U);
}

BOOST_AUTO_TEST_CASE(latency_within_the_tolerance_still_lets_the_gradient_grow) {
    Fixture f(algorithm(LimitAlgorithm::gradient));
    for (int i = 0; i < 20; ++i) f.call(LimitSample::ok, 100ms, 1);  // only learns
    BOOST_TEST(f.limit.limit() == 10U);
    f.call(LimitSample::ok, 145ms, 10);
    f.call(LimitSample::ok, 145ms, 10);
    BOOST_TEST(f.limit.limit() == 11U);
}

// The gradient is 1.5 * 100/1000, at least 0.5: 100 * 0.8 + 0.2 * (50 + 4) = 90.8
BOOST_AUTO_TEST_CASE(a_much_higher_latency_takes_a_tenth_at_most_at_a_time) {
    auto settings = algorithm(LimitAlgorithm::gradient);
    settings.initial = 100;
    Fixture f(settings);
    for (int i = 0; i < 10; ++i) f.call(LimitSample::ok, 100ms, 1);
    BOOST_TEST(f.call(LimitSample::ok, 1s, 100) == 90U);
}

BOOST_AUTO_TEST_CASE(the_gradient_settles_where_the_provider_starts_to_queue) {
    Fixture f(algorithm(LimitAlgorithm::gradient));
    // Twenty calls at once take 100 ms; more share the same capacity. The gradient alone would
    // take every slow increase for the usual latency and end at the top.
    for (int i = 0; i < 2'000; ++i) {
        const std::uint32_t in_flight = f.limit.limit();
        const auto latency = std::max(100ms, 5ms * in_flight);
        f.call(LimitSample::ok, latency, in_flight);
    }
    BOOST_TEST(f.limit.limit() >= 20U);
    BOOST_TEST(f.limit.limit() < 100U);
}

BOOST_AUTO_TEST_CASE(the_limit_is_halved_for_a_moment_to_measure_the_latency_without_queues) {
    auto settings = algorithm(LimitAlgorithm::gradient);
    settings.initial = 100;
    settings.most = 100;
    Fixture f(settings);
    f.call(LimitSample::ok, 100ms, 100);
    f.now = at(50s);
    BOOST_TEST(f.call(LimitSample::ok, 99ms, 100) == 100U);  // not yet
    f.now = at(50s);
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 40) == 100U);  // half of it is not in use
    f.now = at(50s);
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 100) == 50U);
    const auto begun = f.now;
    // Those that were sent before count neither for the measurement nor for the gradient.
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(f.limit.on_sample(LimitSample::ok, begun - 1ms, begun + 1s, 100) == 50U);
    }
    for (int i = 0; i < 49; ++i) BOOST_TEST(f.call(LimitSample::ok, 10ms, 50) == 50U);
    BOOST_TEST(f.call(LimitSample::ok, 10ms, 50) == 100U);
    // 10 ms are usual now: 100 ms halve the proposal, 100 * 0.8 + 0.2 * 54.
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 100) == 90U);
}

BOOST_AUTO_TEST_CASE(being_throttled_in_a_measurement_lowers_the_limit_after_it_too) {
    auto settings = algorithm(LimitAlgorithm::gradient);
    settings.initial = 20;
    Fixture f(settings);
    f.call(LimitSample::ok, 100ms, 1);
    f.now = at(51s);
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 20) == 10U);
    BOOST_TEST(f.call(LimitSample::overload, 100ms, 10) == 7U);
    for (int i = 0; i < 9; ++i) BOOST_TEST(f.call(LimitSample::ok, 100ms, 7) == 7U);
    BOOST_TEST(f.call(LimitSample::ok, 100ms, 7) == 14U);
}

BOOST_AUTO_TEST_CASE(what_is_not_used_does_not_grow) {
    Fixture gradient(algorithm(LimitAlgorithm::gradient));
    Fixture aimd(algorithm(LimitAlgorithm::aimd));
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(gradient.call(LimitSample::ok, 100ms, 4) == 10U);
        BOOST_TEST(aimd.call(LimitSample::ok, 100ms, 4) == 10U);
    }
}

// "Usual" 1000 ms, now 100 ms: the mean is drawn down by 5 % each time, so that a latency of 400 ms
// counts as slow again much earlier than a mean over 600 calls would tell.
BOOST_AUTO_TEST_CASE(an_outdated_idea_of_the_usual_latency_is_corrected_fast) {
    Fixture f(algorithm(LimitAlgorithm::gradient));
    for (int i = 0; i < 10; ++i) f.call(LimitSample::ok, 1000ms, 1);
    for (int i = 0; i < 40; ++i) f.call(LimitSample::ok, 100ms, 1);
    const auto before = f.limit.limit();
    for (int i = 0; i < 5; ++i) f.call(LimitSample::ok, 500ms, f.limit.limit());
    BOOST_TEST(f.limit.limit() < before);
}

BOOST_AUTO_TEST_CASE(additive_increase_adds_one_for_a_round_of_answers) {
    Fixture f(algorithm(LimitAlgorithm::aimd));
    for (int i = 0; i < 9; ++i) BOOST_TEST(f.call(LimitSample::ok, 1ms, 10) == 10U);
    f.call(LimitSample::ok, 1ms, 10);
    BOOST_TEST(f.call(LimitSample::ok, 1ms, 10) == 11U);
}

BOOST_AUTO_TEST_CASE(being_throttled_lowers_the_limit_in_both_ways) {
    for (const auto way : {LimitAlgorithm::gradient, LimitAlgorithm::aimd}) {
        Fixture f(algorithm(way));
        BOOST_TEST(f.call(LimitSample::overload, 10ms, 10) == 7U);
        BOOST_TEST(f.call(LimitSample::overload, 10ms, 7) == 4U);  // 4.9
    }
}

BOOST_AUTO_TEST_CASE(calls_that_were_under_way_at_a_decrease_do_not_lower_the_limit_again) {
    AdaptiveLimit limit(algorithm(LimitAlgorithm::aimd));
    BOOST_TEST(limit.on_sample(LimitSample::overload, at(0ms), at(100ms), 10) == 7U);
    for (int i = 0; i < 9; ++i) {
        BOOST_TEST(limit.on_sample(LimitSample::overload, at(99ms), at(101ms), 10) == 7U);
    }
    BOOST_TEST(limit.on_sample(LimitSample::overload, at(100ms), at(200ms), 7) == 4U);
}

BOOST_AUTO_TEST_CASE(the_limit_stays_between_least_and_most) {
    auto settings = algorithm(LimitAlgorithm::aimd);
    settings.least = 3;
    settings.most = 12;
    Fixture f(settings);
    for (int i = 0; i < 100; ++i) f.call(LimitSample::ok, 1ms, 100);
    BOOST_TEST(f.limit.limit() == 12U);
    for (int i = 0; i < 100; ++i) f.call(LimitSample::overload, 1ms, 100);
    BOOST_TEST(f.limit.limit() == 3U);
}

BOOST_AUTO_TEST_CASE(cancelled_calls_change_nothing) {
    Fixture f(algorithm(LimitAlgorithm::gradient));
    for (int i = 0; i < 100; ++i) BOOST_TEST(f.call(LimitSample::ignored, 1ms, 10) == 10U);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_by_name) {
    BOOST_TEST(AdaptiveLimitSettings{}.validate().has_value());
    const auto message = [](auto change) {
        AdaptiveLimitSettings settings;
        change(settings);
        const auto valid = settings.validate();
        return valid ? std::string() : valid.error().message;
    };
    BOOST_TEST(message([](auto& s) { s.least = 0; }).starts_with("least is 0"));
    BOOST_TEST(message([](auto& s) { s.most = 0; }).starts_with("most is 0"));
    BOOST_TEST(message([](auto& s) { s.initial = 500; }) ==
               "initial is 500, but must be between 1 and 200.");
    BOOST_TEST(message([](auto& s) { s.smoothing = 0; }).starts_with("smoothing is 0,"));
    BOOST_TEST(message([](auto& s) { s.tolerance = 0.5; }).starts_with("tolerance is 0.5"));
    BOOST_TEST(message([](auto& s) { s.decrease = 1; }).starts_with("decrease is 1,"));
    BOOST_TEST(message([](auto& s) { s.window = 1; }).starts_with("window is 1"));
    BOOST_TEST(message([](auto& s) { s.headroom = 0; }).starts_with("headroom is 0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include "core/health_score.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <vector>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

// From the worst to the best.
const std::vector<double> kRatios = {-1, 0, 0.01, 0.3, 0.5, 0.99, 1, 2};
const std::vector<base::Duration> kSlowFirst = {24h, 10s, 1s, 100ms, 99ms, 1ms, 1ns};
const std::vector<BreakerState> kBreakers = {BreakerState::forced_open, BreakerState::open,
                                             BreakerState::half_open, BreakerState::closed};

template <class Visit>
void for_all(Visit visit) {
    for (const double ratio : kRatios) {
        for (const auto recent : kSlowFirst) {
            for (const auto baseline : kSlowFirst) {
                for (const auto breaker : kBreakers) {
                    for (const bool working : {false, true}) {
                        visit(ScoreInputs{ratio, recent, baseline, breaker, working});
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE(health_score_suite)

BOOST_AUTO_TEST_CASE(a_score_is_between_0_and_100_whatever_goes_in) {
    for_all([](const ScoreInputs& inputs) {
        const int score = health_score(inputs);
        BOOST_TEST_REQUIRE((score >= 0 && score <= 100));
    });
    BOOST_TEST(health_score({.success_ratio = std::numeric_limits<double>::quiet_NaN()}) == 0);
    BOOST_TEST(health_score({.success_ratio = std::numeric_limits<double>::infinity()}) == 100);
    BOOST_TEST(health_score({.recent = base::Duration::max(), .baseline = 1ns}) == 70);
}

BOOST_AUTO_TEST_CASE(a_score_never_falls_when_one_input_gets_better) {
    for_all([](const ScoreInputs& inputs) {
        const int score = health_score(inputs);
        auto better = inputs;
        for (const double ratio : kRatios) {
            if (ratio < inputs.success_ratio) continue;
            better.success_ratio = ratio;
            BOOST_TEST_REQUIRE(health_score(better) >= score);
        }
        better = inputs;
        for (const auto recent : kSlowFirst) {
            if (recent > inputs.recent) continue;
            better.recent = recent;
            BOOST_TEST_REQUIRE(health_score(better) >= score);
        }
        better = inputs;
        for (const auto baseline : kSlowFirst) {  // who is always slow is not slower now
            if (baseline < inputs.baseline) continue;
            better.baseline = baseline;
            BOOST_TEST_REQUIRE(health_score(better) >= score);
        }
        better = inputs;
        bool reached = false;
        for (const auto breaker : kBreakers) {
            reached = reached || breaker == inputs.breaker;
            if (!reached) continue;
            better.breaker = breaker;
            BOOST_TEST_REQUIRE(health_score(better) >= score);
        }
        better = inputs;
        better.working = true;
        BOOST_TEST_REQUIRE(health_score(better) >= score);
    });
}

BOOST_AUTO_TEST_CASE(each_input_has_the_weight_that_is_documented) {
    BOOST_TEST(health_score({}) == 100);
    BOOST_TEST(health_score({.success_ratio = 0.5}) == 50);
    BOOST_TEST(health_score({.recent = 200ms, .baseline = 100ms}) == 85);
    BOOST_TEST(health_score({.recent = 50ms, .baseline = 100ms}) == 100);
    BOOST_TEST(health_score({.breaker = BreakerState::half_open}) == 50);
    for (const auto state : {BreakerState::open, BreakerState::forced_open}) {
        BOOST_TEST(health_score({.breaker = state}) == 0);
    }
    for (const auto state : {BreakerState::forced_closed, BreakerState::disabled}) {
        BOOST_TEST(health_score({.breaker = state}) == 100);
    }
    BOOST_TEST(health_score({.working = false}) == 0);
    BOOST_TEST(health_score({.success_ratio = 0.5,
                             .recent = 2s,
                             .baseline = 1s,
                             .breaker = BreakerState::half_open}) == 21);
}

BOOST_AUTO_TEST_CASE(the_record_forgets_failures_as_successes_come) {
    HealthRecord record;
    BOOST_TEST(record.success_ratio() == 1.0);
    for (int i = 0; i < 10; ++i) record.add_outcome(false);
    BOOST_TEST((record.success_ratio() > 0.3 && record.success_ratio() < 0.4));
    for (int i = 0; i < 60; ++i) record.add_outcome(true);
    BOOST_TEST(record.success_ratio() > 0.99);
}

BOOST_AUTO_TEST_CASE(a_provider_is_measured_against_itself) {
    HealthRecord record;
    BOOST_TEST((record.baseline() == 0s));
    for (int i = 0; i < 100; ++i) record.add_response_time(800ms);
    BOOST_TEST((record.recent() == 800ms && record.baseline() == 800ms));
    for (int i = 0; i < 4; ++i) record.add_response_time(4s);
    BOOST_TEST((record.recent() > 3s && record.baseline() < 1500ms));
    for (int i = 0; i < 300; ++i) record.add_response_time(4s);  // it is so now
    BOOST_TEST((record.baseline() > 3'900ms));
}

BOOST_AUTO_TEST_CASE(a_response_that_took_no_time_is_known_all_the_same) {
    HealthRecord record;
    record.add_response_time(0s);
    BOOST_TEST((record.baseline() > 0s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

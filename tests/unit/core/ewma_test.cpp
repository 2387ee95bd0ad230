#include "core/ewma.hpp"

#include "core/random.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using base::Duration;
using base::TimePoint;

constexpr TimePoint kStart{1000h};
constexpr Duration kTau = 10s;
constexpr auto kClose = 2e-4;  // relative: a millisecond in a tau, and what a float rounds

double in_ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

BOOST_AUTO_TEST_SUITE(ewma)

BOOST_AUTO_TEST_CASE(without_a_sample_the_value_is_the_one_for_no_evidence) {
    const Ewma average;
    BOOST_TEST(average.cold());
    BOOST_TEST(average.value(kStart, kTau, 0.75) == 0.75);
}

BOOST_AUTO_TEST_CASE(the_first_sample_is_the_value) {
    Ewma average;
    average.observe(40, kStart, kTau);
    BOOST_TEST(!average.cold());
    BOOST_TEST(average.value(kStart, kTau, 0) == 40);
}

BOOST_AUTO_TEST_CASE(the_first_sample_is_the_value_also_when_the_clock_has_just_begun) {
    Ewma average;
    average.observe(40, TimePoint(1s), kTau);
    BOOST_TEST(average.value(TimePoint(1s), kTau, 0) == 40);
}

BOOST_AUTO_TEST_CASE(a_sample_one_tau_later_leaves_one_part_in_e_of_the_old_value) {
    Ewma average;
    average.observe(100, kStart, kTau);
    average.observe(20, kStart + kTau, kTau);
    const double expected = 100 * std::exp(-1) + 20 * (1 - std::exp(-1));
    BOOST_TEST(average.value(kStart + kTau, kTau, 0) == expected,
               boost::test_tools::tolerance(kClose));
}

BOOST_AUTO_TEST_CASE(the_value_moves_to_rest_while_nothing_comes) {
    Ewma average;
    average.observe(0, kStart, kTau);
    BOOST_TEST(average.value(kStart + kTau, kTau, 1) == 1 - std::exp(-1),
               boost::test_tools::tolerance(kClose));
    BOOST_TEST(average.value(kStart + 1h, kTau, 1) == 1);
}

BOOST_AUTO_TEST_CASE(many_samples_in_a_moment_do_not_outweigh_one) {
    Ewma average;
    average.observe(100, kStart, kTau);
    for (int i = 0; i < 1000; ++i) average.observe(0, kStart + 1s, kTau);
    BOOST_TEST(average.value(kStart + 1s, kTau, 0) == 100 * std::exp(-0.1),
               boost::test_tools::tolerance(kClose));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_finite_number_is_left_out) {
    Ewma average;
    average.observe(std::numeric_limits<double>::quiet_NaN(), kStart, kTau);
    BOOST_TEST(average.cold());
    average.observe(7, kStart, kTau);
    average.observe(std::numeric_limits<double>::infinity(), kStart + 1s, kTau);
    BOOST_TEST(average.value(kStart, kTau, 0) == 7);
}

BOOST_AUTO_TEST_CASE(a_reset_forgets_everything) {
    Ewma average;
    average.observe(7, kStart, kTau);
    average.reset();
    BOOST_TEST(average.cold());
}

// L13
BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_leaves_the_average_finite_and_takes_no_weight) {
    Ewma average;
    average.observe(100, kStart, kTau);
    average.observe(5000, kStart - 5s, kTau);
    BOOST_TEST(average.value(kStart - 5s, kTau, 0) == 100);
    // The time that was reached still counts: one tau after it is one tau, not more.
    BOOST_TEST(average.value(kStart + kTau, kTau, 0) == 100 * std::exp(-1),
               boost::test_tools::tolerance(kClose));
}

// L13
BOOST_AUTO_TEST_CASE(a_peak_from_before_the_last_sample_counts_without_turning_time_back) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(100ms, kStart, settings);
    cost.succeeded(900ms, kStart - 3s, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == 900);
    cost.succeeded(100ms, kStart, settings);  // no time has passed since
    BOOST_TEST(cost.cost_ms(kStart, settings) == 900);
}

BOOST_AUTO_TEST_CASE(a_pause_of_weeks_leaves_nothing_of_a_cost) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(100ms, kStart, settings);
    for (const auto days : {1, 24, 25, 49, 50, 60, 99, 365}) {
        BOOST_TEST_CONTEXT(days << " days") {
            BOOST_TEST(cost.cost_ms(kStart + days * 24h, settings) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_milliseconds_may_go_round_between_two_samples) {
    const EwmaSettings settings;
    const TimePoint round{std::chrono::milliseconds(std::int64_t{1} << 32)};
    PeakEwma cost;
    cost.succeeded(100ms, round - kTau, settings);
    BOOST_TEST(cost.cost_ms(round, settings) == 100 * std::exp(-1),
               boost::test_tools::tolerance(kClose));
    cost.succeeded(100ms, round, settings);  // whose 32 bits are zero, the mark of "never"
    BOOST_TEST(cost.cost_ms(round, settings) == 100 * std::exp(-1) + 100 * (1 - std::exp(-1)),
               boost::test_tools::tolerance(kClose));
}

BOOST_AUTO_TEST_CASE(a_provider_without_history_costs_nothing_yet) {
    BOOST_TEST(PeakEwma().cost_ms(kStart, EwmaSettings()) == 0);
}

BOOST_AUTO_TEST_CASE(a_slow_answer_raises_the_cost_at_once) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(100ms, kStart, settings);
    cost.succeeded(3s, kStart + 1ms, settings);
    BOOST_TEST(cost.cost_ms(kStart + 1ms, settings) == 3000);
}

BOOST_AUTO_TEST_CASE(a_fast_answer_lowers_the_cost_by_its_share_of_the_time) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(3s, kStart, settings);
    cost.succeeded(100ms, kStart + kTau, settings);
    BOOST_TEST(
        cost.cost_ms(kStart + kTau, settings) == 3000 * std::exp(-1) + 100 * (1 - std::exp(-1)),
        boost::test_tools::tolerance(kClose));
}

BOOST_AUTO_TEST_CASE(a_cost_decays_while_nobody_asks_so_that_the_provider_is_tried_again) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(1s, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart + 3 * kTau, settings) == 1000 * std::exp(-3),
               boost::test_tools::tolerance(kClose));
    BOOST_TEST(cost.cost_ms(kStart + 14 * kTau, settings) == 0);
}

// L5
BOOST_AUTO_TEST_CASE(a_failure_in_a_millisecond_costs_twice_what_the_provider_cost) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(2s, kStart, settings);
    cost.failed(1ms, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == 4000);
}

// L5
BOOST_AUTO_TEST_CASE(a_provider_whose_first_attempt_fails_at_once_does_not_look_fast) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.failed(1ms, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == in_ms(settings.failure_floor));
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_double_the_cost_no_further_than_the_ceiling) {
    const EwmaSettings settings;
    PeakEwma cost;
    for (int i = 0; i < 1000; ++i) cost.failed(1ms, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == in_ms(settings.failure_ceiling));
}

BOOST_AUTO_TEST_CASE(a_failure_never_lowers_a_cost_above_the_ceiling) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(80s, kStart, settings);
    cost.failed(1ms, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == 80'000);
    cost.failed(90s, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == 90'000);
}

BOOST_AUTO_TEST_CASE(an_old_failure_is_forgiven_before_a_new_one_doubles_the_cost) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.failed(20s, kStart, settings);
    cost.failed(1ms, kStart + kTau, settings);
    BOOST_TEST(cost.cost_ms(kStart + kTau, settings) == 2 * 20'000 * std::exp(-1),
               boost::test_tools::tolerance(kClose));
}

BOOST_AUTO_TEST_CASE(a_latency_below_zero_counts_as_none) {
    const EwmaSettings settings;
    PeakEwma cost;
    cost.succeeded(-5s, kStart, settings);
    BOOST_TEST(cost.cost_ms(kStart, settings) == 0);
}

/// The whole log, averaged from the start each time, in whole milliseconds and doubles.
class Reference {
public:
    explicit Reference(EwmaSettings settings) : settings_(settings) {}

    void note(double sample, std::int64_t at_ms, bool success) {
        const double before = read(at_ms);
        if (!success) {
            const double floor = in_ms(settings_.failure_floor);
            const double ceiling = in_ms(settings_.failure_ceiling);
            sample = std::max({sample, floor, before, std::min(2 * before, ceiling)});
        }
        if (!success || !noted_ || sample > value_) {
            value_ = sample;
        } else {
            value_ = before + sample * (1 - left(at_ms));
        }
        noted_ = true;
        last_ms_ = std::max(last_ms_, at_ms);
    }
    [[nodiscard]] double read(std::int64_t at_ms) const { return value_ * left(at_ms); }

private:
    [[nodiscard]] double left(std::int64_t at_ms) const {
        const auto elapsed = static_cast<double>(std::max<std::int64_t>(at_ms - last_ms_, 0));
        return noted_ ? std::exp(-elapsed / in_ms(settings_.tau)) : 1;
    }

    EwmaSettings settings_;
    bool noted_ = false;
    double value_ = 0;
    std::int64_t last_ms_ = std::numeric_limits<std::int64_t>::min() / 2;
};

BOOST_AUTO_TEST_CASE(any_sequence_of_samples_costs_what_the_whole_log_says) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            const EwmaSettings settings;
            PeakEwma cost;
            Reference reference(settings);
            std::int64_t now_ms = std::int64_t{1} << 40;
            for (int i = 0; i < 200; ++i) {
                // Up to half a minute on, sometimes a little back.
                now_ms += static_cast<std::int64_t>(random.below(30'000)) - 2'000;
                const auto latency = std::chrono::milliseconds(random.below(20'000));
                const bool success = random.below(4) != 0;
                const TimePoint now{std::chrono::milliseconds(now_ms)};
                success ? cost.succeeded(latency, now, settings)
                        : cost.failed(latency, now, settings);
                reference.note(in_ms(latency), now_ms, success);
                BOOST_TEST_REQUIRE(cost.cost_ms(now, settings) == reference.read(now_ms),
                                   boost::test_tools::tolerance(kClose));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(samples_from_several_threads_leave_a_value_between_the_least_and_the_most) {
    const EwmaSettings settings;
    Ewma average;
    PeakEwma cost;
    constexpr int kSamples = 20'000;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kSamples; ++i) {
                const TimePoint now = kStart + std::chrono::milliseconds(i);
                average.observe(thread % 2 == 0 ? 10 : 20, now, kTau);
                cost.succeeded(thread % 2 == 0 ? 10ms : 20ms, now, settings);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    const TimePoint end = kStart + std::chrono::milliseconds(kSamples - 1);
    BOOST_TEST(average.value(end, kTau, 0) > 9.99);
    BOOST_TEST(average.value(end, kTau, 0) < 20.01);
    BOOST_TEST(cost.cost_ms(end, settings) > 9.99);
    BOOST_TEST(cost.cost_ms(end, settings) < 20.01);
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused_by_name) {
    EwmaSettings settings;
    BOOST_TEST(settings.validate().has_value());
    settings.tau = 0ms;
    BOOST_TEST(settings.validate().error().message.starts_with("tau is "));
    settings = {};
    settings.failure_floor = settings.failure_ceiling + 1ms;
    BOOST_TEST(settings.validate().error().message.starts_with("failure_floor is "));
    settings = {};
    settings.failure_floor = settings.failure_ceiling = 0ms;
    BOOST_TEST(settings.validate().error().message.starts_with("failure_ceiling is "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

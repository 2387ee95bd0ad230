#include "core/backoff.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace tenon::core {
namespace {

using base::Duration;
using namespace std::chrono_literals;

constexpr std::array kJitters = {Jitter::none, Jitter::full, Jitter::equal, Jitter::decorrelated};

BackoffSettings with(Jitter jitter) {
    BackoffSettings settings;
    settings.jitter = jitter;
    return settings;
}

double in_ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

struct Draws {
    double least = std::numeric_limits<double>::max();
    double most = 0;
    double mean = 0;
};

/// Of `kDraws` requests each, the wait after the k-th failure, in ms.
constexpr int kDraws = 100'000;
Draws draw(Jitter jitter, std::uint64_t k, std::uint64_t seed = 1) {
    Random random(seed);
    Draws draws;
    for (int i = 0; i < kDraws; ++i) {
        Backoff backoff(with(jitter));
        Duration wait{};
        for (std::uint64_t j = 1; j <= k; ++j) wait = backoff.delay(Pressure::transient, j, random);
        draws.least = std::min(draws.least, in_ms(wait));
        draws.most = std::max(draws.most, in_ms(wait));
        draws.mean += in_ms(wait) / kDraws;
    }
    return draws;
}

/// 1,000 clients fail together and twice more, at once: how many of the retries fall into the worst
/// 10 ms.
int worst_10_ms(Jitter jitter) {
    Random random(14);
    std::vector<int> arrivals(100);
    for (int client = 0; client < 1'000; ++client) {
        Backoff backoff(with(jitter));
        Duration at{};
        for (std::uint64_t k = 1; k <= 2; ++k) {
            at += backoff.delay(Pressure::transient, k, random);
            ++arrivals.at(static_cast<std::size_t>(in_ms(at) / 10));
        }
    }
    return *std::max_element(arrivals.begin(), arrivals.end());
}

BOOST_AUTO_TEST_SUITE(backoff)

BOOST_AUTO_TEST_CASE(steps_double_from_100_ms_to_the_cap_of_30_s) {
    const BackoffSettings settings;
    const auto step = [&](std::uint64_t k) {
        return backoff_step(settings, Pressure::transient, k);
    };
    BOOST_TEST((step(1) == 100ms));
    BOOST_TEST((step(2) == 200ms));
    BOOST_TEST((step(3) == 400ms));
    BOOST_TEST((step(9) == 25'600ms));
    BOOST_TEST((step(10) == 30s));
    BOOST_TEST((step(11) == 30s));
}

BOOST_AUTO_TEST_CASE(throttled_steps_begin_at_one_second) {
    const BackoffSettings settings;
    BOOST_TEST((backoff_step(settings, Pressure::throttled, 1) == 1s));
    BOOST_TEST((backoff_step(settings, Pressure::throttled, 2) == 2s));
    BOOST_TEST((backoff_step(settings, Pressure::throttled, 6) == 30s));
}

BOOST_AUTO_TEST_CASE(without_growth_all_steps_are_the_same) {
    BackoffSettings settings;
    settings.growth = 1;
    BOOST_TEST((backoff_step(settings, Pressure::transient, 1) == 100ms));
    BOOST_TEST((backoff_step(settings, Pressure::transient, 1'000'000) == 100ms));
}

BOOST_AUTO_TEST_CASE(a_base_above_the_cap_is_capped) {
    BackoffSettings settings;
    settings.base = 60s;
    BOOST_TEST((backoff_step(settings, Pressure::transient, 1) == 30s));
}

BOOST_AUTO_TEST_CASE(without_jitter_the_wait_is_the_step) {
    Random random(1);
    Backoff backoff(with(Jitter::none));
    BOOST_TEST((backoff.delay(Pressure::transient, 1, random) == 100ms));
    BOOST_TEST((backoff.delay(Pressure::transient, 3, random) == 400ms));
}

// R2
BOOST_AUTO_TEST_CASE(full_jitter_is_even_between_zero_and_the_step) {
    const auto tolerance = boost::test_tools::tolerance(0.01);
    const Draws first = draw(Jitter::full, 1);
    BOOST_TEST(first.least >= 0);
    BOOST_TEST(first.least < 1);
    BOOST_TEST(first.most <= 100);
    BOOST_TEST(first.most > 99);
    BOOST_TEST(first.mean == 50, tolerance);
    const Draws second = draw(Jitter::full, 2);
    BOOST_TEST(second.most <= 200);
    BOOST_TEST(second.most > 198);
    BOOST_TEST(second.mean == 100, tolerance);
}

BOOST_AUTO_TEST_CASE(equal_jitter_is_even_between_half_of_the_step_and_all_of_it) {
    const Draws draws = draw(Jitter::equal, 2);
    BOOST_TEST(draws.least >= 100);
    BOOST_TEST(draws.least < 101);
    BOOST_TEST(draws.most <= 200);
    BOOST_TEST(draws.most > 199);
    BOOST_TEST(draws.mean == 150, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(decorrelated_waits_are_those_of_the_published_formula) {
    Random random(5);
    Random same(5);
    Backoff backoff(with(Jitter::decorrelated));
    double previous = 0;
    for (std::uint64_t k = 1; k <= 8; ++k) {
        // As Polly has it, without the cap: the 8th wait is still below 30 s.
        const double t = static_cast<double>(k - 1) + same.unit();
        const double next = std::pow(2.0, t) * std::tanh(std::sqrt(4.0 * t));
        const double wait = std::max(0.0, (next - previous) / 1.4 * 100);
        previous = next;
        BOOST_TEST(in_ms(backoff.delay(Pressure::transient, k, random)) == wait,
                   boost::test_tools::tolerance(1e-6));
    }
}

BOOST_AUTO_TEST_CASE(decorrelated_waits_stay_spread_at_the_cap) {
    Random random(6);
    Backoff backoff(with(Jitter::decorrelated));
    int at_the_cap = 0;
    double sum = 0;
    constexpr int kWaits = 10'000;
    for (int k = 1; k <= kWaits; ++k) {
        const Duration wait =
            backoff.delay(Pressure::transient, static_cast<std::uint64_t>(k), random);
        if (wait == 30s) ++at_the_cap;
        sum += in_ms(wait);
    }
    BOOST_TEST(at_the_cap < kWaits / 50);
    BOOST_TEST(sum / kWaits == 15'450, boost::test_tools::tolerance(0.02));
}

// R2
BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_waits) {
    for (const Jitter jitter : kJitters) {
        Random a(3);
        Random b(3);
        Backoff of_a(with(jitter));
        Backoff of_b(with(jitter));
        for (std::uint64_t k = 1; k < 20; ++k) {
            BOOST_TEST(
                (of_a.delay(Pressure::transient, k, a) == of_b.delay(Pressure::transient, k, b)));
        }
    }
}

// R3
BOOST_AUTO_TEST_CASE(no_number_of_failures_gives_a_wait_below_zero_or_above_the_cap) {
    Random random(4);
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t k = 1; k <= 2'048; ++k) numbers.push_back(k);
    for (int bit = 11; bit < 64; ++bit) {
        const std::uint64_t power = std::uint64_t{1} << bit;
        numbers.insert(numbers.end(), {power - 1, power, power + 1});
    }
    numbers.push_back(std::numeric_limits<std::uint64_t>::max());
    for (const Jitter jitter : kJitters) {
        Backoff backoff(with(jitter));
        for (const std::uint64_t k : numbers) {
            const Duration wait = backoff.delay(Pressure::throttled, k, random);
            BOOST_TEST_REQUIRE((wait >= 0s && wait <= 30s), "failure " << k);
        }
    }
}

// R3, with the largest settings that are allowed
BOOST_AUTO_TEST_CASE(the_largest_settings_do_not_overflow) {
    BackoffSettings settings;
    settings.base = settings.throttle_base = settings.cap = 24h;
    settings.growth = 10;
    BOOST_TEST(settings.validate().has_value());
    for (const std::uint64_t k : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1} << 63}) {
        BOOST_TEST((backoff_step(settings, Pressure::transient, k) == 24h));
    }
}

// R14
BOOST_AUTO_TEST_CASE(of_1000_clients_that_fail_together_at_most_a_fifth_returns_in_the_same_10_ms) {
    BOOST_TEST(worst_10_ms(Jitter::none) == 1'000);
    BOOST_TEST(worst_10_ms(Jitter::full) <= 200);
    BOOST_TEST(worst_10_ms(Jitter::decorrelated) <= 200);
    // Half of the step is not spread: not good enough to be the default.
    BOOST_TEST(worst_10_ms(Jitter::equal) > 200);
    BOOST_TEST(worst_10_ms(Jitter::equal) < 300);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(backoff_hint)

// R6
BOOST_AUTO_TEST_CASE(a_hint_is_waited_for_and_at_most_a_tenth_longer) {
    Random random(1);
    const Backoff backoff{BackoffSettings{}};
    Duration longest{};
    for (int i = 0; i < 1'000; ++i) {
        const auto wait = backoff.delay_for_hint(2s, 100ms, random);
        BOOST_TEST_REQUIRE(wait.has_value());
        BOOST_TEST_REQUIRE((*wait >= 2s && *wait <= 2'200ms));
        longest = std::max(longest, *wait);
    }
    BOOST_TEST((longest > 2'190ms));
}

BOOST_AUTO_TEST_CASE(without_jitter_a_hint_is_waited_for_exactly) {
    Random random(1);
    const Backoff backoff(with(Jitter::none));
    BOOST_TEST((backoff.delay_for_hint(250ms, 100ms, random) == Duration(250ms)));
}

BOOST_AUTO_TEST_CASE(a_hint_does_not_shorten_the_wait) {
    Random random(1);
    const Backoff backoff(with(Jitter::none));
    BOOST_TEST((backoff.delay_for_hint(1ms, 100ms, random) == Duration(100ms)));
}

BOOST_AUTO_TEST_CASE(a_hint_of_nothing_or_less_is_none) {
    Random random(1);
    const Backoff backoff{BackoffSettings{}};
    BOOST_TEST((backoff.delay_for_hint(0ms, 70ms, random) == Duration(70ms)));
    BOOST_TEST((backoff.delay_for_hint(-1ms, 70ms, random) == Duration(70ms)));
}

BOOST_AUTO_TEST_CASE(a_hint_of_the_cap_is_waited_for_and_a_longer_one_is_not) {
    Random random(1);
    const Backoff backoff{BackoffSettings{}};
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST((backoff.delay_for_hint(30s, 100ms, random) == Duration(30s)));
    }
    BOOST_TEST(!backoff.delay_for_hint(30'001ms, 100ms, random).has_value());
    BOOST_TEST(!backoff.delay_for_hint(std::chrono::milliseconds::max(), 1ms, random).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(backoff_settings)

BOOST_AUTO_TEST_CASE(the_defaults_are_good_and_those_of_the_design) {
    const BackoffSettings settings;
    BOOST_TEST(settings.validate().has_value());
    BOOST_TEST((settings.base == 100ms && settings.cap == 30s && settings.growth == 2));
    BOOST_TEST((settings.jitter == Jitter::full));
}

BOOST_AUTO_TEST_CASE(a_bad_number_is_refused_by_its_name) {
    const auto refuses = [](auto member, auto value, std::string_view name) {
        BackoffSettings settings;
        settings.*member = value;
        const auto checked = settings.validate();
        BOOST_TEST_REQUIRE(!checked.has_value());
        BOOST_TEST((checked.error().code == Code::invalid));
        BOOST_TEST(checked.error().message.starts_with(name));
    };
    refuses(&BackoffSettings::base, 0ms, "base is 0");
    refuses(&BackoffSettings::throttle_base, 0ms, "throttle_base");
    refuses(&BackoffSettings::cap, 25h, "cap");
    refuses(&BackoffSettings::growth, 0.5, "growth is 0.5");
    refuses(&BackoffSettings::growth, std::numeric_limits<double>::quiet_NaN(), "growth");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

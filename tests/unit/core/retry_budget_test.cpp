#include "core/retry_budget.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <thread>
#include <vector>

#include "core/random.hpp"

namespace tenon::core {
namespace {

using base::TimePoint;
using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

RetryBudgetSettings without_reserve() {
    RetryBudgetSettings settings;
    settings.reserve_per_second = 0;
    return settings;
}

void fail(RetryBudget& budget, int times) {
    for (int i = 0; i < times; ++i) budget.on_failure();
}

void succeed(RetryBudget& budget, int times) {
    for (int i = 0; i < times; ++i) budget.on_success();
}

BOOST_AUTO_TEST_SUITE(retry_budget)

BOOST_AUTO_TEST_CASE(a_new_budget_is_full) {
    RetryBudget budget{RetryBudgetSettings{}};
    BOOST_TEST(budget.tokens() == 100);
    BOOST_TEST(budget.try_retry(kStart));
    BOOST_TEST(budget.tokens() == 100);
}

// R9
BOOST_AUTO_TEST_CASE(there_are_retries_while_more_than_half_of_the_tokens_is_there) {
    RetryBudget budget(without_reserve());
    fail(budget, 49);
    BOOST_TEST(budget.tokens() == 51);
    BOOST_TEST(budget.try_retry(kStart));
    budget.on_failure();
    BOOST_TEST(budget.tokens() == 50);
    BOOST_TEST(!budget.try_retry(kStart));
    BOOST_TEST(!budget.is_healthy());
}

// R9
BOOST_AUTO_TEST_CASE(only_successes_refill_it_a_tenth_each) {
    RetryBudget budget(without_reserve());
    fail(budget, 51);
    succeed(budget, 10);
    BOOST_TEST(budget.tokens() == 50);
    BOOST_TEST(!budget.try_retry(kStart + 24h));
    budget.on_success();
    BOOST_TEST(budget.tokens() == 50.1, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(budget.try_retry(kStart + 24h));
}

BOOST_AUTO_TEST_CASE(it_is_never_less_than_empty_nor_more_than_full) {
    RetryBudget budget{RetryBudgetSettings{}};
    fail(budget, 1'000);
    BOOST_TEST(budget.tokens() == 0);
    budget.on_success();
    BOOST_TEST(budget.tokens() == 0.1, boost::test_tools::tolerance(1e-9));
    succeed(budget, 10'000);
    BOOST_TEST(budget.tokens() == 100);
}

BOOST_AUTO_TEST_CASE(an_odd_number_of_tokens_has_its_half_between_two) {
    RetryBudgetSettings settings = without_reserve();
    settings.max_tokens = 3;
    RetryBudget budget(settings);
    budget.on_failure();
    BOOST_TEST(budget.try_retry(kStart));  // 2 > 1.5
    budget.on_failure();
    BOOST_TEST(!budget.try_retry(kStart));
}

BOOST_AUTO_TEST_CASE(if_it_is_switched_off_every_retry_is_granted) {
    RetryBudgetSettings settings = without_reserve();
    settings.enabled = false;
    RetryBudget budget(settings);
    fail(budget, 1'000);
    BOOST_TEST(budget.try_retry(kStart));
    BOOST_TEST(budget.is_healthy());
}

BOOST_AUTO_TEST_CASE(the_reserve_grants_so_many_retries_in_each_second) {
    RetryBudgetSettings settings;
    settings.reserve_per_second = 2;
    RetryBudget budget(settings);
    fail(budget, 100);
    for (const TimePoint second : {kStart, kStart + 1s, kStart + 60s}) {
        BOOST_TEST(budget.try_retry(second));
        BOOST_TEST(budget.try_retry(second + 999ms));
        BOOST_TEST(!budget.try_retry(second + 999ms));
    }
    BOOST_TEST(!budget.is_healthy());
}

BOOST_AUTO_TEST_CASE(the_reserve_is_not_touched_while_there_are_tokens) {
    RetryBudget budget{RetryBudgetSettings{}};
    for (int i = 0; i < 10; ++i) BOOST_TEST(budget.try_retry(kStart));
    fail(budget, 100);
    BOOST_TEST(budget.try_retry(kStart));
    BOOST_TEST(!budget.try_retry(kStart));
}

BOOST_AUTO_TEST_CASE(a_thread_that_has_read_the_clock_earlier_takes_nothing_twice) {
    RetryBudget budget{RetryBudgetSettings{}};
    fail(budget, 100);
    BOOST_TEST(budget.try_retry(kStart + 1s));
    BOOST_TEST(!budget.try_retry(kStart));
    BOOST_TEST(!budget.try_retry(kStart + 1s));
}

/// A provider that has failed for `outage` calls and works again, each call taking `latency` of
/// them: how many end well until there are retries again.
int successes_to_recover(int outage, int latency) {
    RetryBudget budget(without_reserve());
    std::deque<bool> under_way(static_cast<std::size_t>(latency), false);
    fail(budget, outage);
    int successes = 0;
    while (!budget.is_healthy()) {
        under_way.push_back(true);  // a first try is never asked for
        if (under_way.front()) {
            budget.on_success();
            ++successes;
        } else {
            budget.on_failure();
        }
        under_way.pop_front();
    }
    return successes;
}

// D8 of the defects: calls that began before the recovery and end after it do not delay it.
BOOST_AUTO_TEST_CASE(the_way_back_is_as_long_for_slow_calls_as_for_fast_ones) {
    const int fast = successes_to_recover(1'000, 1);
    BOOST_TEST(fast == 501);
    BOOST_TEST(successes_to_recover(1'000, 10) == fast);
    BOOST_TEST(successes_to_recover(1'000, 1'000) == fast);
}

BOOST_AUTO_TEST_CASE(the_amplification_of_a_dead_provider_s_load_ends_at_once) {
    RetryBudget budget(without_reserve());
    int retries = 0;
    for (int request = 0; request < 10'000; ++request) {
        budget.on_failure();
        for (int retry = 0; retry < 2 && budget.try_retry(kStart); ++retry) {
            ++retries;
            budget.on_failure();
        }
    }
    BOOST_TEST(retries < 50);
}

/// Whole tokens and a list of all grants: slow and obviously right.
struct Model {
    explicit Model(const RetryBudgetSettings& settings)
        : most(settings.max_tokens * 1'000L),
          refill(long(settings.refill * 1'000 + 0.5)),
          reserve(settings.reserve_per_second),
          tokens(most) {}

    bool retry(std::int64_t second) {
        if (2 * tokens > most) return true;
        return granted[second] < reserve && ++granted[second] > 0;
    }

    long most;
    long refill;
    int reserve;
    long tokens;
    std::map<std::int64_t, int> granted;
};

BOOST_AUTO_TEST_CASE(it_does_what_a_simple_model_does_whatever_happens) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            RetryBudgetSettings settings;
            settings.max_tokens = static_cast<int>(1 + random.below(30));
            settings.refill = static_cast<double>(1 + random.below(2'000)) / 1'000;
            settings.reserve_per_second = static_cast<int>(random.below(4));
            RetryBudget budget(settings);
            Model model(settings);
            TimePoint now = kStart;
            for (int step = 0; step < 300; ++step) {
                now += std::chrono::milliseconds(random.below(400));
                const auto second =
                    std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
                switch (random.below(4)) {
                    case 0:
                        budget.on_success();
                        model.tokens = std::min(model.tokens + model.refill, model.most);
                        break;
                    case 1:
                        budget.on_failure();
                        model.tokens = std::max(model.tokens - 1'000, 0L);
                        break;
                    default:
                        BOOST_TEST_REQUIRE(budget.try_retry(now) == model.retry(second.count()));
                }
                BOOST_TEST_REQUIRE(budget.tokens() * 1'000 == double(model.tokens),
                                   boost::test_tools::tolerance(1e-9));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(threads_lose_no_token_and_grant_no_reserve_twice) {
    RetryBudgetSettings settings;
    settings.max_tokens = 1'000;
    settings.reserve_per_second = 7;
    RetryBudget budget(settings);
    std::atomic<int> granted = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            fail(budget, 200);       // 800 in all
            succeed(budget, 1'000);  // 400 in all, wherever they come; never full
            for (int j = 0; j < 100; ++j) {
                if (!budget.is_healthy() && budget.try_retry(kStart)) ++granted;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(budget.tokens() == 600);

    fail(budget, 1'000);
    granted = 0;
    threads.clear();
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 100; ++j) granted += budget.try_retry(kStart + 5s) ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(granted == 7);
}

BOOST_AUTO_TEST_CASE(the_defaults_are_good_and_bad_numbers_are_refused_by_name) {
    BOOST_TEST(RetryBudgetSettings{}.validate().has_value());
    const auto refuses = [](auto member, auto value, std::string_view name) {
        RetryBudgetSettings settings;
        settings.*member = value;
        const auto checked = settings.validate();
        BOOST_TEST_REQUIRE(!checked.has_value());
        BOOST_TEST(checked.error().message.starts_with(name));
    };
    refuses(&RetryBudgetSettings::max_tokens, 0, "max_tokens is 0");
    refuses(&RetryBudgetSettings::max_tokens, 1'001, "max_tokens");
    refuses(&RetryBudgetSettings::refill, 0.0, "refill is 0");
    refuses(&RetryBudgetSettings::reserve_per_second, -1, "reserve_per_second is -1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

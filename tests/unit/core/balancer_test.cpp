#include "core/balancer.hpp"

#include "core/in_flight.hpp"

#include "heap_count.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using base::TimePoint;

constexpr TimePoint kNow{1000h};
constexpr BalancePolicy kPolicies[] = {BalancePolicy::weighted, BalancePolicy::round_robin,
                                       BalancePolicy::least_in_flight, BalancePolicy::peak_ewma,
                                       BalancePolicy::health_weighted};

/// Members with the ids 1 to n.
std::vector<Member> members(std::size_t n) {
    std::vector<Member> out(n);
    for (std::size_t i = 0; i < n; ++i) out[i].id = i + 1;
    return out;
}

Balancer balancer(BalancePolicy policy, std::size_t capacity = 64) {
    BalancerSettings settings;
    settings.policy = policy;
    return {settings, capacity};
}

/// How often each was picked of `picks` times.
std::vector<int> counts(Balancer& balancer, const std::vector<Member>& members, int picks,
                        std::uint64_t seed = 1) {
    Random random(seed);
    std::vector<int> out(members.size());
    for (int i = 0; i < picks; ++i) {
        const Pick pick = balancer.pick(members, {}, kNow, random);
        BOOST_TEST_REQUIRE(bool(pick));
        ++out.at(pick.index);
    }
    return out;
}

/// Pearson's chi-square of what was counted against what the weights promise.
double chi_square(const std::vector<int>& counted, const std::vector<double>& weights) {
    double total = 0;
    double picks = 0;
    for (std::size_t i = 0; i < counted.size(); ++i) {
        total += weights[i];
        picks += counted[i];
    }
    double sum = 0;
    for (std::size_t i = 0; i < counted.size(); ++i) {
        const double expected = picks * weights[i] / total;
        if (expected > 0) sum += std::pow(counted[i] - expected, 2) / expected;
    }
    return sum;
}

BOOST_AUTO_TEST_SUITE(balancer_picks)

// L1
BOOST_AUTO_TEST_CASE(of_no_members_none_is_picked_and_the_reason_is_told) {
    Random random(1);
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy);
        const Pick pick = balancing.pick({}, {}, kNow, random);
        BOOST_TEST(!pick);
        BOOST_TEST((pick.why_not == NoPick::no_members));
    }
}

// L1
BOOST_AUTO_TEST_CASE(a_single_member_is_always_picked) {
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy);
        auto one = members(1);
        one[0].health = 0;
        one[0].in_flight = 1000;
        one[0].no_free_slot = true;
        BOOST_TEST(counts(balancing, one, 10) == std::vector<int>({10}),
                   boost::test_tools::per_element());
    }
}

// L3
BOOST_AUTO_TEST_CASE(an_unusable_member_is_never_picked_while_a_usable_one_exists) {
    for (const auto policy : kPolicies) {
        for (const std::size_t n : {2U, 3U, 4U, 5U, 8U}) {
            for (unsigned usable = 1; usable < (1U << n); ++usable) {
                auto balancing = balancer(policy);
                auto all = members(n);
                for (std::size_t i = 0; i < n; ++i) {
                    all[i].usable = (usable >> i & 1U) != 0;
                    // The others look better.
                    all[i].cost_ms = all[i].usable ? 500 : 1;
                    all[i].in_flight = all[i].usable ? 9 : 1;
                }
                const auto counted = counts(balancing, all, 8);
                for (std::size_t i = 0; i < n; ++i) {
                    BOOST_TEST_REQUIRE((all[i].usable || counted[i] == 0));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(of_unusable_members_none_is_picked) {
    Random random(1);
    auto all = members(3);
    for (auto& member : all) member.usable = false;
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy);
        BOOST_TEST((balancing.pick(all, {}, kNow, random).why_not == NoPick::unusable));
    }
}

// L12
BOOST_AUTO_TEST_CASE(a_member_of_weight_zero_gets_nothing_new) {
    auto all = members(3);
    all[1].weight = 0;
    all[1].in_flight = 1;  // which it may finish: nobody takes it away
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy);
        const auto counted = counts(balancing, all, 300);
        BOOST_TEST(counted[1] == 0);
        BOOST_TEST(counted[0] + counted[2] == 300);
    }
    Random random(1);
    auto balancing = balancer(BalancePolicy::weighted);
    for (auto& member : all) member.weight = 0;
    BOOST_TEST((balancing.pick(all, {}, kNow, random).why_not == NoPick::unusable));
}

BOOST_AUTO_TEST_CASE(a_weight_that_is_not_a_number_or_negative_gets_nothing) {
    auto all = members(3);
    all[0].weight = std::numeric_limits<double>::quiet_NaN();
    all[1].weight = -1;
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy);
        BOOST_TEST(counts(balancing, all, 20)[2] == 20);
    }
}

BOOST_AUTO_TEST_CASE(chance_follows_the_weights) {
    auto all = members(5);
    const std::vector<double> weights{1, 2, 3, 0.5, 10};
    for (std::size_t i = 0; i < all.size(); ++i) all[i].weight = weights[i];
    auto balancing = balancer(BalancePolicy::weighted);
    // 4 degrees of freedom: more than 33.4 happens once in a million.
    BOOST_TEST(chi_square(counts(balancing, all, 100'000), weights) < 33.4);
}

BOOST_AUTO_TEST_CASE(chance_follows_weight_times_health) {
    auto all = members(4);
    const std::vector<double> healths{1, 0.5, 0.25, 0};
    for (std::size_t i = 0; i < all.size(); ++i) all[i].health = healths[i];
    all[1].weight = 3;
    auto balancing = balancer(BalancePolicy::health_weighted);
    const std::vector<double> shares{1, 1.5, 0.25, 0.01};  // the worst keeps a hundredth
    // 3 degrees of freedom: more than 30.7 happens once in a million.
    BOOST_TEST(chi_square(counts(balancing, all, 100'000), shares) < 30.7);
}

BOOST_AUTO_TEST_CASE(turns_are_smooth) {
    auto all = members(3);
    all[0].weight = 5;
    auto balancing = balancer(BalancePolicy::round_robin);
    Random random(1);
    std::string turns;
    for (int i = 0; i < 14; ++i) {
        turns += static_cast<char>('a' + balancing.pick(all, {}, kNow, random).index);
    }
    BOOST_TEST(turns == "aabacaaaabacaa");  // nginx's example
}

BOOST_AUTO_TEST_CASE(turns_give_each_member_its_weight_exactly_and_never_early_or_late_by_more) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            auto all = members(2 + random.below(7));
            int round = 0;
            for (auto& member : all) {
                member.weight = static_cast<double>(1 + random.below(9));
                round += static_cast<int>(member.weight);
            }
            auto balancing = balancer(BalancePolicy::round_robin);
            std::vector<int> counted(all.size());
            for (int i = 1; i <= 3 * round; ++i) {
                ++counted[balancing.pick(all, {}, kNow, random).index];
                for (std::size_t k = 0; k < all.size(); ++k) {
                    const double due = i * all[k].weight / round;
                    BOOST_TEST_REQUIRE(std::abs(counted[k] - due) <
                                       static_cast<double>(all.size()));
                    if (i % round == 0) BOOST_TEST_REQUIRE(counted[k] == due);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_member_that_was_away_has_saved_up_no_turns) {
    auto all = members(3);
    auto balancing = balancer(BalancePolicy::round_robin);
    Random random(1);
    std::ignore = balancing.pick(all, {}, kNow, random);
    all[2].usable = false;
    for (int i = 0; i < 1000; ++i) std::ignore = balancing.pick(all, {}, kNow, random);
    all[2].usable = true;
    const auto counted = counts(balancing, all, 30);
    BOOST_TEST(counted[2] <= 11);
}

BOOST_AUTO_TEST_CASE(another_member_in_the_same_place_has_turns_of_its_own) {
    auto all = members(2);
    all[0].weight = 100;
    auto balancing = balancer(BalancePolicy::round_robin);
    std::ignore = counts(balancing, all, 10);  // the second has saved up ten turns
    all[0].weight = 1;
    all[0].id = 7;
    all[1].id = 8;
    BOOST_TEST(counts(balancing, all, 10) == std::vector<int>({5, 5}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_least_loaded_member_for_its_weight_is_picked) {
    auto all = members(3);
    all[0].in_flight = 4;  // 5 with the next one
    all[1].in_flight = 3;
    all[2].in_flight = 6;  // 7 / 2 with the next one
    all[2].weight = 2;
    auto balancing = balancer(BalancePolicy::least_in_flight);
    BOOST_TEST(counts(balancing, all, 10)[2] == 10);
    all[2].in_flight = 8;  // 9 / 2
    BOOST_TEST(counts(balancing, all, 10)[1] == 10);
}

BOOST_AUTO_TEST_CASE(equal_members_are_picked_equally_often) {
    for (const std::size_t n : {2U, 3U, 4U, 8U}) {
        for (const auto policy : {BalancePolicy::least_in_flight, BalancePolicy::peak_ewma}) {
            auto balancing = balancer(policy);
            auto all = members(n + 1);
            all[n - 1].usable = false;
            // 7 degrees of freedom at most: more than 40.5 happens once in a million.
            auto counted = counts(balancing, all, 50'000);
            counted.erase(counted.begin() + static_cast<std::ptrdiff_t>(n) - 1);
            BOOST_TEST(chi_square(counted, std::vector<double>(n, 1)) < 40.5);
        }
    }
}

// L2
BOOST_AUTO_TEST_CASE(two_choices_are_never_the_same_member_and_every_pair_is_as_likely) {
    // The cost orders the members, so the picked one tells: the r-th best of n wins exactly those
    // pairs in which the other is worse, n - 1 - r of them, and the worst one none.
    for (const std::size_t n : {5U, 6U, 8U, 20U}) {
        auto all = members(n + 2);
        all[1].usable = false;  // and not only those without a gap
        all[n].usable = false;
        std::vector<double> wins(n + 2);
        std::size_t rank = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].cost_ms = 10 + static_cast<double>(i);
            if (all[i].usable) wins[i] = static_cast<double>(n - 1 - rank++);
        }
        auto balancing = balancer(BalancePolicy::peak_ewma);
        const auto counted = counts(balancing, all, 100'000, n);
        BOOST_TEST(counted.back() == 0);
        // 19 degrees of freedom at most: more than 66 happens less than once in a million.
        BOOST_TEST(chi_square(counted, wins) < 66);
    }
}

BOOST_AUTO_TEST_CASE(up_to_four_members_the_best_is_found_by_comparing_all) {
    auto all = members(4);
    for (std::size_t i = 0; i < 4; ++i) all[i].cost_ms = i == 2 ? 99 : 100;
    auto balancing = balancer(BalancePolicy::peak_ewma);
    BOOST_TEST(counts(balancing, all, 100)[2] == 100);
}

BOOST_AUTO_TEST_CASE(an_ailing_member_waits_until_no_other_is_left_however_loaded_they_are) {
    for (const auto policy : {BalancePolicy::least_in_flight, BalancePolicy::peak_ewma}) {
        auto balancing = balancer(policy);
        auto all = members(2);
        all[0].health = 0.49;
        all[0].cost_ms = 1;
        all[1].cost_ms = 900;
        all[1].in_flight = 50;
        BOOST_TEST(counts(balancing, all, 10)[1] == 10);
        all[0].health = 0.5;
        BOOST_TEST(counts(balancing, all, 10)[0] == 10);
    }
}

// L14
BOOST_AUTO_TEST_CASE(a_full_member_of_low_latency_loses_to_an_idle_one_if_the_wait_dominates) {
    auto all = members(2);
    all[0].cost_ms = 100;
    all[0].in_flight = 10;
    all[0].no_free_slot = true;
    all[1].cost_ms = 1000;
    auto balancing = balancer(BalancePolicy::peak_ewma);
    // 11 requests of 100 ms and the wait for a slot are more than one of 1000 ms ...
    BOOST_TEST(counts(balancing, all, 10)[1] == 10);
    // ... but with few in flight, and with a free slot, they are less.
    all[0].in_flight = 8;
    all[0].no_free_slot = false;
    BOOST_TEST(counts(balancing, all, 10)[0] == 10);
    all[0].no_free_slot = true;
    BOOST_TEST(counts(balancing, all, 10)[1] == 10);
}

// L7
BOOST_AUTO_TEST_CASE(a_member_without_history_gets_one_pilot_and_no_second_before_its_answer) {
    auto all = members(4);
    for (auto& member : all) member.cost_ms = 300;
    all[3].cost_ms = 0;
    auto balancing = balancer(BalancePolicy::peak_ewma);
    Random random(1);
    BOOST_TEST(balancing.pick(all, {}, kNow, random).index == 3);
    all[3].in_flight = 1;
    for (std::size_t i = 0; i < 3; ++i) all[i].in_flight = 1000;
    BOOST_TEST(counts(balancing, all, 100)[3] == 0);
}

// L7
BOOST_AUTO_TEST_CASE(the_share_of_a_member_that_came_back_grows_from_a_tenth_to_its_weight) {
    auto balancing = balancer(BalancePolicy::round_robin);
    auto all = members(2);
    const auto share = [&](base::Duration usable_for) {
        all[0].since = kNow - usable_for;
        return counts(balancing, all, 1100)[0];
    };
    BOOST_TEST(share(0s) == 100);   // 1 : 10
    BOOST_TEST(share(-5s) == 100);  // another thread's clock may be ahead
    BOOST_TEST(share(3s) == 100);
    BOOST_TEST(share(15s) == 367, boost::test_tools::tolerance(0.01));  // 1 : 2
    BOOST_TEST(share(30s) == 550);
    BOOST_TEST(share(1h) == 550);
}

BOOST_AUTO_TEST_CASE(without_slow_start_a_member_has_its_weight_at_once) {
    BalancerSettings settings;
    settings.policy = BalancePolicy::round_robin;
    settings.slow_start = 0s;
    Balancer balancing(settings, 4);
    auto all = members(2);
    all[0].since = kNow;
    BOOST_TEST(counts(balancing, all, 100)[0] == 50);
}

// L11
BOOST_AUTO_TEST_CASE(a_member_that_starts_slowly_has_no_more_in_flight_than_its_share) {
    Random random(1);
    auto balancing = balancer(BalancePolicy::peak_ewma);
    auto all = members(1);
    all[0].capacity = 10;
    const auto most = [&](base::Duration usable_for) {
        all[0].since = kNow - usable_for;
        for (all[0].in_flight = 0; all[0].in_flight < 100; ++all[0].in_flight) {
            const Pick pick = balancing.pick(all, {}, kNow, random);
            if (!pick) {
                BOOST_TEST((pick.why_not == NoPick::starting));
                break;
            }
        }
        return all[0].in_flight;
    };
    BOOST_TEST(most(0s) == 1U);
    BOOST_TEST(most(3s) == 1U);
    BOOST_TEST(most(4s) == 2U);
    BOOST_TEST(most(15s) == 5U);
    BOOST_TEST(most(29s) == 10U);
    BOOST_TEST(most(30s) == 100U);  // from here on its permits are the limit
}

BOOST_AUTO_TEST_CASE(beyond_its_share_a_starting_member_is_picked_only_if_asked_for) {
    Random random(1);
    auto balancing = balancer(BalancePolicy::peak_ewma);
    auto all = members(2);
    all[0].usable = false;
    all[1].since = kNow;
    all[1].capacity = 10;
    all[1].in_flight = 1;
    BOOST_TEST(!balancing.pick(all, {}, kNow, random));
    const Pick pick = balancing.pick(all, {.session = {}, .beyond_share = true}, kNow, random);
    BOOST_TEST(bool(pick));
    BOOST_TEST(pick.index == 1U);
}

// L6
BOOST_AUTO_TEST_CASE(in_flight_is_zero_after_a_million_mixed_ends) {
    InFlight gauge;
    std::atomic<int> too_few{0};
    const auto storm = [&](std::uint64_t seed) {
        Random random(seed);
        std::vector<InFlight::Lease> held;
        for (int i = 0; i < 250'000; ++i) {
            auto lease = gauge.take();
            switch (random.below(5)) {
                case 0: break;  // answered
                case 1:
                    lease.release();  // cancelled, and ended once more by its destructor
                    break;
                case 2:
                    if (i % 50 == 0) {
                        try {
                            const auto thrown_through = std::move(lease);
                            throw std::runtime_error("thrown");
                        } catch (const std::runtime_error&) {
                        }
                    }
                    break;
                case 3: held.push_back(std::move(lease)); break;
                default:  // timed out
                    if (!held.empty()) held[random.below(held.size())] = std::move(lease);
            }
        }
        too_few += gauge.count() < held.size() ? 1 : 0;  // Boost.Test is for one thread only
    };
    std::vector<std::thread> threads;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) threads.emplace_back(storm, seed);
    for (auto& thread : threads) thread.join();
    BOOST_TEST(too_few == 0);
    BOOST_TEST(gauge.count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_pick_allocates_nothing) {
    Random random(1);
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy, 8);
        auto all = members(8);
        const auto before = heap_allocations();
        for (int i = 0; i < 100; ++i) std::ignore = balancing.pick(all, {}, kNow, random);
        BOOST_TEST(heap_allocations() == before);
    }
}

BOOST_AUTO_TEST_CASE(members_beyond_the_capacity_are_not_seen) {
    for (const auto policy : kPolicies) {
        auto balancing = balancer(policy, 2);
        BOOST_TEST(balancing.room().size() == 2U);
        BOOST_TEST(counts(balancing, members(5), 50).size() == 5U);
    }
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused_by_name) {
    BalancerSettings settings;
    BOOST_TEST(settings.validate().has_value());
    settings.slow_start = -1ms;
    BOOST_TEST(settings.validate().error().message.starts_with("slow_start is "));
    settings = {};
    settings.slow_start_floor = 0;
    BOOST_TEST(settings.validate().error().message.starts_with("slow_start_floor is "));
    settings = {};
    settings.ailing_below = std::numeric_limits<double>::quiet_NaN();
    BOOST_TEST(settings.validate().error().message.starts_with("ailing_below is "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

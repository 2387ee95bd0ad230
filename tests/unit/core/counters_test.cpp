#include "core/counters.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "core/random.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

std::uint64_t failed_codes(const CallCounts& counts) {
    return std::accumulate(counts.failed_by_code.begin(), counts.failed_by_code.end(),
                           std::uint64_t{0});
}

BOOST_AUTO_TEST_SUITE(counters)

BOOST_AUTO_TEST_CASE(new_counters_are_zero) {
    const ProviderSnapshot taken = ProviderCounters().snapshot();
    BOOST_TEST(taken.requests.started == 0U);
    BOOST_TEST(taken.attempts.finished() == 0U);
    for (const std::uint64_t tally : taken.tallies) BOOST_TEST(tally == 0U);
    BOOST_TEST(taken.duration.count == 0U);
}

BOOST_AUTO_TEST_CASE(a_call_is_in_flight_from_its_start_to_its_end) {
    CallCounters calls;
    calls.start();
    calls.start();
    BOOST_TEST(calls.snapshot().in_flight() == 2U);
    calls.end(Ending::succeeded);
    BOOST_TEST(calls.snapshot().in_flight() == 1U);
    BOOST_TEST(calls.snapshot().finished() == 1U);
}

// T, and spec of statistics: at rest, started = succeeded + failed + cancelled + rejected
BOOST_AUTO_TEST_CASE(at_rest_every_start_has_one_end) {
    Random random(11);
    CallCounters calls;
    std::array<std::uint64_t, kEndings> ended{};
    for (int i = 0; i < 1'000; ++i) {
        const auto ending = static_cast<Ending>(random.below(kEndings));
        calls.start();
        calls.end(ending, Code::unavailable);
        ++ended.at(static_cast<std::size_t>(ending));
    }
    const CallCounts taken = calls.snapshot();
    BOOST_TEST(taken.started == 1'000U);
    BOOST_TEST(taken.in_flight() == 0U);
    BOOST_TEST(taken.ended == ended, boost::test_tools::per_element());
    BOOST_TEST(taken.of(Ending::rejected) == ended[3]);
}

BOOST_AUTO_TEST_CASE(failures_are_counted_by_code_and_other_ends_are_not) {
    CallCounters calls;
    for (int i = 0; i < 5; ++i) calls.start();
    calls.end(Ending::failed, Code::throttled);
    calls.end(Ending::failed, Code::throttled);
    calls.end(Ending::failed, Code::overloaded);
    calls.end(Ending::rejected, Code::overloaded);
    calls.end(Ending::cancelled, Code::cancelled);
    const CallCounts taken = calls.snapshot();
    BOOST_TEST(taken.failed_with(Code::throttled) == 2U);
    BOOST_TEST(taken.failed_with(Code::overloaded) == 1U);
    BOOST_TEST(taken.failed_with(Code::cancelled) == 0U);
    BOOST_TEST(failed_codes(taken) == taken.of(Ending::failed));
}

BOOST_AUTO_TEST_CASE(every_code_has_its_own_counter_and_unknown_ones_are_internal) {
    std::set<std::size_t> places;
    for (int code = CodeCounts::kLeast; code <= CodeCounts::kMost; ++code) {
        const std::size_t place = CodeCounts::index_of(static_cast<Code>(code));
        BOOST_TEST(place < CodeCounts::kCount);
        places.insert(place);
    }
    BOOST_TEST(places.size() == CodeCounts::kCount);
    const std::size_t internal = CodeCounts::index_of(Code::internal);
    BOOST_TEST(CodeCounts::index_of(static_cast<Code>(CodeCounts::kLeast - 1)) == internal);
    BOOST_TEST(CodeCounts::index_of(static_cast<Code>(CodeCounts::kMost + 1)) == internal);
}

BOOST_AUTO_TEST_CASE(each_tally_counts_for_itself) {
    ProviderCounters counters;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kTallies; ++i) {
        counters.add(static_cast<Tally>(i), i + 1);
        names.insert(to_string(static_cast<Tally>(i)));
    }
    const ProviderSnapshot taken = counters.snapshot();
    for (std::size_t i = 0; i < kTallies; ++i) {
        BOOST_TEST(taken.of(static_cast<Tally>(i)) == i + 1);
    }
    BOOST_TEST(names.size() == kTallies);
}

BOOST_AUTO_TEST_CASE(decisions_are_counted_by_what_follows) {
    ProviderCounters counters;
    const auto count = [&](RetryAction action, RetryReason reason = RetryReason::transient) {
        counters.count({.action = action, .reason = reason, .wait = {}});
    };
    count(RetryAction::retry_here);
    count(RetryAction::retry_here);
    count(RetryAction::transparent_retry);
    count(RetryAction::fail_over, RetryReason::budget_exhausted);
    count(RetryAction::give_up, RetryReason::budget_exhausted);
    count(RetryAction::give_up, RetryReason::final_error);
    const ProviderSnapshot taken = counters.snapshot();
    BOOST_TEST(taken.of(Tally::retries) == 2U);
    BOOST_TEST(taken.of(Tally::transparent_retries) == 1U);
    BOOST_TEST(taken.of(Tally::fail_overs) == 1U);
    BOOST_TEST(taken.of(Tally::budget_exhausted) == 2U);
}

BOOST_AUTO_TEST_CASE(each_time_goes_to_its_own_histogram) {
    ProviderCounters counters;
    counters.queue_wait.record(1ms);
    counters.connect_time.record(2ms);
    counters.first_byte.record(3ms);
    counters.duration.record(4ms);
    const ProviderSnapshot taken = counters.snapshot();
    BOOST_TEST((taken.queue_wait.longest == 1ms && taken.connect_time.longest == 2ms));
    BOOST_TEST((taken.first_byte.longest == 3ms && taken.duration.longest == 4ms));
}

BOOST_AUTO_TEST_CASE(what_different_threads_write_shares_no_cache_line) {
    static_assert(alignof(CallCounters) == kCacheLine);
    static_assert(sizeof(CallCounters) % kCacheLine == 0);
    const ProviderCounters counters;
    const auto line = [](const void* place) {
        return reinterpret_cast<std::uintptr_t>(place) / kCacheLine;
    };
    BOOST_TEST(line(&counters.requests) != line(&counters.attempts));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(&counters.attempts) % kCacheLine == 0U);
}

void check_order(const CallCounts& before, const CallCounts& now) {
    BOOST_TEST_REQUIRE(now.started >= now.finished());
    BOOST_TEST_REQUIRE(failed_codes(now) >= now.of(Ending::failed));
    BOOST_TEST_REQUIRE(now.started >= before.started);
    for (std::size_t i = 0; i < kEndings; ++i) {
        BOOST_TEST_REQUIRE(now.ended[i] >= before.ended[i]);
    }
}

// T
BOOST_AUTO_TEST_CASE(under_load_no_counter_decreases_and_no_end_is_without_its_start) {
    constexpr int kThreads = 3;
    constexpr int kEach = 20'000;
    ProviderCounters counters;
    std::atomic<int> running = kThreads;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            Random random(static_cast<std::uint64_t>(t));
            for (int i = 0; i < kEach; ++i) {
                counters.requests.start();
                counters.attempts.start();
                const auto ending = static_cast<Ending>(random.below(kEndings));
                counters.attempts.end(ending, Code::protocol);
                counters.requests.end(ending, Code::protocol);
            }
            --running;
        });
    }
    ProviderSnapshot before;
    do {
        const ProviderSnapshot now = counters.snapshot();
        check_order(before.requests, now.requests);
        check_order(before.attempts, now.attempts);
        BOOST_TEST_REQUIRE(now.attempts.finished() >= now.requests.finished());
        before = now;
    } while (running > 0);
    for (auto& thread : threads) thread.join();
    const ProviderSnapshot end = counters.snapshot();
    BOOST_TEST(end.requests.finished() == std::uint64_t{kThreads} * kEach);
    BOOST_TEST(end.requests.in_flight() == 0U);
    BOOST_TEST(end.attempts.in_flight() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

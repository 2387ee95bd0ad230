#include "core/histogram.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "core/random.hpp"

namespace tenon::core {
namespace {

using base::Duration;
using namespace std::chrono_literals;

double in_us(Duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

/// Of the times themselves, sorted: the least that `percent` of them do not exceed.
Duration exact_percentile(const std::vector<Duration>& sorted, double percent) {
    std::size_t rank = 1;
    while (static_cast<double>(rank) * 100 < percent * static_cast<double>(sorted.size())) ++rank;
    return sorted.at(rank - 1);
}

BOOST_AUTO_TEST_SUITE(histogram)

BOOST_AUTO_TEST_CASE(buckets_follow_each_other_without_gaps) {
    for (std::size_t i = 0; i < HistogramBuckets::kCount; ++i) {
        const std::uint64_t begin = HistogramBuckets::begin_of(i);
        const std::uint64_t end = HistogramBuckets::begin_of(i + 1);
        BOOST_TEST_REQUIRE(begin < end);
        BOOST_TEST_REQUIRE(HistogramBuckets::index_of(begin) == i);
        BOOST_TEST_REQUIRE(HistogramBuckets::index_of(end - 1) == i);
    }
    BOOST_TEST(HistogramBuckets::begin_of(0) == 0U);
    BOOST_TEST(HistogramBuckets::begin_of(HistogramBuckets::kCount) == std::uint64_t{1} << 32);
}

BOOST_AUTO_TEST_CASE(no_bucket_is_wider_than_a_32nd_of_its_times) {
    for (std::size_t i = HistogramBuckets::kLinear; i < HistogramBuckets::kCount; ++i) {
        const std::uint64_t begin = HistogramBuckets::begin_of(i);
        BOOST_TEST_REQUIRE((HistogramBuckets::begin_of(i + 1) - begin) * 32 <= begin);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_histogram_says_zero) {
    const HistogramSnapshot empty = Histogram().snapshot();
    BOOST_TEST(empty.count == 0U);
    BOOST_TEST((empty.average() == 0s && empty.longest == 0s));
    BOOST_TEST((empty.percentile(0) == 0s && empty.percentile(100) == 0s));
    BOOST_TEST(empty.count_up_to(1h) == 0U);
}

BOOST_AUTO_TEST_CASE(the_longest_time_is_exact_and_so_is_a_single_one) {
    Histogram histogram;
    histogram.record(1'234'567ns);
    const HistogramSnapshot one = histogram.snapshot();
    for (const double percent : {0.0, 50.0, 100.0}) {
        BOOST_TEST((one.percentile(percent) == 1'234'567ns));
    }
    histogram.record(1ms);
    BOOST_TEST((histogram.snapshot().longest == 1'234'567ns));
}

BOOST_AUTO_TEST_CASE(no_percentile_is_longer_than_the_longest_time) {
    Histogram histogram;
    histogram.record(993us);  // the middle of its bucket is 1,000 us
    histogram.record(993us);
    BOOST_TEST((histogram.snapshot().percentile(50) == 993us));
}

BOOST_AUTO_TEST_CASE(times_below_zero_are_zero) {
    Histogram histogram;
    histogram.record(-5s);
    const HistogramSnapshot taken = histogram.snapshot();
    BOOST_TEST(taken.counts[0] == 1U);
    BOOST_TEST((taken.sum_us == 0 && taken.longest == 0s));
}

BOOST_AUTO_TEST_CASE(times_beyond_the_last_bucket_are_counted_in_it) {
    Histogram histogram;
    histogram.record(100h);
    histogram.record(Duration::max());
    histogram.record(2h);
    const HistogramSnapshot taken = histogram.snapshot();
    BOOST_TEST(taken.counts.back() == 3U);
    BOOST_TEST((taken.percentile(50) == Duration::max()));
}

BOOST_AUTO_TEST_CASE(percentiles_are_at_most_3_percent_off) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            Histogram histogram;
            std::vector<Duration> all;
            const std::uint64_t count = 1 + random.below(3'000);
            for (std::uint64_t i = 0; i < count; ++i) {
                // Evenly many of each length from 32 µs to an hour.
                const double us = std::exp(std::log(32.0) + random.unit() * std::log(1.1e8));
                all.push_back(Duration(static_cast<Duration::rep>(us * 1'000)));
                histogram.record(all.back());
            }
            std::sort(all.begin(), all.end());
            const HistogramSnapshot taken = histogram.snapshot();
            for (const double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
                const double exact = in_us(exact_percentile(all, percent));
                const double error = std::abs(in_us(taken.percentile(percent)) - exact) / exact;
                BOOST_TEST_REQUIRE(error <= 0.016, "p" << percent << " is " << error << " off");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(below_32_us_percentiles_are_exact_to_half_a_microsecond) {
    Histogram histogram;
    for (const Duration time : {Duration(3us), Duration(3'900ns), Duration(31us)}) {
        histogram.record(time);
    }
    BOOST_TEST((histogram.snapshot().percentile(50) == 3'500ns));
}

BOOST_AUTO_TEST_CASE(a_percentile_is_the_least_time_that_so_many_do_not_exceed) {
    Histogram histogram;
    for (int i = 0; i < 999; ++i) histogram.record(10us);
    histogram.record(1s);
    const HistogramSnapshot taken = histogram.snapshot();
    BOOST_TEST((taken.percentile(50) == 10'500ns));
    BOOST_TEST((taken.percentile(99.9) == 10'500ns));
    BOOST_TEST((taken.percentile(99.91) == 1s));
}

BOOST_AUTO_TEST_CASE(the_average_is_exact_to_a_microsecond) {
    Histogram histogram;
    for (const Duration time : {Duration(10ms), Duration(20ms), Duration(45ms)}) {
        histogram.record(time);
    }
    BOOST_TEST((histogram.snapshot().average() == 25ms));
    Histogram rounded;
    for (int i = 0; i < 4; ++i) rounded.record(1'600ns);
    rounded.record(2'400ns);
    BOOST_TEST((rounded.snapshot().average() == 2us));
}

BOOST_AUTO_TEST_CASE(the_average_is_not_longer_than_the_longest_however_it_was_rounded) {
    Histogram histogram;
    for (int i = 0; i < 4; ++i) histogram.record(1'600ns);
    BOOST_TEST((histogram.snapshot().average() == 1'600ns));
}

// T: 64 bits do not overflow
BOOST_AUTO_TEST_CASE(the_average_survives_centuries_of_calls) {
    HistogramSnapshot year;
    year.count = year.counts[100] = 3'000'000'000;
    year.sum_us = year.count * 600'000'000;  // ten minutes each
    year.longest = 10min;
    HistogramSnapshot all;
    for (int i = 0; i < 10; ++i) all.merge(year);
    BOOST_TEST(in_us(all.average()) == 6e8, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(all.count == 30'000'000'000U);
}

BOOST_AUTO_TEST_CASE(merged_histograms_are_as_if_one_had_counted_all) {
    Random random(8);
    Histogram a;
    Histogram b;
    Histogram both;
    for (int i = 0; i < 5'000; ++i) {
        const Duration time(static_cast<Duration::rep>(random.below(std::uint64_t{1} << 40)));
        (random.below(2) == 0 ? a : b).record(time);
        both.record(time);
    }
    HistogramSnapshot merged = a.snapshot();
    merged.merge(b.snapshot());
    const HistogramSnapshot all = both.snapshot();
    BOOST_TEST(merged.counts == all.counts, boost::test_tools::per_element());
    BOOST_TEST((merged.count == all.count && merged.sum_us == all.sum_us));
    BOOST_TEST((merged.longest == all.longest));
}

BOOST_AUTO_TEST_CASE(the_longest_of_merged_histograms_may_be_in_either) {
    Histogram shorter;
    Histogram longer;
    shorter.record(1s);
    longer.record(2s);
    HistogramSnapshot grown = shorter.snapshot();
    grown.merge(longer.snapshot());
    BOOST_TEST((grown.longest == 2s));
    HistogramSnapshot kept = longer.snapshot();
    kept.merge(shorter.snapshot());
    BOOST_TEST((kept.longest == 2s));
}

BOOST_AUTO_TEST_CASE(counts_up_to_a_limit_include_it) {
    Histogram histogram;
    for (const int ms : {1, 5, 10, 100}) histogram.record(std::chrono::milliseconds(ms));
    const HistogramSnapshot taken = histogram.snapshot();
    BOOST_TEST(taken.count_up_to(-1s) == 0U);
    BOOST_TEST(taken.count_up_to(1ms) == 1U);
    BOOST_TEST(taken.count_up_to(9ms) == 2U);
    BOOST_TEST(taken.count_up_to(10ms) == 3U);
    BOOST_TEST(taken.count_up_to(24h) == 4U);
}

BOOST_AUTO_TEST_CASE(threads_lose_no_time_and_snapshots_only_grow) {
    constexpr int kThreads = 4;
    constexpr int kEach = 20'000;
    Histogram histogram;
    std::atomic<int> running = kThreads;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 1; i <= kEach; ++i) histogram.record(std::chrono::microseconds(i + t));
            --running;
        });
    }
    std::uint64_t seen = 0;
    do {
        const HistogramSnapshot taken = histogram.snapshot();
        BOOST_TEST_REQUIRE(taken.count >= seen);
        BOOST_TEST_REQUIRE(taken.count == std::accumulate(taken.counts.begin(), taken.counts.end(),
                                                          std::uint64_t{0}));
        seen = taken.count;
    } while (running > 0);
    for (auto& thread : threads) thread.join();
    const HistogramSnapshot taken = histogram.snapshot();
    BOOST_TEST(taken.count == std::uint64_t{kThreads} * kEach);
    BOOST_TEST((taken.longest == std::chrono::microseconds(kEach + kThreads - 1)));
    constexpr std::uint64_t kSum = std::uint64_t{kEach} * (kEach + 1) / 2;
    BOOST_TEST(taken.sum_us == 4 * kSum + (1 + 2 + 3) * std::uint64_t{kEach});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

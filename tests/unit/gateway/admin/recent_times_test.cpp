#include "gateway/admin/recent_times.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::gateway {
namespace {

using std::chrono::microseconds;

void record(core::Histogram& histogram, int times, microseconds time) {
    for (int i = 0; i < times; ++i) histogram.record(time);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recent_times)

BOOST_AUTO_TEST_CASE(only_what_came_since_the_last_time_counts) {
    core::Histogram histogram;
    RecentTimes recent;
    record(histogram, 1'000, microseconds(10));
    BOOST_TEST(recent.take("a", histogram.snapshot()).p50.count() == 10);
    record(histogram, 9, microseconds(20));
    record(histogram, 1, microseconds(30));
    const auto summary = recent.take("a", histogram.snapshot());
    BOOST_TEST(summary.count == 10U);
    BOOST_TEST(summary.p50.count() == 20);
    BOOST_TEST(summary.p95.count() == 30);
}

BOOST_AUTO_TEST_CASE(a_long_time_is_forgotten_with_its_interval) {
    core::Histogram histogram;
    RecentTimes recent;
    record(histogram, 1, std::chrono::seconds(60));
    recent.take("a", histogram.snapshot());
    record(histogram, 2, microseconds(20));
    const auto summary = recent.take("a", histogram.snapshot());
    BOOST_TEST(summary.p95.count() == 20);
    BOOST_TEST(summary.max.count() == 20);
}

BOOST_AUTO_TEST_CASE(without_anything_new_all_is_zero) {
    core::Histogram histogram;
    RecentTimes recent;
    record(histogram, 5, microseconds(10));
    recent.take("a", histogram.snapshot());
    const auto summary = recent.take("a", histogram.snapshot());
    BOOST_TEST(summary.count == 0U);
    BOOST_TEST(summary.p50.count() == 0);
    BOOST_TEST(summary.p95.count() == 0);
}

BOOST_AUTO_TEST_CASE(a_provider_that_was_made_anew_begins_anew) {
    core::Histogram before;
    core::Histogram after;
    RecentTimes recent;
    record(before, 5, microseconds(10));
    record(after, 3, microseconds(20));
    recent.take("a", before.snapshot());
    const auto summary = recent.take("a", after.snapshot());
    BOOST_TEST(summary.count == 3U);
    BOOST_TEST(summary.p50.count() == 20);
}

BOOST_AUTO_TEST_CASE(names_do_not_share_their_times) {
    core::Histogram histogram;
    RecentTimes recent;
    record(histogram, 5, microseconds(10));
    recent.take("a", histogram.snapshot());
    BOOST_TEST(recent.take("b", histogram.snapshot()).count == 5U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway

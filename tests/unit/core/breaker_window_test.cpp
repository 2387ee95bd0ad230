#include "core/failure_window.hpp"

#include <boost/test/unit_test.hpp>

#include "breaker_support.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

constexpr auto kAlways = [] { return true; };

struct Window : FailureWindow {
    Window() : FailureWindow(seconds(60), kStart) {}
    void fail(base::TimePoint now, std::uint64_t generation = 1) {
        BOOST_TEST_REQUIRE(add_failure(generation, now, kAlways));
    }
    std::uint64_t failures(base::TimePoint now, std::uint64_t generation = 1) const {
        return counts(generation, now).failures;
    }
};

BOOST_AUTO_TEST_SUITE(breaker_window)

BOOST_AUTO_TEST_CASE(a_bucket_counts_until_twelve_later_ones_have_begun) {
    Window window;
    window.fail(at(4 * kSecond));
    BOOST_TEST(window.failures(at(milliseconds(59'999))) == 1U);
    BOOST_TEST(window.failures(at(milliseconds(60'000))) == 0U);
}

BOOST_AUTO_TEST_CASE(a_bucket_is_used_again_without_its_old_number) {
    Window window;
    for (int i = 0; i < 3; ++i) window.fail(at(2 * kSecond));
    window.fail(at(62 * kSecond));
    BOOST_TEST(window.failures(at(62 * kSecond)) == 1U);
}

BOOST_AUTO_TEST_CASE(successes_and_failures_are_counted_apart) {
    Window window;
    window.fail(at(milliseconds(0)));
    for (int i = 0; i < 3; ++i) BOOST_TEST(window.add_success(1, at(6 * kSecond), kAlways));
    const auto counts = window.counts(1, at(7 * kSecond));
    BOOST_TEST(counts.failures == 1U);
    BOOST_TEST(counts.successes == 3U);
    BOOST_TEST(counts.total() == 4U);
}

BOOST_AUTO_TEST_CASE(a_generation_sees_only_its_own) {
    Window window;
    for (int i = 0; i < 3; ++i) window.fail(at(1 * kSecond), 7);
    BOOST_TEST(window.failures(at(1 * kSecond), 8) == 0U);
    window.fail(at(1 * kSecond), 8);
    BOOST_TEST(window.failures(at(1 * kSecond), 8) == 1U);
    BOOST_TEST(window.failures(at(1 * kSecond), 7) == 0U);  // the bucket has passed on
}

BOOST_AUTO_TEST_CASE(the_count_of_a_generation_that_has_ended_is_refused) {
    Window window;
    const auto never = [] { return false; };
    BOOST_TEST(!window.add_failure(1, kStart, never));
    BOOST_TEST(!window.add_success(1, kStart, never));
    BOOST_TEST(window.counts(1, kStart).total() == 0U);
}

// Another thread read the clock a little later and has begun the next bucket already.
BOOST_AUTO_TEST_CASE(failures_that_another_thread_counted_in_a_later_bucket_are_seen) {
    Window window;
    window.fail(at(milliseconds(5'001)));
    window.fail(at(milliseconds(4'999)));
    BOOST_TEST(window.failures(at(milliseconds(4'999))) == 2U);
}

BOOST_AUTO_TEST_CASE(never_more_than_twelve_buckets_count_even_if_clocks_differ) {
    Window window;
    for (int i = 0; i < 24; ++i) window.fail(at(i * 5 * kSecond));
    BOOST_TEST(window.failures(at(milliseconds(0))) == 12U);
    window.fail(at(128 * kSecond));  // leaves buckets 14 to 25
    BOOST_TEST(window.failures(at(milliseconds(0))) == 11U);
}

BOOST_AUTO_TEST_CASE(whoever_is_a_whole_window_late_disturbs_nothing) {
    Window window;
    for (int i = 0; i < 3; ++i) window.fail(at(61 * kSecond));
    window.fail(at(1 * kSecond));
    BOOST_TEST(window.failures(at(61 * kSecond)) == 3U);
}

BOOST_AUTO_TEST_CASE(a_bucket_stops_at_its_largest_number_and_does_not_spill_into_its_time) {
    Window window;
    constexpr std::uint64_t kLargest = (1U << 20) - 1;
    for (std::uint64_t i = 0; i < kLargest + 10; ++i) {
        if (!window.add_failure(1, kStart, kAlways)) BOOST_FAIL("refused");
    }
    BOOST_TEST(window.failures(kStart) == kLargest);
}

BOOST_AUTO_TEST_CASE(generations_have_16_bits_and_longer_numbers_are_cut) {
    Window window;
    window.fail(kStart, 0x1'0005);
    BOOST_TEST(window.failures(kStart, 0x1'0005) == 1U);
    BOOST_TEST(window.failures(kStart, 0x1'0006) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

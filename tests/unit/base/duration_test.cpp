#include "base/duration.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::base {
namespace {

using namespace std::chrono_literals;

std::int64_t parsed(std::string_view text) {
    const auto duration = parse_duration(text);
    BOOST_REQUIRE_MESSAGE(duration, text << " was refused");
    return duration->count();
}

std::string refusal(std::string_view text) {
    const auto duration = parse_duration(text);
    BOOST_REQUIRE_MESSAGE(!duration, text << " was accepted");
    return duration.error().message;
}

BOOST_AUTO_TEST_SUITE(duration)

BOOST_AUTO_TEST_CASE(every_unit_is_read) {
    BOOST_TEST(parsed("250ms") == 250);
    BOOST_TEST(parsed("30s") == 30'000);
    BOOST_TEST(parsed("5m") == 300'000);
    BOOST_TEST(parsed("1h") == 3'600'000);
    BOOST_TEST(parsed("0s") == 0);
}

BOOST_AUTO_TEST_CASE(decimals_are_exact) {
    BOOST_TEST(parsed("1.5s") == 1'500);
    BOOST_TEST(parsed("0.001s") == 1);
    BOOST_TEST(parsed("0.25h") == 900'000);
    BOOST_TEST(parsed("2.0ms") == 2);
    BOOST_TEST(parsed("0.0000025h") == 9);
}

BOOST_AUTO_TEST_CASE(finer_than_a_millisecond_is_refused) {
    for (const char* text : {"0.5ms", "0.0001s", "1.23456789012345678901234567890s"}) {
        BOOST_TEST(refusal(text).ends_with("milliseconds are the finest it can be"));
    }
}

BOOST_AUTO_TEST_CASE(a_bare_number_is_refused_with_both_ways_to_write_it) {
    BOOST_TEST(refusal("30") ==
               "'30' is not a duration: the unit is missing; write 30s for seconds or 30ms for "
               "milliseconds");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_duration_is_refused) {
    for (const char* text : {"", "s", "-5s", "+5s", " 5s", "5 s", "5s ", "5.s", ".5s", "5,5s", "5d",
                             "5S", "1m30s", "1e3s", "5s\n", "abc"}) {
        refusal(text);
    }
}

BOOST_AUTO_TEST_CASE(too_long_is_refused_and_the_longest_is_not) {
    BOOST_TEST(parsed("876000h") == kLongestDuration.count());
    for (const char* text : {"876001h", "876000.5h", "99999999999999999999h", "3153600000001ms"}) {
        BOOST_TEST(refusal(text).ends_with("100 years are the longest it can be"));
    }
}

BOOST_AUTO_TEST_CASE(the_largest_whole_unit_is_written) {
    BOOST_TEST(format_duration(0ms) == "0s");
    BOOST_TEST(format_duration(250ms) == "250ms");
    BOOST_TEST(format_duration(1500ms) == "1500ms");
    BOOST_TEST(format_duration(30s) == "30s");
    BOOST_TEST(format_duration(90s) == "90s");
    BOOST_TEST(format_duration(10min) == "10m");
    BOOST_TEST(format_duration(2h) == "2h");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
    for (const std::chrono::milliseconds value :
         {1ms, 999ms, 1000ms, 59'999ms, 60'000ms, 3'600'000ms, 3'600'001ms, kLongestDuration}) {
        BOOST_TEST(parsed(format_duration(value)) == value.count());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base

#include "core/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace tenon::core {
namespace {

BOOST_AUTO_TEST_SUITE(random)

// Computed from the published algorithms by a second implementation, in Python.
BOOST_AUTO_TEST_CASE(numbers_are_those_of_the_published_generator) {
    Random random(42);
    BOOST_TEST(random.next() == 1546998764402558742U);
    BOOST_TEST(random.next() == 6990951692964543102U);
    BOOST_TEST(random.next() == 12544586762248559009U);
}

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_numbers_and_others_do_not) {
    Random a(7);
    Random b(7);
    Random c(8);
    for (int i = 0; i < 100; ++i) {
        const auto drawn = a.next();
        BOOST_TEST_REQUIRE(drawn == b.next());
        BOOST_TEST_REQUIRE(drawn != c.next());
    }
}

BOOST_AUTO_TEST_CASE(a_unit_is_at_least_zero_and_less_than_one_and_even) {
    Random random(1);
    double sum = 0;
    double least = 1;
    double most = 0;
    constexpr int kDraws = 100'000;
    for (int i = 0; i < kDraws; ++i) {
        const double unit = random.unit();
        BOOST_TEST_REQUIRE((unit >= 0 && unit < 1));
        sum += unit;
        least = std::min(least, unit);
        most = std::max(most, unit);
    }
    BOOST_TEST(sum / kDraws == 0.5, boost::test_tools::tolerance(0.01));
    BOOST_TEST(least < 0.001);
    BOOST_TEST(most > 0.999);
}

BOOST_AUTO_TEST_CASE(below_stays_below_and_meets_every_number_as_often) {
    Random random(3);
    std::array<int, 7> met{};
    for (int i = 0; i < 70'000; ++i) ++met.at(random.below(met.size()));
    for (const int count : met) BOOST_TEST((count > 9'600 && count < 10'400), count);
    BOOST_TEST(random.below(1) == 0U);
}

// 3 * 2^62: by the remainder alone the lowest third would come up twice as often as the others.
BOOST_AUTO_TEST_CASE(below_is_even_for_numbers_that_do_not_divide_the_range) {
    Random random(9);
    constexpr std::uint64_t kThird = std::uint64_t{1} << 62;
    std::array<int, 3> met{};
    for (int i = 0; i < 30'000; ++i) ++met.at(random.below(3 * kThird) / kThird);
    for (const int count : met) BOOST_TEST((count > 9'600 && count < 10'400), count);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

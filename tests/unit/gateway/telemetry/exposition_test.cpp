#include "exposition.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace tenon::test {
namespace {

const std::string kGauge = "# HELP a_b It is.\n# TYPE a_b gauge\n";
const std::string kHistogram = "# HELP h It is.\n# TYPE h histogram\n";

BOOST_AUTO_TEST_SUITE(exposition)

BOOST_AUTO_TEST_CASE(what_the_format_allows_is_read) {
    const auto read =
        read_exposition(kGauge + "a_b{x=\"1\",y=\"\\\"\\\\\\n\"} 1.5e-06\na_b -2\n" + kHistogram +
                        "h_count 3\nh_sum 2.5\nh_bucket{le=\"1\"} 2\n"
                        "h_bucket{le=\"+Inf\"} 3\n");
    BOOST_TEST(read.value("a_b", {{"y", "\"\\\n"}}) == 1.5e-6);
    BOOST_TEST(read.value("h_bucket", {{"le", "1"}}) == 2);
    BOOST_TEST(read.families.at("a_b").help == "It is.");
    BOOST_CHECK_THROW(static_cast<void>(read.value("a_b")), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(what_it_does_not_allow_is_refused) {
    for (const std::string& bad :
         {std::string("a_b 1\n"),                                   // no TYPE
          kGauge + "a_b 1",                                         // no end
          kGauge + kGauge,                                          // twice
          kGauge + "c 1\n",                                         // another's sample
          kGauge + "a_b{1x=\"\"} 1\n",                              // label
          kGauge + "a_b{x=\"1\",x=\"2\"} 1\n",                      // label twice
          kGauge + "a_b{x=\"\\t\"} 1\n",                            // escape
          kGauge + "a_b{x=\"1} 1\n",                                // quote
          kGauge + "a_b 1\na_b 2\n",                                // series twice
          kGauge + "a_b one\n", kGauge + "a_b 1 2 3\n",             //
          std::string("# HELP c It is.\n# TYPE c counter\nc 1\n"),  // _total
          std::string("# HELP c_total It is.\n# TYPE c_total counter\nc_total -1\n"),
          kGauge + kHistogram + "a_b 1\n",  // families mixed
          kHistogram + "h_count 3\nh_sum 1\nh_bucket{le=\"+Inf\"} 2\n",
          kHistogram + "h_count 3\nh_sum 1\nh_bucket{le=\"1\"} 3\n",
          kHistogram + "h_count 3\nh_bucket{le=\"+Inf\"} 3\n",
          kHistogram + "h_count 3\nh_sum 1\nh_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 3\n",
          kHistogram + "h_count 3\nh_sum 1\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 2\n"
                       "h_bucket{le=\"+Inf\"} 3\n"}) {
        BOOST_CHECK_THROW(static_cast<void>(read_exposition(bad)), std::runtime_error);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::test

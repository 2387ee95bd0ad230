#include "base/clock.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

std::string at(std::int64_t ms_since_1970) {
    return format_utc(system_clock::time_point(milliseconds(ms_since_1970)));
}

BOOST_AUTO_TEST_SUITE(clock)

BOOST_AUTO_TEST_CASE(a_moment_is_written_as_in_rfc_3339) {
    BOOST_TEST(at(1'795'255'748'007) == "2026-11-21T10:09:08.007Z");
    BOOST_TEST(at(0) == "1970-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(a_moment_before_1970_has_its_milliseconds_too) {
    BOOST_TEST(at(-1) == "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base

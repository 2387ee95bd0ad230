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

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back) {
    for (const std::int64_t ms : {1'795'255'748'007LL, 0LL, -1LL, 951'782'400'000LL}) {
        const auto read = parse_utc(at(ms));
        BOOST_REQUIRE(read.has_value());
        BOOST_TEST((*read == system_clock::time_point(milliseconds(ms))));
    }
    BOOST_TEST((parse_utc("1970-01-01T00:00:01Z") == system_clock::time_point(milliseconds(1000))));
    BOOST_TEST(
        (parse_utc("1970-01-01T00:00:00.5Z") == system_clock::time_point(milliseconds(500))));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_moment_in_utc_is_not_read) {
    for (const std::string_view text :
         {"", "now", "2026-11-21", "2026-11-21T10:09:08", "2026-11-21T10:09:08+01:00",
          "2026-11-21 10:09:08Z", "2026-13-21T10:09:08Z", "2026-02-29T10:09:08Z",
          "2026-11-21T24:09:08Z", "2026-11-21T10:60:08Z", "2026-11-21T10:09:61Z",
          "2026-11-21T10:09:08.Z", "2026-11-21T10:09:08.1234567890Z", "2026-11-21T10:09:08.1xZ",
          "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-11-21T10:09:08.007ZZ"}) {
        BOOST_TEST(!parse_utc(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base

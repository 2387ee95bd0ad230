#include "gateway/admin/status_json.hpp"

#include <boost/test/unit_test.hpp>

#include "wire/json.hpp"

namespace tenon::gateway {
namespace {

using std::chrono::microseconds;

host::ProviderStatus connected(const std::string& name) {
    host::ProviderStatus status;
    status.name = name;
    status.state = "connected";
    return status;
}

wire::JsonDocument read(const std::string& text) {
    auto document = wire::JsonDocument::parse(text);
    BOOST_REQUIRE_MESSAGE(document.has_value(), text);
    return *std::move(document);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_json)

BOOST_AUTO_TEST_CASE(each_provider_gets_its_own_statistics) {
    host::ProviderStatistics b;
    b.name = "b";
    b.retries = 7;
    b.attempts = {10, 3, 1, 2, 4, {{"unavailable", 1}}};
    b.attempt_time.count = 3;
    b.attempt_time.p95 = microseconds(50);
    const auto document = read(to_json({connected("a"), connected("b")}, {b}));
    const wire::JsonView all = document.root();
    BOOST_TEST(all.size() == 2U);
    BOOST_TEST((all[0]["statistics"].kind() == wire::JsonKind::null));
    BOOST_TEST((all[0]["success_rate"].kind() == wire::JsonKind::null));
    const wire::JsonView statistics = all[1]["statistics"];
    BOOST_TEST(statistics["retries"].as_int64().value() == 7);
    BOOST_TEST(statistics["attempts"]["started"].as_int64().value() == 10);
    BOOST_TEST(statistics["attempts"]["rejected"].as_int64().value() == 4);
    BOOST_TEST(statistics.at("/attempts/failed_by_code/unavailable").as_int64().value() == 1);
    BOOST_TEST(statistics["attempt_time"]["p95_us"].as_int64().value() == 50);
    BOOST_TEST(statistics["request_time"]["count"].as_int64().value() == 0);
}

BOOST_AUTO_TEST_CASE(what_the_caller_or_this_host_ended_does_not_count_as_answered) {
    host::ProviderStatistics statistics;
    statistics.name = "a";
    statistics.attempts = {9, 0, 0, 4, 5, {}};
    BOOST_TEST(!success_rate(statistics).has_value());
    statistics.attempts.succeeded = 3;
    statistics.attempts.failed = 1;
    BOOST_TEST(success_rate(statistics).value() == 0.75);
    const auto document = read(to_json({connected("a")}, {statistics}));
    BOOST_TEST(document.root()[0]["success_rate"].as_double().value() == 0.75);
}

BOOST_AUTO_TEST_CASE(times_are_in_utc_and_null_before_they_are_known) {
    auto status = connected("a");
    status.last_check = host::Time(std::chrono::milliseconds(1'500));
    const auto document = read(to_json({status}, {}));
    const wire::JsonView a = document.root()[0];
    BOOST_TEST(a["last_check"].as_string().value() == "1970-01-01T00:00:01.500Z");
    BOOST_TEST((a["next_check"].kind() == wire::JsonKind::null));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway

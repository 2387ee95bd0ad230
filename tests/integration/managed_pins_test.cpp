#include "managed_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

std::unique_ptr<host::Host> two_tiers(const std::string& backup = "{}") {
    return open_with(R"({"routes":[{"model":"m","aliases":["alias"],
        "tiers":[[{"provider":"a","model":"ma"}],[{"provider":"b","weight":2}]]}],
        "retry":{"request":{"backoff":{"base":"1ms"}}},
        "providers":{"a":{"kind":"mock"},"other":{"kind":"mock"},
                     "b":{"kind":"mock","config":)" +
                         backup + "}}}",
                     quiet());
}

host::RouteInfo route(const host::Host& host, const std::string& model) {
    for (const auto& each : host.routes()) {
        if (each.model == model) return each;
    }
    BOOST_FAIL("no route " << model);
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_pins)

BOOST_AUTO_TEST_CASE(routes_tell_tiers_targets_and_pins) {
    const auto host = two_tiers();
    const auto info = route(*host, "m");
    BOOST_REQUIRE(info.tiers.size() == 2u);
    BOOST_REQUIRE(info.tiers[0].size() == 1u);
    BOOST_TEST(info.tiers[0][0].provider == "a");
    BOOST_TEST(info.tiers[0][0].model == "ma");
    BOOST_TEST(info.tiers[1][0].provider == "b");
    BOOST_TEST(info.tiers[1][0].weight == 2.0);
    BOOST_TEST(!info.pinned_to.has_value());
    BOOST_TEST(host->pin_route({"alias", "b"}).has_value());
    BOOST_TEST(route(*host, "m").pinned_to.value_or("") == "b");
    BOOST_TEST(!route(*host, "m").pin_forced);
}

BOOST_AUTO_TEST_CASE(a_pin_asks_its_provider_first_until_it_is_taken_away) {
    const auto host = two_tiers();
    BOOST_TEST(who_answers(*host, "m") == "a");
    BOOST_TEST(host->pin_route({"m", "b"}).has_value());
    BOOST_TEST(who_answers(*host, "m") == "b");
    BOOST_TEST(host->unpin_route("alias").value());
    BOOST_TEST(!host->unpin_route("m").value());
    BOOST_TEST(who_answers(*host, "m") == "a");
}

BOOST_AUTO_TEST_CASE(a_pinned_provider_that_fails_has_the_others_behind_it) {
    const auto host = two_tiers(R"({"fail_every":1})");
    BOOST_TEST(host->pin_route({"m", "b"}).has_value());
    BOOST_TEST(who_answers(*host, "m") == "a");
    BOOST_TEST(statistics_of(*host, "b").attempts.failed > 0u);
}

BOOST_AUTO_TEST_CASE(a_forced_pin_asks_nobody_else) {
    const auto host = two_tiers(R"({"fail_every":1})");
    BOOST_TEST(host->pin_route({"m", "b", {}, true}).has_value());
    const auto answer = host->complete(ask({}, "hi", "m"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST(contains(answer.error().message, "pinned to b"), answer.error().message);
    BOOST_TEST(statistics_of(*host, "a").attempts.started == 0u);
    BOOST_TEST(route(*host, "m").pin_forced);
    BOOST_TEST(host->pin_route({"m", "a", {}, true}).has_value());
    BOOST_TEST(who_answers(*host, "m") == "a");
}

BOOST_AUTO_TEST_CASE(a_forced_pin_passes_an_open_breaker_by) {
    const auto host = two_tiers();
    BOOST_TEST(host->set_breaker("b", {}, host::BreakerCommand::force_open).has_value());
    BOOST_TEST(host->pin_route({"m", "b", {}, true}).has_value());
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(a_pin_ends_with_its_time) {
    const auto host = two_tiers();
    BOOST_TEST(host->pin_route({"m", "b", std::chrono::milliseconds(30)}).has_value());
    eventually("expired", [&] { return !route(*host, "m").pinned_to.has_value(); });
    BOOST_TEST(who_answers(*host, "m") == "a");
    BOOST_TEST(!host->pin_route({"m", "b", std::chrono::milliseconds(-1)}).has_value());
}

BOOST_AUTO_TEST_CASE(a_pin_of_nothing_that_is_there_says_what_is_meant) {
    const auto host = two_tiers();
    const auto no_route = host->pin_route({"alis", "b"});
    BOOST_REQUIRE(!no_route);
    BOOST_TEST(contains(no_route.error().message, "alias"), no_route.error().message);
    const auto no_provider = host->pin_route({"m", "c"});
    BOOST_REQUIRE(!no_provider);
    BOOST_TEST((no_provider.error().code == Code::not_found));
    const auto not_there = host->pin_route({"m", "other"});
    BOOST_REQUIRE(!not_there);
    BOOST_TEST(contains(not_there.error().message, "a or b"), not_there.error().message);
}

BOOST_AUTO_TEST_CASE(a_pin_may_last_for_ever) {
    const auto host = two_tiers();
    BOOST_TEST(host->pin_route({"m", "b", std::chrono::milliseconds::max()}).has_value());
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(a_pin_survives_a_provider_that_is_added) {
    const auto host = two_tiers();
    BOOST_TEST(host->pin_route({"m", "b"}).has_value());
    add(*host, "new", "mock");
    BOOST_TEST(who_answers(*host, "m") == "b");
    BOOST_TEST(route(*host, "m").pinned_to.value_or("") == "b");
}

BOOST_AUTO_TEST_SUITE_END()

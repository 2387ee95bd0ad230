#include "config/routes.hpp"

#include "core/route_table.hpp"
#include "unit/config/given.hpp"

/// Routes: how they are read, and where a wrong one is wrong.
namespace tenon::config {
namespace {

/// A file with two providers and `rest`, which begins in line 2.
std::string file_of(std::string_view rest) {
    return "{\"providers\": {\"openai\": {\"kind\": \"m\"}, \"local\": {\"kind\": \"m\"}},\n" +
           std::string(rest) + "}";
}

std::string fault_of(std::string_view rest) {
    return problems_of(file_of(rest));
}

BOOST_AUTO_TEST_SUITE(config_routes)

BOOST_AUTO_TEST_CASE(routes_are_read_with_all_their_members) {
    const Config config = good(file_of(R"("default_model": "small", "nested_fallbacks": false,
        "routes": [
          {"model": "big", "aliases": ["large", "best"],
           "tiers": [[{"provider": "openai", "model": "gpt", "weight": 2.5},
                      {"provider": "local"}], [{"provider": "local", "model": "x"}]],
           "fallbacks": {"unavailable": ["small"], "deadline": ["a1"], "throttled": ["a2"],
                         "context_window": ["a3"], "content_filter": ["a4"]}},
          {"model": "small", "tiers": [[{"provider": "local"}]]},
          {"model": "a*", "tiers": [[{"provider": "local", "model": "b*"}]]}])"));
    BOOST_TEST(config.default_model == "small");
    BOOST_TEST(!config.nested_fallbacks);
    BOOST_REQUIRE(config.routes.size() == 3U);
    const core::RouteSpec& big = config.routes[0];
    BOOST_TEST(big.model == "big");
    BOOST_TEST(big.aliases.size() == 2U);
    BOOST_REQUIRE(big.tiers.size() == 2U);
    BOOST_REQUIRE(big.tiers[0].size() == 2U);
    BOOST_TEST(big.tiers[0][0].provider == "openai");
    BOOST_TEST(big.tiers[0][0].model == "gpt");
    BOOST_TEST(big.tiers[0][0].weight == 2.5);
    BOOST_TEST(big.tiers[0][1].model == "");
    BOOST_TEST(big.tiers[0][1].weight == 1);
    BOOST_TEST(big.tiers[1][0].model == "x");
    const std::vector<std::string> first = {"small", "a1", "a2", "a3", "a4"};
    for (std::size_t cause = 0; cause < core::kCauses; ++cause) {
        BOOST_TEST(big.fallbacks[cause].at(0) == first[cause]);
    }
    BOOST_TEST(config.routes[1].fallbacks[0].empty());
}

BOOST_AUTO_TEST_CASE(a_table_is_built_of_them_whose_numbers_are_the_places_of_the_providers) {
    const Config config =
        good(file_of(R"("routes": [{"model": "m", "tiers": [[{"provider": "openai"}]]}])"));
    const auto table = core::RouteTable::build(route_spec(config));
    BOOST_REQUIRE(table);
    const auto openai = config.providers.find("openai");
    BOOST_TEST(table->provider("openai").value() ==
               static_cast<std::uint32_t>(std::distance(config.providers.begin(), openai)));
    BOOST_TEST(table->find("m")->route->tiers[0].targets[0].provider ==
               table->provider("openai").value());
    BOOST_TEST(table->nested_fallbacks());
}

BOOST_AUTO_TEST_CASE(an_unknown_provider_is_shown_where_it_stands) {
    BOOST_TEST(fault_of(R"("routes": [{"model": "m", "tiers": [[{"provider": "local"}],
[{"provider": "openai"}, {"provider": "opnai", "model": "x"}]]}])") ==
               "c.json:3:26: routes[0].tiers[1][1]: Route \"m\": tier 2: there is no provider "
               "\"opnai\"; did you mean 'openai'?\n");
}

BOOST_AUTO_TEST_CASE(each_part_of_a_route_is_shown_where_it_stands) {
    const std::string good_route = R"({"model": "m", "tiers": [[{"provider": "local"}]]})";
    const auto place = [&](const std::string& route) {
        const std::string found = fault_of("\"routes\": [" + good_route + ",\n" + route + "]");
        return found.substr(0, found.find(": Route"));
    };
    const std::string tiers = R"(, "tiers": [[{"provider": "local"}]])";
    BOOST_TEST(place(R"({"model": "m")" + tiers + "}") == "c.json:3:11: routes[1].model");
    BOOST_TEST(place(R"({"model": "a*b")" + tiers + "}") == "c.json:3:11: routes[1].model");
    BOOST_TEST(place(R"({"model": "n", "aliases": ["o", "m"])" + tiers + "}") ==
               "c.json:3:33: routes[1].aliases[1]");
    BOOST_TEST(place(R"({"model": "n"})") == "c.json:3:1: routes[1].tiers");
    BOOST_TEST(place(R"({"model": "n", "tiers": [[]]})") == "c.json:3:26: routes[1].tiers[0]");
    BOOST_TEST(place(R"({"model": "n", "fallbacks": {"deadline": ["m", "x"]})" + tiers + "}") ==
               "c.json:3:48: routes[1].fallbacks.deadline[1]");
    BOOST_TEST(place(R"({"model": "n", "fallbacks": {"unavailable": ["n"]})" + tiers + "}") ==
               "c.json:3:45: routes[1].fallbacks.unavailable");
}

BOOST_AUTO_TEST_CASE(a_default_model_needs_a_route) {
    BOOST_TEST(fault_of(R"("default_model": "smal",
        "routes": [{"model": "small", "tiers": [[{"provider": "local"}]]}])") ==
               "c.json:2:18: default_model: The default model: there is no route for \"smal\"; did "
               "you mean 'small'?\n");
}

BOOST_AUTO_TEST_CASE(a_circle_of_fall_backs_is_refused_unless_they_do_not_count) {
    const std::string routes = R"("routes": [
      {"model": "a", "tiers": [[{"provider": "local"}]], "fallbacks": {"unavailable": ["b"]}},
      {"model": "b", "tiers": [[{"provider": "local"}]], "fallbacks": {"unavailable": ["a"]}}])";
    BOOST_TEST(fault_of(routes).starts_with("c.json:3:87: routes[0].fallbacks.unavailable: "),
               fault_of(routes));
    BOOST_TEST(good(file_of(routes + ", \"nested_fallbacks\": false")).routes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_member_is_told_with_its_place_and_nothing_follows) {
    BOOST_TEST(fault_of(R"("routes": [{"model": "m", "tiers": [[{"provider": "local",
"wieght": 1}]]}])") ==
               "c.json:3:1: routes[0].tiers[0][0].wieght: unknown key; did you mean 'weight'?\n");
    BOOST_TEST(fault_of(R"("routes": [{"model": "", "tiers": [[{"provider": "nobody"}]]}])") ==
               "c.json:2:22: routes[0].model: must not be empty\n");
    BOOST_TEST(fault_of(R"("routes": [{"model": "m", "tiers": [{"provider": "local"}]}])") ==
               "c.json:2:37: routes[0].tiers[0]: expected an array, got an object\n");
    BOOST_TEST(fault_of(R"("routes": {"m": []})") ==
               "c.json:2:11: routes: expected an array, got an object\n");
    BOOST_TEST(fault_of(R"("routes": [1])") ==
               "c.json:2:12: routes[0]: expected an object, got a number\n");
    BOOST_TEST(fault_of(R"("routes": [{"model": "m", "fallbacks": {"deadlin": []},
        "tiers": [[{"provider": "local"}]]}])") ==
               "c.json:2:41: routes[0].fallbacks.deadlin: unknown key; did you mean 'deadline'?\n");
}

BOOST_AUTO_TEST_CASE(names_in_routes_may_come_from_the_environment) {
    const Config config = good(file_of(R"("routes": [{"model": "${M}", "tiers": [[
        {"provider": "${P}", "model": "${N:-n}"}]]}])"),
                               {{"M", "m"}, {"P", "local"}});
    BOOST_TEST(config.routes[0].model == "m");
    BOOST_TEST(config.routes[0].tiers[0][0].provider == "local");
    BOOST_TEST(config.routes[0].tiers[0][0].model == "n");
}

BOOST_AUTO_TEST_CASE(failover_and_balancer_are_read) {
    const Config config = good(R"({
      "failover": {"repeat": false, "connect_on_demand": false, "wait_when_down": "2s",
                   "last_resort": true},
      "balancer": {"policy": "round_robin", "session_affinity": true, "slow_start": "0s",
                   "slow_start_floor": 0.2, "ailing_below": 0.3}})");
    BOOST_TEST(!config.failover.repeat);
    BOOST_TEST(!config.failover.connect_on_demand);
    BOOST_TEST((config.failover.wait_when_down == std::chrono::seconds(2)));
    BOOST_TEST(config.failover.last_resort);
    BOOST_TEST((config.balancer.policy == core::BalancePolicy::round_robin));
    BOOST_TEST(config.balancer.session_affinity);
    BOOST_TEST((config.balancer.slow_start == std::chrono::seconds(0)));
    BOOST_TEST(config.balancer.slow_start_floor == 0.2);
    BOOST_TEST(config.balancer.ailing_below == 0.3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config

#include "managed_fixture.hpp"

#include <set>

using namespace tenon;
using namespace tenon::test;

namespace {

/// Three providers; "bad" always fails with something that may pass.
const std::string kProviders = R"("providers":{
    "a":{"kind":"mock","models":["shared","only-a"],"default_model":"only-a",
         "model_aliases":{"nick":"only-a"}},
    "b":{"kind":"mock","models":["shared"]},
    "bad":{"kind":"mock","config":{"fail_every":1},"breaker":{"enabled":false}}},
    "retry":{"request":{"backoff":{"base":"1ms"}}})";

std::string with_routes(const std::string& routes, const std::string& more = {}) {
    return R"({"routes":[)" + routes + "]," + more + kProviders + "}";
}

/// Every provider stands in a tier of its own.
std::string tiers(const std::string& model, const std::vector<std::string>& providers,
                  const std::string& fallbacks = "{}") {
    std::string out = R"({"model":")" + model + R"(","tiers":[)";
    for (const auto& provider : providers) {
        if (out.back() == ']') out += ',';
        out += R"([{"provider":")" + provider + R"("}])";
    }
    return out + R"(],"fallbacks":)" + fallbacks + '}';
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_routing)

BOOST_AUTO_TEST_CASE(the_first_tier_answers_while_it_can) {
    const auto host = open_with(with_routes(tiers("m", {"a", "b"})), quiet());
    for (int i = 0; i < 5; ++i) BOOST_TEST(who_answers(*host, "m") == "a");
    BOOST_TEST(statistics_of(*host, "b").requests.started == 0u);
}

BOOST_AUTO_TEST_CASE(a_backup_answers_when_the_primary_fails) {
    const auto host = open_with(with_routes(tiers("m", {"bad", "b"})), quiet());
    const auto answer = host->complete(ask({}, "hi", "m"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->provider == "b");
    BOOST_TEST(answer->text == "You said: hi");
    BOOST_TEST(answer->attempts >= 2);
    const auto first = statistics_of(*host, "bad");
    BOOST_TEST(first.fail_overs == 1u);
    BOOST_TEST(first.requests.succeeded == 1u);
    BOOST_TEST(first.attempts.failed == static_cast<std::uint64_t>(answer->attempts - 1));
}

BOOST_AUTO_TEST_CASE(a_disabled_or_disconnected_primary_is_passed_over_without_an_attempt) {
    const auto host = open_with(with_routes(tiers("m", {"a", "b"})), quiet());
    for (const auto command : {host::Command::disconnect, host::Command::disable}) {
        tell(*host, "a", command, kSettle);
        const auto answer = host->complete(ask({}, "hi", "m"));
        BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
        BOOST_TEST(answer->provider == "b");
        BOOST_TEST(answer->attempts == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_goes_to_the_model_for_large_ones) {
    const auto host = open_with(
        with_routes(R"({"model":"m","tiers":[[{"provider":"a","model":"fault-too-large"}]],
                        "fallbacks":{"context_window":["large"],"unavailable":["other"]}},)" +
                    tiers("large", {"b"}) + ',' + tiers("other", {"a"})),
        quiet());
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(content_that_is_refused_goes_to_the_model_for_it) {
    const auto host =
        open_with(with_routes(R"({"model":"m","tiers":[[{"provider":"a","model":"fault-refused"}]],
                        "fallbacks":{"content_filter":["free"],"unavailable":["other"]}},)" +
                              tiers("free", {"b"}) + ',' + tiers("other", {"a"})),
                  quiet());
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(without_a_chain_for_it_a_request_that_is_too_large_fails_as_such) {
    const auto host = open_with(
        with_routes(R"({"model":"m","tiers":[[{"provider":"a","model":"fault-too-large"}]],
                        "fallbacks":{"unavailable":["other"]}},)" +
                    tiers("other", {"b"})),
        quiet());
    const auto answer = host->complete(ask({}, "hi", "m"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::too_large), why(answer));
    BOOST_TEST(statistics_of(*host, "b").requests.started == 0u);
}

BOOST_AUTO_TEST_CASE(models_that_are_all_down_go_on_to_the_next_model) {
    const auto host = open_with(with_routes(tiers("m", {"bad"}, R"({"unavailable":["other"]})") +
                                            ',' + tiers("other", {"b"})),
                                quiet());
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(aliases_and_patterns_lead_to_their_route) {
    const auto host =
        open_with(with_routes(R"({"model":"m","aliases":["alias"],"tiers":[[{"provider":"b"}]]},
                       {"model":"star-*","tiers":[[{"provider":"a","model":"there-*"}]]})"),
                  quiet());
    BOOST_TEST(who_answers(*host, "alias") == "b");
    const auto answer = host->complete(ask({}, "hi", "star-x"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->provider == "a");
    BOOST_TEST(answer->model == "there-x");
}

BOOST_AUTO_TEST_CASE(a_model_behind_a_providers_name_is_asked_there_and_nowhere_else) {
    const auto host = open_with(with_routes(tiers("m", {"a", "b"})), quiet());
    BOOST_TEST(who_answers(*host, "b/shared") == "b");
    BOOST_TEST(who_answers(*host, "b/anything") == "b");
    BOOST_TEST(host->complete(ask({}, "hi", "a/nick"))->model == "only-a");
    BOOST_TEST(!host->complete(ask({}, "hi", "bad/shared")).has_value());
    BOOST_TEST(statistics_of(*host, "a").requests.started == 1u);
}

BOOST_AUTO_TEST_CASE(a_model_that_two_providers_list_is_asked_at_the_other_when_one_is_down) {
    const auto host = open_with(with_routes("", R"("default_provider":"b",)"), quiet());
    for (int i = 0; i < 5; ++i) BOOST_TEST(who_answers(*host, "shared") == "b");
    tell(*host, "b", host::Command::disconnect, kSettle);
    BOOST_TEST(who_answers(*host, "shared") == "a");
    BOOST_TEST(who_answers(*host, "nick") == "a");
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_named_is_asked_and_nobody_else) {
    const auto host = open_with(with_routes(tiers("shared", {"a", "b"})), quiet());
    const auto answer = host->complete(ask("bad", "hi", "shared"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::unavailable));
    BOOST_TEST(host->complete(ask("b", "hi", "shared"))->provider == "b");
    BOOST_TEST(statistics_of(*host, "a").requests.started == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_without_a_model_takes_the_default_one) {
    const auto host = open_with(
        with_routes(tiers("m", {"b"}), R"("default_model":"m","default_provider":"a",)"), quiet());
    const auto bare = host->complete("hi");
    BOOST_REQUIRE_MESSAGE(bare.has_value(), why(bare));
    BOOST_TEST(bare->provider == "b");
    const auto named = host->complete(ask("a", "hi"));
    BOOST_REQUIRE_MESSAGE(named.has_value(), why(named));
    BOOST_TEST(named->model == "only-a");
}

BOOST_AUTO_TEST_CASE(an_unknown_model_is_an_error_with_the_nearest_name) {
    const auto host = open_with(with_routes(tiers("large-model", {"a"})), quiet());
    const auto answer = host->complete(ask({}, "hi", "large-modl"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::not_found));
    BOOST_TEST(contains(answer.error().message, "large-model"), answer.error().message);
}

BOOST_AUTO_TEST_CASE(requests_of_one_session_stay_with_one_provider) {
    const auto host =
        open_with(with_routes(R"({"model":"m","tiers":[[{"provider":"a"},{"provider":"b"}]]})",
                              R"("balancer":{"session_affinity":true},)"),
                  quiet());
    std::set<std::string> seen;
    for (int session = 0; session < 32; ++session) {
        auto request = ask({}, "hi", "m");
        request.options.session = "session " + std::to_string(session);
        const auto first = host->complete(request);
        BOOST_REQUIRE_MESSAGE(first.has_value(), why(first));
        seen.insert(first->provider);
        for (int i = 0; i < 4; ++i)
            BOOST_TEST(host->complete(request)->provider == first->provider);
    }
    BOOST_TEST(seen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(weights_share_the_requests_and_a_weight_of_zero_gets_none) {
    const auto host = open_with(
        with_routes(R"({"model":"m","tiers":[[{"provider":"a","weight":3},{"provider":"b"},
                                              {"provider":"bad","weight":0}]]},
                       {"model":"drained","tiers":[[{"provider":"a","weight":0}]]})",
                    R"("balancer":{"policy":"weighted","slow_start":"0s"},)"),
        quiet());
    for (int i = 0; i < 400; ++i) who_answers(*host, "m");
    BOOST_TEST(statistics_of(*host, "a").requests.started >
               2 * statistics_of(*host, "b").requests.started);
    BOOST_TEST(statistics_of(*host, "b").requests.started > 0u);
    BOOST_TEST(statistics_of(*host, "bad").requests.started == 0u);
    const auto drained = host->complete(ask({}, "hi", "drained"));
    BOOST_REQUIRE(!drained);
    BOOST_TEST(contains(drained.error().message, "a is drained"), drained.error().message);
}

BOOST_AUTO_TEST_CASE(when_all_are_down_the_error_names_each_with_its_reason) {
    const auto host = open_with(R"({"routes":[{"model":"m","tiers":[[{"provider":"off"}],
        [{"provider":"byhand"}],[{"provider":"key"}],[{"provider":"gone"}],[{"provider":"bad"}]]}],
        "retry":{"request":{"backoff":{"base":"1ms"}}},
        "providers":{"off":{"kind":"mock","enabled":false},"byhand":{"kind":"mock"},
        "key":{"kind":"mock-session","config":{"connect":"auth"}},
        "gone":{"kind":"no-such-kind"},
        "bad":{"kind":"mock","config":{"fail_every":1}}}})",
                                quiet());
    tell(*host, "byhand", host::Command::disconnect, kSettle);
    tell(*host, "key", host::Command::connect, kSettle);
    const auto answer = host->complete(ask({}, "hi", "m"));
    BOOST_REQUIRE(!answer);
    const std::string& message = answer.error().message;
    for (const char* part : {"off is disabled", "byhand was disconnected by hand",
                             "key is misconfigured (the mock failed as asked: auth)",
                             "gone is misconfigured (", "no-such-kind", "bad (m) failed: "}) {
        BOOST_TEST(contains(message, part), part << " is not in: " << message);
    }
}

BOOST_AUTO_TEST_CASE(a_request_may_wait_for_the_first_provider_that_comes_back) {
    const auto host = open_with(
        R"({"failover":{"wait_when_down":"1h"},"timeouts":{"request":"1h","connect":"1h"},
            "routes":[{"model":"m","tiers":[[{"provider":"sick"}]]}],
            "connection":{"reconnect_attempts":1},"retry":{"max_attempts":1},
            "providers":{"sick":{"kind":"mock-session","config":{"connect":"fail","connect_times":1}}}})",
        quiet());
    BOOST_TEST(tell(*host, "sick", host::Command::connect, kSettle).state == "unhealthy");
    Requests requests;
    requests.start(*host, ask({}, "hi", "m"));
    tell(*host, "sick", host::Command::recover);
    const auto answer = requests.take();
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
}

BOOST_AUTO_TEST_CASE(a_provider_is_connected_on_demand_or_skipped_as_configured) {
    for (const bool on_demand : {true, false}) {
        const auto host = open_with(
            std::string(R"({"failover":{"connect_on_demand":)") + (on_demand ? "true" : "false") +
                R"(},"routes":[{"model":"m","tiers":[[{"provider":"session"}],[{"provider":"b"}]]}],
                "providers":{"session":{"kind":"mock-session"},
                "b":{"kind":"mock","connection":{"connect":"at_start"}}}})",
            quiet());
        BOOST_TEST(who_answers(*host, "m") == (on_demand ? "session" : "b"));
        BOOST_TEST(status_of(*host, "session").state == (on_demand ? "connected" : "disconnected"));
    }
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_connected_by_hand_only_is_not_connected_by_requests) {
    const auto host = open_host(quiet());
    add(*host, "manual", "mock-session", "{}", R"({"connection":{"connect":"manual"}})");
    const auto refused = host->complete(ask("manual", "x"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(status_of(*host, "manual").state == "disconnected");
    BOOST_TEST(contains(refused.error().message, "manual"), refused.error().message);
    tell(*host, "manual", host::Command::connect, kSettle);
    BOOST_TEST(host->complete(ask("manual", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(a_configured_provider_may_connect_at_the_start) {
    const auto host = open_with(
        R"({"providers":{"s":{"kind":"mock-session","connection":{"connect":"at_start"}}}})",
        quiet());
    eventually("connected", [&] { return status_of(*host, "s").state == "connected"; });
    BOOST_TEST(status_of(*host, "s").wanted == "connected");
}

BOOST_AUTO_TEST_SUITE_END()

#include "managed_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// What the host says about this configuration file.
std::string refusal(const std::string& json) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("tenon_refused_" + std::to_string(::getpid()) + ".json");
    std::ofstream(path) << json;
    host::HostOptions options;
    options.config_file = path;
    options.load_installed_plugins = false;
    const auto opened = host::Host::open(options);
    std::filesystem::remove(path);
    BOOST_REQUIRE(!opened);
    return opened.error().message;
}

/// What add_provider() says about these settings.
std::string refused_settings(const std::string& settings) {
    const auto host = open_host(quiet());
    const auto added = host->add_provider({"p", "mock", "{}", {}, settings});
    BOOST_REQUIRE(!added);
    BOOST_TEST(host->status().empty());
    return added.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_settings)

BOOST_AUTO_TEST_CASE(a_profile_changes_the_defaults_under_those_of_the_file) {
    auto options = quiet();
    for (const auto& [profile, limit] :
         {std::pair("production", 10U), {"development", 10U}, {"high_latency", 2U}}) {
        options.profile = profile;
        const auto host = open_host(options);
        add(*host, "p", "mock");
        BOOST_TEST(status_of(*host, "p").permits.limit == limit, profile);
    }
    const auto host = open_with(R"({"profile":"high_latency","permits":{"limit":4}})", options);
    add(*host, "p", "mock");
    BOOST_TEST(status_of(*host, "p").permits.limit == 4u);
}

BOOST_AUTO_TEST_CASE(the_development_profile_does_not_retry) {
    auto options = quiet();
    options.profile = "development";
    const auto host = open_host(options);
    add(*host, "p", "mock", R"({"fail_every":1,"fail_times":1})");
    BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    BOOST_TEST(statistics_of(*host, "p").retries == 0u);
}

BOOST_AUTO_TEST_CASE(an_unknown_profile_names_those_there_are) {
    host::HostOptions options;
    options.profile = "fast";
    const auto opened = host::Host::open(options);
    BOOST_REQUIRE(!opened);
    for (const char* name : {"fast", "production", "development", "high_latency"}) {
        BOOST_TEST(contains(opened.error().message, name), opened.error().message);
    }
}

BOOST_AUTO_TEST_CASE(without_pooling_each_request_has_a_connection_of_its_own) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session", "{}", R"({"pool":{"pooling":false}})");
    for (int i = 0; i < 3; ++i) BOOST_TEST(host->complete(ask("p", "x")).has_value());
    BOOST_TEST(statistics_of(*host, "p").connects >= 3u);
    BOOST_TEST(status_of(*host, "p").pool.idle == 0u);
}

BOOST_AUTO_TEST_CASE(one_permit_lets_one_request_through_at_a_time) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock", R"({"fail_every":1,"fail_with":"silent"})",
        R"({"permits":{"limit":1,"queue":1}})");
    Requests requests;
    const auto first = requests.start(*host, ask("p", "x"));
    eventually("held", [&] { return status_of(*host, "p").permits.held == 1; });
    const auto second = requests.start(*host, ask("p", "x"));
    eventually("waiting", [&] { return status_of(*host, "p").permits.waiting == 1; });
    const auto third = host->complete(ask("p", "x"));
    BOOST_REQUIRE(!third);
    BOOST_TEST(contains(third.error().message, "p"), third.error().message);
    BOOST_TEST(statistics_of(*host, "p").attempts.rejected == 1u);
    second->cancel();
    first->cancel();
    while (requests.size() > 0) BOOST_TEST(!requests.take().has_value());
}

BOOST_AUTO_TEST_CASE(a_breaker_that_is_off_counts_and_lets_everything_through) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock", R"({"fail_every":1})",
        R"({"breaker":{"enabled":false},"retry":{"max_attempts":1}})");
    for (int i = 0; i < 12; ++i) BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    const auto status = status_of(*host, "p");
    BOOST_TEST(status.breaker.state == "disabled");
    BOOST_TEST(status.breaker.failures == 12u);
    BOOST_TEST(statistics_of(*host, "p").attempts.failed == 12u);
}

BOOST_AUTO_TEST_CASE(without_jitter_breakers_stay_open_for_exactly_their_time) {
    const auto host = open_host(quiet());
    for (int i = 0; i < 8; ++i) {
        const std::string name = "p" + std::to_string(i);
        add(*host, name, "mock", R"({"fail_every":1})",
            R"({"jitter":false,"retry":{"max_attempts":1},
                "breaker":{"failure_threshold":1,"min_throughput":1,"recovery":"5m"}})");
        BOOST_TEST(!host->complete(ask(name, "x")).has_value());
        const auto left = status_of(*host, name).breaker.retry_after;
        BOOST_TEST((left <= std::chrono::minutes(5) + std::chrono::seconds(1)));  // jitter: 30 s
        BOOST_TEST((left > std::chrono::minutes(4)));
    }
}

BOOST_AUTO_TEST_CASE(without_recovery_a_connection_that_cannot_be_made_is_left_alone) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session", R"({"connect":"fail","connect_times":1})",
        R"({"connection":{"auto_recovery":false}})");
    const auto reply = tell(*host, "p", host::Command::connect, kSettle);
    BOOST_TEST(reply.state == "disconnected");
    BOOST_TEST(contains(reply.message, "the mock failed as asked"), reply.message);
    BOOST_TEST(statistics_of(*host, "p").connect_failures == 1u);
    BOOST_TEST(tell(*host, "p", host::Command::connect, kSettle).state == "connected");
}

BOOST_AUTO_TEST_CASE(settings_with_mistakes_are_refused_with_all_of_them) {
    const std::string message =
        refused_settings(R"({"permits":{"limit":0},"braker":{},"timeouts":{"request":"soon"}})");
    BOOST_TEST(contains(message, "permits.limit"), message);
    BOOST_TEST(contains(message, "did you mean 'breaker'?"), message);
    BOOST_TEST(contains(message, "timeouts.request"), message);
    BOOST_TEST(contains(refused_settings("[]"), "object"));
    BOOST_TEST(!refused_settings("{").empty());
}

BOOST_AUTO_TEST_CASE(a_plugins_own_keys_are_checked_too) {
    const auto host = open_host(quiet());
    const auto added =
        host->add_provider({"p", "mock", R"({"latency_ms":-1,"anser":"x","health":"great"})", {}});
    BOOST_REQUIRE(!added);
    for (const char* key : {"latency_ms", "anser", "health"}) {
        BOOST_TEST(contains(added.error().message, key), added.error().message);
    }
}

BOOST_AUTO_TEST_CASE(without_active_checks_nothing_is_checked) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock", R"({"health":"fail"})",
        R"({"jitter":false,"health":{"interval":"1ms","min_gap":"1ms","recheck":"1ms"}})");
    tell(*host, "p", host::Command::connect, kSettle);
    for (int i = 0; i < 50; ++i) BOOST_TEST(host->complete(ask("p", "x")).has_value());
    BOOST_TEST(statistics_of(*host, "p").health_checks == 0u);
    BOOST_TEST(status_of(*host, "p").state == "connected");
}

BOOST_AUTO_TEST_CASE(a_file_with_mistakes_is_refused_with_line_and_column_of_each) {
    const std::string message = refusal(R"({
  "permits": {"limit": 0},
  "providers": {
    "a": {"kind": "mock", "tiemouts": {}}
  },
  "routes": [{"model": "m", "tiers": [[{"provider": "nobody"}]]}]
})");
    BOOST_TEST(contains(message, ".json:2:24: permits.limit"), message);
    BOOST_TEST(contains(message, ".json:4:27: providers.a.tiemouts"), message);
    BOOST_TEST(contains(message, "did you mean 'timeouts'?"), message);
    BOOST_TEST(contains(message, "nobody"), message);
    BOOST_TEST(contains(message, ".json:6:"), message);
}

BOOST_AUTO_TEST_CASE(a_provider_that_cannot_be_made_does_not_stop_the_others) {
    const auto host = open_with(R"({"providers":{
        "good":{"kind":"mock"},
        "odd":{"kind":"mock","config":{"latency_ms":"much"}},
        "key":{"kind":"openai","config":{"api_key":"${TENON_TEST_NO_SUCH_VARIABLE}"}}}})",
                                quiet());
    BOOST_TEST(host->complete(ask("good", "x")).has_value());
    const auto odd = status_of(*host, "odd");
    BOOST_TEST(odd.state == "misconfigured");
    BOOST_TEST(contains(odd.last_error, "latency_ms"), odd.last_error);
    const auto key = status_of(*host, "key");
    BOOST_TEST(key.state == "misconfigured");
    BOOST_TEST(contains(key.last_error, "TENON_TEST_NO_SUCH_VARIABLE"), key.last_error);
    const auto answer = host->complete(ask("odd", "x"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST(answer.error().message == odd.last_error);
    BOOST_TEST(!host->set_breaker("odd", {}, host::BreakerCommand::reset).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

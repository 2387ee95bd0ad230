#include "config/profile.hpp"

#include <chrono>

#include "config/derive.hpp"
#include "config/describe.hpp"
#include "config/schema.hpp"
#include "config/show.hpp"
#include "unit/config/given.hpp"

/// Profiles: what they change, and what goes before them.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(config_profile)

BOOST_AUTO_TEST_CASE(production_is_the_default_and_has_the_defaults_of_the_structs) {
    BOOST_TEST((good("{}").profile == Profile::production));
    BOOST_TEST(show(defaults_of(Profile::production)) == show(Config()));
    BOOST_TEST(show(good(R"({"profile": "production"})")) == show(good("{}")));
}

BOOST_AUTO_TEST_CASE(the_defaults_of_production_are_those_of_the_design) {
    const Config config = good("{}");
    BOOST_TEST(config.pool.max_connections == 5U);
    BOOST_TEST((config.pool.idle_timeout == 300s));
    BOOST_TEST((config.pool.acquire_timeout == 5s));
    BOOST_TEST(config.pool.max_connecting == 2U);
    BOOST_TEST(config.permits.permits == 10U);
    BOOST_TEST(config.permits.queue == 100U);
    BOOST_TEST(config.breaker.failure_threshold == 5);
    BOOST_TEST((config.breaker.window == 60s));
    BOOST_TEST(config.breaker.min_throughput == 3);
    BOOST_TEST((config.breaker.recovery == 30s));
    BOOST_TEST(config.breaker.recovery_jitter == 0.1);
    BOOST_TEST(config.breaker.probes == 1);
    BOOST_TEST(config.retry.max_attempts == 3);
    BOOST_TEST((config.retry.request.backoff.base == 100ms));
    BOOST_TEST(config.retry.request.backoff.growth == 2);
    BOOST_TEST((config.retry.request.backoff.cap == 30s));
    BOOST_TEST((config.retry.request.backoff.jitter == core::Jitter::full));
    BOOST_TEST((config.health.interval == 30s));
    BOOST_TEST((config.health.recheck == 5s));
    BOOST_TEST(config.health.unhealthy_after == 3);
    BOOST_TEST(config.connection.reconnect_attempts == 3);
    BOOST_TEST((config.connection.reconnect_delay == 5s));
}

BOOST_AUTO_TEST_CASE(each_profile_is_good_and_like_no_other) {
    std::vector<std::string> shown;
    for (const Choice<Profile>& profile : kProfiles) {
        const Config config = good(R"({"profile": ")" + std::string(profile.name) +
                                   R"(", "providers": {"a": {"kind": "m"}}})");
        BOOST_TEST((config.profile == profile.value));
        for (const std::string& other : shown) BOOST_TEST((other != show(config)), profile.name);
        shown.push_back(show(config));
    }
    BOOST_TEST(shown.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_the_file_says_goes_before_the_profile_wherever_it_stands) {
    const Config config = good(R"({"retry": {"max_attempts": 2}, "profile": "development",
        "providers": {"a": {"kind": "m", "timeouts": {"idle": "9s"}}}})");
    BOOST_TEST(config.retry.max_attempts == 2);
    BOOST_TEST((config.timeouts.idle == 20s));
    BOOST_TEST((config.log.level == base::LogLevel::debug));
    const ProviderConfig& provider = config.providers.at("a");
    BOOST_TEST(provider.retry.max_attempts == 2);
    BOOST_TEST((provider.timeouts.idle == 9s));
    BOOST_TEST((provider.timeouts.stream == 2min));
    BOOST_TEST(!provider.jitter);
    BOOST_TEST(provider.breaker.recovery_jitter == 0);
}

BOOST_AUTO_TEST_CASE(high_latency_waits_for_minutes) {
    const Config config = good(R"({"profile": "high_latency"})");
    BOOST_TEST((config.timeouts.first_byte == 300s));
    BOOST_TEST((config.timeouts.idle == 300s));
    BOOST_TEST((config.timeouts.request == 900s));
    BOOST_TEST((config.timeouts.stream == 3600s));
    BOOST_TEST((config.breaker.attempt_timeout == 3600s));
    BOOST_TEST(config.permits.permits < Config().permits.permits);
    BOOST_TEST((config.breaker.window > Config().breaker.window));
}

BOOST_AUTO_TEST_CASE(a_profile_may_come_from_the_environment) {
    const std::string_view file = R"({"profile": "${PROFILE:-production}"})";
    BOOST_TEST((good(file).profile == Profile::production));
    const Config config = good(file, {{"PROFILE", "development"}});
    BOOST_TEST((config.profile == Profile::development));
    BOOST_TEST(config.retry.max_attempts == 1);
}

BOOST_AUTO_TEST_CASE(a_wrong_profile_is_told_once) {
    BOOST_TEST(problems_of(R"({"profile": "prod"})") ==
               "c.json:1:13: profile: not one of production, development, high_latency\n");
    BOOST_TEST(problems_of(R"({"profile": "high-latency"})") ==
               "c.json:1:13: profile: not one of production, development, high_latency; did you "
               "mean 'high_latency'?\n");
    BOOST_TEST(problems_of(R"({"profile": 1})") ==
               "c.json:1:13: profile: expected a string, got a number\n");
    BOOST_TEST(problems_of(R"({"profile": "${NONE}"})") ==
               "c.json:1:13: profile: environment variable NONE is not set\n");
}

BOOST_AUTO_TEST_CASE(without_a_file_the_defaults_are_those_of_an_empty_one) {
    const auto result = load({}, environment_of({}));
    BOOST_REQUIRE(result.config);
    BOOST_TEST(show(*result.config) == show(good("{}")));
    BOOST_TEST((result.config->breaker.attempt_timeout == 600s));
}

BOOST_AUTO_TEST_CASE(the_page_tells_what_profiles_change_and_nothing_else) {
    const std::string page = reference_page();
    const std::string part = page.substr(page.find("## Profiles"));
    BOOST_TEST(part.find("| `retry.max_attempts` | `3` | `1` | `3` |\n") != std::string::npos);
    BOOST_TEST(part.find("| `jitter` | `true` | `false` | `true` |\n") != std::string::npos);
    BOOST_TEST(part.find("`retry.request") == std::string::npos);
    BOOST_TEST(part.find("| `profile` |") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config

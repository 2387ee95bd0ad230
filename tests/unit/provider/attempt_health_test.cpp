#include "attempt_support.hpp"

/// Health checks, and what requests find out about a provider's health.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;

bool healthy(ProviderFixture& provider) {
    return eventually(
        [&] { return provider->report().health.state == core::HealthState::healthy; });
}
State state(ProviderFixture& provider) {
    return provider->report().connections.connection.state;
}
/// From now on.
void configure(ProviderFixture& provider, const std::string& config) {
    BOOST_TEST(provider.text("config " + config) == "configured");
}
void shut_down_clean(ProviderFixture& provider) {
    provider.shut_down();
    BOOST_TEST(provider.log().count("left_alive") == 0U);
    BOOST_TEST(provider.log().count("destroyed with 0 connections") == 1U);
}

/// A provider of sessions that is connected, and that a first check has found healthy.
struct Checked {
    explicit Checked(const ProviderSettings& settings = checking_settings(),
                     const std::string& kind = "probe_session")
        : provider(kind, "{}", settings) {
        BOOST_TEST(provider.text("inline") == "inline");
        BOOST_TEST(healthy(provider));
    }
    ProviderFixture provider;
};

BOOST_AUTO_TEST_SUITE(attempt_health)

// --- What requests find --------------------------------------------------------------------------

// B11, H9
BOOST_AUTO_TEST_CASE(status_429_sets_a_cool_down_that_picks_see) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "status 429", 1);
    const auto before = base::steady_clock().now();
    const core::ProviderState state = probe->state("inline");
    BOOST_TEST(state.availability == Availability::cooling_down);
    BOOST_TEST((state.available_at > before && state.available_at <= before + 60s));
    BOOST_TEST(contains(probe->reason("inline"), "it answered 429"));
    BOOST_TEST(breaker(probe).counts.failures == 0U);
    BOOST_TEST(probe.text("inline") == "inline");  // who insists is served
}

// H9
BOOST_AUTO_TEST_CASE(status_401_makes_it_misconfigured_once_a_check_says_so_too) {
    Checked checked;
    configure(checked.provider, "{\"health\":\"auth\"}");
    fail(checked.provider, "status 401", 1);
    BOOST_TEST(
        eventually([&] { return availability(checked.provider) == Availability::misconfigured; }));
    const auto refused = checked.provider.run("inline");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(checked.provider.report().stop == Stop::not_admitted);
    BOOST_TEST(!refused.error().retryable);
    BOOST_TEST(breaker(checked.provider).counts.failures == 0U);
}

BOOST_AUTO_TEST_CASE(status_401_alone_leaves_a_provider_whose_check_passes) {
    Checked checked;
    const auto checks = checked.provider->counters().snapshot().of(core::Tally::health_checks);
    fail(checked.provider, "status 401", 1);
    BOOST_TEST(eventually([&] {
        return checked.provider->counters().snapshot().of(core::Tally::health_checks) > checks;
    }));
    BOOST_TEST(checked.provider.check_health().has_value());
    BOOST_TEST(availability(checked.provider) == Availability::ready);
}

BOOST_AUTO_TEST_CASE(checks_that_fail_make_it_unhealthy_and_refuse_requests_with_the_reason) {
    Checked checked(checking_settings(), "probe");
    configure(checked.provider, "{\"health\":\"sick\"}");
    fail(checked.provider, "fail connection", 1);  // brings the check forward
    BOOST_TEST(
        eventually([&] { return availability(checked.provider) == Availability::unhealthy; }));
    BOOST_TEST(checked.provider->reason("inline") == "no licence");
    const auto refused = checked.provider.run("inline");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(contains(refused.error().message, "no licence"));
    BOOST_TEST(checked.provider.report().stop == Stop::not_admitted);
}

// --- check_health() ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_check_of_a_disconnected_provider_has_a_connection_of_its_own) {
    ProviderFixture probe("probe_session", "{}", checking_settings());
    const auto health = probe.check_health();
    BOOST_REQUIRE(health);
    BOOST_TEST(health->server_version == "7.1");
    BOOST_TEST(probe.log().wait_for("disconnected"));
    BOOST_TEST(state(probe) == State::disconnected);
    BOOST_TEST(probe.connections() == 0U);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_check_of_a_connected_provider_goes_through_its_monitor) {
    auto settings = checking_settings();
    settings.connections.health.recheck = 1h;  // or enough of them might fail to make it unhealthy
    Checked checked(settings);
    configure(checked.provider, "{\"health\":\"sick\"}");
    const auto health = checked.provider.check_health();
    BOOST_REQUIRE(!health);
    BOOST_TEST(health.error().message == "provider tested: no licence");
    BOOST_TEST(checked.provider->report().health.failures_in_a_row >= 1);
    configure(checked.provider, "{}");
    // What was asked for a moment ago is good enough.
    BOOST_TEST(eventually([&] { return checked.provider.check_health().has_value(); }));
    BOOST_TEST(checked.provider->report().health.failures_in_a_row == 0);
    shut_down_clean(checked.provider);
}

BOOST_AUTO_TEST_CASE(a_check_that_fails_tells_its_code) {
    Checked checked;
    configure(checked.provider, "{\"health\":\"auth\"}");
    const auto health = checked.provider.check_health();
    BOOST_REQUIRE(!health);
    BOOST_TEST(health.error().code == Code::auth);
}

// H3
BOOST_AUTO_TEST_CASE(a_check_that_hangs_does_not_pass_because_an_earlier_one_did) {
    auto settings = checking_settings();
    settings.connections.health.timeout = 20ms;
    Checked checked(settings);
    configure(checked.provider, "{\"health\":\"hold\"}");
    // One that has only just ended would be good enough.
    BOOST_REQUIRE(eventually([&] {
        const auto last = checked.provider->report().health.last_check;
        return last && base::steady_clock().now() - *last > 2 * settings.connections.health.min_gap;
    }));
    const auto health = checked.provider.check_health();
    BOOST_REQUIRE(!health);
    BOOST_TEST(health.error().code == Code::deadline);
    shut_down_clean(checked.provider);
}

// D8
BOOST_AUTO_TEST_CASE(a_check_that_is_cancelled_ends_at_once) {
    auto settings = checking_settings();
    settings.connections.health.timeout = 3'600'000ms;
    Checked checked(settings);
    configure(checked.provider, "{\"health\":\"hold\"}");
    const auto cancel = std::make_shared<CancelSignal>();
    Running<Health> running(checked.provider.io(), 0, checked.provider->check_health(cancel, 0));
    BOOST_TEST(eventually([&] { return checked.provider->report().health.checking; }));
    cancel->cancel();
    BOOST_TEST(running.wait().error().code == Code::cancelled);
}

// H3: the connection of a check that was given up is the plugin's until it has finished.
BOOST_AUTO_TEST_CASE(a_check_that_never_ends_keeps_its_connection_until_the_plugin_is_done) {
    auto settings = checking_settings();
    settings.connections.health.active = false;
    settings.connections.health.timeout = 5ms;
    ProviderFixture probe("probe_session", "{\"health\":\"deaf\"}", settings);
    BOOST_TEST(probe.check_health().error().code == Code::deadline);
    BOOST_TEST(probe.log().count("connected") == 1U);
    BOOST_TEST(probe.text("conn").starts_with("connection "));  // on another one
    BOOST_TEST(probe.log().count("disconnected") == 0U);
    BOOST_TEST(probe.text("release") == "released");
    BOOST_TEST(probe.log().wait_for("disconnected"));
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_stop_does_not_close_under_a_check_that_never_ends) {
    auto settings = checking_settings();
    settings.connections.health.active = false;
    settings.connections.health.timeout = 5ms;
    ProviderFixture probe("probe_session", "{\"health\":\"deaf\"}", settings);
    BOOST_TEST(probe.check_health().error().code == Code::deadline);
    probe.shut_down(1ms);
    BOOST_TEST(probe.log().count("left_alive") == 1U);
    BOOST_TEST(probe.log().count("disconnected") == 0U);
}

// H10
BOOST_AUTO_TEST_CASE(a_saturated_provider_passes_its_checks) {
    auto settings = checking_settings();
    settings.connections.permits.permits = 1;
    settings.connections.pool.max_connections = 1;
    Checked checked(settings);
    Stream holder(checked.provider);
    for (int i = 0; i < 4; ++i) BOOST_TEST(checked.provider.check_health().has_value());
    BOOST_TEST(checked.provider->report().health.failures_in_a_row == 0);
    BOOST_TEST(checked.provider.connections() == 1U);
    holder.end();
    shut_down_clean(checked.provider);
}

// H14
BOOST_AUTO_TEST_CASE(a_check_that_passes_closes_no_breaker) {
    auto settings = checking_settings();
    settings.breaker.enabled = true;
    Checked checked(settings);
    fail(checked.provider, "fail connection", 5);
    BOOST_TEST(checked.provider.check_health().has_value());
    BOOST_TEST(breaker(checked.provider).state == BreakerState::open);
    BOOST_TEST(breaker(checked.provider).probes_in_flight == 0);
    BOOST_TEST(availability(checked.provider) == Availability::breaker_open);
}

// H12
BOOST_AUTO_TEST_CASE(many_who_ask_at_once_share_a_check) {
    auto settings = checking_settings();
    settings.connections.health.timeout = 3'600'000ms;
    Checked checked(settings, "probe");
    ProviderFixture& probe = checked.provider;
    configure(probe, "{\"health\":\"deaf\"}");
    const auto checks = probe->counters().snapshot().of(core::Tally::health_checks);
    std::vector<Running<Health>> all;
    for (std::size_t i = 0; i < 100; ++i) {
        all.emplace_back(probe.io(), i % 2,
                         probe->check_health(std::make_shared<CancelSignal>(), i % 2));
    }
    // Behind the last of them on both threads.
    for (std::size_t i = 0; i < 2; ++i) {
        static_cast<void>(
            probe.start("inline", nullptr, {}, std::make_shared<CancelSignal>(), i).wait());
    }
    BOOST_TEST(eventually([&] { return probe->report().health.checking; }));
    configure(probe, "{}");
    BOOST_TEST(probe.text("release") == "released");
    for (auto& one : all) BOOST_TEST(one.wait().has_value());
    BOOST_TEST(probe->counters().snapshot().of(core::Tally::health_checks) == checks + 1);
}

// H15
BOOST_AUTO_TEST_CASE(a_stop_during_a_check_leaves_nothing_running) {
    auto settings = checking_settings();
    settings.connections.health.timeout = 3'600'000ms;
    Checked checked(settings);
    configure(checked.provider, "{\"health\":\"hold\"}");
    fail(checked.provider, "fail connection", 1);
    BOOST_TEST(eventually([&] { return checked.provider->report().health.checking; }));
    shut_down_clean(checked.provider);
}

// Law 11
BOOST_AUTO_TEST_CASE(what_a_check_says_is_told_without_secrets) {
    Checked checked;
    configure(checked.provider, "{\"health\":\"auth\"}");
    const auto health = checked.provider.check_health();
    BOOST_REQUIRE(!health);
    const auto report = checked.provider->report();
    for (const std::string& text :
         {health.error().message, report.health.last_error, report.last_error,
          report.connections.last_error.message, checked.provider->reason("inline"),
          checked.provider.run("inline").error().message}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(!contains(text, "sesame"));
        }
    }
    BOOST_TEST(contains(checked.provider->reason("inline"), "is refused"));
}

// Law 11
BOOST_AUTO_TEST_CASE(what_a_provider_says_of_a_failure_is_told_without_secrets) {
    ProviderFixture probe("probe", "{}", {});
    const auto failed = probe.run("status 401");
    BOOST_REQUIRE(!failed);
    BOOST_TEST(failed.error().provider_code == "no_***");
    BOOST_TEST(failed.error().detail_json == R"({"said":"***"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

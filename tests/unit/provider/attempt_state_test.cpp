#include "attempt_support.hpp"

/// What picks and subscribers see of a provider.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;
using core::EventKind;

bool becomes(ProviderFixture& provider, Availability availability) {
    return eventually([&] { return test::availability(provider) == availability; });
}

/// "breaker closed open too_many_failures" for each event of the kinds that are asked for.
class Told {
public:
    explicit Told(ProviderFixture& provider)
        : subscription_(
              provider.events().subscribe([this](const core::Event& event) { put(event); })) {}

    /// Once there are so many of the kind; all there are after kPatience.
    [[nodiscard]] std::vector<std::string> wait(EventKind kind, std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kPatience, [&] { return of(kind).size() >= count; });
        return of(kind);
    }

private:
    void put(const core::Event& event) {
        const std::lock_guard lock(mutex_);
        all_.push_back(event);
        changed_.notify_all();
    }
    [[nodiscard]] std::vector<std::string> of(EventKind kind) const {
        std::vector<std::string> out;
        for (const core::Event& event : all_) {
            if (event.kind != kind || event.provider != "tested") continue;
            out.push_back(std::string(event.from) + " > " + std::string(event.to) + ": " +
                          event.reason);
        }
        return out;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<core::Event> all_;
    std::unique_ptr<EventHub::Subscription> subscription_;  // last: ends first
};

void check(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
    BOOST_TEST(found == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE(attempt_state)

// --- State ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_provider_that_connects_on_demand_is_disconnected_then_ready) {
    ProviderFixture probe("probe_session");
    BOOST_TEST(availability(probe) == Availability::disconnected);
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(availability(probe) == Availability::ready);
    BOOST_TEST(probe->reason("inline").empty());
}

BOOST_AUTO_TEST_CASE(a_provider_that_dials_is_connecting) {
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}");
    probe->command(Command::connect);
    BOOST_TEST(availability(probe) == Availability::connecting);
}

BOOST_AUTO_TEST_CASE(what_is_closed_by_hand_is_kept_so_and_what_is_disabled_says_so) {
    ProviderFixture probe("probe_session");
    BOOST_TEST(probe.text("inline") == "inline");
    Stream stream(probe);
    probe->command(Command::disconnect);
    BOOST_TEST(availability(probe) == Availability::disconnecting);
    stream.end();
    BOOST_TEST(becomes(probe, Availability::kept_disconnected));
    probe->command(Command::disable);
    BOOST_TEST(becomes(probe, Availability::disabled));
    BOOST_TEST(probe->reason("inline").empty());
}

BOOST_AUTO_TEST_CASE(a_cycle_of_dials_that_failed_makes_it_unhealthy_with_the_reason) {
    auto settings = quiet_settings();
    settings.connections.connection.reconnect_attempts = 1;
    ProviderFixture probe("probe_session", "{\"connect\":\"refuse\"}", settings);
    BOOST_TEST(!probe.run("inline").has_value());
    BOOST_TEST(becomes(probe, Availability::unhealthy));
    BOOST_TEST(contains(probe->reason("inline"), "refused"));
}

BOOST_AUTO_TEST_CASE(credentials_that_connect_refuses_make_it_misconfigured) {
    ProviderFixture probe("probe_session", "{\"connect\":\"fail\"}");
    BOOST_TEST(!probe.run("inline").has_value());
    BOOST_TEST(becomes(probe, Availability::misconfigured));
    BOOST_TEST(probe->reason("inline") == "wrong password");
}

BOOST_AUTO_TEST_CASE(who_is_not_connected_but_broken_is_not_picked_to_be_connected) {
    auto settings = breaking_settings();
    settings.connections.connection.auto_recovery = false;
    ProviderFixture probe("probe_session", "{\"connect\":\"refuse\"}", settings);
    fail(probe, "inline", 5);
    BOOST_TEST((probe->report().connections.connection.state == State::disconnected));
    BOOST_TEST(availability(probe) == Availability::breaker_open);
    BOOST_TEST(contains(probe->reason("inline"), "refused"));
}

BOOST_AUTO_TEST_CASE(a_breaker_that_is_open_outlasts_a_cool_down) {
    auto settings = breaking_settings();
    settings.breaker.recovery = 3'600'000ms;
    settings.breaker.max_recovery = 3'600'000ms;
    ProviderFixture probe("probe", "{}", settings);
    fail(probe, "status 429", 1);
    fail(probe, "fail connection", 5);
    const auto state = probe->state("inline");
    BOOST_TEST(state.availability == Availability::breaker_open);
    BOOST_TEST((state.available_at > base::steady_clock().now() + 30min));
    BOOST_TEST(contains(probe->reason("inline"), "the line is dead"));
}

BOOST_AUTO_TEST_CASE(its_load_is_what_picked_it_and_what_it_can_take) {
    ProviderFixture probe("probe");
    {
        const auto one = probe->in_flight().take();
        const auto two = probe->in_flight().take();
        BOOST_TEST(probe->state("inline").load.in_flight == 2U);
    }
    const auto load = probe->state("inline").load;
    BOOST_TEST(load.in_flight == 0U);
    BOOST_TEST(load.capacity == 10U);
    BOOST_TEST(!load.no_free_slot);
    BOOST_TEST(load.health == 1.0);
    BOOST_TEST(load.cost_ms == 0.0);
}

// L5
BOOST_AUTO_TEST_CASE(a_failure_makes_it_dearer_and_less_healthy) {
    ProviderFixture probe("probe");
    BOOST_TEST(probe.text("thread") == "from a thread");
    const auto before = probe->state("inline").load;
    BOOST_TEST(before.cost_ms > 0.0);
    fail(probe, "fail connection", 3);  // at once, which must not look fast
    const auto after = probe->state("inline").load;
    BOOST_TEST(after.cost_ms > before.cost_ms);
    BOOST_TEST(after.health < before.health);
}

// L7, L11
BOOST_AUTO_TEST_CASE(who_comes_back_is_new_to_the_balancer) {
    auto settings = breaking_settings();
    settings.breaker.recovery = 1ms;
    ProviderFixture probe("probe", "{}", settings);
    const auto begin = base::steady_clock().now();
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST((probe->state("inline").load.since < begin));  // a program's start needs no ramp
    fail(probe, "fail connection", 5);
    BOOST_TEST(becomes(probe, Availability::ready));
    BOOST_TEST(probe.text("inline") == "inline");
    const auto repaired = probe->state("inline").load.since;
    BOOST_TEST((repaired > begin));
    probe->command(Command::disable);
    BOOST_TEST(becomes(probe, Availability::disabled));
    probe->command(Command::enable);
    BOOST_TEST(eventually([&] { return probe->state("inline").load.since > repaired; }));
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_provider_is_told_of_each_change) {
    std::atomic<int> changes{0};
    auto settings = breaking_settings();
    ProviderFixture probe("probe_session", "{}", settings, {.on_change = [&] { ++changes; }});
    const auto changed = [&](const auto& act) {
        const int before = changes;
        act();
        return eventually([&] { return changes > before; });
    };
    BOOST_TEST(changed([&] { BOOST_TEST(probe.text("inline") == "inline"); }));
    BOOST_TEST(changed([&] { fail(probe, "status 429", 1); }));
    BOOST_TEST(changed([&] { probe->command(Command::disable); }));
    BOOST_TEST(changed([&] { probe->command(Command::enable); }));
    BOOST_TEST(changed([&] { fail(probe, "fail connection", 5); }));
    probe.shut_down();
}

// --- Events --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_subscriber_hears_of_connection_and_enabled_in_order) {
    ProviderFixture probe("probe_session");
    Told told(probe);
    BOOST_TEST(probe.text("inline") == "inline");
    probe->command(Command::disable);
    BOOST_TEST(becomes(probe, Availability::disabled));
    probe->command(Command::enable);
    check(told.wait(EventKind::connection_state, 4),
          {"disconnected > connecting: demanded", "connecting > connected: dialled",
           "connected > disconnecting: disabled", "disconnecting > disconnected: drained"});
    check(told.wait(EventKind::enabled, 2),
          {"enabled > disabled: by_hand", "disabled > enabled: by_hand"});
}

BOOST_AUTO_TEST_CASE(a_subscriber_hears_of_health_with_its_reason) {
    ProviderFixture probe("probe", "{}", checking_settings());
    Told told(probe);
    BOOST_TEST(probe.text("inline") == "inline");
    check(told.wait(EventKind::health, 1), {"unknown > healthy: "});
    BOOST_TEST(probe.text("config {\"health\":\"auth\"}") == "configured");
    BOOST_TEST(!probe.check_health().has_value());
    BOOST_TEST(told.wait(EventKind::health, 2).back() ==
               "healthy > misconfigured: the key *** is refused");
    probe->command(Command::disconnect);
    BOOST_TEST(told.wait(EventKind::health, 3).back() == "misconfigured > unknown: ");
}

BOOST_AUTO_TEST_CASE(a_subscriber_hears_of_breakers_and_whose_they_are) {
    auto settings = breaking_settings();
    settings.breaker.recovery = 1ms;
    ProviderFixture probe("probe", "{}", settings);
    Told told(probe);
    fail(probe, "fail connection", 5);
    BOOST_TEST(becomes(probe, Availability::ready));
    BOOST_TEST(probe.text("inline") == "inline");
    fail(probe, "status 500", 5);
    check(told.wait(EventKind::breaker, 4),
          {"closed > open: too_many_failures", "open > half_open: recovery_over",
           "half_open > closed: probes_succeeded",
           "closed > open: too_many_failures, model status 500"});
}

BOOST_AUTO_TEST_CASE(a_subscriber_hears_of_a_cool_down_and_of_its_end) {
    ProviderFixture probe("probe");
    Told told(probe);
    fail(probe, "status 429", 1);
    check(told.wait(EventKind::cool_down, 1),
          {"none > cooling_down: the provider limits the rate"});
    probe->command(Command::recover);
    BOOST_TEST(told.wait(EventKind::cool_down, 2).back() == "cooling_down > none: ");
}

BOOST_AUTO_TEST_CASE(a_subscriber_hears_that_a_cool_down_takes_longer) {
    auto settings = checking_settings();
    settings.connections.health.cool_down = std::chrono::hours(1);  // the check gives no hint
    ProviderFixture probe("probe", "{}", settings);
    Told told(probe);
    fail(probe, "status 429", 1);  // which asks for a minute
    BOOST_TEST(probe.text("config {\"health\":\"throttled\"}") == "configured");
    BOOST_TEST(!probe.check_health().has_value());
    const auto news = told.wait(EventKind::cool_down, 2);
    BOOST_TEST_REQUIRE(news.size() >= 2);
    BOOST_TEST(news[0] == "none > cooling_down: the provider limits the rate");
    BOOST_TEST(news[1] == "cooling_down > cooling_down: the provider limits the rate");
}

BOOST_AUTO_TEST_CASE(a_cool_down_that_is_over_is_news_too) {
    auto settings = checking_settings();
    settings.connections.health.cool_down = 5ms;  // the check gives no hint
    ProviderFixture probe("probe", "{\"health\":\"throttled\"}", settings);
    Told told(probe);
    BOOST_TEST(probe.text("inline") == "inline");
    const auto news = told.wait(EventKind::cool_down, 2);
    BOOST_REQUIRE(news.size() >= 2);
    BOOST_TEST(news[0] == "none > cooling_down: the provider limits the rate");
    BOOST_TEST(news[1] == "cooling_down > none: ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

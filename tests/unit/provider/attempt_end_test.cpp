#include "attempt_support.hpp"

/// What commands, dead connections and the end of the provider do to attempts.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;

bool becomes(ProviderFixture& provider, State state) {
    return eventually([&] { return provider->report().connections.connection.state == state; });
}
std::uint64_t failures(ProviderFixture& provider) {
    return breaker(provider).counts.failures;
}
void shut_down_clean(ProviderFixture& provider) {
    provider.shut_down();
    BOOST_TEST(provider.log().count("left_alive") == 0U);
    BOOST_TEST(provider.log().count("destroyed with 0 connections") == 1U);
}

/// An answer that is there, but whose reader does not take it yet: a request in flight that will
/// succeed.
struct Unread {
    explicit Unread(ProviderFixture& provider) {
        sink.shut(true);
        running.emplace(provider.start("inline", &sink));
        BOOST_TEST(eventually([&] { return provider->report().connections.pool.active == 1; }));
    }
    Result<plugin::CallOutcome> read() {
        sink.shut(false);
        return running->wait();
    }

    TextSink sink;
    std::optional<Running<plugin::CallOutcome>> running;
};

BOOST_AUTO_TEST_SUITE(attempt_end)

// --- Commands ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_disconnect_lets_a_request_in_flight_end_and_refuses_new_ones) {
    for (const char* kind : {"probe", "probe_session"}) {
        BOOST_TEST_CONTEXT(kind) {
            ProviderFixture probe(kind, "{}", breaking_settings());
            Unread unread(probe);
            probe->command(Command::disconnect);
            BOOST_TEST(availability(probe) == Availability::disconnecting);
            const auto refused = probe.run("inline");
            BOOST_REQUIRE(!refused);
            BOOST_TEST(refused.error().not_sent);
            BOOST_TEST(contains(refused.error().message, "disconnect"));
            BOOST_TEST(probe.report().stop == Stop::not_admitted);
            BOOST_TEST(unread.read().has_value());
            BOOST_TEST(unread.sink.text() == "inline");
            BOOST_TEST(becomes(probe, State::disconnected));
            BOOST_TEST(probe.connections() == 0U);
            BOOST_TEST(failures(probe) == 0U);
            BOOST_TEST(!probe.run("inline").has_value());  // it stays so
            probe->command(Command::connect);
            BOOST_TEST(probe.text("inline") == "inline");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_outlasts_the_grace_time_is_interrupted) {
    auto settings = breaking_settings();
    settings.connections.connection.drain_grace = 5ms;
    ProviderFixture probe("probe_session", "{}", settings);
    Stream stream(probe);
    probe->command(Command::disconnect);
    const auto outcome = stream.wait();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(outcome.error().code == Code::unavailable);
    BOOST_TEST(outcome.error().retryable);
    BOOST_TEST(outcome.error().message ==
               "provider tested: its connections were closed while it answered");
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(becomes(probe, State::disconnected));
    BOOST_TEST(gauges(probe) == kNothing);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(disconnect_now_interrupts_without_blaming_the_provider) {
    for (const char* kind : {"probe", "probe_session", "probe_mux"}) {
        BOOST_TEST_CONTEXT(kind) {
            ProviderFixture probe(kind, "{}", breaking_settings());
            Stream one(probe);
            Stream two(probe);
            probe->command(Command::disconnect_now);
            for (Stream* stream : {&one, &two}) {
                const auto outcome = stream->wait();
                BOOST_REQUIRE(!outcome);
                BOOST_TEST(outcome.error().message ==
                           "provider tested: its connections were closed while it answered");
            }
            BOOST_TEST(failures(probe) == 0U);
            BOOST_TEST(probe->state("inline").load.cost_ms == 0);
            BOOST_TEST(probe.attempts().failed_with(Code::unavailable) == 2U);
            BOOST_TEST(becomes(probe, State::disconnected));
            BOOST_TEST(gauges(probe) == kNothing);
            shut_down_clean(probe);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_request_in_line_is_refused_by_a_disconnect) {
    auto settings = breaking_settings();
    settings.connections.permits.permits = 1;
    ProviderFixture probe("probe", "{}", settings);
    Stream holder(probe);
    auto waits = probe.start("inline");
    BOOST_TEST(eventually([&] { return probe->report().connections.permits.waiting == 1; }));
    probe->command(Command::disconnect_now);
    BOOST_TEST(!holder.wait().has_value());
    BOOST_TEST(!waits.wait().has_value());
    BOOST_TEST(probe.attempts().of(core::Ending::rejected) == 1U);
    BOOST_TEST(failures(probe) == 0U);
}

BOOST_AUTO_TEST_CASE(who_is_disabled_refuses_until_it_is_enabled) {
    ProviderFixture probe("probe_session", "{}", breaking_settings());
    BOOST_TEST(probe.text("inline") == "inline");
    probe->command(Command::disable);
    BOOST_TEST(becomes(probe, State::disconnected));
    BOOST_TEST(availability(probe) == Availability::disabled);
    const auto refused = probe.run("inline");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(contains(refused.error().message, "disabled"));
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    BOOST_TEST((probe->command(Command::connect).kind() == core::CommandReply::Kind::refused));
    probe->command(Command::enable);
    BOOST_TEST(probe.text("inline") == "inline");
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_reconnect_gives_new_requests_new_connections) {
    ProviderFixture probe("probe_mux", "{}", breaking_settings());
    const std::string old = probe.text("conn");
    Unread unread(probe);  // on the same
    probe->command(Command::reconnect);
    const std::string fresh = probe.text("conn");
    BOOST_TEST(fresh.starts_with("connection "));
    BOOST_TEST(fresh != old);
    BOOST_TEST(probe.log().count("disconnected") == 0U);
    BOOST_TEST(unread.read().has_value());
    BOOST_TEST(probe.log().wait_for("disconnected"));
    BOOST_TEST(probe.text("conn") == fresh);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(recover_lets_requests_and_checks_try_at_once) {
    auto settings = checking_settings();
    settings.breaker.enabled = true;
    ProviderFixture probe("probe", "{}", settings);
    fail(probe, "status 500", 5);
    BOOST_TEST(availability(probe, "status 500") == Availability::breaker_open);
    fail(probe, "status 429", 1);
    BOOST_TEST(availability(probe) == Availability::cooling_down);
    fail(probe, "fail connection", 5);
    BOOST_TEST(availability(probe) == Availability::breaker_open);
    BOOST_TEST(
        eventually([&] { return probe->report().health.state == core::HealthState::healthy; }));
    const auto checks = probe->counters().snapshot().of(core::Tally::health_checks);
    probe->command(Command::recover);
    BOOST_TEST(breaker(probe).state == BreakerState::closed);
    BOOST_TEST(availability(probe) == Availability::ready);
    BOOST_TEST(availability(probe, "status 500") == Availability::ready);
    BOOST_TEST(eventually(
        [&] { return probe->counters().snapshot().of(core::Tally::health_checks) > checks; }));
}

BOOST_AUTO_TEST_CASE(recover_lets_a_single_model_try_too) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "status 500", 5);
    probe->command(Command::recover);
    BOOST_TEST(availability(probe, "status 500") == Availability::ready);
}

BOOST_AUTO_TEST_CASE(recover_leaves_what_was_opened_by_hand) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.text("inline") == "inline");
    const auto now = base::steady_clock().now();
    BOOST_TEST(probe->breakers().force_open("", now).has_value());
    probe->command(Command::recover);
    BOOST_TEST(availability(probe) == Availability::breaker_open);
    BOOST_TEST((probe->state("inline").available_at == base::kNoDeadline));
}

// --- Stale connections ---------------------------------------------------------------------------

// P9, R10
BOOST_AUTO_TEST_CASE(a_used_connection_that_dies_without_an_answer_was_stale) {
    ProviderFixture probe("probe_session", "{}", breaking_settings());
    for (int i = 0; i < 6; ++i) {  // more than open a breaker
        const std::string old = probe.text("conn");
        BOOST_TEST(!probe.run("die").has_value());
        BOOST_TEST(probe.report().stale_connection);
        BOOST_TEST(probe.report().stop == Stop::none);
        BOOST_TEST(probe.text("conn") != old);
    }
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(probe.attempts().of(core::Ending::failed) == 6U);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_that_dies_was_not_stale) {
    ProviderFixture probe("probe_session", "{}", breaking_settings());
    BOOST_TEST(!probe.run("die").has_value());
    BOOST_TEST(!probe.report().stale_connection);
    BOOST_TEST(failures(probe) == 1U);
}

BOOST_AUTO_TEST_CASE(without_connections_nothing_is_stale) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(!probe.run("die").has_value());
    BOOST_TEST(!probe.report().stale_connection);
    BOOST_TEST(failures(probe) == 1U);
}

BOOST_AUTO_TEST_CASE(a_used_connection_that_stalls_was_not_stale) {
    auto settings = breaking_settings();
    settings.deadlines.all[Phase::first_byte] = 5ms;
    ProviderFixture probe("probe_session", "{}", settings);
    BOOST_TEST(probe.run("body").has_value());
    TextSink sink;
    BOOST_TEST(!probe.run("hold", &sink).has_value());
    BOOST_TEST(!probe.report().stale_connection);
    BOOST_TEST(failures(probe) == 1U);
}

// --- The end of the provider ---------------------------------------------------------------------

// P16, H15
BOOST_AUTO_TEST_CASE(it_can_be_shut_down_in_every_state) {
    const auto in = [](const char* config, const ProviderSettings& settings, const auto& bring) {
        ProviderFixture probe("probe_session", config, settings);
        bring(probe);
        shut_down_clean(probe);
    };
    const auto plain = breaking_settings();
    in("{}", plain, [](ProviderFixture&) {});  // disconnected
    in("{}", plain, [](ProviderFixture& probe) { BOOST_TEST(probe.text("conn") != ""); });
    in("{\"connect\":\"hold\"}", plain, [](ProviderFixture& probe) {
        probe->command(Command::connect);
        BOOST_TEST(becomes(probe, State::connecting));
    });
    in("{\"connect\":\"thread\"}", plain,
       [](ProviderFixture& probe) { probe->command(Command::connect); });
    in("{\"connect\":\"refuse\"}", plain, [](ProviderFixture& probe) {  // between two dials
        BOOST_TEST(!probe.run("inline").has_value());
        BOOST_TEST(becomes(probe, State::connecting));
    });
    in("{\"connect\":\"fail\"}", plain, [](ProviderFixture& probe) {
        BOOST_TEST(!probe.run("inline").has_value());
        BOOST_TEST(availability(probe) == Availability::misconfigured);
    });
    in("{}", plain, [](ProviderFixture& probe) {
        BOOST_TEST(probe.text("conn") != "");
        probe->command(Command::disable);
    });
    in("{}", checking_settings(), [](ProviderFixture& probe) {
        BOOST_TEST(probe.text("config {\"health\":\"sick\"}") == "configured");
        fail(probe, "fail connection", 1);
        BOOST_TEST(becomes(probe, State::unhealthy));
    });
}

BOOST_AUTO_TEST_CASE(a_plugin_that_never_ends_a_dial_does_not_hold_up_the_end) {
    ProviderFixture probe("probe_session", "{\"connect\":\"deaf\"}", breaking_settings());
    BOOST_TEST(!probe.run("inline", nullptr, 5ms).has_value());
    probe.shut_down(5ms);
    BOOST_TEST(probe.log().count("left_alive") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

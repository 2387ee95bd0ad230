#include "attempt_support.hpp"

/// Breakers around attempts: what counts, what does not, and what becomes of a probe.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;

/// A provider whose breaker has just opened, but not for long.
struct Tripped {
    explicit Tripped(ProviderSettings settings = breaking_settings(),
                     const std::string& kind = "probe")
        : provider(kind, "{}", soon(settings)) {
        fail(provider, "fail connection", 5);
        BOOST_TEST(breaker(provider).trips == 1U);
    }
    static ProviderSettings soon(ProviderSettings settings) {
        settings.breaker.recovery = 1ms;
        return settings;
    }
    /// Until the next attempt is a probe.
    void recover() {
        BOOST_TEST(eventually([&] { return availability(provider) == Availability::ready; }));
    }

    ProviderFixture provider;
};

BOOST_AUTO_TEST_SUITE(attempt_breaker)

// B1
BOOST_AUTO_TEST_CASE(five_failures_of_the_transport_open_the_provider_s_breaker) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "fail connection", 4);
    BOOST_TEST(probe.text("inline") == "inline");
    fail(probe, "fail connection", 1);
    BOOST_TEST(breaker(probe).state == BreakerState::open);
    BOOST_TEST(probe->report().breakers.models.empty());
    BOOST_TEST(availability(probe) == Availability::breaker_open);
    BOOST_TEST((probe->state("inline").available_at < base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(an_open_breaker_rejects_the_next_attempt_unsent) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "fail connection", 5);
    const auto rejected = probe.run("config {\"health\":\"sick\"}");
    BOOST_REQUIRE(!rejected);
    BOOST_TEST(probe.check_health().has_value());  // the plugin has not heard of it
    BOOST_TEST(rejected.error().code == Code::unavailable);
    BOOST_TEST(rejected.error().scope == Scope::provider);
    BOOST_TEST(rejected.error().not_sent);
    BOOST_TEST(rejected.error().message.starts_with(
        "provider tested: its circuit breaker is open after 5 failures within 1m; it tries again "
        "in "));
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    const auto attempts = probe.attempts();
    BOOST_TEST(attempts.of(core::Ending::failed) == 5U);
    BOOST_TEST(attempts.of(core::Ending::rejected) == 1U);
    BOOST_TEST(attempts.failed_with(Code::unavailable) == 5U);
}

BOOST_AUTO_TEST_CASE(five_answers_of_status_500_open_that_model_s_breaker_only) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "status 500", 5);
    BOOST_TEST(breaker(probe).state == BreakerState::closed);
    BOOST_TEST(availability(probe, "status 500") == Availability::breaker_open);
    BOOST_TEST(availability(probe) == Availability::ready);
    BOOST_TEST(probe.text("inline") == "inline");
    const auto rejected = probe.run("status 500");
    BOOST_REQUIRE(!rejected);
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    BOOST_TEST(rejected.error().scope == Scope::request);
    BOOST_TEST(contains(rejected.error().message, "the circuit breaker of the model"));
}

// B11, S9, D7 of the defects: law 9
BOOST_AUTO_TEST_CASE(what_is_not_the_provider_s_fault_never_counts) {
    auto settings = breaking_settings();
    settings.connections.permits.permits = 2;
    settings.connections.permits.queue = 0;
    ProviderFixture probe("probe", "{}", settings);
    for (int i = 0; i < 6; ++i) {
        Stream cancelled(probe);
        cancelled.end();
        BOOST_TEST(probe.report().stop == Stop::caller_cancelled);
        BOOST_TEST(probe.run("hold", nullptr, 2ms).error().code == Code::deadline);
        BOOST_TEST(probe.report().stop == Stop::caller_deadline);
        Stream one(probe);
        Stream two(probe);
        BOOST_TEST(probe.run("inline").error().code == Code::overloaded);
        BOOST_TEST(probe.report().stop == Stop::not_admitted);
        one.end();
        two.end();
        for (const char* model : {"status 400", "status 404", "status 401", "status 429",
                                  "fail request", "no such model"}) {
            BOOST_TEST(!probe.run(model).has_value());
        }
        probe->command(Command::disable);
        BOOST_TEST(eventually(
            [&] { return probe->report().connections.connection.state == State::disconnected; }));
        BOOST_TEST(contains(probe.run("inline").error().message, "is disabled"));
        BOOST_TEST(probe.report().stop == Stop::not_admitted);
        probe->command(Command::enable);
    }
    BOOST_TEST(breaker(probe).counts.failures == 0U);
    BOOST_TEST(probe->report().breakers.models.empty());
    BOOST_TEST(probe.text("inline") == "inline");
}

BOOST_AUTO_TEST_CASE(an_attempt_in_spite_passes_by_and_counts_nothing) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    fail(probe, "fail connection", 5);
    const auto before = breaker(probe);
    for (const char* model : {"inline", "fail connection", "status 500"}) {
        static_cast<void>(probe.ask({.model = model, .in_spite = true}));
        BOOST_TEST(probe.report().stop == Stop::none);
    }
    const auto after = breaker(probe);
    BOOST_TEST(after.state == BreakerState::open);
    BOOST_TEST(after.generation == before.generation);
    BOOST_TEST(after.rejected == before.rejected);
    BOOST_TEST(probe->report().breakers.models.empty());
}

BOOST_AUTO_TEST_CASE(when_the_time_is_over_one_attempt_finds_out_and_closes_it) {
    Tripped tripped;
    tripped.recover();
    BOOST_TEST(availability(tripped.provider) == Availability::ready);
    BOOST_TEST(tripped.provider->state("inline").on_probation);
    Stream probe(tripped.provider);
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::half_open);
    BOOST_TEST(availability(tripped.provider) == Availability::breaker_open);
    const auto other = tripped.provider.run("inline");  // B4: one probe at a time
    BOOST_REQUIRE(!other);
    BOOST_TEST(tripped.provider.report().stop == Stop::not_admitted);
    BOOST_TEST(contains(other.error().message, "is half-open and waits for the end of a probe"));
    static_cast<void>(tripped.provider.ask({.model = "release", .in_spite = true}));
    BOOST_TEST(probe.wait().has_value());
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
    BOOST_TEST(!tripped.provider->state("inline").on_probation);
    BOOST_TEST(tripped.provider->counters().snapshot().of(core::Tally::breaker_trips) == 1U);
    BOOST_TEST(tripped.provider->counters().snapshot().of(core::Tally::repairs) == 1U);
}

BOOST_AUTO_TEST_CASE(a_probe_that_fails_opens_it_again) {
    Tripped tripped;
    tripped.recover();
    fail(tripped.provider, "fail connection", 1);
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::open);
    BOOST_TEST(breaker(tripped.provider).reopens == 1);
}

// B8
BOOST_AUTO_TEST_CASE(a_probe_that_is_cancelled_frees_its_place) {
    Tripped tripped;
    tripped.recover();
    Stream probe(tripped.provider);
    probe.end();
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::half_open);
    BOOST_TEST(breaker(tripped.provider).probes_in_flight == 0);
    BOOST_TEST(tripped.provider.text("inline") == "inline");
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
}

// B10
BOOST_AUTO_TEST_CASE(a_probe_that_gets_no_permit_frees_its_place) {
    auto settings = breaking_settings();
    settings.connections.permits.permits = 1;
    settings.connections.permits.queue = 0;
    Tripped tripped(settings);
    Stream holder(tripped.provider, {.model = "hold after delta", .in_spite = true});
    tripped.recover();
    BOOST_TEST(tripped.provider.run("inline").error().code == Code::overloaded);
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::half_open);
    BOOST_TEST(breaker(tripped.provider).probes_in_flight == 0);
    holder.end();
    BOOST_TEST(tripped.provider.text("inline") == "inline");
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
}

// B10
BOOST_AUTO_TEST_CASE(a_probe_that_gets_no_connection_frees_its_place) {
    auto settings = breaking_settings();
    settings.connections.pool.max_connections = 1;
    Tripped tripped(settings, "probe_session");
    Stream holder(tripped.provider, {.model = "hold after delta", .in_spite = true});
    tripped.recover();
    Ask ask{.model = "inline"};
    ask.limits[Phase::queue] = 2ms;
    BOOST_TEST(tripped.provider.ask(std::move(ask)).error().code == Code::overloaded);
    BOOST_TEST(tripped.provider.report().stop == Stop::not_admitted);
    BOOST_TEST(breaker(tripped.provider).probes_in_flight == 0);
    holder.end();
    BOOST_TEST(tripped.provider.text("inline") == "inline");
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
}

// B10
BOOST_AUTO_TEST_CASE(a_probe_that_the_other_breaker_rejects_frees_its_place) {
    Tripped tripped;
    tripped.recover();
    BOOST_TEST(
        tripped.provider->breakers().force_open("inline", base::steady_clock().now()).has_value());
    BOOST_TEST(!tripped.provider.run("inline").has_value());
    BOOST_TEST(breaker(tripped.provider).probes_in_flight == 0);
    BOOST_TEST(tripped.provider.run("body").has_value());
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
}

// B9, B15; law 6
BOOST_AUTO_TEST_CASE(a_probe_whose_reader_throws_reports_nothing_and_leaves_nothing) {
    Tripped tripped(breaking_settings(), "probe_session");
    tripped.recover();
    TextSink sink;
    sink.on_first = [] { throw std::runtime_error("the reader gave up"); };
    BOOST_CHECK_THROW(tripped.provider.start("hold after delta", &sink).wait(), std::runtime_error);
    const auto after = breaker(tripped.provider);
    BOOST_TEST(after.state == BreakerState::half_open);
    BOOST_TEST(after.probes_in_flight == 0);
    BOOST_TEST(after.reopens == 0);
    BOOST_TEST(gauges(tripped.provider) == kNothing);
    BOOST_TEST(tripped.provider.text("inline") == "inline");
    BOOST_TEST(breaker(tripped.provider).state == BreakerState::closed);
}

// I. of section 0: one dial that fails many waiters is one failure
BOOST_AUTO_TEST_CASE(many_requests_that_wait_for_one_failed_dial_are_one_failure) {
    auto settings = breaking_settings();
    settings.connections.connection.connect_timeout = 100ms;
    settings.connections.connection.reconnect_delay = 3'600'000ms;
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}", settings);
    std::vector<Running<plugin::CallOutcome>> running;
    for (std::size_t i = 0; i < 8; ++i) {
        running.push_back(
            probe.start("inline", nullptr, 10s, std::make_shared<CancelSignal>(), i % 2));
    }
    for (auto& one : running) BOOST_TEST(one.wait().error().code == Code::deadline);
    BOOST_TEST(probe.report().dialing);
    BOOST_TEST(breaker(probe).counts.failures == 1U);
    BOOST_TEST(probe.attempts().failed_with(Code::deadline) == 8U);
}

BOOST_AUTO_TEST_CASE(dials_that_fail_one_after_the_other_open_the_breaker) {
    auto settings = breaking_settings();
    settings.connections.connection.auto_recovery = false;
    ProviderFixture probe("probe_session", "{\"connect\":\"refuse\"}", settings);
    fail(probe, "inline", 5);
    BOOST_TEST(probe.report().dialing);
    BOOST_TEST(breaker(probe).state == BreakerState::open);
    BOOST_TEST(!probe.run("inline").has_value());
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

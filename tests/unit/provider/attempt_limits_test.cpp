#include "attempt_support.hpp"

/// Permits, queues and time limits around attempts: who waits, how long, and who is to blame.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;

/// breaking_settings() with few permits.
ProviderSettings with_permits(std::uint32_t permits, std::uint32_t queue = 100) {
    ProviderSettings settings = breaking_settings();
    settings.connections.permits.permits = permits;
    settings.connections.permits.queue = queue;
    return settings;
}

/// breaking_settings() with one limit of all operations.
ProviderSettings with_limit_of(Phase phase, std::chrono::milliseconds limit) {
    ProviderSettings settings = breaking_settings();
    settings.deadlines.all[phase] = limit;
    return settings;
}

std::uint32_t waiting(ProviderFixture& provider) {
    return provider->report().connections.permits.waiting;
}
std::uint64_t failures(ProviderFixture& provider) {
    return breaker(provider).counts.failures;
}

BOOST_AUTO_TEST_SUITE(attempt_limits)

// --- Permits -------------------------------------------------------------------------------------

// S1
BOOST_AUTO_TEST_CASE(the_eleventh_waits_and_gets_its_turn) {
    ProviderFixture probe("probe");
    std::vector<std::unique_ptr<Stream>> ten;
    for (int i = 0; i < 10; ++i) ten.push_back(std::make_unique<Stream>(probe));
    BOOST_TEST(probe->state("inline").load.no_free_slot);
    BOOST_TEST(probe->state("inline").load.capacity == 10U);
    auto eleventh = probe.start("inline");
    BOOST_TEST(eventually([&] { return waiting(probe) == 1; }));
    ten.back()->end();
    BOOST_TEST(eleventh.wait().has_value());
    BOOST_TEST((probe.report().queue_wait > 0ms));
    ten.pop_back();
    for (const auto& stream : ten) stream->end();
    BOOST_TEST(gauges(probe) == kNothing);
    BOOST_TEST(!probe->state("inline").load.no_free_slot);
}

// S7, S8
BOOST_AUTO_TEST_CASE(who_waits_is_served_in_turn) {
    ProviderFixture probe("probe", "{}", with_permits(1));
    Stream holder(probe);
    auto first = probe.start("inline");
    BOOST_TEST(eventually([&] { return waiting(probe) == 1; }));
    Ask ask{.model = "hold after delta"};
    TextSink sink;
    ask.sink = &sink;
    const auto cancel = ask.cancel;
    auto second = probe.begin(std::move(ask));
    BOOST_TEST(eventually([&] { return waiting(probe) == 2; }));
    holder.end();
    BOOST_TEST(first.wait().has_value());
    BOOST_TEST(sink.wait_for_text());
    cancel->cancel();
    BOOST_TEST(second.wait().error().code == Code::cancelled);
}

BOOST_AUTO_TEST_CASE(a_stream_holds_its_permit_until_its_end) {
    ProviderFixture probe("probe", "{}", with_permits(1));
    Stream stream(probe);
    BOOST_TEST(probe->report().connections.permits.held == 1U);
    BOOST_TEST(probe->state("inline").load.no_free_slot);
    stream.end();
    BOOST_TEST(probe->report().connections.permits.held == 0U);
}

// S9
BOOST_AUTO_TEST_CASE(the_configured_limit_of_the_queue_ends_the_wait) {
    auto settings = with_permits(1);
    settings.deadlines.all[Phase::queue] = 5ms;
    ProviderFixture probe("probe", "{}", settings);
    Stream holder(probe);
    const auto outcome = probe.run("inline");
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(outcome.error().code == Code::overloaded);
    BOOST_TEST(outcome.error().not_sent);
    BOOST_TEST(outcome.error().retryable);
    BOOST_TEST(contains(outcome.error().message,
                        "The request was not sent: its turn did not come within "));
    BOOST_TEST(contains(outcome.error().message, "(1 of 1 calls at once are under way"));
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    BOOST_TEST((probe.report().queue_wait >= 5ms));
    BOOST_TEST(probe.attempts().of(core::Ending::rejected) == 1U);
    BOOST_TEST(failures(probe) == 0U);
    holder.end();
}

BOOST_AUTO_TEST_CASE(the_request_s_limit_of_the_queue_goes_before_the_provider_s) {
    auto settings = with_permits(1);
    settings.deadlines.all[Phase::queue] = 3'600'000ms;
    ProviderFixture probe("probe", "{}", settings);
    Stream holder(probe);
    Ask ask{.model = "inline"};
    ask.limits[Phase::queue] = 5ms;
    BOOST_TEST(probe.ask(std::move(ask)).error().code == Code::overloaded);
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    holder.end();
}

// S2
BOOST_AUTO_TEST_CASE(a_full_queue_rejects_at_once) {
    ProviderFixture probe("probe", "{}", with_permits(1, 1));
    Stream holder(probe);
    const auto cancel = std::make_shared<CancelSignal>();
    auto waits = probe.start("inline", nullptr, {}, cancel);
    BOOST_TEST(eventually([&] { return waiting(probe) == 1; }));
    const auto outcome = probe.run("inline");
    BOOST_TEST(outcome.error().code == Code::overloaded);
    BOOST_TEST(contains(outcome.error().message, "the queue for it is full"));
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    cancel->cancel();
    BOOST_TEST(waits.wait().error().code == Code::cancelled);
    BOOST_TEST(probe.report().stop == Stop::caller_cancelled);
    holder.end();
    BOOST_TEST(gauges(probe) == kNothing);
}

BOOST_AUTO_TEST_CASE(a_provider_that_throttles_gets_fewer_permits_and_connections) {
    auto settings = breaking_settings();
    settings.connections.adaptive.algorithm = core::LimitAlgorithm::aimd;
    settings.connections.adaptive.decrease = 0.5;
    ProviderFixture probe("probe_session", "{}", settings);
    const auto limits = [&] {
        const auto report = probe->report().connections;
        return std::to_string(report.permits.limit) + " permits, " +
               std::to_string(report.pool.max) + " connections";
    };
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(limits() == "10 permits, 5 connections");
    fail(probe, "status 429", 1);
    BOOST_TEST(limits() == "5 permits, 5 connections");
    fail(probe, "status 429", 1);
    BOOST_TEST(limits() == "2 permits, 2 connections");
    BOOST_TEST(probe->state("inline").load.capacity == 2U);
    fail(probe, "status 500", 1);  // says nothing about its capacity
    BOOST_TEST(limits() == "2 permits, 2 connections");
}

// --- Times ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_dial_that_takes_too_long_is_the_provider_s_failure) {
    auto settings = breaking_settings();
    settings.connections.connection.connect_timeout = 5ms;
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}", settings);
    const auto outcome = probe.run("inline");
    BOOST_TEST(outcome.error().code == Code::deadline);
    BOOST_TEST(outcome.error().not_sent);
    BOOST_TEST(probe.report().stop == Stop::none);
    BOOST_TEST(probe.report().dialing);
    BOOST_TEST(failures(probe) == 1U);
}

// P11, D3
BOOST_AUTO_TEST_CASE(who_has_no_time_for_a_dial_fails_alone) {
    auto settings = breaking_settings();
    settings.connections.connection.connect_timeout = 3'600'000ms;
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}", settings);
    const auto outcome = probe.run("inline", nullptr, 5ms);
    BOOST_TEST(outcome.error().code == Code::deadline);
    BOOST_TEST(probe.report().stop == Stop::caller_deadline);
    BOOST_TEST(probe.report().dialing);
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(availability(probe) == Availability::connecting);  // the dial goes on
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_begin_is_the_provider_s_failure) {
    ProviderFixture probe("probe", "{}", with_limit_of(Phase::first_byte, 5ms));
    TextSink sink;
    BOOST_TEST(probe.run("hold", &sink).error().code == Code::deadline);
    BOOST_TEST(probe.report().stop == Stop::attempt_timeout);
    BOOST_TEST(!probe.report().first_byte);
    BOOST_TEST(failures(probe) == 1U);
}

// D4
BOOST_AUTO_TEST_CASE(an_answer_that_pauses_too_long_is_the_provider_s_failure) {
    ProviderFixture probe("probe", "{}", with_limit_of(Phase::idle, 5ms));
    TextSink sink;
    const auto outcome = probe.run("hold after delta", &sink);
    BOOST_TEST(outcome.error().code == Code::deadline);
    BOOST_TEST(contains(outcome.error().message, "The answer paused for more than 5ms"));
    BOOST_TEST(probe.report().stop == Stop::attempt_timeout);
    BOOST_TEST(probe.report().first_byte.has_value());
    BOOST_TEST(failures(probe) == 1U);
}

// D3
BOOST_AUTO_TEST_CASE(a_total_that_the_caller_has_shortened_is_nobody_s_failure) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.run("hold", nullptr, 5ms).error().code == Code::deadline);
    BOOST_TEST(probe.report().stop == Stop::caller_deadline);
    BOOST_TEST(failures(probe) == 0U);
}

BOOST_AUTO_TEST_CASE(a_whole_answer_that_uses_up_the_configured_total_is_the_provider_s_failure) {
    ProviderFixture probe("probe", "{}", with_limit_of(Phase::total, 100ms));
    BOOST_TEST(probe.run("hold").error().code == Code::deadline);
    BOOST_TEST(probe.report().stop == Stop::attempt_timeout);
    BOOST_TEST(failures(probe) == 1U);
    BOOST_TEST(probe.run("hold", nullptr, 150ms).error().code == Code::deadline);  // more than that
    BOOST_TEST(probe.report().stop == Stop::attempt_timeout);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_under_way_at_its_total_is_nobody_s_failure) {
    ProviderFixture probe("probe", "{}", with_limit_of(Phase::total, 100ms));
    Stream stream(probe);
    BOOST_TEST(stream.wait().error().code == Code::deadline);
    BOOST_TEST(probe.report().stop == Stop::caller_deadline);
    BOOST_TEST(failures(probe) == 0U);
}

BOOST_AUTO_TEST_CASE(an_attempt_that_began_late_is_not_blamed_for_the_total) {
    auto settings = with_permits(1);
    settings.deadlines.all[Phase::total] = 2'000ms;
    ProviderFixture probe("probe", "{}", settings);
    AttemptReport report;
    const auto now = base::steady_clock().now();
    // Nearly all of the time went to other attempts.
    const AttemptRequest request{
        .model = "hold", .body = "{}", .started = now - 1'990ms, .deadline = now + 10ms};
    const auto cancel = std::make_shared<CancelSignal>();
    Running<plugin::CallOutcome> running(probe.io(), 0,
                                         probe->attempt(request, nullptr, cancel, 0, report));
    BOOST_TEST(running.wait().error().code == Code::deadline);
    BOOST_TEST(report.stop == Stop::caller_deadline);
    BOOST_TEST(failures(probe) == 0U);
}

BOOST_AUTO_TEST_CASE(the_request_s_limits_go_before_the_provider_s) {
    ProviderFixture probe("probe", "{}", with_limit_of(Phase::first_byte, 3'600'000ms));
    Ask silent{.model = "hold"};
    TextSink none;
    silent.sink = &none;
    silent.limits[Phase::first_byte] = 5ms;
    BOOST_TEST(contains(probe.ask(std::move(silent)).error().message, "did not begin within 5ms"));
    Ask stalls{.model = "hold after delta"};
    TextSink begun;
    stalls.sink = &begun;
    stalls.limits[Phase::idle] = 5ms;
    BOOST_TEST(contains(probe.ask(std::move(stalls)).error().message, "paused for more than 5ms"));
    BOOST_TEST(probe.report().stop == Stop::attempt_timeout);  // another one may be asked
}

// D3
BOOST_AUTO_TEST_CASE(an_impatient_caller_is_no_failure_of_the_provider) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    for (int i = 0; i < 6; ++i) {
        Ask silent{.model = "hold"};
        TextSink none;
        silent.sink = &none;
        silent.limits[Phase::first_byte] = 1ms;
        BOOST_TEST(probe.ask(std::move(silent)).error().code == Code::deadline);
    }
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(probe->state("inline").load.cost_ms == 0.0);
    BOOST_TEST(availability(probe) == Availability::ready);
}

BOOST_AUTO_TEST_CASE(the_request_s_limit_of_connecting_ends_its_wait_and_not_the_dial) {
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}", breaking_settings());
    Ask ask{.model = "inline"};
    ask.limits[Phase::connect] = 5ms;
    const auto outcome = probe.ask(std::move(ask));
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(outcome.error().code == Code::deadline);
    BOOST_TEST(outcome.error().not_sent);
    BOOST_TEST(outcome.error().retryable);
    BOOST_TEST(contains(outcome.error().message, "its time for connecting was over"));
    BOOST_TEST(probe.report().dialing);
    BOOST_TEST(probe.report().stop == Stop::not_admitted);
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(availability(probe) == Availability::connecting);
}

// D2
BOOST_AUTO_TEST_CASE(without_any_time_left_nothing_is_begun) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    AttemptReport report;
    const auto now = base::steady_clock().now();
    const AttemptRequest request{.model = "config {\"health\":\"sick\"}",
                                 .body = "{}",
                                 .started = now - 1s,
                                 .deadline = now - 1ms};
    Running<plugin::CallOutcome> running(
        probe.io(), 0,
        probe->attempt(request, nullptr, std::make_shared<CancelSignal>(), 0, report));
    BOOST_TEST(running.wait().error().code == Code::deadline);
    BOOST_TEST(report.stop == Stop::caller_deadline);
    BOOST_TEST(failures(probe) == 0U);
    BOOST_TEST(probe.check_health().has_value());  // the plugin has not heard of it
}

BOOST_AUTO_TEST_CASE(a_request_without_a_deadline_may_last) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    AttemptReport report;
    const AttemptRequest request{.model = "inline", .body = "{}"};  // since the epoch, for ever
    Running<plugin::CallOutcome> running(
        probe.io(), 0,
        probe->attempt(request, nullptr, std::make_shared<CancelSignal>(), 0, report));
    BOOST_TEST(running.wait().has_value());
}

// D8
BOOST_AUTO_TEST_CASE(a_cancel_ends_each_phase_with_the_same_code) {
    auto settings = with_permits(1);
    ProviderFixture dialing("probe_session", "{\"connect\":\"hold\"}", settings);
    const auto cancel = std::make_shared<CancelSignal>();
    auto dials = dialing.start("inline", nullptr, {}, cancel);
    BOOST_TEST(eventually([&] { return dialing->report().connections.permits.held == 1; }));
    const auto cancel_queue = std::make_shared<CancelSignal>();
    auto queues = dialing.start("inline", nullptr, {}, cancel_queue);
    BOOST_TEST(eventually([&] { return waiting(dialing) == 1; }));
    cancel_queue->cancel();
    BOOST_TEST(queues.wait().error().code == Code::cancelled);
    BOOST_TEST(dialing.report().stop == Stop::caller_cancelled);
    cancel->cancel();
    BOOST_TEST(dials.wait().error().code == Code::cancelled);
    BOOST_TEST(dialing.report().stop == Stop::caller_cancelled);
    BOOST_TEST(dialing.attempts().of(core::Ending::cancelled) == 2U);
    BOOST_TEST(failures(dialing) == 0U);
    BOOST_TEST(gauges(dialing) == kNothing);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

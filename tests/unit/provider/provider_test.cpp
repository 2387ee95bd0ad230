#include "provider/provider.hpp"

#include <boost/test/unit_test.hpp>

#include "provider_support.hpp"

namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using test::ProviderFixture;
using test::quiet_settings;
using test::TextSink;
using test::with_limit;

BOOST_AUTO_TEST_SUITE(provider)

BOOST_AUTO_TEST_CASE(an_answer_arrives_by_deltas_and_outcome) {
    ProviderFixture probe("probe");
    TextSink sink;
    const auto outcome = probe.run("thread", &sink);
    BOOST_REQUIRE(outcome);
    BOOST_TEST(sink.text() == "from a thread");
    BOOST_TEST(probe.attempts().started == 1U);
    BOOST_TEST(probe.attempts().of(core::Ending::failed) == 0U);
    BOOST_TEST(probe.attempts().in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(without_a_sink_the_outcome_is_all_there_is) {
    ProviderFixture probe("probe");
    const auto outcome = probe.run("body");
    BOOST_REQUIRE(outcome);
    BOOST_TEST(outcome->body == "{}");
}

BOOST_AUTO_TEST_CASE(an_error_names_the_provider_and_counts) {
    ProviderFixture probe("probe");
    const auto outcome = probe.run("fail request");
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(outcome.error().message == "provider tested: the filter says no");
    BOOST_TEST((outcome.error().code == Code::refused));
    BOOST_TEST(probe.attempts().of(core::Ending::failed) == 1U);
}

BOOST_AUTO_TEST_CASE(the_caller_s_time_limit_ends_a_request_whatever_the_plugin_does) {
    for (const char* model : {"hold", "deaf", "long timer"}) {
        BOOST_TEST_CONTEXT(model) {
            ProviderFixture probe("probe");
            const auto outcome = probe.run(model, nullptr, 5ms);
            BOOST_REQUIRE(!outcome);
            BOOST_TEST((outcome.error().code == Code::deadline));
            BOOST_TEST(outcome.error().message ==
                       "provider tested: The request was not finished within 5ms; allow more time or ask for less.");
            BOOST_TEST(probe.attempts().in_flight() == 0U);
            BOOST_TEST(probe.text("release") == "released");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_plugin_that_never_finishes_costs_its_caller_no_more_than_the_limit) {
    ProviderFixture bad("never_finish");
    const auto outcome = bad.run("m", nullptr, 5ms);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
    bad.shut_down(1ms);
    BOOST_TEST(bad.log().count("left_alive") == 1U);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_blocks_for_ever_on_a_worker_costs_no_more_than_the_limit) {
    ProviderFixture bad("block_for_ever");
    TextSink sink;
    auto running = bad.start("m", &sink, 20ms);
    const auto outcome = running.wait();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
    bad.shut_down(1ms);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_keeps_its_workers_takes_none_from_others_and_is_soon_refused) {
    ProviderFixture bad("block_for_ever");  // with two workers
    for (int i = 0; i < 4; ++i) {
        TextSink sink;
        const auto cancel = std::make_shared<CancelSignal>();
        auto running = bad.start("m", &sink, {}, cancel);
        BOOST_TEST(sink.wait_for_text());  // it has a worker, although it has kept all before
        cancel->cancel();
        BOOST_TEST((running.wait().error().code == Code::cancelled));
    }
    const auto refused = bad.run("m");
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().scope == Scope::provider));
    BOOST_TEST(refused.error().message ==
               "provider tested: 4 earlier calls still hang in the plugin; restart this program, "
               "or report it to the plugin's author");
    bad.shut_down(1ms);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_emits_for_ever_is_stopped_by_the_limit) {
    ProviderFixture bad("emit_for_ever");
    TextSink sink;
    const auto outcome = bad.run("m", &sink, 20ms);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
    bad.shut_down();
    BOOST_TEST(bad.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_stream_without_a_pause_lets_other_requests_of_its_thread_pass) {
    ProviderFixture probe("probe");
    TextSink sink;
    // Whenever the reader has taken something, more is there before it looks again.
    sink.on_each = [&] {
        static_cast<void>(
            probe.start("nudge", nullptr, {}, std::make_shared<CancelSignal>(), 1).wait());
    };
    const auto cancel = std::make_shared<CancelSignal>();
    auto stream = probe.start("hold after delta", &sink, {}, cancel);
    BOOST_TEST(sink.wait_for_text());
    BOOST_TEST(probe.text("inline") == "inline");  // on the stream's thread, behind it
    cancel->cancel();
    BOOST_TEST((stream.wait().error().code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(a_stream_that_brings_nothing_at_first_ends_with_an_error_of_its_own) {
    const auto settings = with_limit(core::Phase::first_byte, 5ms);
    ProviderFixture probe("probe", "{}", settings);
    TextSink sink;
    const auto outcome = probe.run("hold", &sink);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
    BOOST_TEST((outcome.error().scope == Scope::connection));
    BOOST_TEST(outcome.error().retryable);
    BOOST_TEST(outcome.error().message == "provider tested: The answer did not begin within 5ms.");
}

BOOST_AUTO_TEST_CASE(a_stream_that_stalls_ends_after_the_idle_limit) {
    const auto settings = with_limit(core::Phase::idle, 5ms);
    ProviderFixture probe("probe", "{}", settings);
    TextSink sink;
    const auto outcome = probe.run("hold after delta", &sink);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(sink.text() == "begun");
    BOOST_TEST((outcome.error().scope == Scope::connection));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_is_not_taken_for_a_stalled_provider) {
    auto settings = with_limit(core::Phase::first_byte, 1ms);
    settings.deadlines.all[core::Phase::idle] = 1ms;
    ProviderFixture probe("probe", "{}", settings);
    TextSink sink;
    sink.shut(true);
    auto running = probe.start("inline", &sink);
    const auto later = base::steady_clock().now() + 5ms;
    while (base::steady_clock().now() < later) BOOST_TEST(probe.check_health().has_value());
    sink.shut(false);
    BOOST_TEST(running.wait().has_value());
    BOOST_TEST(sink.text() == "inline");
}

BOOST_AUTO_TEST_CASE(the_total_limit_holds_for_a_reader_that_takes_nothing) {
    ProviderFixture probe("probe");
    TextSink sink;
    sink.shut(true);
    const auto outcome = probe.run("hold", &sink, 5ms);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_the_request_and_is_no_failure) {
    ProviderFixture probe("probe");
    const auto cancel = std::make_shared<CancelSignal>();
    TextSink sink;
    auto running = probe.start("hold after delta", &sink, {}, cancel);
    BOOST_TEST(sink.wait_for_text());
    cancel->cancel();
    const auto outcome = running.wait();
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::cancelled));
    BOOST_TEST(probe.attempts().of(core::Ending::failed) == 0U);
    BOOST_TEST(probe->report().misbehaviours == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_that_was_cancelled_before_never_reaches_the_plugin) {
    ProviderFixture bad("throw_in_complete");
    const auto cancel = std::make_shared<CancelSignal>();
    cancel->cancel();
    const auto outcome = bad.start("m", nullptr, {}, cancel).wait();
    BOOST_TEST((outcome.error().code == Code::cancelled));
    BOOST_TEST(bad->report().misbehaviours == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancel_from_the_reader_s_own_callback_is_safe) {
    ProviderFixture probe("probe");
    const auto cancel = std::make_shared<CancelSignal>();
    TextSink sink;
    sink.on_first = [&] { cancel->cancel(); };
    const auto outcome = probe.start("hold after delta", &sink, {}, cancel).wait();
    BOOST_TEST((outcome.error().code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(a_signal_that_outlives_the_request_wakes_nobody) {
    const auto cancel = std::make_shared<CancelSignal>();
    {
        ProviderFixture probe("probe");
        BOOST_TEST(!probe.start("hold", nullptr, 5ms, cancel).wait().has_value());
    }
    cancel->cancel();  // after the I/O threads are gone
    BOOST_TEST(cancel->cancelled());
}

BOOST_AUTO_TEST_CASE(a_reader_that_throws_leaves_nothing_behind) {
    ProviderFixture probe("probe_session");
    TextSink sink;
    sink.on_first = [] { throw std::runtime_error("the reader gave up"); };
    BOOST_CHECK_THROW(probe.start("hold after delta", &sink).wait(), std::runtime_error);
    BOOST_TEST(probe.attempts().in_flight() == 0U);
    BOOST_TEST(probe.text("conn").starts_with("connection "));
    probe.shut_down();
    BOOST_TEST(probe.log().count("destroyed with 0 connections") == 1U);
}

BOOST_AUTO_TEST_CASE(a_health_check_brings_version_and_time) {
    ProviderFixture probe("probe");
    const auto health = probe.check_health();
    BOOST_REQUIRE(health);
    BOOST_TEST(health->server_version == "7.1");
}

BOOST_AUTO_TEST_CASE(a_sick_provider_says_why) {
    ProviderFixture probe("probe", "{\"health\":\"sick\"}");
    const auto health = probe.check_health();
    BOOST_REQUIRE(!health);
    BOOST_TEST(health.error().message == "provider tested: no licence");
}

BOOST_AUTO_TEST_CASE(a_health_check_has_a_limit_of_its_own) {
    auto settings = quiet_settings();
    settings.connections.health.timeout = 5ms;
    ProviderFixture probe("probe", "{\"health\":\"hold\"}", settings);
    const auto health = probe.check_health();
    BOOST_REQUIRE(!health);
    BOOST_TEST((health.error().code == Code::deadline));
}

BOOST_AUTO_TEST_CASE(what_a_kind_leaves_out_is_unsupported) {
    ProviderFixture meagre("probe_meagre");
    BOOST_TEST(meagre.check_health().error().message ==
               "provider tested: the plugin has no health check");
    BOOST_TEST((meagre.check_health().error().code == Code::unsupported));
    BOOST_TEST((meagre.list_models().error().code == Code::unsupported));
    BOOST_TEST(meagre.text("inline") == "inline");
}

BOOST_AUTO_TEST_CASE(models_are_listed_as_the_plugin_says) {
    ProviderFixture probe("probe");
    BOOST_TEST(*probe.list_models() == "{\"data\":[{\"id\":\"inline\"}]}");
}

BOOST_AUTO_TEST_CASE(a_provider_that_cannot_be_made_says_why) {
    const test::Machine machine;
    const auto made = Provider::create(test::Machine::kind("throw_in_create"), machine.options(),
                                       {}, {machine.environment()});
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().message.find("threw an exception in create") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(after_a_storm_of_ends_of_all_sorts_every_gauge_is_zero) {
    ProviderFixture probe("probe_mux");
    const char* const models[] = {"inline",       "thread",          "hold",       "deaf",
                                  "fail request", "fail connection", "long timer", "lose"};
    std::vector<std::shared_ptr<CancelSignal>> signals;
    std::vector<test::Running<plugin::CallOutcome>> running;
    for (std::size_t i = 0; i < 64; ++i) {
        signals.push_back(std::make_shared<CancelSignal>());
        running.push_back(
            probe.start(models[i % 8], nullptr, i % 3 == 0 ? 2ms : 60s, signals.back(), i % 2));
    }
    for (const auto& signal : signals) signal->cancel();
    for (auto& one : running) static_cast<void>(one.wait());
    BOOST_TEST(probe.text("release") == "released");
    BOOST_TEST(probe.attempts().in_flight() == 0U);
    BOOST_TEST(probe->report().misbehaviours == 0U);
    probe.shut_down();
    BOOST_TEST(probe.log().count("left_alive") == 0U);
    BOOST_TEST(probe.log().count("destroyed with 0 connections") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

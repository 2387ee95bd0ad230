#include <boost/test/unit_test.hpp>

#include "attempt_support.hpp"
#include "provider/provider.hpp"
#include "provider_support.hpp"

/// What a provider does with the logical connections of its plugin.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using test::ProviderFixture;
using test::TextSink;
using test::with_limit;

/// A request that holds its connection until it is cancelled.
struct Held {
    explicit Held(ProviderFixture& provider)
        : running(provider.start("hold after delta", &sink, {}, cancel)) {
        BOOST_TEST(sink.wait_for_text());
    }
    void end() {
        cancel->cancel();
        BOOST_TEST((running.wait().error().code == Code::cancelled));
    }

    TextSink sink;
    std::shared_ptr<CancelSignal> cancel = std::make_shared<CancelSignal>();
    test::Running<plugin::CallOutcome> running;
};

void shut_down_clean(ProviderFixture& provider) {
    provider.shut_down();
    BOOST_TEST(provider.log().count("left_alive") == 0U);
    BOOST_TEST(provider.log().count("destroyed with 0 connections") == 1U);
}

BOOST_AUTO_TEST_SUITE(provider_connections)

BOOST_AUTO_TEST_CASE(a_connection_is_made_when_it_is_needed_and_used_again) {
    ProviderFixture probe("probe_session");
    BOOST_TEST(probe.connections() == 0U);
    const std::string first = probe.text("conn");
    BOOST_TEST(first.starts_with("connection "));
    BOOST_TEST(probe.text("conn") == first);
    BOOST_TEST(probe.connections() == 1U);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_stateless_kind_has_none) {
    ProviderFixture probe("probe");
    BOOST_TEST(probe.text("conn") == "connection 0");
    BOOST_TEST(probe.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(an_exclusive_connection_that_is_busy_is_not_shared) {
    ProviderFixture probe("probe_session");
    Held held(probe);
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(probe.connections() == 2U);
    held.end();
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_multiplexed_connection_is_shared_up_to_its_number_of_calls) {
    ProviderFixture probe("probe_mux");  // two calls at once
    Held one(probe);
    Held two(probe);
    BOOST_TEST(probe.connections() == 1U);
    Held three(probe);
    BOOST_TEST(probe.connections() == 2U);
    one.end();
    two.end();
    three.end();
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_connection_that_a_thread_makes_is_waited_for) {
    ProviderFixture probe("probe_session", "{\"connect\":\"thread\"}");
    BOOST_TEST(probe.text("inline") == "inline");
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_blocking_kind_connects_and_disconnects_on_a_worker) {
    ProviderFixture probe("probe_blocking");
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(probe.check_health().has_value());
    BOOST_TEST(probe.connections() == 1U);
    shut_down_clean(probe);  // destroys after the worker has disconnected
}

BOOST_AUTO_TEST_CASE(a_connect_that_fails_fails_the_request_with_its_reason) {
    ProviderFixture probe("probe_session", "{\"connect\":\"fail\"}");
    const auto outcome = probe.run("inline");
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::auth));
    BOOST_TEST(outcome.error().message == "provider tested: wrong password");
}

BOOST_AUTO_TEST_CASE(a_connect_that_is_refused_fails_the_request) {
    ProviderFixture probe("probe_session", "{\"connect\":\"refuse\"}");
    BOOST_TEST((probe.run("inline").error().code == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(a_connect_that_takes_too_long_is_given_up_and_its_connection_closed) {
    auto settings = test::quiet_settings();
    settings.connections.connection.connect_timeout = 5ms;
    ProviderFixture probe("probe_session", "{\"connect\":\"hold\"}", settings);
    const auto outcome = probe.run("inline");
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::deadline));
    BOOST_TEST(outcome.error().message ==
               "provider tested: no connection within timeouts.connect (5 ms)");
    // The probe connects when it is cancelled: too late for the request, in time for the host. A
    // time limit that had passed before the probe was asked is followed by another try.
    BOOST_TEST(test::eventually(
        [&] { return probe.log().count("connected") >= 1U || probe.run("inline").has_value(); }));
    BOOST_TEST(probe.connections() == 0U);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(success_without_a_connection_is_an_error) {
    ProviderFixture bad("connect_without_connection");
    const auto outcome = bad.run("m");
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == Code::internal));
    BOOST_TEST(outcome.error().message ==
               "provider tested: the plugin reported a connection but brought none; report it to "
               "the plugin's author");
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_brought_twice_is_an_error) {
    ProviderFixture bad("same_connection_twice");
    TextSink sink;
    const auto cancel = std::make_shared<CancelSignal>();
    auto first = bad.start("m", &sink, {}, cancel);
    BOOST_TEST(sink.wait_for_text());
    const auto second = bad.run("m");
    BOOST_REQUIRE(!second);
    BOOST_TEST((second.error().message.find("is in use already") != std::string::npos));
    cancel->cancel();
    BOOST_TEST((first.wait().error().code == Code::cancelled));
    BOOST_TEST(bad.connections() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failure_that_blames_the_connection_closes_it) {
    ProviderFixture probe("probe_session");
    const std::string first = probe.text("conn");
    BOOST_TEST(!probe.run("fail connection").has_value());
    BOOST_TEST(probe.log().wait_for("disconnected"));
    BOOST_TEST(probe.connections() == 0U);
    BOOST_TEST(probe.text("conn") != first);
}

BOOST_AUTO_TEST_CASE(a_failure_that_blames_the_request_keeps_the_connection) {
    ProviderFixture probe("probe_session");
    const std::string first = probe.text("conn");
    BOOST_TEST(!probe.run("fail request").has_value());
    BOOST_TEST(probe.text("conn") == first);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_reported_lost_is_closed_after_its_call) {
    ProviderFixture probe("probe_session");
    const std::string first = probe.text("conn");
    BOOST_TEST(probe.text("lose") == "known");
    BOOST_TEST(probe.log().wait_for("disconnected"));
    BOOST_TEST(probe.connections() == 0U);
    BOOST_TEST(probe.text("conn") != first);
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_gives_its_connection_back_when_the_plugin_finishes) {
    ProviderFixture probe("probe_session");
    BOOST_TEST(!probe.run("deaf", nullptr, 5ms).has_value());
    BOOST_TEST(probe.connections() == 1U);
    const std::string second = probe.text("conn");  // on another one
    BOOST_TEST(probe.connections() == 2U);
    BOOST_TEST(probe.text("release") == "released");  // ends the deaf call, on the second
    Held one(probe);
    Held two(probe);
    BOOST_TEST(probe.connections() == 2U);  // both are in use again
    one.end();
    two.end();
    shut_down_clean(probe);
}

BOOST_AUTO_TEST_CASE(a_stream_that_went_quiet_takes_its_connection_out_of_use) {
    const auto settings = with_limit(core::Phase::idle, 5ms);
    ProviderFixture probe("probe_session", "{}", settings);
    TextSink sink;
    BOOST_TEST(!probe.run("hold after delta", &sink).has_value());
    BOOST_TEST(probe.log().wait_for("disconnected"));
    BOOST_TEST(probe.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(shutting_down_is_bounded_with_a_request_in_flight) {
    ProviderFixture probe("probe_session");
    BOOST_TEST(!probe.run("deaf", nullptr, 5ms).has_value());
    probe.shut_down(1ms);
    BOOST_TEST(probe.log().count("left_alive") == 1U);
    BOOST_TEST(probe.log().count("disconnected") == 0U);  // never under a running call
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

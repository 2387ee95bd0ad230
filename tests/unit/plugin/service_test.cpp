#include <boost/test/unit_test.hpp>

#include "plugin/proxy.hpp"
#include "proxy_support.hpp"
#include "support/scripted_server.hpp"

/// The services tenon.http/1, tenon.timer/1 and tenon.json/1 as a plugin in C sees them.
namespace tenon::plugin {
namespace {

using test::Answer;
using test::Conn;
using test::Gate;
using test::ProxyFixture;
using test::read_all;
using test::read_some;
using test::ReceivedRequest;
using test::ScriptedServer;

std::string body_with_url(const std::string& url, const std::string& more = "") {
    return "{\"url\":\"" + url + "\"" + more + "}";
}

BOOST_AUTO_TEST_SUITE(service)

BOOST_AUTO_TEST_CASE(a_timer_expires_after_start_has_returned) {
    ProxyFixture probe("probe");
    BOOST_TEST(probe.ask("timer").text == "expired");
}

BOOST_AUTO_TEST_CASE(a_timer_that_the_plugin_stops_ends_as_cancelled) {
    ProxyFixture probe("probe");
    BOOST_TEST(probe.ask("stopped timer").outcome.error.message == "timer cancelled");
}

BOOST_AUTO_TEST_CASE(the_cancel_of_a_call_ends_its_timers) {
    ProxyFixture probe("probe");
    { auto call = probe.complete("long timer"); }
    BOOST_TEST(probe.log().wait_for("timer ended with 1"));
    probe.retire();
    BOOST_TEST(probe.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_timer_with_a_negative_delay_is_refused) {
    ProxyFixture probe("probe");
    BOOST_TEST(probe.ask("bad timer").text == "refused");
    BOOST_TEST(probe->misbehaviours() == 1U);
}

BOOST_AUTO_TEST_CASE(the_request_s_body_can_be_read_by_json_pointer) {
    ProxyFixture probe("probe");
    const Answer answer =
        probe.ask("json", "{\"messages\":[{\"content\":\"no\"},{\"content\":\"y\\u00e9s\"}]}");
    BOOST_TEST(answer.text == "y\xc3\xa9s");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_json_has_no_values) {
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("json", "{broken");
    BOOST_TEST(answer.text.empty());
    BOOST_TEST(answer.outcome.ok);
}

BOOST_AUTO_TEST_CASE(an_http_exchange_brings_head_body_and_end) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) {
        conn.respond_chunked(201, {{"X-Seen", "yes"}}, {"hel", "lo"});
    });
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("http", body_with_url(server.url("/a")));
    BOOST_TEST(answer.text == "hello");
    BOOST_TEST(answer.outcome.finish_reason == "http 201");
    BOOST_TEST(probe.log().count("header x-seen=yes") == 1U);
    BOOST_TEST(server.requests().front().target == "/a");
}

BOOST_AUTO_TEST_CASE(a_credential_is_attached_by_name_and_never_shown) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "ok"); });
    ProxyFixture probe("probe");
    probe.ask("http", body_with_url(server.url(), ",\"credential\":\"api_key\""));
    BOOST_TEST(server.requests().front().header("authorization").value_or("") ==
               "Bearer sk-sesame");
    BOOST_TEST(probe.log().count("sesame") == 0U);
}

BOOST_AUTO_TEST_CASE(a_credential_that_is_not_configured_fails_before_anything_is_sent) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "ok"); });
    ProxyFixture probe("probe");
    const Error error =
        probe.ask("http", body_with_url(server.url(), ",\"credential\":\"other\"")).outcome.error;
    BOOST_TEST((error.code == Code::auth));
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.message ==
               "the credential 'other' is not configured; set it in the provider's config");
    BOOST_TEST(server.connections_accepted() == 0);
}

BOOST_AUTO_TEST_CASE(the_longest_timeout_there_is_does_not_overflow) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "ok"); });
    ProxyFixture probe("probe");
    const Answer answer =
        probe.ask("http", body_with_url(server.url(), ",\"timeout\":\"longest\""));
    BOOST_TEST(answer.text == "ok");
}

BOOST_AUTO_TEST_CASE(an_exchange_that_the_plugin_stops_ends_as_cancelled) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); });
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("stopped http", body_with_url(server.url()));
    BOOST_TEST((answer.outcome.error.code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(the_cancel_of_a_call_ends_its_exchanges) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); });
    ProxyFixture probe("probe");
    {
        auto call = probe.complete("http", body_with_url(server.url()));
        BOOST_TEST(server.wait_for_requests(1));
    }
    BOOST_TEST(probe.log().wait_for("http ended with 1"));
    BOOST_TEST(server.wait_for_open(0));
    probe.retire();
    BOOST_TEST(probe.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(the_deadline_of_a_call_ends_its_exchanges) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); });
    ProxyFixture probe("probe");
    auto call = probe.complete("http", body_with_url(server.url()),
                               base::steady_clock().now() + std::chrono::milliseconds(20));
    BOOST_TEST((read_all(call).outcome.error.code == Code::deadline));
}

BOOST_AUTO_TEST_CASE(requests_and_sinks_that_make_no_sense_are_refused) {
    ProxyFixture probe("probe");
    BOOST_TEST(probe.ask("misused http").text == "all refused");
    BOOST_TEST(probe->misbehaviours() == 5U);  // an unknown call is stale, not wrong
    BOOST_TEST(probe->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_slows_the_peer_down_and_loses_nothing) {
    // More than the host, two kernels and the plugin would hold between them.
    const std::string piece(std::size_t{1} << 20, 'b');
    constexpr int kPieces = 48;
    ScriptedServer server([&](Conn& conn, const ReceivedRequest&) {
        conn.respond_chunked(200, {}, std::vector<std::string>(kPieces, piece));
    });
    ProxyFixture probe("probe");
    auto call = probe.complete("http", body_with_url(server.url()));
    Answer answer;
    BOOST_TEST(!read_some(call, answer));
    while (!read_some(call, answer)) {
    }
    BOOST_TEST(answer.text.size() == piece.size() * kPieces);
    BOOST_TEST(probe.log().count("emit answered") == 0U);  // never AGAIN
}

BOOST_AUTO_TEST_CASE(an_exchange_that_is_leaked_past_the_end_of_its_call_is_cancelled) {
    ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); });
    ProxyFixture bad("leak_http");
    BOOST_TEST(bad.ask(server.url()).text == "started");
    bad.retire();
    BOOST_TEST(bad.log().count("left_alive") == 0U);
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin

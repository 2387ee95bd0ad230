#include <csignal>

#include "control_fixture.hpp"

using namespace tenon::test;

BOOST_FIXTURE_TEST_SUITE(cli_control, ControlFixture)

BOOST_AUTO_TEST_CASE(help_of_every_control_command_goes_to_standard_output) {
    for (const char* command :
         {"connect", "disconnect", "enable", "disable", "reconnect", "recover", "health", "breaker",
          "route", "requests", "events", "trace", "top", "reload"}) {
        const Ran ran = run_tenon({command, "--help"});
        BOOST_TEST(ran.code == 0);
        BOOST_TEST(!ran.out.empty());
        BOOST_TEST(ran.err.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_command_without_a_name_says_that_it_needs_one) {
    for (const char* command :
         {"connect", "disconnect", "enable", "disable", "reconnect", "recover"}) {
        const Ran ran = run({command});
        BOOST_TEST(ran.code == 2);
        BOOST_TEST(contains(ran.err, "needs the name of a provider, or --all"));
        BOOST_TEST(run({command, "one", "--all"}).code == 2);
    }
}

BOOST_AUTO_TEST_CASE(nobody_is_promised_a_longer_wait_than_the_daemon_has) {
    FakeDaemon daemon(socket);
    const Ran ran = run({"connect", "one", "--wait", "11m"});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "--wait"));
    BOOST_TEST(daemon.bodies("POST /admin/v1/commands/connect").empty());
}

BOOST_AUTO_TEST_CASE(a_command_names_the_providers_and_prints_the_replies) {
    FakeDaemon daemon(socket);
    daemon.answer(
        "POST /admin/v1/commands/connect",
        replies(reply("one", "accepted", "Provider 'one' is connected now.", "connected") + "," +
                reply("two", "already", "Provider 'two' is connected already.", "connected")));
    const Ran ran = run({"connect", "one", "two"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out ==
               "Provider 'one' is connected now.\nProvider 'two' is connected already.\n");
    BOOST_TEST(ran.err == "");
    const auto bodies = daemon.bodies("POST /admin/v1/commands/connect");
    BOOST_REQUIRE_EQUAL(bodies.size(), 1u);
    BOOST_TEST(bodies[0] == R"({"providers":["one","two"],"patience_ms":15000})");
}

BOOST_AUTO_TEST_CASE(all_providers_are_meant_by_naming_none_to_the_daemon) {
    FakeDaemon daemon(socket);
    const std::string request = "POST /admin/v1/commands/disconnect";
    daemon.answer(request, replies(reply("one", "accepted", "gone", "disconnected")));
    BOOST_TEST(run({"disconnect", "--all", "--now", "--wait", "2s"}).code == 0);
    BOOST_TEST(run({"disconnect", "--all", "--no-wait"}).code == 0);
    const auto bodies = daemon.bodies(request);
    BOOST_REQUIRE_EQUAL(bodies.size(), 2u);
    BOOST_TEST(bodies[0] == R"({"now":true,"patience_ms":2000})");
    BOOST_TEST(bodies[1] == R"({"patience_ms":0})");
}

BOOST_AUTO_TEST_CASE(a_refused_command_fails) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/commands/connect",
                  replies(reply("one", "refused", "Provider 'one' is disabled; enable it first.",
                                "disconnected")));
    const Ran ran = run({"connect", "one"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.out == "");
    BOOST_TEST(ran.err == "tenon: Provider 'one' is disabled; enable it first.\n");
}

BOOST_AUTO_TEST_CASE(a_command_that_has_not_settled_in_time_fails_and_says_so) {
    FakeDaemon daemon(socket);
    daemon.answer(
        "POST /admin/v1/commands/connect",
        replies(reply("one", "accepted", "Provider 'one' is connecting now.", "connecting")));
    const Ran ran = run({"connect", "one", "--wait", "100ms"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(contains(ran.err, "takes longer than 100ms"));
    BOOST_TEST(run({"connect", "one", "--no-wait"}).code == 0);
}

BOOST_AUTO_TEST_CASE(what_the_daemon_does_not_know_is_said_in_its_words) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/commands/enable",
                  R"({"error":{"code":"not_found","message":"there is no provider 'x'"}})", 404);
    const Ran ran = run({"enable", "x"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.err == "tenon: there is no provider 'x'\n");
}

BOOST_AUTO_TEST_CASE(health_of_all_is_the_default_and_fails_with_an_unhealthy_one) {
    FakeDaemon daemon(socket);
    daemon.answer(
        "POST /admin/v1/commands/health",
        replies(reply("one", "accepted", "Provider 'one' is healthy.", "connected") + "," +
                reply("two", "accepted", "Provider 'two' is unhealthy.", "unhealthy")));
    const Ran ran = run({"health"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.out == "Provider 'one' is healthy.\n");
    BOOST_TEST(ran.err == "tenon: Provider 'two' is unhealthy.\n");
}

BOOST_AUTO_TEST_CASE(a_check_that_fails_counts_also_while_the_provider_is_connected) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/commands/health",
                  replies(R"({"provider":"one","kind":"accepted","message":"It is ill.",
                             "state":"connected","healthy":false})"));
    const Ran ran = run({"health"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(ran.err == "tenon: It is ill.\n");
}

BOOST_AUTO_TEST_CASE(a_breaker_is_opened_for_a_model) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/breaker",
                  R"({"provider":"one","model":"m","state":"forced_open"})");
    const Ran ran = run({"breaker", "one", "open", "--model", "m"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out == "The breaker of provider 'one' for model 'm' is forced-open now.\n");
    BOOST_TEST(daemon.bodies("POST /admin/v1/breaker").at(0) ==
               R"({"provider":"one","model":"m","command":"open"})");
    BOOST_TEST(run({"breaker", "one", "blow"}).code == 2);
}

BOOST_AUTO_TEST_CASE(routes_are_listed_with_tiers_and_pins) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/routes", R"({"routes":[{"model":"m","tiers":[
        [{"provider":"one","model":"x","weight":2},{"provider":"two","model":"","weight":1}],
        [{"provider":"far","model":"y","weight":1}]],"pinned_to":"two","pin_forced":true}]})");
    const Ran ran = run({"route", "list"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out ==
               "MODEL  PINNED TO     PROVIDERS\n"
               "m      two (forced)  one:x (2), two; then far:y\n");
    BOOST_TEST(contains(run({"route", "list", "--json"}).out, R"("pinned_to": "two")"));
}

BOOST_AUTO_TEST_CASE(a_route_is_pinned_for_a_time_and_unpinned) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/routes/pin", "{}");
    daemon.answer("POST /admin/v1/routes/unpin", R"({"was_pinned":false})");
    const Ran pinned = run({"route", "pin", "m", "one", "--for", "10m", "--force"});
    BOOST_TEST(pinned.code == 0);
    BOOST_TEST(pinned.out == "Route 'm' goes to provider 'one' alone for 10m.\n");
    BOOST_TEST(daemon.bodies("POST /admin/v1/routes/pin").at(0) ==
               R"({"model":"m","provider":"one","duration_ms":600000,"force":true})");
    BOOST_TEST(run({"route", "unpin", "m"}).out == "Route 'm' was not pinned.\n");
}

BOOST_AUTO_TEST_CASE(requests_are_listed_and_cancelled) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/requests",
                  R"({"requests":[{"id":"r1","dialect":"openai","model":"m","provider":"one",
                      "key":null,"stream":true,"age_ms":2500,"attempts":2,"deltas":7,
                      "bytes":1400}]})");
    daemon.answer("POST /admin/v1/requests/r1/cancel", "{}");
    const Ran list = run({"requests"});
    BOOST_TEST(list.code == 0);
    BOOST_TEST(contains(list.out, "r1  openai   m      one       -    yes     2.5 s  2         7"));
    BOOST_TEST(contains(list.out, "1.4 kB"));
    BOOST_TEST(run({"requests", "cancel", "r1"}).code == 0);
    BOOST_TEST(run({"requests", "cancel", "../reload"}).code == 1);
    BOOST_TEST(daemon.requests().back().target == "/admin/v1/requests/..%2Freload/cancel");
}

BOOST_AUTO_TEST_CASE(traces_are_listed_and_one_is_told_whole) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/traces", R"({"traces":[{"id":"4bf92f3577b34da6a3ce929d0e0e4736",
        "request_id":"r1","model":"m","provider":null,"status":503,"duration_ms":12,
        "attempts":0}]})");
    daemon.answer("GET /admin/v1/traces/4bf9",
                  R"({"id":"4bf92f3577b34da6a3ce929d0e0e4736","status":503,"duration_us":12000})");
    const Ran list = run({"trace", "--limit", "7"});
    BOOST_TEST(list.code == 0);
    BOOST_TEST(contains(list.out, "4bf92f3577b34da6  r1"));
    BOOST_TEST(daemon.requests().back().target == "/admin/v1/traces?limit=7");
    const Ran one = run({"trace", "4bf9"});
    BOOST_TEST(one.code == 0);
    BOOST_TEST(contains(one.out, "12 ms  0      request ended with status 503"));
    BOOST_TEST(contains(run({"trace", "4bf9", "--json"}).out, R"("duration_us": 12000)"));
}

BOOST_AUTO_TEST_CASE(reload_says_what_has_changed_and_what_has_to_wait) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/reload",
                  R"({"changed":["providers.one","routes"],"needs_restart":["gateway.listen"]})");
    const Ran ran = run({"reload"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out == "Changed: providers.one, routes.\n");
    BOOST_TEST(contains(ran.err, "until the daemon is restarted: gateway.listen"));
    BOOST_TEST(!contains(ran.err, "cannot be used"));
    daemon.answer("POST /admin/v1/reload",
                  R"({"changed":[],"needs_restart":[],"misconfigured":[)"
                  R"({"provider":"one","message":"provider one: there is no kind mok"}]})");
    BOOST_TEST(
        contains(run({"reload"}).err, "cannot be used: provider one: there is no kind mok\n"));
}

BOOST_AUTO_TEST_CASE(a_reload_of_a_wrong_configuration_prints_every_problem) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /admin/v1/reload",
                  R"({"error":{"code":"invalid","message":"line 1: a\nline 2: b"}})", 422);
    const Ran ran = run({"reload"});
    BOOST_TEST(ran.code == 3);
    BOOST_TEST(ran.err == "tenon: line 1: a\ntenon: line 2: b\n");
}

void send_events(Conn& conn, const ReceivedRequest&) {
    conn.start_response(200, {{"Content-Type", "text/event-stream"}});
    conn.write_body("event: hello\ndata: {\"sequence\":3}\n\n");
    conn.write_body(
        "id: 4\nevent: connection_state\ndata: {\"sequence\":4,\"kind\":\"connection_state\","
        "\"provider\":\"one\",\"from\":\"connecting\",\"to\":\"connected\",\"reason\":\"dialled\","
        "\"time\":\"2026-01-02T03:04:05.678Z\"}\n\n");
    conn.write_body(
        "id: 5\nevent: breaker\ndata: {\"sequence\":5,\"kind\":\"breaker\",\"provider\":\"two\","
        "\"from\":\"closed\",\"to\":\"open\",\"reason\":\"\\u001b[2J5 failures\","
        "\"time\":\"2026-01-02T03:04:06Z\"}\n\n");
}

BOOST_AUTO_TEST_CASE(events_are_printed_as_they_come_until_the_daemon_ends) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/events", [](Conn& conn, const ReceivedRequest& request) {
        send_events(conn, request);
        conn.finish_response();
    });
    const Ran ran = run({"events"}, {{"TZ", "UTC"}});
    BOOST_TEST(ran.code == 4);
    BOOST_TEST(ran.out ==
               "03:04:05  one               connection-state   connecting → connected  dialled\n"
               "03:04:06  two               breaker            closed → open   [2J5 failures\n");
    const Ran json = run({"events", "--json", "--provider", "two", "--since", "2"});
    BOOST_TEST(lines(json.out) == 1u);
    BOOST_TEST(contains(json.out, R"("sequence":5)"));
    BOOST_TEST(daemon.requests().back().target == "/admin/v1/events?since=2");
}

BOOST_AUTO_TEST_CASE(events_that_were_lost_are_counted_aside) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/events", [](Conn& conn, const ReceivedRequest& request) {
        send_events(conn, request);
        conn.write_body("event: lost\ndata: {\"lost\":17}\n\n");
        conn.finish_response();
    });
    const Ran ran = run({"events", "--json", "--provider", "one"});
    BOOST_TEST(lines(ran.out) == 1u);
    BOOST_TEST(contains(ran.err, "17 events were lost\n"));
}

BOOST_AUTO_TEST_CASE(ctrl_c_ends_the_events) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/events", [](Conn& conn, const ReceivedRequest& request) {
        send_events(conn, request);
        conn.wait_for_close();
    });
    ChildProcess child({TENON_TEST_PROGRAM, "-c", config, "events"},
                       {{"TENON_SOCKET", socket.string()}});
    BOOST_REQUIRE(child.read_line());
    child.send_signal(SIGINT);
    BOOST_TEST(child.wait().code == 130);
}

BOOST_AUTO_TEST_SUITE_END()

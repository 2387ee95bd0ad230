#include <string>

#include "client_rig.hpp"

namespace tenon::transport {
namespace {

using test::Conn;
using test::Gate;
using test::Handler;
using test::ReceivedRequest;
using test::ScriptedServer;

HttpOptions one_connection() {
    HttpOptions options;
    options.max_connections = 1;
    options.pool_timeout = test::kPatience;
    return options;
}

// Answers each request after one pass of the gate.
ScriptedServer gated(const Gate& gate, std::string_view headers = "") {
    return ScriptedServer(Handler([gate, headers](Conn& conn, const ReceivedRequest&) {
        conn.wait(gate);
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + std::string(headers) + "\r\nok");
    }));
}

bool waiting(ClientRig& rig, std::size_t n) {
    return rig.reaches([n](const auto& now) { return now.waiting == n; });
}

BOOST_AUTO_TEST_SUITE(queue)

BOOST_AUTO_TEST_CASE(requests_above_the_limit_wait_and_are_served_in_order) {
    // Handing a connection over, or closing it and passing on the place alone: the order is kept.
    for (const std::string_view headers : {"", "Connection: close\r\n"}) {
        Gate gate;
        const auto server = gated(gate, headers);
        ClientRig rig(one_connection());
        std::vector<Answer> answers(5);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            rig.start({.url = server.url("/" + std::to_string(i))}, answers[i]);
        }
        BOOST_TEST_REQUIRE(waiting(rig, 4));
        BOOST_TEST(rig.counts().open == 1U);
        gate.open();
        for (Answer& answer : answers) BOOST_TEST(answer.wait().message() == "");
        const auto requests = server.requests();
        BOOST_TEST_REQUIRE(requests.size() == 5U);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            BOOST_TEST(requests[i].target == "/" + std::to_string(i));
        }
        BOOST_TEST(server.connections_accepted() == (headers.empty() ? 1 : 5));
        rig.check_at_rest();
    }
}

BOOST_AUTO_TEST_CASE(nobody_waits_longer_than_the_pool_timeout) {
    Gate gate;
    const auto server = gated(gate);
    HttpOptions options = one_connection();
    options.pool_timeout = std::chrono::milliseconds(30);
    ClientRig rig(options);
    Answer first;
    rig.start({.url = server.url("/")}, first);
    BOOST_TEST_REQUIRE(server.wait_for_requests(1));
    const auto second = rig.get(server.url("/"));
    BOOST_TEST((second->code() == Code::overloaded));
    BOOST_TEST(second->says("no connection became free within 30 ms (http.pool_timeout)"));
    BOOST_TEST(second->says("1 of 1 are in use"));
    BOOST_TEST(second->says("raise http.max_connections"));
    BOOST_TEST(second->error()->not_sent);
    BOOST_TEST(second->error()->retryable);
    gate.open();
    BOOST_TEST(first.wait().message() == "");
    BOOST_TEST(server.requests().size() == 1U);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(the_callers_deadline_counts_while_waiting_and_is_the_callers_affair) {
    Gate gate;
    const auto server = gated(gate);
    ClientRig rig(one_connection());
    Answer first;
    rig.start({.url = server.url("/")}, first);
    BOOST_TEST_REQUIRE(server.wait_for_requests(1));
    const auto second =
        rig.run_until_says({.url = server.url("/")}, "while it waited for a free connection");
    BOOST_TEST((second->code() == Code::deadline));
    BOOST_TEST((second->error()->scope == Scope::request));
    BOOST_TEST(second->error()->not_sent);
    BOOST_TEST(second->says("while it waited for a free connection"));
    gate.open();
    first.wait();
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(who_leaves_the_queue_does_not_hold_up_the_others) {
    Gate gate;
    const auto server = gated(gate);
    ClientRig rig(one_connection());
    Answer first;
    Answer leaver;
    Answer last;
    rig.start({.url = server.url("/first")}, first);
    const auto leaving = rig.start({.url = server.url("/leaver")}, leaver);
    rig.start({.url = server.url("/last")}, last);
    BOOST_TEST_REQUIRE(waiting(rig, 2));
    leaving->cancel();
    BOOST_TEST((leaver.wait().code() == Code::cancelled));
    gate.open();
    BOOST_TEST(last.wait().message() == "");
    BOOST_TEST(server.requests().size() == 2U);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(a_place_is_passed_on_when_its_owner_is_cancelled_as_it_is_granted) {
    // Both happen on the I/O thread before the waiting coroutine can go on.
    Gate gate;
    const auto server = gated(gate);
    ClientRig rig(one_connection());
    Answer first;
    Answer second;
    Answer third;
    rig.start({.url = server.url("/1")}, first);
    const auto exchange = rig.start({.url = server.url("/2")}, second);
    rig.start({.url = server.url("/3")}, third);
    first.at_done = [&] { exchange->cancel(); };
    BOOST_TEST_REQUIRE(waiting(rig, 2));
    gate.open();
    BOOST_TEST((second.wait().code() == Code::cancelled));
    BOOST_TEST(third.wait().message() == "");
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(an_idle_connection_to_another_server_makes_room) {
    Gate open;
    open.open();
    const auto one = gated(open);
    const auto other = gated(open);
    ClientRig rig(one_connection());
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(rig.get(one.url("/"))->message() == "");
        BOOST_TEST(rig.get(other.url("/"))->message() == "");
        BOOST_TEST(rig.counts().open == 1U);
    }
    BOOST_TEST(one.connections_accepted() == 2);
}

BOOST_AUTO_TEST_CASE(a_place_goes_to_the_first_in_line_whatever_server_it_wants) {
    Gate gate;
    const auto one = gated(gate);
    const auto other = gated(gate);
    ClientRig rig(one_connection());
    std::vector<Answer> answers(4);
    rig.start({.url = one.url("/0")}, answers[0]);
    rig.start({.url = other.url("/1")}, answers[1]);
    rig.start({.url = one.url("/2")}, answers[2]);
    rig.start({.url = one.url("/3")}, answers[3]);
    BOOST_TEST_REQUIRE(waiting(rig, 3));
    gate.open();
    for (Answer& answer : answers) BOOST_TEST(answer.wait().message() == "");
    BOOST_TEST(other.connections_accepted() == 1);
    BOOST_TEST(one.connections_accepted() == 2);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(waiters_survive_a_server_that_hangs_up_after_each_answer) {
    Gate gate;
    const ScriptedServer server(test::RawHandler([gate](Conn& conn) {
        if (!conn.read_request()) return;
        conn.wait(gate);
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");  // and hangs up
    }));
    ClientRig rig(one_connection());
    std::vector<Answer> answers(4);
    for (Answer& answer : answers) rig.start({.url = server.url("/")}, answer);
    BOOST_TEST_REQUIRE(waiting(rig, 3));
    gate.open();
    for (Answer& answer : answers) BOOST_TEST(answer.wait().message() == "");
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(failed_connections_give_their_places_back) {
    std::uint16_t port = 0;
    {
        Gate open;
        port = gated(open).port();
    }
    ClientRig rig(one_connection());
    for (int i = 0; i < 3; ++i) {
        const auto answer = rig.get("http://127.0.0.1:" + std::to_string(port) + "/");
        BOOST_TEST((answer->code() == Code::unavailable));
        BOOST_TEST(answer->error()->not_sent);
        BOOST_TEST(answer->says("refused"));
    }
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_CASE(malformed_requests_take_no_place_and_are_final) {
    ClientRig rig(one_connection());
    const auto bad_url = rig.get("ftp://h/");
    BOOST_TEST((bad_url->code() == Code::invalid));
    BOOST_TEST(!bad_url->error()->retryable);
    const auto bad_header = rig.run({.url = "http://127.0.0.1/", .headers = {{"A", "b\r\nC: d"}}});
    BOOST_TEST((bad_header->code() == Code::invalid));
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

#include <string>

#include "client_rig.hpp"
#include "support/fake_names.hpp"
#include "support/full_listener.hpp"

namespace tenon::transport {
namespace {

using namespace std::chrono_literals;
using test::Conn;
using test::Gate;
using test::Handler;
using test::RawHandler;
using test::ReceivedRequest;
using test::ScriptedServer;

const RawHandler kSilent = [](Conn& conn) { conn.wait_for_close(); };

// The limits of the client: the provider pays, another attempt may succeed.
void check_limit(ClientRig& rig, const Answer& answer, std::string_view message) {
    BOOST_TEST((answer.code() == Code::deadline));
    BOOST_TEST(answer.says(message), answer.message());
    BOOST_TEST((answer.error()->scope == Scope::connection));
    BOOST_TEST(answer.error()->retryable);
    BOOST_TEST(answer.dones() == 1);
    BOOST_TEST(rig.counts().open == 0U);
    rig.check_at_rest();
}

// The caller's deadline: the caller's affair.
void check_deadline(ClientRig& rig, const Answer& answer, std::string_view message) {
    BOOST_TEST((answer.code() == Code::deadline));
    BOOST_TEST(answer.says("the request's time limit passed"), answer.message());
    BOOST_TEST(answer.says(message), answer.message());
    BOOST_TEST((answer.error()->scope == Scope::request));
    BOOST_TEST(!answer.error()->retryable);
    BOOST_TEST(answer.dones() == 1);
    BOOST_TEST(rig.counts().open == 0U);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_made_in_time_names_the_connect_timeout) {
    const test::FullListener listener;
    const std::string authority = "127.0.0.1:" + std::to_string(listener.port());
    HttpOptions options;
    options.connect_timeout = 30ms;
    ClientRig rig(options);
    const auto answer = rig.get("http://" + authority + "/");
    check_limit(rig, *answer,
                "connecting to " + authority + " took longer than 30 ms (http.connect_timeout)");
    BOOST_TEST(answer->error()->not_sent);
}

BOOST_AUTO_TEST_CASE(the_connect_timeout_covers_look_up_and_tls_too) {
    Gate gate;
    test::set_name_gate(gate);
    const ScriptedServer server(kSilent);
    HttpOptions options;
    options.connect_timeout = 30ms;
    ClientRig rig(options);
    const auto unresolved = rig.get("http://blocked.test/");
    check_limit(rig, *unresolved, "connecting to blocked.test took longer than 30 ms");
    BOOST_TEST(unresolved->error()->not_sent);
    gate.open();
    const std::string authority = "127.0.0.1:" + std::to_string(server.port());
    const auto unshaken = rig.get("https://" + authority + "/");
    check_limit(rig, *unshaken, "connecting to " + authority + " took longer than 30 ms");
    BOOST_TEST(unshaken->error()->not_sent);
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_come_names_the_first_byte_timeout) {
    const ScriptedServer server(kSilent);
    HttpOptions options;
    options.first_byte_timeout = 30ms;
    ClientRig rig(options);
    const auto answer = rig.post(server.url("/"));
    check_limit(rig, *answer, "waiting for an answer from 127.0.0.1:");
    BOOST_TEST(answer->says("took longer than 30 ms (timeouts.first_byte)"));
    BOOST_TEST(!answer->error()->not_sent);
}

BOOST_AUTO_TEST_CASE(the_first_byte_timeout_begins_when_a_large_request_has_left) {
    const ScriptedServer server(
        Handler([](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); }));
    HttpOptions options;
    options.first_byte_timeout = 30ms;
    ClientRig rig(options);
    const auto answer = rig.post(server.url("/"), big_text(std::size_t{4} << 20));
    check_limit(rig, *answer, "waiting for an answer from 127.0.0.1:");
}

BOOST_AUTO_TEST_CASE(a_head_that_drips_or_interim_answers_do_not_extend_the_first_byte_timeout) {
    for (const std::string_view piece : {"X: y\r\n", "HTTP/1.1 102 Processing\r\n\r\n"}) {
        const ScriptedServer server(RawHandler([piece](Conn& conn) {
            if (!conn.read_request()) return;
            if (piece.starts_with("X")) conn.write("HTTP/1.1 200 OK\r\n");
            while (conn.write(piece) && conn.pause(5ms)) {
            }
        }));
        HttpOptions options;
        options.first_byte_timeout = 60ms;
        options.read_timeout = 10s;
        ClientRig rig(options);
        check_limit(rig, *rig.get(server.url("/")), "(timeouts.first_byte)");
    }
}

BOOST_AUTO_TEST_CASE(the_first_byte_timeout_does_not_count_the_time_of_sending) {
    // Nobody reads, so the request does not leave; the limit on the answer is the shorter one.
    Gate gate;
    const ScriptedServer server(RawHandler([gate](Conn& conn) { conn.wait(gate); }));
    HttpOptions options;
    options.first_byte_timeout = 10ms;
    options.write_timeout = 80ms;
    ClientRig rig(options);
    const auto answer = rig.post(server.url("/"), big_text(std::size_t{64} << 20));
    check_limit(rig, *answer, "(http.write_timeout)");
    gate.open();
}

BOOST_AUTO_TEST_CASE(silence_inside_of_a_body_names_the_read_timeout) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n");
        conn.wait_for_close();
    }));
    HttpOptions options;
    options.read_timeout = 30ms;
    ClientRig rig(options);
    const auto answer = rig.get(server.url("/"));
    check_limit(rig, *answer, "waiting for the next bytes from 127.0.0.1:");
    BOOST_TEST(answer->says("took longer than 30 ms (http.read_timeout)"));
    BOOST_TEST(answer->body() == "some");
}

BOOST_AUTO_TEST_CASE(a_slow_body_may_take_longer_than_the_read_timeout_altogether) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {});
        for (int i = 0; i < 30; ++i) {
            conn.write_body("x");
            conn.pause(25ms);
        }
        conn.finish_response();
    }));
    HttpOptions options;
    options.read_timeout = 500ms;  // less than 30 x 25 ms
    options.first_byte_timeout = 10s;
    ClientRig rig(options);
    BOOST_TEST(rig.get(server.url("/"))->body() == std::string(30, 'x'));
}

BOOST_AUTO_TEST_CASE(a_request_that_nobody_reads_names_the_write_timeout) {
    Gate gate;
    const ScriptedServer server(RawHandler([gate](Conn& conn) { conn.wait(gate); }));
    HttpOptions options;
    options.write_timeout = 30ms;
    ClientRig rig(options);
    const auto answer = rig.post(server.url("/"), big_text(std::size_t{64} << 20));
    check_limit(rig, *answer, "sending the request to 127.0.0.1:");
    BOOST_TEST(answer->says("took longer than 30 ms (http.write_timeout)"));
    gate.open();
}

BOOST_AUTO_TEST_CASE(the_callers_deadline_counts_in_every_phase) {
    Gate gate;
    test::set_name_gate(gate);
    const test::FullListener full;
    const ScriptedServer silent(kSilent);
    const ScriptedServer stalling(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {});
        conn.write_body("some");
        conn.wait_for_close();
    }));
    ClientRig rig;
    const auto check = [&rig](const std::string& url, std::string_view part) {
        check_deadline(rig, *rig.run_until_says({.method = "POST", .url = url}, part), part);
    };
    check("http://blocked.test/", "while connecting to blocked.test");
    gate.open();
    check("http://127.0.0.1:" + std::to_string(full.port()), "while connecting to");
    check("https://127.0.0.1:" + std::to_string(silent.port()), "while connecting to");
    check(silent.url("/"), "while waiting for an answer from");
    check(stalling.url("/"), "while waiting for the next bytes from");
}

BOOST_AUTO_TEST_CASE(the_callers_deadline_ends_the_writing_of_a_large_request) {
    Gate gate;
    const ScriptedServer deaf(RawHandler([gate](Conn& conn) { conn.wait(gate); }));
    ClientRig rig;
    const auto answer = rig.run({.method = "POST",
                                 .url = deaf.url("/"),
                                 .body = big_text(std::size_t{64} << 20),
                                 .deadline = in(50ms)});
    check_deadline(rig, *answer, "127.0.0.1:");
    gate.open();
}

BOOST_AUTO_TEST_CASE(a_deadline_that_has_passed_already_opens_no_connection) {
    const ScriptedServer server(kSilent);
    ClientRig rig;
    const auto answer = rig.run({.url = server.url("/"), .deadline = in(-1ms)});
    check_deadline(rig, *answer, "before it was sent");
    BOOST_TEST(answer->error()->not_sent);
    BOOST_TEST(server.connections_accepted() == 0);
}

BOOST_AUTO_TEST_CASE(the_deadline_ends_an_answer_that_never_pauses) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {});
        const std::string piece(8192, 'x');
        while (conn.write_body(piece)) {
        }
    }));
    HttpOptions options;
    options.max_body_bytes = 0;
    ClientRig rig(options);
    constexpr std::string_view kMessage = "while waiting for the next bytes from";
    check_deadline(rig, *rig.run_until_says({.url = server.url("/")}, kMessage), kMessage);
}

BOOST_AUTO_TEST_CASE(a_body_above_the_limit_is_not_read_on) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {});
        const std::string piece(1000, 'x');
        while (conn.write_body(piece)) {
        }
    }));
    HttpOptions options;
    options.max_body_bytes = 10'000;
    ClientRig rig(options);
    const auto answer = rig.get(server.url("/"));
    BOOST_TEST((answer->code() == Code::too_large));
    BOOST_TEST(answer->says("limit of 10000 bytes (http.max_body_bytes)"));
    BOOST_TEST(answer->body().size() <= 10'000U);
    BOOST_TEST(rig.counts().open == 0U);
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

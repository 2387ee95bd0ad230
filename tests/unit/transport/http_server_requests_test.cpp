#include <string>

#include "client_rig.hpp"
#include "http_server_rig.hpp"

namespace tenon::transport {
namespace {

using test::RawClient;

BOOST_AUTO_TEST_SUITE(http_server_requests)

BOOST_AUTO_TEST_CASE(a_connection_serves_one_request_after_the_other) {
    const ServerRig rig;
    const auto client = rig.connect();
    for (int i = 0; i < 3; ++i) {
        const auto answer = client->exchange("GET", "/hello");
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "hello");
        BOOST_TEST(answer.complete);
        BOOST_TEST(answer.header("Content-Type").value() == "text/plain");
        BOOST_TEST(!answer.header("Connection"));
        BOOST_TEST(answer.header("Date").value().ends_with(" GMT"));
    }
    const auto posted = client->exchange("POST", "/echo?a=b", "the body");
    BOOST_TEST(posted.body == "POST /echo?a=b localhost\nthe body");
    BOOST_TEST(rig.server->counts().accepted == 1U);
    BOOST_TEST(rig.server->counts().requests == 4U);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    const ServerRig rig;
    const auto client = rig.connect();
    std::string text;
    for (int i = 0; i < 500; ++i) text += get("/echo?" + std::to_string(i));
    client->send(text + "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlast");
    for (int i = 0; i < 500; ++i) {
        BOOST_TEST(client->read_response().body == "GET /echo?" + std::to_string(i) + " x\n");
    }
    BOOST_TEST(client->read_response().body == "POST /echo x\nlast");
}

BOOST_AUTO_TEST_CASE(a_request_may_arrive_byte_by_byte) {
    const ServerRig rig;
    const auto client = rig.connect();
    for (const char byte :
         std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
                     "\r\n\r\n2\r\nab\r\n0\r\n\r\n")) {
        client->send({&byte, 1});
    }
    BOOST_TEST(client->read_response().body == "POST /echo x\nab");
}

BOOST_AUTO_TEST_CASE(large_bodies_go_both_ways) {
    const ServerRig rig;
    const auto client = rig.connect();
    const std::string body = big_text(3'000'000);
    const auto answer = client->exchange("POST", "/echo", body);
    BOOST_TEST(answer.complete);
    BOOST_TEST((answer.body == "POST /echo localhost\n" + body));
    BOOST_TEST(client->exchange("GET", "/big").body.size() == 1'000'000U);
}

BOOST_AUTO_TEST_CASE(a_stream_is_sent_in_chunks_as_written) {
    const ServerRig rig;
    const auto client = rig.connect();
    const std::string large(100'000, 'x');
    for (int i = 0; i < 2; ++i) {
        const auto answer = client->exchange("GET", "/stream");
        BOOST_TEST(answer.header("Transfer-Encoding").value() == "chunked");
        BOOST_TEST(answer.complete);
        BOOST_TEST((answer.body == "one " + large + " two"));
    }
    client->send(get("/stream"));
    client->read_until("\r\n\r\n");
    BOOST_TEST(client->read_until("one ") == "4\r\none ");
    BOOST_TEST(client->read_until("x") == "\r\n186a0\r\nx");
    client->read_until("x\r\n");
    BOOST_TEST(client->read_until("0\r\n\r\n") == "4\r\n two\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_stream_without_pieces_is_an_empty_body) {
    const ServerRig rig;
    const auto client = rig.connect();
    for (int i = 0; i < 2; ++i) {
        const auto answer = client->exchange("GET", "/empty-stream");
        BOOST_TEST(answer.complete);
        BOOST_TEST(answer.body == "");
    }
    BOOST_TEST(rig.handler.wait_for("more: internal", 2));
    BOOST_TEST(rig.handler.wait_for("end: internal", 2));
}

BOOST_AUTO_TEST_CASE(each_piece_arrives_before_the_next_one_is_written) {
    ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/wait-streaming"));
    client->read_until("\r\n\r\n");
    BOOST_TEST(client->read_until("begun \r\n") == "6\r\nbegun \r\n");
    rig.handler.open_gate();
    BOOST_TEST(client->read_until("0\r\n\r\n") == "4\r\ndone\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(the_own_client_and_server_understand_each_other) {
    const ServerRig rig;
    ClientRig clients;
    const std::string large(100'000, 'x');
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(clients.get(rig.url("/hello"))->body() == "hello");
        BOOST_TEST((clients.get(rig.url("/stream"))->body() == "one " + large + " two"));
        const auto posted = clients.post(rig.url("/echo"), "{}");
        BOOST_TEST(posted->body().ends_with("\n{}"));
        BOOST_TEST(posted->message() == "");
        BOOST_TEST(clients.get(rig.url("/204"))->status() == 204);
        const auto head = clients.run({.method = "HEAD", .url = rig.url("/stream")});
        BOOST_TEST(head->status() == 200);
        BOOST_TEST(head->message() == "");
    }
    BOOST_TEST(rig.server->counts().accepted == 1U);
}

BOOST_AUTO_TEST_CASE(answers_without_body_have_none) {
    const ServerRig rig;
    const auto client = rig.connect();
    client->send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto head = client->read_response(true);
    BOOST_TEST(head.header("Content-Length").value() == "5");
    client->send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(client->read_response(true).header("Transfer-Encoding").value() == "chunked");
    const auto none = client->exchange("GET", "/204");
    BOOST_TEST(none.status == 204);
    BOOST_TEST(!none.header("Content-Length"));
    BOOST_TEST(client->exchange("GET", "/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_client_of_the_old_version_is_understood) {
    const ServerRig rig;
    {
        const auto client = rig.connect();
        client->send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        const auto kept = client->read_response();
        BOOST_TEST(kept.body == "hello");
        BOOST_TEST(kept.header("Connection").value() == "keep-alive");
        client->send("GET /hello HTTP/1.0\r\n\r\n");
        const auto last = client->read_response();
        BOOST_TEST(last.header("Connection").value() == "close");
        BOOST_TEST(is_closed(*client));
    }
    const auto streamed = rig.answer_to("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    BOOST_TEST(!streamed.header("Transfer-Encoding"));
    BOOST_TEST(streamed.header("Connection").value() == "close");
    BOOST_TEST(streamed.complete);
    BOOST_TEST(streamed.body.size() == 100'008U);
}

BOOST_AUTO_TEST_CASE(who_expects_100_is_asked_for_the_body) {
    const ServerRig rig;
    const auto client = rig.connect();
    for (int i = 0; i < 2; ++i) {
        client->send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            "Content-Length: 4\r\n\r\n");
        BOOST_TEST(client->read_response().status == 100);
        client->send("body");
        BOOST_TEST(client->read_response().body == "POST /echo x\nbody");
    }
}

BOOST_AUTO_TEST_CASE(who_does_not_wait_for_100_gets_none) {
    const ServerRig rig;
    const auto answer = rig.answer_to(
        "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
    BOOST_TEST(answer.status == 200);
}

BOOST_AUTO_TEST_CASE(a_connection_ends_when_the_client_wishes) {
    const ServerRig rig;
    const auto client = rig.connect();
    const auto answer = client->exchange("GET", "/hello", "", {{"Connection", "close"}});
    BOOST_TEST(answer.body == "hello");
    BOOST_TEST(answer.header("Connection").value() == "close");
    BOOST_TEST(is_closed(*client));
}

BOOST_AUTO_TEST_CASE(a_connection_ends_after_as_many_requests_as_it_may_have) {
    const ServerRig rig({.max_requests = 2});
    const auto client = rig.connect();
    client->send(get("/hello") + get("/hello") + get("/never"));
    BOOST_TEST(!client->read_response().header("Connection"));
    BOOST_TEST(client->read_response().header("Connection").value() == "close");
    client->half_close();
    BOOST_TEST(is_closed(*client));
    BOOST_TEST(rig.handler.count("GET /never") == 0);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_answered_for) {
    const ServerRig rig;
    const auto client = rig.connect();
    const auto answer = client->exchange("GET", "/throws");
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.header("Connection").value() == "close");
    BOOST_TEST(answer.header("Content-Type").value() == "application/json");
    BOOST_TEST(answer.body.find("on purpose") == std::string::npos);
    BOOST_TEST(answer.body.find("\"target\":\"/throws\"") != std::string::npos);
    BOOST_TEST(is_closed(*client));
    BOOST_TEST(rig.handler.count("trouble: a request's handler threw: on purpose") == 1);
}

BOOST_AUTO_TEST_CASE(a_handler_that_says_nothing_is_answered_for) {
    const ServerRig rig;
    const auto client = rig.connect();
    BOOST_TEST(client->exchange("GET", "/nothing").status == 500);
    BOOST_TEST(is_closed(*client));
}

BOOST_AUTO_TEST_CASE(a_stream_left_unfinished_is_seen_as_cut) {
    const ServerRig rig;
    for (const std::string target : {"/half", "/throws-late"}) {
        const auto answer = rig.answer_to(get(target));
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(!answer.complete);
        BOOST_TEST(!rig.answer_to("GET " + target + " HTTP/1.0\r\n\r\n").complete);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_cannot_inject_headers_and_may_answer_otherwise) {
    const ServerRig rig;
    const auto client = rig.connect();
    const auto answer = client->exchange("GET", "/injects");
    BOOST_TEST(answer.body == "second thoughts");
    BOOST_TEST(!answer.header("Set-Cookie"));
    BOOST_TEST(rig.handler.wait_for("send: invalid"));
    BOOST_TEST(rig.handler.wait_for("start: invalid"));
    BOOST_TEST(rig.handler.wait_for("write: internal"));
    BOOST_TEST(rig.handler.wait_for("again: internal"));
    BOOST_TEST(client->exchange("GET", "/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(the_peer_is_named) {
    const ServerRig rig;
    BOOST_TEST(rig.answer_to(get("/peer")).body.starts_with("127.0.0.1:"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

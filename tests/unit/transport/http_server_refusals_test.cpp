#include <string>

#include "http_server_rig.hpp"

namespace tenon::transport {
namespace {

using test::RawClient;

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: x\r\n";

BOOST_AUTO_TEST_SUITE(http_server_refusals)

BOOST_AUTO_TEST_CASE(what_two_readers_could_read_differently_ends_the_connection) {
    const std::vector<std::pair<int, std::string>> requests = {
        {400, kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        {400, kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"},
        {400, kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
        {400, kPost + "A: b\r\n folded\r\n\r\n"},
        {400, kPost + "Content-Length : 5\r\n\r\nhello"},
        {400, "GET / HTTP/1.1\nHost: x\n\n"},
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
        {400, kPost + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"},
        {501, kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
        {505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
        {417, "GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n"},
        {414, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"},
        {431, kPost + "A: " + std::string(70'000, 'a') + "\r\n\r\n"},
    };
    const ServerRig rig;
    for (const auto& [status, text] : requests) {
        BOOST_TEST_CONTEXT(text.substr(0, 200)) {
            const auto client = rig.connect();
            client->send(text + get("/smuggled"));
            const auto answer = client->read_response();
            BOOST_TEST(answer.status == status);
            BOOST_TEST(answer.complete);
            BOOST_TEST(answer.header("Connection").value() == "close");
            BOOST_TEST(answer.header("Content-Type").value() == "application/json");
            BOOST_TEST(answer.body.find("\"status\":" + std::to_string(status)) !=
                       std::string::npos);
            client->half_close();
            BOOST_TEST(is_closed(*client));
        }
    }
    BOOST_TEST(rig.server->counts().refused == requests.size());
    BOOST_TEST(rig.server->counts().requests == 0U);
}

BOOST_AUTO_TEST_CASE(a_refusal_waits_for_its_turn) {
    const ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/stream") + "nonsense\r\n\r\n");
    BOOST_TEST(client->read_response().complete);
    BOOST_TEST(client->read_response().status == 400);
}

BOOST_AUTO_TEST_CASE(the_target_of_a_refused_request_is_told) {
    const ServerRig rig;
    const auto answer =
        rig.answer_to("POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n");
    BOOST_TEST(answer.body.find("\"target\":\"/v1/messages\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_was_understood_of_a_refused_request_is_told) {
    const ServerRig rig({.max_body_bytes = 1000});
    const std::string head = kPost + "X-Request-ID: mine\r\n";
    for (const std::string rest :
         {"Content-Length: 1001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"}) {
        const auto answer = rig.answer_to(head + rest);
        BOOST_TEST(answer.status == 413);
        BOOST_TEST(answer.header("x-seen").value_or("") == "POST mine");
    }
    const auto nonsense = rig.answer_to("nonsense\r\n\r\n");
    BOOST_TEST(nonsense.header("x-seen").value_or("") == "nothing");
    const auto failed = rig.answer_to("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(failed.status == 500);
    BOOST_TEST(failed.header("x-seen").value_or("") == "nothing");  // its handler has had it
}

BOOST_AUTO_TEST_CASE(a_body_that_is_announced_too_large_is_refused_before_it_is_sent) {
    const ServerRig rig({.max_body_bytes = 1000});
    const auto answer =
        rig.answer_to(kPost + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    BOOST_TEST(answer.status == 413);
}

BOOST_AUTO_TEST_CASE(who_sends_too_much_still_reads_why_it_was_refused) {
    const ServerRig rig({.max_body_bytes = 1000});
    for (const std::string framing :
         {"Content-Length: 3000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n"}) {
        const auto client = rig.connect();
        client->send(kPost + framing);
        client->send(std::string(3'000'000, 'x'));
        const auto answer = client->read_response();
        BOOST_TEST(answer.status == 413);
        BOOST_TEST(answer.complete);
        client->close();
    }
    BOOST_TEST(rig.all_closed());
}

BOOST_AUTO_TEST_CASE(tls_on_a_plain_port_is_answered_in_plain_words) {
    const ServerRig rig;
    const auto answer = rig.answer_to("\x16\x03\x01\x02\x01");
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(answer.body.find("without TLS") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

#include <string>

#include "http_server_rig.hpp"
#include "support/test_certificate.hpp"

namespace tenon::transport {
namespace {

using test::RawClient;
using namespace std::chrono_literals;

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: x\r\n";

BOOST_AUTO_TEST_SUITE(http_server_limits)

BOOST_AUTO_TEST_CASE(who_sends_nothing_is_closed_without_a_word) {
    const ServerRig rig({.head_timeout = 20ms});
    const auto client = rig.connect();
    BOOST_TEST(is_closed(*client));
    BOOST_TEST(rig.all_closed());
    BOOST_TEST(rig.server->counts().refused == 0U);
}

BOOST_AUTO_TEST_CASE(a_head_that_does_not_end_is_answered_with_408) {
    const ServerRig rig({.head_timeout = 20ms});
    const auto client = rig.connect();
    client->send("GET / HTTP/1.1\r\nHost: x\r\n");
    const auto answer = client->read_response();
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.header("Connection").value() == "close");
    client->half_close();
    BOOST_TEST(is_closed(*client));
    BOOST_TEST(rig.server->counts().timed_out == 1U);
}

BOOST_AUTO_TEST_CASE(a_head_that_drips_has_no_more_time_than_another) {
    const ServerRig rig(
        {.max_head_bytes = 1U << 30, .max_headers = 1U << 30, .head_timeout = 50ms});
    const auto client = rig.connect();
    client->send("GET / HTTP/1.1\r\n");
    // Each line is in time by itself; sent until the server has had enough.
    while (rig.server->counts().timed_out == 0U && client->send("A: b\r\n")) {
        std::this_thread::yield();
    }
    BOOST_TEST(client->read_response().status == 408);
}

BOOST_AUTO_TEST_CASE(a_second_head_has_its_own_time) {
    const ServerRig rig({.head_timeout = 50ms});
    const auto client = rig.connect();
    BOOST_TEST(client->exchange("GET", "/hello").status == 200);
    client->send("GET");
    BOOST_TEST(client->read_response().status == 408);
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_is_answered_with_408) {
    const ServerRig rig({.body_idle_timeout = 20ms});
    for (const std::string framing :
         {"Content-Length: 5\r\n\r\nhell", "Transfer-Encoding: chunked\r\n\r\n5\r\nhell",
          "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"}) {
        const auto client = rig.connect();
        client->send(kPost + framing);
        auto answer = client->read_response();
        if (answer.status == 100) answer = client->read_response();
        BOOST_TEST(answer.status == 408);
        client->half_close();
        BOOST_TEST(is_closed(*client));
    }
    BOOST_TEST(rig.server->counts().requests == 0U);
}

BOOST_AUTO_TEST_CASE(a_body_that_drips_does_not_take_for_ever) {
    const ServerRig rig({.body_timeout = 50ms, .min_body_rate = 1'000'000'000});
    const auto client = rig.connect();
    client->send(kPost + "Content-Length: 50000000\r\n\r\n");
    while (rig.server->counts().timed_out == 0U && client->send("x")) {
        std::this_thread::yield();
    }
    BOOST_TEST(client->read_response().status == 408);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
    const ServerRig rig({.keepalive_timeout = 20ms});
    const auto client = rig.connect();
    BOOST_TEST(client->exchange("GET", "/hello").status == 200);
    BOOST_TEST(is_closed(*client));
    BOOST_TEST(rig.server->counts().timed_out == 0U);
}

BOOST_AUTO_TEST_CASE(a_handler_may_take_longer_than_any_limit_on_reading) {
    ServerRig rig({.head_timeout = 200ms,
                   .body_idle_timeout = 10ms,
                   .body_timeout = 10ms,
                   .keepalive_timeout = 10ms});
    const auto client = rig.connect();
    client->send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(rig.handler.wait_for("waiting"));
    // An idle connection that began later is closed meanwhile.
    const auto other = rig.connect();
    BOOST_TEST(is_closed(*other));
    rig.handler.open_gate();
    BOOST_TEST(client->read_response().body == "waited");
}

BOOST_AUTO_TEST_CASE(who_does_not_read_is_cut_off_and_the_handler_told) {
    const ServerRig rig({.write_timeout = 50ms});
    const auto client = rig.connect();
    client->send(get("/flood"));
    BOOST_TEST(rig.handler.wait_for("flood: deadline"));
    BOOST_TEST(rig.handler.wait_for("after: cancelled"));
    BOOST_TEST(rig.all_closed());
    BOOST_TEST(rig.server->counts().timed_out == 1U);
    BOOST_TEST(!client->read_response().complete);
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_answered_with_503) {
    const ServerRig rig({.max_connections = 2});
    const auto first = rig.connect();
    const auto second = rig.connect();
    first->send(get("/wait"));
    second->send(get("/wait"));
    BOOST_TEST(rig.handler.wait_for("waiting", 2));
    {
        const auto third = rig.connect();
        third->send(get("/hello"));
        const auto answer = third->read_response();
        BOOST_TEST(answer.status == 503);
        BOOST_TEST(answer.header("Connection").value() == "close");
    }
    BOOST_TEST(rig.server->counts().turned_away == 1U);
    BOOST_TEST(rig.server->counts().open == 2U);
    second->close();
    BOOST_TEST(rig.reaches([](const HttpServer::Counts& now) { return now.open == 1; }));
    BOOST_TEST(rig.connect()->exchange("GET", "/hello").status == 200);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_makes_room_for_a_new_one) {
    const ServerRig rig({.max_connections = 2}, {}, 1);
    const auto busy = rig.connect();
    busy->send(get("/wait"));
    BOOST_TEST(rig.handler.wait_for("waiting"));
    const auto idle = rig.connect();
    BOOST_TEST(idle->exchange("GET", "/hello").status == 200);
    const auto third = rig.connect();
    BOOST_TEST(third->exchange("GET", "/hello").status == 200);
    BOOST_TEST(is_closed(*idle));
    BOOST_TEST(rig.server->counts().turned_away == 0U);
}

BOOST_AUTO_TEST_CASE(who_does_not_shake_hands_is_closed) {
    const auto made = test::make_certificate();
    const test::TempFile certificate(made.certificate_pem);
    const test::TempFile key(made.key_pem);
    const ServerRig rig(
        {.handshake_timeout = 20ms,
         .tls = {.certificate_file = certificate.path().string(), .key_file = key.path().string()}},
        {.tls = true});
    const auto client = rig.connect();
    BOOST_TEST(client->read_all() == "");
    BOOST_TEST(rig.all_closed());
    BOOST_TEST(rig.server->counts().timed_out == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

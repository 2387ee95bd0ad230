#include <functional>
#include <string>

#include "http_server_rig.hpp"
#include "support/test_certificate.hpp"

namespace tenon::transport {
namespace {

using test::RawClient;

// The ways in which a client leaves.
const std::vector<std::pair<std::string, std::function<void(RawClient&)>>> kLeaves = {
    {"close", [](RawClient& client) { client.close(); }},
    {"reset", [](RawClient& client) { client.reset(); }},
    {"half close", [](RawClient& client) { client.half_close(); }},
};

BOOST_AUTO_TEST_SUITE(http_server_client_gone)

BOOST_AUTO_TEST_CASE(a_handler_that_waits_is_told_at_once) {
    for (const auto& [how, leave] : kLeaves) {
        BOOST_TEST_CONTEXT(how) {
            const ServerRig rig;
            const auto client = rig.connect();
            client->send(get("/wait"));
            BOOST_TEST(rig.handler.wait_for("waiting"));
            leave(*client);
            BOOST_TEST(rig.handler.wait_for("gone"));
            BOOST_TEST(rig.all_closed());
            BOOST_TEST(rig.server->counts().clients_gone == 1U);
            BOOST_TEST(rig.handler.count("gone") == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_waits_for_its_next_piece_is_told_at_once) {
    for (const auto& [how, leave] : kLeaves) {
        BOOST_TEST_CONTEXT(how) {
            const ServerRig rig;
            const auto client = rig.connect();
            client->send(get("/wait-streaming"));
            client->read_until("begun");
            BOOST_TEST(rig.handler.wait_for("waiting"));
            leave(*client);
            BOOST_TEST(rig.handler.wait_for("gone"));
            BOOST_TEST(rig.all_closed());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_write_under_way_ends_when_the_client_leaves) {
    for (const bool reset : {false, true}) {
        const ServerRig rig;
        const auto client = rig.connect();
        client->send(get("/flood"));
        BOOST_TEST(rig.handler.wait_for("flooding"));
        reset ? client->reset() : client->close();
        BOOST_TEST(rig.handler.wait_for("flood: unavailable"));
        BOOST_TEST(rig.all_closed());
    }
}

BOOST_AUTO_TEST_CASE(who_is_gone_behind_a_later_request_is_noticed) {
    const ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/wait") + get("/hello") + "POST /half-sent HTTP/1.1\r\n");
    BOOST_TEST(rig.handler.wait_for("waiting"));
    client->close();
    BOOST_TEST(rig.handler.wait_for("gone"));
    BOOST_TEST(rig.all_closed());
    BOOST_TEST(rig.handler.count("GET /hello") == 0);
}

BOOST_AUTO_TEST_CASE(who_is_gone_behind_a_large_later_request_is_noticed) {
    const ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/wait"));
    BOOST_TEST(rig.handler.wait_for("waiting"));
    client->send("POST /later HTTP/1.1\r\nHost: test\r\nContent-Length: 9000\r\n\r\n" +
                 std::string(6'000, 'x'));
    client->close();
    BOOST_TEST(rig.handler.wait_for("gone"));
    BOOST_TEST(rig.all_closed());
}

BOOST_AUTO_TEST_CASE(watching_for_the_end_loses_nothing_of_later_requests) {
    ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/wait"));
    BOOST_TEST(rig.handler.wait_for("waiting"));
    std::string later;  // more than the server reads ahead
    for (int i = 0; i < 1000; ++i) later += get("/echo?" + std::to_string(i));
    client->send(later);
    rig.handler.open_gate();
    BOOST_TEST(client->read_response().body == "waited");
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST(client->read_response().body == "GET /echo?" + std::to_string(i) + " x\n");
    }
    BOOST_TEST(rig.server->counts().clients_gone == 0U);
}

BOOST_AUTO_TEST_CASE(who_only_closed_its_sending_side_gets_its_answer) {
    const ServerRig rig;
    const auto client = rig.connect();
    client->send(get("/wait"));
    client->half_close();
    BOOST_TEST(client->read_response().body == "waited");
    BOOST_TEST(rig.handler.wait_for("answer: ok"));
    BOOST_TEST(is_closed(*client));
}

BOOST_AUTO_TEST_CASE(who_leaves_before_the_request_is_whole_reaches_no_handler) {
    const ServerRig rig;
    for (const std::string text :
         {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell"}) {
        for (const auto& [how, leave] : kLeaves) {
            const auto client = rig.connect();
            client->send(text);
            leave(*client);
            BOOST_TEST(rig.all_closed());
        }
    }
    BOOST_TEST(rig.server->counts().requests == 0U);
    BOOST_TEST(rig.server->counts().clients_gone == 0U);
}

BOOST_AUTO_TEST_CASE(who_leaves_over_tls_is_noticed_as_well) {
    const auto made = test::make_certificate();
    const test::TempFile ca(made.ca_pem);
    const test::TempFile certificate(made.certificate_pem);
    const test::TempFile key(made.key_pem);
    const ServerRig rig(
        {.tls = {.certificate_file = certificate.path().string(), .key_file = key.path().string()}},
        {.tls = true});
    for (int i = 1; i <= 2; ++i) {
        RawClient client(rig.port(), {.ca_file = ca.path(), .alpn = {}});
        client.send(get(i == 1 ? "/wait" : "/wait-streaming"));
        BOOST_TEST(rig.handler.wait_for("waiting", i));
        client.close();
        BOOST_TEST(rig.handler.wait_for("gone", i));
        BOOST_TEST(rig.all_closed());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

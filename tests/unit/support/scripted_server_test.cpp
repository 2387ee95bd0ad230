#include "support/scripted_server.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <string>
#include <system_error>
#include <thread>

#include "support/raw_client.hpp"

using namespace tenon::test;

namespace {

const Handler kSayHello = [](Conn& conn, const ReceivedRequest&) {
    conn.respond(200, {}, "hello");
};

}  // namespace

BOOST_AUTO_TEST_SUITE(scripted_server)

BOOST_AUTO_TEST_CASE(the_request_is_kept_as_it_was_sent) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    client.exchange("POST", "/a?b=c", "body", {{"X-Thing", "one two"}});

    BOOST_REQUIRE(server.requests().size() == 1);
    const ReceivedRequest request = server.requests()[0];
    BOOST_TEST(request.connection == 1);
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.target == "/a?b=c");
    BOOST_TEST(request.version == "HTTP/1.1");
    BOOST_TEST(request.header("x-THING").value() == "one two");
    BOOST_TEST(!request.header("X-Thin").has_value());
    BOOST_TEST(request.body == "body");
}

BOOST_AUTO_TEST_CASE(a_chunked_request_arrives_without_its_framing) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    client.send(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;ext=1\r\nabc\r\n02\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
    BOOST_TEST(client.read_response().status == 200);
    BOOST_TEST(server.requests().at(0).body == "abcde");
}

BOOST_AUTO_TEST_CASE(expect_100_continue_is_answered_before_the_body_is_read) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    BOOST_TEST(client.read_response().status == 100);
    client.send("ok");
    BOOST_TEST(client.read_response().status == 200);
    BOOST_TEST(server.requests().at(0).body == "ok");
}

BOOST_AUTO_TEST_CASE(one_connection_serves_many_requests_even_pipelined_ones) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    BOOST_TEST(client.read_response().body == "hello");
    BOOST_TEST(client.read_response().body == "hello");
    BOOST_TEST(client.exchange("GET", "/3").complete);
    BOOST_TEST(server.requests().size() == 3U);
    BOOST_TEST(server.connections_accepted() == 1);
}

BOOST_AUTO_TEST_CASE(connection_close_is_honoured_after_the_response) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    BOOST_TEST(client.exchange("GET", "/", "", {{"Connection", "close"}}).complete);
    BOOST_TEST(client.read_all().empty());
    BOOST_TEST((client.ending() == RawClient::Ending::closed));
}

BOOST_AUTO_TEST_CASE(what_is_no_http_request_gets_a_400_and_the_end) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    client.send("\x16\x03\x01 what is this\r\n\r\n");
    BOOST_TEST(client.read_response().status == 400);
    BOOST_TEST(client.read_all().empty());
    BOOST_TEST(server.requests().empty());
}

BOOST_AUTO_TEST_CASE(every_framing_tells_the_end_of_the_body) {
    const ScriptedServer server([](Conn& conn, const ReceivedRequest& request) {
        const Framing framing = request.target == "/length"    ? Framing::content_length
                                : request.target == "/chunked" ? Framing::chunked
                                                               : Framing::close_delimited;
        conn.respond(200, {}, "body", framing);
    });
    RawClient client(server.port());
    for (const char* target : {"/length", "/chunked", "/close"}) {
        const RawResponse response = client.exchange("GET", target);
        BOOST_TEST(response.body == "body");
        BOOST_TEST(response.complete);
    }
    BOOST_TEST((client.ending() == RawClient::Ending::closed));
}

BOOST_AUTO_TEST_CASE(a_response_to_head_has_the_length_but_no_body) {
    const ScriptedServer server(kSayHello);
    RawClient client(server.port());
    BOOST_TEST(client.exchange("HEAD", "/").header("Content-Length").value() == "5");
    BOOST_TEST(client.exchange("GET", "/").body == "hello");
}

BOOST_AUTO_TEST_CASE(chunks_and_trailers_go_out_as_given) {
    const ScriptedServer server([](Conn& conn, const ReceivedRequest&) {
        conn.respond_chunked(200, {{"X-A", "1"}}, {"abcdefghijklmnopq", "", "r"}, {{"X-T", "2"}});
    });
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\n\r\n");
    BOOST_TEST(client.read_until("\r\n\r\n") ==
               "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST(client.read_until("\r\n\r\n") ==
               "11\r\nabcdefghijklmnopq\r\n1\r\nr\r\n0\r\nX-T: 2\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(with_a_gate_the_test_decides_when_each_piece_goes_out) {
    Gate gate;
    const ScriptedServer server([gate](Conn& conn) { conn.write_slowly("abcde", 2, &gate); });
    RawClient client(server.port());
    gate.let_pass();
    BOOST_TEST(client.read_some() == "ab");
    gate.let_pass();
    BOOST_TEST(client.read_some() == "cd");
    gate.let_pass();
    BOOST_TEST(client.read_all() == "e");
}

BOOST_AUTO_TEST_CASE(split_writes_change_no_byte) {
    const ScriptedServer server(
        [](Conn& conn, const ReceivedRequest&) {
            conn.respond_chunked(200, {}, {"h\xC3\xA9llo", " w\xC3\xB6rld"});
        },
        {.tls = {}, .address = "127.0.0.1", .port = 0, .write_pieces = 1});
    RawClient client(server.port());
    const RawResponse response = client.exchange("GET", "/");
    BOOST_TEST(response.body == "h\xC3\xA9llo w\xC3\xB6rld");
    BOOST_TEST(response.complete);
}

BOOST_AUTO_TEST_CASE(a_raw_handler_may_speak_first_and_hang_up) {
    const ScriptedServer server([](Conn& conn) { conn.write("220 not http\r\n"); });
    RawClient client(server.port());
    BOOST_TEST(client.read_all() == "220 not http\r\n");
    BOOST_TEST((client.ending() == RawClient::Ending::closed));
}

BOOST_AUTO_TEST_CASE(reset_is_seen_as_a_reset) {
    const ScriptedServer server([](Conn& conn, const ReceivedRequest&) { conn.reset(); });
    RawClient client(server.port());
    BOOST_TEST(client.exchange("GET", "/").status == 0);
    BOOST_TEST((client.ending() == RawClient::Ending::reset));
}

BOOST_AUTO_TEST_CASE(close_does_not_lose_the_response_when_the_request_was_not_read) {
    Gate sent;
    const ScriptedServer server([sent](Conn& conn) {
        if (conn.wait(sent)) {
            conn.respond(401, {}, "no", Framing::close_delimited);
        }
    });
    RawClient client(server.port());
    client.send("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody");
    sent.open();
    const RawResponse response = client.read_response();
    BOOST_TEST(response.status == 401);
    BOOST_TEST(response.complete);
}

BOOST_AUTO_TEST_CASE(a_silent_server_notices_that_the_client_leaves) {
    const ScriptedServer server([](Conn& conn) { conn.wait_for_close(); });
    RawClient client(server.port());
    BOOST_TEST(client.send("anything"));
    BOOST_TEST(server.wait_for_accepted(1));
    BOOST_TEST(server.connections_open() == 1);
    client.close();
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(after_the_client_has_left_writes_fail_and_the_program_lives) {
    bool gone = false;
    {
        ScriptedServer server([&gone](Conn& conn) {
            while (conn.write(std::string(100'000, 'x'))) {
            }
            gone = !conn.is_open() && !conn.write("more") && conn.read_some().empty();
        });
        RawClient client(server.port());
        client.read_some();
        client.reset();
        BOOST_TEST(server.wait_for_open(0));
    }
    BOOST_TEST(gone);
}

BOOST_AUTO_TEST_CASE(stop_ends_handlers_that_read_write_wait_or_pause) {
    const Gate never;
    std::atomic<int> interrupted = 0;
    ScriptedServer server([never, &interrupted](Conn& conn, const ReceivedRequest& request) {
        if (request.target == "/write") {
            while (conn.write(std::string(100'000, 'x'))) {
            }
        } else if (request.target == "/wait") {
            interrupted += conn.wait(never) ? 0 : 1;
        } else if (request.target == "/pause") {
            interrupted += conn.pause(kPatience) ? 0 : 1;
        } else {
            conn.wait_for_close();
        }
    });
    RawClient idle(server.port());
    RawClient write(server.port());
    RawClient wait(server.port());
    RawClient pause(server.port());
    RawClient silent(server.port());
    write.send("GET /write HTTP/1.1\r\n\r\n");
    wait.send("GET /wait HTTP/1.1\r\n\r\n");
    pause.send("GET /pause HTTP/1.1\r\n\r\n");
    silent.send("GET /silent HTTP/1.1\r\n\r\n");
    BOOST_TEST(server.wait_for_requests(4));
    BOOST_TEST(server.wait_for_accepted(5));
    server.stop();
    server.stop();
    BOOST_TEST(interrupted == 2);
    BOOST_TEST(server.connections_open() == 0);
    BOOST_CHECK_THROW(RawClient(server.port()), std::system_error);
}

BOOST_AUTO_TEST_CASE(stop_also_ends_a_waiting_test) {
    ScriptedServer server(kSayHello);
    std::jthread stopper([&server] { server.stop(); });
    BOOST_TEST(!server.wait_for_requests(1));
}

BOOST_AUTO_TEST_CASE(many_clients_are_served_at_once) {
    constexpr int kClients = 16;
    Gate all_here;
    ScriptedServer server([all_here](Conn& conn, const ReceivedRequest& request) {
        if (conn.wait(all_here)) {
            conn.respond(200, {}, request.target);
        }
    });
    std::array<std::string, kClients> bodies;
    {
        std::array<std::jthread, kClients> threads;
        for (std::size_t i = 0; i < kClients; ++i) {
            threads[i] = std::jthread([&, i] {
                bodies[i] = RawClient(server.port()).exchange("GET", "/" + std::to_string(i)).body;
            });
        }
        BOOST_TEST(server.wait_for_requests(kClients));
        all_here.open();
    }
    for (std::size_t i = 0; i < kClients; ++i) {
        BOOST_TEST(bodies[i] == "/" + std::to_string(i));
    }
    BOOST_TEST(server.wait_for_open(0));
    BOOST_TEST(server.connections_accepted() == kClients);
}

BOOST_AUTO_TEST_CASE(the_url_brackets_an_ipv6_address_and_takes_another_host_name) {
    const ScriptedServer server(kSayHello);
    const std::string port = std::to_string(server.port());
    BOOST_TEST(server.url("/x") == "http://127.0.0.1:" + port + "/x");
    BOOST_TEST(server.url("", "::1") == "http://[::1]:" + port);
    BOOST_TEST(server.url("", "localhost") == "http://localhost:" + port);
}

BOOST_AUTO_TEST_SUITE_END()

#include <string>

#include "client_rig.hpp"

namespace tenon::transport {
namespace {

using namespace std::chrono_literals;
using test::Conn;
using test::Framing;
using test::Gate;
using test::Handler;
using test::RawHandler;
using test::ReceivedRequest;
using test::ScriptedServer;

constexpr std::size_t kBig = std::size_t{16} << 20;

const Handler kEcho = [](Conn& conn, const ReceivedRequest& request) {
    conn.respond(200, {}, request.body, Framing::chunked);
};

// Every test below runs plain and with TLS.
struct Both {
    test::ServerOptions server;
    HttpOptions http;
};

std::vector<Both> plain_and_tls() {
    std::vector<Both> both(2);
    both[1].server.tls = test::TlsOptions{};
    both[1].http.tls.verify = false;
    return both;
}

std::size_t head_size(const std::string& bytes) {
    const auto end = bytes.find("\r\n\r\n");
    return end == std::string::npos ? 0 : end + 4;
}

// Reads the head of a request and returns what came of its body.
std::string read_head(Conn& conn) {
    std::string bytes;
    while (conn.is_open() && head_size(bytes) == 0) bytes += conn.read_some();
    return bytes.substr(head_size(bytes));
}

BOOST_AUTO_TEST_SUITE(bodies)

BOOST_AUTO_TEST_CASE(what_the_request_says_arrives) {
    const ScriptedServer server(kEcho);
    ClientRig rig;
    const auto answer = rig.run({.method = "POST",
                                 .url = server.url("/a%20b?c=d"),
                                 .headers = {{"X-Thing", "one"}},
                                 .body = "body"});
    BOOST_TEST(answer->body() == "body");
    const auto request = server.requests().at(0);
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.target == "/a%20b?c=d");
    BOOST_TEST(request.header("X-Thing").value_or("") == "one");
    BOOST_TEST(request.header("Host").value_or("") == "127.0.0.1:" + std::to_string(server.port()));
}

BOOST_AUTO_TEST_CASE(a_borrowed_body_is_sent_instead_of_the_own_one) {
    const ScriptedServer server(kEcho);
    const std::string borrowed = "borrowed";
    ClientRig rig;
    const auto answer = rig.run(
        {.method = "POST", .url = server.url("/"), .body = "own", .borrowed_body = borrowed});
    BOOST_TEST(answer->body() == "borrowed");
}

BOOST_AUTO_TEST_CASE(large_bodies_of_all_sizes_go_both_ways) {
    for (const Both& both : plain_and_tls()) {
        const ScriptedServer server(kEcho, both.server);
        ClientRig rig(both.http);
        for (const std::size_t size :
             {std::size_t{32} << 10, (std::size_t{32} << 10) + 1, std::size_t{64} << 10,
              (std::size_t{64} << 10) + 1, std::size_t{128} << 10, kBig}) {
            const auto answer = rig.post(server.url("/"), big_text(size));
            BOOST_TEST(answer->message() == "");
            BOOST_TEST((answer->body() == big_text(size)));
        }
        BOOST_TEST(server.connections_accepted() == 1);
        rig.check_at_rest();
    }
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_while_the_request_is_still_written) {
    // The server sends each byte back as it comes; neither side can hold all of it.
    for (const Both& both : plain_and_tls()) {
        const ScriptedServer server(
            RawHandler([](Conn& conn) {
                std::string piece = read_head(conn);
                conn.start_response(200, {{"Content-Length", std::to_string(kBig)}},
                                    Framing::content_length);
                for (std::size_t n = 0; n < kBig; piece = conn.read_some()) {
                    if (!conn.is_open()) return;
                    n += piece.size();
                    conn.write_body(piece);
                }
                conn.wait_for_close();
            }),
            both.server);
        ClientRig rig(both.http);
        const auto answer = rig.post(server.url("/"), big_text(kBig));
        BOOST_TEST(answer->message() == "");
        BOOST_TEST((answer->body() == big_text(kBig)));
        BOOST_TEST(rig.counts().idle == 1U);
    }
}

BOOST_AUTO_TEST_CASE(an_early_answer_ends_the_exchange_though_nobody_reads_the_request) {
    for (const Both& both : plain_and_tls()) {
        Gate gate;
        const ScriptedServer server(RawHandler([gate](Conn& conn) {
                                        read_head(conn);
                                        conn.respond(413, {}, "too large");
                                        conn.wait(gate);
                                    }),
                                    both.server);
        ClientRig rig(both.http);
        const auto answer = rig.post(server.url("/"), big_text(4 * kBig));
        BOOST_TEST(answer->message() == "");
        BOOST_TEST(answer->status() == 413);
        BOOST_TEST(answer->body() == "too large");
        BOOST_TEST(rig.counts().open == 0U);  // half a request is no basis for another one
        gate.open();
    }
}

BOOST_AUTO_TEST_CASE(an_early_answer_may_take_longer_than_the_write_timeout) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        read_head(conn);
        conn.start_response(401, {});
        for (int i = 0; i < 10; ++i) {
            conn.write_body("x");
            conn.pause(60ms);
        }
        conn.finish_response();
        conn.wait_for_close();
    }));
    HttpOptions options;
    options.write_timeout = 300ms;
    ClientRig rig(options);
    const auto answer = rig.post(server.url("/"), big_text(4 * kBig));
    BOOST_TEST(answer->message() == "");
    BOOST_TEST(answer->status() == 401);
    BOOST_TEST(answer->body() == std::string(10, 'x'));
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_CASE(a_reset_while_the_request_is_written_is_told) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        read_head(conn);
        conn.reset();
    }));
    ClientRig rig;
    const auto answer = rig.post(server.url("/"), big_text(4 * kBig));
    BOOST_TEST((answer->code() == Code::unavailable), answer->message());
    BOOST_TEST(answer->says("127.0.0.1:" + std::to_string(server.port()) + " failed ("));
    BOOST_TEST(answer->error()->retryable);
    BOOST_TEST(!answer->error()->not_sent);
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_byte_by_byte_is_the_same) {
    for (Both& both : plain_and_tls()) {
        both.server.write_pieces = 1;
        const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
                                        conn.write("HTTP/1.1 103 Early Hints\r\n\r\n");
                                        conn.respond_chunked(200, {{"X-Y", "z"}},
                                                             {"one,", "two,", big_text(500)},
                                                             {{"X-Trailer", "1"}});
                                    }),
                                    both.server);
        ClientRig rig(both.http);
        for (int i = 0; i < 2; ++i) {
            const auto answer = rig.get(server.url("/"));
            BOOST_TEST(answer->message() == "");
            BOOST_TEST(answer->heads() == 1);
            BOOST_TEST(answer->body() == "one,two," + big_text(500));
        }
        BOOST_TEST(server.connections_accepted() == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_truncated_answer_is_an_error_after_every_byte) {
    const std::string text =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    std::atomic<std::size_t> cut = 0;
    const ScriptedServer server(Handler([&](Conn& conn, const ReceivedRequest&) {
        conn.write(std::string_view(text).substr(0, cut));
        conn.close();
    }));
    ClientRig rig;
    for (; cut <= text.size(); ++cut) {
        const auto answer = rig.post(server.url("/"));
        BOOST_TEST((answer->code() == (cut < text.size() ? Code::protocol : Code::ok)));
        BOOST_TEST(answer->dones() == 1);
    }
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(a_body_until_the_close_is_complete_with_tls_only_after_close_notify) {
    for (const bool notify : {true, false}) {
        const ScriptedServer server(Handler([notify](Conn& conn, const ReceivedRequest&) {
                                        conn.write("HTTP/1.1 200 OK\r\n\r\nall of it");
                                        notify ? conn.close() : conn.drop();
                                    }),
                                    plain_and_tls()[1].server);
        ClientRig rig(plain_and_tls()[1].http);
        const auto answer = rig.get(server.url("/"));
        BOOST_TEST(answer->body() == "all of it");
        BOOST_TEST((answer->code() == (notify ? Code::ok : Code::protocol)));
    }
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_trusted_is_the_end_of_it) {
    const ScriptedServer server(kEcho, plain_and_tls()[1].server);
    ClientRig rig;
    const auto answer = rig.get(server.url("/"));
    BOOST_TEST((answer->code() == Code::protocol));
    BOOST_TEST(answer->says("is not trusted"));
    BOOST_TEST(!answer->error()->retryable);
    BOOST_TEST(answer->error()->not_sent);
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

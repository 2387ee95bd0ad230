#include <atomic>
#include <future>
#include <string>

#include "client_rig.hpp"

namespace tenon::transport {
namespace {

using test::Conn;
using test::Gate;
using test::Handler;
using test::RawHandler;
using test::ReceivedRequest;
using test::ScriptedServer;

const Handler kSayHello = [](Conn& conn, const ReceivedRequest&) {
    conn.respond(200, {}, "hello");
};

// Answers the first request of the first connection and treats the second one as `then` says; later
// connections are answered.
ScriptedServer first_then(std::function<void(Conn&)> then) {
    auto count = std::make_shared<std::atomic<int>>(0);
    return ScriptedServer(Handler([count, then](Conn& conn, const ReceivedRequest& request) {
        if (conn.number() == 1 && ++*count == 2) return then(conn);
        conn.respond(200, {}, request.body.empty() ? "hello" : "got it");
    }));
}

void hang_up(Conn& conn) {
    conn.close();
}

BOOST_AUTO_TEST_SUITE(reuse)

BOOST_AUTO_TEST_CASE(a_connection_is_kept_and_used_again) {
    const ScriptedServer server(kSayHello);
    ClientRig rig;
    for (int i = 0; i < 3; ++i) {
        const auto answer = rig.get(server.url("/"));
        BOOST_TEST(answer->message() == "");
        BOOST_TEST(answer->status() == 200);
        BOOST_TEST(answer->body() == "hello");
        BOOST_TEST(answer->dones() == 1);
    }
    BOOST_TEST(server.connections_accepted() == 1);
    BOOST_TEST(rig.counts().open == 1U);
    BOOST_TEST(rig.counts().idle == 1U);
}

BOOST_AUTO_TEST_CASE(each_request_goes_to_its_own_address) {
    const Handler echo(
        [](Conn& conn, const ReceivedRequest& request) { conn.respond(200, {}, request.target); });
    const ScriptedServer one(echo);
    const ScriptedServer other(echo);
    ClientRig rig;
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(rig.get(one.url("/a"))->body() == "/a");
        BOOST_TEST(rig.get(one.url("/b"))->body() == "/b");
        BOOST_TEST(rig.get(other.url("/a"))->body() == "/a");
        BOOST_TEST(rig.get("http://")->status() == 0);
    }
    BOOST_TEST(one.connections_accepted() == 1);
    BOOST_TEST(other.connections_accepted() == 1);
}

BOOST_AUTO_TEST_CASE(chunked_empty_and_headless_bodies_leave_the_connection_usable) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest& request) {
        if (request.target == "/chunked") {
            conn.respond_chunked(200, {}, {"a", "b"}, {{"X-Trailer", "1"}});
        } else {
            conn.respond(request.target == "/204" ? 204 : 200, {}, "never sent to HEAD");
        }
    }));
    ClientRig rig;
    BOOST_TEST(rig.get(server.url("/chunked"))->body() == "ab");
    BOOST_TEST(rig.get(server.url("/204"))->body() == "");
    const auto head = rig.run({.method = "HEAD", .url = server.url("/")});
    BOOST_TEST(head->message() == "");
    BOOST_TEST(head->body() == "");
    BOOST_TEST(rig.get(server.url("/chunked"))->body() == "ab");
    BOOST_TEST(server.connections_accepted() == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_is_not_used_again_when_its_answer_forbids_it) {
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"}) {
        BOOST_TEST_CONTEXT(text) {
            // The server itself would go on with the connection.
            const ScriptedServer server(
                Handler([text](Conn& conn, const ReceivedRequest&) { conn.write(text); }));
            ClientRig rig;
            for (int i = 0; i < 2; ++i) {
                const auto answer = rig.get(server.url("/"));
                BOOST_TEST(answer->message() == "");
                BOOST_TEST(answer->body() == "ok");
            }
            BOOST_TEST(server.connections_accepted() == 2);
            rig.check_at_rest();
        }
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_ends_with_the_connection_ends_the_connection) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) {
        conn.respond(200, {}, "all of it", test::Framing::close_delimited);
    }));
    ClientRig rig;
    for (int i = 0; i < 2; ++i) BOOST_TEST(rig.get(server.url("/"))->body() == "all of it");
    BOOST_TEST(server.connections_accepted() == 2);
    BOOST_TEST(rig.counts().open == 0U);
}

BOOST_AUTO_TEST_CASE(bytes_that_arrive_after_the_answer_never_become_the_next_answer) {
    for (const bool tls : {false, true}) {
        std::atomic<int> sent = 0;
        test::ServerOptions options;
        if (tls) options.tls = test::TlsOptions{};
        const ScriptedServer server(
            RawHandler([&sent](Conn& conn) {
                if (!conn.read_request()) return;
                conn.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
                conn.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                ++sent;
                conn.wait_for_close();
            }),
            options);
        HttpOptions http;
        http.tls.verify = false;
        ClientRig rig(http);
        for (int i = 1; i <= 3; ++i) {
            BOOST_TEST(rig.get(server.url("/"))->body() == "good");
            while (sent < i) std::this_thread::yield();  // all has arrived, at once or afterwards
        }
        BOOST_TEST(server.connections_accepted() == 3);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_the_server_closed_while_idle_is_replaced_unnoticed) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        if (conn.read_request()) conn.respond(200, {}, "hello");
    }));
    ClientRig rig;
    for (int i = 1; i <= 3; ++i) {
        BOOST_TEST(rig.post(server.url("/"))->message() == "");
        BOOST_TEST_REQUIRE(server.wait_for_open(0));
    }
    BOOST_TEST(server.connections_accepted() == 3);
}

BOOST_AUTO_TEST_CASE(
    a_request_that_may_be_repeated_is_sent_once_more_when_its_old_connection_dies) {
    for (const std::string method : {"GET", "HEAD", "PUT", "DELETE"}) {
        const auto server = first_then(hang_up);
        ClientRig rig;
        rig.get(server.url("/"));
        const auto answer = rig.run({.method = method, .url = server.url("/")});
        BOOST_TEST(answer->message() == "", method);
        BOOST_TEST(answer->status() == 200);
        BOOST_TEST(answer->heads() == 1);
        BOOST_TEST(server.requests().size() == 3U);
        BOOST_TEST(server.connections_accepted() == 2);
        rig.check_at_rest();
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_the_server_has_read_is_not_repeated_behind_the_callers_back) {
    const auto server = first_then(hang_up);
    ClientRig rig;
    rig.get(server.url("/"));
    const auto answer = rig.post(server.url("/"));
    BOOST_TEST((answer->code() == Code::protocol));
    BOOST_TEST(answer->says("closed without an answer"));
    BOOST_TEST(answer->error()->retryable);
    BOOST_TEST(!answer->error()->not_sent);
    BOOST_TEST(server.requests().size() == 2U);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_allows_to_repeat_a_post) {
    const auto server = first_then(hang_up);
    ClientRig rig;
    rig.get(server.url("/"));
    const auto answer = rig.run({.method = "POST",
                                 .url = server.url("/"),
                                 .headers = {{"IDEMPOTENCY-Key", "7"}},
                                 .body = "{}"});
    BOOST_TEST(answer->message() == "");
    BOOST_TEST(answer->body() == "got it");
    BOOST_TEST(server.requests().size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_post_that_did_not_leave_entirely_is_sent_again) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        while (auto request = conn.read_request()) {
            conn.respond(200, {}, std::to_string(request->body.size()));
            if (conn.number() > 1) continue;
            static_cast<void>(conn.read_some());  // the beginning of the next one
            return conn.reset();
        }
    }));
    ClientRig rig;
    rig.post(server.url("/"));
    const auto answer = rig.post(server.url("/"), big_text(std::size_t{16} << 20));
    BOOST_TEST(answer->message() == "");
    BOOST_TEST(answer->body() == std::to_string(std::size_t{16} << 20));
    BOOST_TEST(server.connections_accepted() == 2);
    rig.check_at_rest();
}

BOOST_AUTO_TEST_CASE(a_request_is_repeated_once_only) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest& request) {
        if (request.target == "/first") return static_cast<void>(conn.respond(200, {}, "hello"));
        conn.close();
    }));
    ClientRig rig;
    rig.get(server.url("/first"));
    const auto answer = rig.get(server.url("/"));
    BOOST_TEST(answer->says("closed without an answer"));
    BOOST_TEST(server.requests().size() == 3U);
    BOOST_TEST(server.connections_accepted() == 2);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_that_dies_is_not_replaced) {
    const ScriptedServer server(Handler([](Conn& conn, const ReceivedRequest&) { conn.close(); }));
    ClientRig rig;
    BOOST_TEST(rig.get(server.url("/"))->says("closed without an answer"));
    BOOST_TEST(server.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(nothing_is_repeated_once_an_answer_has_begun) {
    const auto server = first_then([](Conn& conn) {
        conn.write("HTTP/1.1 2");
        conn.close();
    });
    ClientRig rig;
    rig.get(server.url("/"));
    const auto answer = rig.get(server.url("/"));
    BOOST_TEST((answer->code() == Code::protocol));
    BOOST_TEST(answer->says("closed inside the answer's head"));
    BOOST_TEST(server.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_when_its_time_is_over) {
    const ScriptedServer server(kSayHello);
    HttpOptions options;
    options.keepalive_expiry = std::chrono::milliseconds(20);
    ClientRig rig(options);
    rig.get(server.url("/"));
    BOOST_TEST(rig.reaches([](const auto& now) { return now.open == 0 && now.idle == 0; }));
    BOOST_TEST(server.wait_for_open(0));
    rig.get(server.url("/"));
    BOOST_TEST(server.connections_accepted() == 2);
}

BOOST_AUTO_TEST_CASE(without_keep_alive_time_or_places_no_connection_is_kept) {
    for (const bool by_time : {true, false}) {
        const ScriptedServer server(kSayHello);
        HttpOptions options;
        if (by_time) options.keepalive_expiry = std::chrono::milliseconds(0);
        if (!by_time) options.max_keepalive = 0;
        ClientRig rig(options);
        for (int i = 0; i < 2; ++i) rig.get(server.url("/"));
        BOOST_TEST(rig.counts().open == 0U);
        BOOST_TEST(server.connections_accepted() == 2);
    }
}

BOOST_AUTO_TEST_CASE(no_more_connections_are_kept_than_allowed) {
    Gate gate;
    const ScriptedServer server(Handler([gate](Conn& conn, const ReceivedRequest&) {
        conn.wait(gate);
        conn.respond(200, {}, "hello");
    }));
    HttpOptions options;
    options.max_keepalive = 2;
    ClientRig rig(options);
    std::vector<Answer> answers(4);
    for (Answer& answer : answers) rig.start({.url = server.url("/")}, answer);
    BOOST_TEST_REQUIRE(server.wait_for_requests(4));
    gate.open();
    for (Answer& answer : answers) BOOST_TEST(answer.wait().message() == "");
    BOOST_TEST(rig.counts().open == 2U);
    BOOST_TEST(rig.counts().idle == 2U);
}

BOOST_AUTO_TEST_CASE(a_connection_belongs_to_its_origin) {
    const ScriptedServer one(kSayHello);
    const ScriptedServer other(kSayHello);
    ClientRig rig;
    for (int i = 0; i < 2; ++i) {
        rig.get(one.url("/"));
        rig.get(other.url("/"));
    }
    BOOST_TEST(one.connections_accepted() == 1);
    BOOST_TEST(other.connections_accepted() == 1);
    BOOST_TEST(rig.counts().idle == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

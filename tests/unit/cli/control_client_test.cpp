#include "cli/control_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>
#include <thread>

#include "support/fake_daemon.hpp"
#include "support/temporary_directory.hpp"

namespace tenon::cli {
namespace {

using test::Conn;
using test::FakeDaemon;
using test::ReceivedRequest;

struct Fixture {
    [[nodiscard]] Error error_of(const std::string& target) const {
        auto answer = ControlClient(socket).get(target);
        BOOST_REQUIRE(!answer);
        return answer.error();
    }

    test::TemporaryDirectory directory;
    std::filesystem::path socket = directory / "control.sock";
};

bool says(const Error& error, std::string_view words) {
    return error.message.find(words) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(control_client, Fixture)

BOOST_AUTO_TEST_CASE(an_answer_with_a_length_is_read) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status", R"({"pid":7})");
    const auto answer = ControlClient(socket).get("/admin/v1/status");
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->root()["pid"].as_int64().value() == 7);
}

BOOST_AUTO_TEST_CASE(an_answer_in_chunks_is_read) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /x", [](Conn& conn, const ReceivedRequest&) {
        conn.split_writes(3);
        conn.respond_chunked(200, {}, {R"({"p)", R"(id":)", "7}"});
    });
    const auto answer = ControlClient(socket).get("/x");
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->root()["pid"].as_int64().value() == 7);
}

BOOST_AUTO_TEST_CASE(what_is_posted_arrives_as_json) {
    FakeDaemon daemon(socket);
    daemon.answer("POST /x", "{}");
    BOOST_REQUIRE(ControlClient(socket).post("/x", R"({"a":1})"));
    const auto requests = daemon.requests();
    BOOST_REQUIRE_EQUAL(requests.size(), 1u);
    BOOST_TEST(requests[0].body == R"({"a":1})");
    BOOST_TEST(requests[0].header("content-type").value() == "application/json");
    BOOST_TEST(requests[0].header("host").value() == "localhost");
}

BOOST_AUTO_TEST_CASE(without_a_socket_no_daemon_runs) {
    const Error error = error_of("/x");
    BOOST_TEST(says_no_daemon(error));
    BOOST_TEST(says(error, "there is no socket " + socket.string()));
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_left_behind_is_told_from_a_daemon) {
    FakeDaemon(socket).stop();
    const Error error = error_of("/x");
    BOOST_TEST(says_no_daemon(error));
    BOOST_TEST(says(error, "an earlier one has left"));
}

BOOST_AUTO_TEST_CASE(what_the_daemon_refuses_is_said_in_its_words) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /x", R"({"error":{"code":"not_found","message":"there is no 'a'"}})", 404);
    const Error error = error_of("/x");
    BOOST_TEST(error.message == "there is no 'a'");
    BOOST_TEST(error.http_status == 404);
    BOOST_TEST((error.code == Code::not_found));
    BOOST_TEST(!says_no_daemon(error));
}

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_know_the_path_is_of_another_version) {
    FakeDaemon daemon(socket);
    BOOST_TEST(says(error_of("/admin/v9/x"), "another version"));
}

BOOST_AUTO_TEST_CASE(something_else_on_the_socket_is_not_taken_for_a_daemon) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /garbage",
                  [](Conn& conn, const ReceivedRequest&) { conn.write("220 mail\r\n\r\n"); });
    daemon.answer("GET /text", [](Conn& conn, const ReceivedRequest&) {
        conn.respond(200, {{"Content-Type", "text/html"}}, "<html>");
    });
    BOOST_TEST(says(error_of("/garbage"), "no daemon of Tenon"));
    BOOST_TEST(says(error_of("/text"), "no daemon of Tenon"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_is_an_error) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /x", [](Conn& conn, const ReceivedRequest&) {
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}");
        conn.close();
    });
    BOOST_TEST(says(error_of("/x"), "before its answer was complete"));
}

BOOST_AUTO_TEST_CASE(a_request_to_stop_ends_the_wait_for_an_answer) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /x", [](Conn& conn, const ReceivedRequest&) { conn.wait_for_close(); });
    std::stop_source stop;
    std::thread interrupter([&] {
        static_cast<void>(daemon.wait_for("GET /x"));
        stop.request_stop();
    });
    const auto answer = ControlClient(socket).get("/x", stop.get_token());
    interrupter.join();
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(a_connection_waits_no_longer_than_its_deadline) {
    FakeDaemon daemon(socket);
    const auto now = std::chrono::steady_clock::now();
    auto connection =
        ControlConnection::open(socket, now + std::chrono::hours(1), std::stop_token());
    BOOST_REQUIRE(connection);
    const auto bytes = connection->read(now, std::stop_token());
    BOOST_REQUIRE(!bytes);
    BOOST_TEST((bytes.error().code == Code::deadline));
    BOOST_TEST(says(bytes.error(), "may still happen"));
}

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_accept_is_not_waited_for_without_end) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    BOOST_REQUIRE_EQUAL(
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    BOOST_REQUIRE_EQUAL(::listen(listener, 0), 0);
    const auto now = std::chrono::steady_clock::now();
    std::vector<ControlConnection> queued;
    for (int i = 0; i < 64; ++i) {
        auto connection = ControlConnection::open(socket, now, std::stop_token());
        if (!connection) {
            BOOST_TEST((connection.error().code == Code::deadline));
            BOOST_TEST(says(connection.error(), "does not accept"));
            ::close(listener);
            return;
        }
        queued.push_back(*std::move(connection));
    }
    ::close(listener);
    BOOST_FAIL("the queue of the listener has no end");
}

BOOST_AUTO_TEST_CASE(events_are_handed_on_until_the_daemon_ends) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /e", [](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {{"Content-Type", "text/event-stream"}});
        conn.write_body(": hello\n\nid: 1\nevent: a\nda");
        conn.write_body("ta: {}\n\nid: 2\nevent: b\ndata: x\n\n");
        conn.finish_response();
    });
    std::string seen;
    const auto ended = ControlClient(socket).follow(
        "/e",
        [&](const ControlEvent& event) {
            seen += std::string(event.id) + event.type.data()[0] + std::string(event.data) + ";";
        },
        {});
    BOOST_TEST(ended.has_value());
    BOOST_TEST(seen == "1a{};2bx;");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_refused_says_why) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /e", R"({"error":{"code":"overloaded","message":"too many listen"}})", 503);
    const auto ended =
        ControlClient(socket).follow("/e", [](const ControlEvent&) { BOOST_FAIL("event"); }, {});
    BOOST_REQUIRE(!ended);
    BOOST_TEST(ended.error().message == "too many listen");
}

BOOST_AUTO_TEST_CASE(a_request_to_stop_ends_a_stream) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /e", [](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {{"Content-Type", "text/event-stream"}});
        conn.write_body("data: x\n\n");
        conn.wait_for_close();
    });
    std::stop_source stop;
    const auto ended = ControlClient(socket).follow(
        "/e", [&](const ControlEvent&) { stop.request_stop(); }, stop.get_token());
    BOOST_REQUIRE(!ended);
    BOOST_TEST((ended.error().code == Code::cancelled));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli

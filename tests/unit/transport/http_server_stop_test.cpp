#include <filesystem>
#include <future>
#include <string>

#include "client_rig.hpp"
#include "http_server_rig.hpp"

namespace tenon::transport {
namespace {

using test::RawClient;
using namespace std::chrono_literals;

std::ptrdiff_t open_files() {
    const std::filesystem::directory_iterator files("/proc/self/fd");
    return std::distance(begin(files), end(files));
}

bool refuses_connections(std::uint16_t port) {
    try {
        const RawClient client(port);
        return false;
    } catch (const std::system_error&) {
        return true;
    }
}

BOOST_AUTO_TEST_SUITE(http_server_stop)

BOOST_AUTO_TEST_CASE(idle_connections_and_the_port_are_closed) {
    ServerRig rig;
    const auto fresh = rig.connect();
    const auto idle = rig.connect();
    BOOST_TEST(idle->exchange("GET", "/hello").status == 200);
    const auto port = rig.port();
    rig.server->stop(test::kPatience);
    BOOST_TEST(is_closed(*fresh));
    BOOST_TEST(is_closed(*idle));
    BOOST_TEST(rig.server->counts().open == 0U);
    BOOST_TEST(refuses_connections(port));
}

// All on one thread, so that the end of the idle connection tells that the others know of the stop.
BOOST_AUTO_TEST_CASE(requests_under_way_may_finish) {
    ServerRig rig({}, {}, 1);
    const auto waiting = rig.connect();
    const auto streaming = rig.connect();
    const auto arriving = rig.connect();
    const auto idle = rig.connect();
    waiting->send(get("/wait") + get("/never"));
    streaming->send(get("/wait-streaming"));
    arriving->send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    BOOST_TEST(rig.handler.wait_for("waiting", 2));
    BOOST_TEST(arriving->read_response().status == 100);
    BOOST_TEST(idle->exchange("GET", "/hello").status == 200);
    auto stopped = std::async(std::launch::async, [&] { rig.server->stop(test::kPatience); });
    BOOST_TEST(is_closed(*idle));
    BOOST_TEST(refuses_connections(rig.port()));
    arriving->send("ok");
    const auto arrived = arriving->read_response();
    BOOST_TEST(arrived.body == "POST /echo x\nok");
    BOOST_TEST(arrived.header("Connection").value_or("") == "close");
    rig.handler.open_gate();
    const auto answer = waiting->read_response();
    BOOST_TEST(answer.body == "waited");
    BOOST_TEST(answer.header("Connection").value_or("") == "close");
    BOOST_TEST(streaming->read_response().complete);
    for (RawClient* client : {waiting.get(), streaming.get(), arriving.get()}) {
        client->half_close();
        BOOST_TEST(is_closed(*client));
    }
    stopped.get();
    BOOST_TEST(rig.handler.count("GET /never") == 0);
    BOOST_TEST(rig.handler.count("gone") == 0);
}

BOOST_AUTO_TEST_CASE(after_the_grace_all_is_ended) {
    ServerRig rig;
    const auto waiting = rig.connect();
    const auto streaming = rig.connect();
    const auto flooded = rig.connect();
    const auto arriving = rig.connect();
    waiting->send(get("/wait"));
    streaming->send(get("/wait-streaming"));
    flooded->send(get("/flood"));
    arriving->send("GET / HTTP/1.1\r\n");
    BOOST_TEST(rig.handler.wait_for("waiting", 2));
    BOOST_TEST(rig.handler.wait_for("flooding"));
    rig.server->stop(10ms);
    BOOST_TEST(rig.handler.count("gone") == 3);
    BOOST_TEST(rig.handler.count("answer: cancelled") == 1);
    BOOST_TEST(rig.handler.count("end: cancelled") == 1);
    BOOST_TEST(rig.handler.count("flood: cancelled") == 1);
    BOOST_TEST(rig.server->counts().open == 0U);
    BOOST_TEST(!streaming->read_response().complete);
    BOOST_TEST(waiting->read_response().status == 0);
}

BOOST_AUTO_TEST_CASE(a_server_may_be_stopped_twice_never_started_or_just_destroyed) {
    {
        ServerRig rig;
        rig.server->stop(0ms);
        rig.server->stop(0ms);
    }
    {
        ServerRig rig;
        const auto client = rig.connect();
        client->send(get("/wait"));
        BOOST_TEST(rig.handler.wait_for("waiting"));
    }
    net::IoThreads threads(1);
    TestHandler handler(threads);
    HttpServer never(threads, handler, {});
}

BOOST_AUTO_TEST_CASE(a_thousand_connections_leave_nothing_behind) {
    ServerRig rig;
    BOOST_TEST(rig.connect()->exchange("GET", "/hello").status == 200);
    BOOST_TEST(rig.all_closed());
    const auto before = open_files();
    for (int round = 0; round < 10; ++round) {
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < 100; ++i) clients.push_back(rig.connect());
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 4 != 0) clients[i]->send(get(i % 2 == 0 ? "/hello" : "/wait"));
        }
        BOOST_TEST(rig.handler.wait_for("waiting", 50 * (round + 1)));
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 0) clients[i]->reset();
        }
    }
    BOOST_TEST(rig.all_closed());
    BOOST_TEST(open_files() == before);
    BOOST_TEST(rig.server->counts().accepted == 1001U);
}

// Whatever happens first, nothing is left and nothing is lost without a word.
BOOST_AUTO_TEST_CASE(a_server_stops_in_the_middle_of_a_storm) {
    for (int round = 0; round < 6; ++round) {
        ServerRig rig;
        std::atomic<bool> over = false;
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i) {
            clients.emplace_back([&, i] {
                while (!over) {
                    try {
                        RawClient client(rig.port());
                        client.send(get("/hello") + get(i % 2 == 0 ? "/stream" : "/big"));
                        if (i == 3) continue;  // leaves
                        const auto hello = client.read_response();
                        if (hello.status != 0 && hello.body != "hello") rig.handler.note("wrong");
                        client.read_response();
                    } catch (const std::system_error&) {
                        return;  // the port is closed
                    }
                }
            });
        }
        BOOST_TEST(rig.handler.wait_for("GET /hello", 40));
        rig.server->stop(round % 2 == 0 ? 0ms : 20ms);
        over = true;
        for (std::thread& client : clients) client.join();
        BOOST_TEST(rig.server->counts().open == 0U);
        BOOST_TEST(rig.handler.count("wrong") == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

#include <future>
#include <string>

#include "client_rig.hpp"
#include "support/fake_names.hpp"
#include "support/full_listener.hpp"

namespace tenon::transport {
namespace {

using test::Conn;
using test::Gate;
using test::Handler;
using test::RawHandler;
using test::ReceivedRequest;
using test::ScriptedServer;

const RawHandler kSilent = [](Conn& conn) {
    static_cast<void>(conn.read_some());
    conn.wait_for_close();
};

const Handler kStall = [](Conn& conn, const ReceivedRequest&) {
    conn.start_response(200, {});
    conn.write_body("some");
    conn.wait_for_close();
};

// Starts an exchange, brings it where it shall be cancelled, and cancels it, once by its handle and
// once by destroying the client.
void cancel_both_ways(const HttpRequest& request,
                      const std::function<void(ClientRig&, Answer&)>& bring_there) {
    for (const bool by_handle : {true, false}) {
        ClientRig rig;
        Answer answer;
        const auto exchange = rig.start(request, answer);
        bring_there(rig, answer);
        if (by_handle) {
            exchange->cancel();
            exchange->cancel();
        } else {
            rig.client.reset();
        }
        BOOST_TEST((answer.wait().code() == Code::cancelled), answer.message());
        if (by_handle) {
            BOOST_TEST(rig.counts().open == 0U);
            BOOST_TEST(rig.counts().waiting == 0U);
        }
        rig.shut_down();  // returns only when nothing is left behind
        BOOST_TEST(answer.dones() == 1);
        exchange->cancel();
    }
}

BOOST_AUTO_TEST_SUITE(cancelling)

BOOST_AUTO_TEST_CASE(before_anything_has_happened) {
    const ScriptedServer server(kSilent);
    cancel_both_ways({.url = server.url("/")}, [](ClientRig&, Answer&) {});
}

BOOST_AUTO_TEST_CASE(while_the_name_is_looked_up) {
    Gate gate;
    test::set_name_gate(gate);
    // The C library cannot be interrupted: it is let go before the I/O threads end.
    for (const bool by_handle : {true, false}) {
        test::set_name_gate(gate);
        ClientRig rig;
        Answer answer;
        const auto exchange = rig.start({.url = "http://blocked.test/"}, answer);
        BOOST_TEST_REQUIRE(test::wait_for_blocked_lookups(1));
        if (by_handle) exchange->cancel();
        if (!by_handle) rig.client.reset();
        BOOST_TEST((answer.wait().code() == Code::cancelled));
        if (by_handle) BOOST_TEST(rig.counts().open == 0U);
        gate.let_pass();
        rig.shut_down();
        BOOST_TEST(answer.dones() == 1);
    }
}

BOOST_AUTO_TEST_CASE(while_connecting) {
    const test::FullListener listener;
    cancel_both_ways({.url = "http://127.0.0.1:" + std::to_string(listener.port())},
                     [](ClientRig& rig, Answer&) {
                         BOOST_TEST(rig.reaches([](const auto& now) { return now.open == 1; }));
                     });
}

BOOST_AUTO_TEST_CASE(during_the_tls_handshake) {
    std::atomic<int> hellos = 0;
    const ScriptedServer server(RawHandler([&](Conn& conn) {
        if (!conn.read_some().empty()) ++hellos;
        conn.wait_for_close();
    }));
    cancel_both_ways({.url = "https://127.0.0.1:" + std::to_string(server.port())},
                     [&](ClientRig&, Answer&) {
                         while (hellos == 0) std::this_thread::yield();
                         hellos = 0;
                     });
}

BOOST_AUTO_TEST_CASE(while_a_large_request_is_written) {
    Gate gate;
    std::atomic<int> begun = 0;
    const ScriptedServer server(RawHandler([&, gate](Conn& conn) {
        if (!conn.read_some().empty()) ++begun;
        conn.wait(gate);
    }));
    const std::string body = big_text(std::size_t{64} << 20);
    cancel_both_ways({.method = "POST", .url = server.url("/"), .borrowed_body = body},
                     [&](ClientRig&, Answer&) {
                         while (begun == 0) std::this_thread::yield();
                         begun = 0;
                     });
    gate.open();
}

BOOST_AUTO_TEST_CASE(while_waiting_for_the_answer) {
    std::atomic<int> requests = 0;
    const ScriptedServer server(Handler([&](Conn& conn, const ReceivedRequest&) {
        ++requests;
        conn.wait_for_close();
    }));
    cancel_both_ways({.url = server.url("/")}, [&](ClientRig&, Answer&) {
        while (requests == 0) std::this_thread::yield();
        requests = 0;
    });
}

BOOST_AUTO_TEST_CASE(inside_of_the_body) {
    const ScriptedServer server(kStall);
    cancel_both_ways({.url = server.url("/")},
                     [](ClientRig&, Answer& answer) { answer.wait_for_body(4); });
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(while_paused) {
    const ScriptedServer server(kStall);
    for (const bool by_handle : {true, false}) {
        ClientRig rig;
        Answer answer;
        std::shared_ptr<Exchange> exchange;
        answer.at_headers = [&] { exchange->pause(); };
        rig.on_io_thread([&] { exchange = rig.start({.url = server.url("/")}, answer); });
        answer.wait_for_headers();
        rig.let_all_happen();
        if (by_handle) exchange->cancel();
        if (!by_handle) rig.client.reset();
        BOOST_TEST((answer.wait().code() == Code::cancelled));
        if (by_handle) BOOST_TEST(rig.counts().open == 0U);
        rig.shut_down();
        BOOST_TEST(answer.dones() == 1);
    }
}

BOOST_AUTO_TEST_CASE(while_waiting_for_a_connection) {
    const ScriptedServer server(kStall);
    for (const bool by_handle : {true, false}) {
        HttpOptions options;
        options.max_connections = 1;
        ClientRig rig(options);
        Answer first;
        Answer second;
        const auto one = rig.start({.url = server.url("/")}, first);
        const auto two = rig.start({.url = server.url("/")}, second);
        BOOST_TEST(rig.reaches([](const auto& now) { return now.waiting == 1; }));
        if (by_handle) {
            two->cancel();
            BOOST_TEST((second.wait().code() == Code::cancelled));
            BOOST_TEST(second.error()->not_sent);
            BOOST_TEST(rig.counts().waiting == 0U);
            BOOST_TEST(rig.counts().open == 1U);
            one->cancel();
        } else {
            rig.client.reset();
        }
        BOOST_TEST((first.wait().code() == Code::cancelled));
        BOOST_TEST((second.wait().code() == Code::cancelled));
        rig.shut_down();
        BOOST_TEST(first.dones() + second.dones() == 2);
    }
}

BOOST_AUTO_TEST_CASE(out_of_the_sink_itself) {
    const ScriptedServer server(kStall);
    for (const bool in_headers : {true, false}) {
        ClientRig rig;
        Answer answer;
        std::shared_ptr<Exchange> exchange;
        (in_headers ? answer.at_headers : answer.at_data) = [&] { exchange->cancel(); };
        rig.on_io_thread([&] { exchange = rig.start({.url = server.url("/")}, answer); });
        BOOST_TEST((answer.wait().code() == Code::cancelled));
        BOOST_TEST(rig.counts().open == 0U);
    }
}

BOOST_AUTO_TEST_CASE(after_the_end_nothing_happens) {
    const ScriptedServer server(
        Handler([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "hello"); }));
    ClientRig rig;
    Answer answer;
    const auto exchange = rig.start({.url = server.url("/")}, answer);
    BOOST_TEST(answer.wait().message() == "");
    exchange->pause();
    exchange->resume();
    exchange->cancel();
    rig.let_all_happen();
    BOOST_TEST(answer.dones() == 1);
    BOOST_TEST(rig.counts().idle == 1U);  // the connection is not the exchange's any more
}

BOOST_AUTO_TEST_CASE(a_handle_may_outlive_client_and_threads) {
    const ScriptedServer server(
        Handler([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "hello"); }));
    std::shared_ptr<Exchange> exchange;
    {
        ClientRig rig;
        Answer answer;
        exchange = rig.start({.url = server.url("/")}, answer);
        answer.wait();
        rig.shut_down();
    }
    exchange->pause();
    exchange->resume();
    exchange->cancel();
    BOOST_TEST(exchange.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_client_may_be_destroyed_and_used_in_a_callback) {
    const ScriptedServer server(
        Handler([](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, "hello"); }));
    ClientRig rig;
    Answer first;
    Answer second;
    first.at_done = [&] { rig.start({.url = server.url("/")}, second); };
    second.at_done = [&] { rig.client.reset(); };
    rig.start({.url = server.url("/")}, first);
    BOOST_TEST(second.wait().message() == "");
    rig.let_all_happen();
    rig.shut_down();
    BOOST_TEST(server.connections_accepted() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

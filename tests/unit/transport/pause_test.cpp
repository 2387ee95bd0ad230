#include <atomic>
#include <future>
#include <string>

#include "client_rig.hpp"

namespace tenon::transport {
namespace {

using namespace std::chrono_literals;
using test::Conn;
using test::Gate;
using test::Handler;
using test::RawHandler;
using test::ReceivedRequest;
using test::ScriptedServer;

constexpr std::size_t kBig = std::size_t{32} << 20;  // more than all buffers on the way hold

const std::string& big_body() {
    static const std::string body = big_text(kBig);
    return body;
}

// Sends much, and at once: the text has been made before.
ScriptedServer big_server() {
    return ScriptedServer(Handler(
        [&body = big_body()](Conn& conn, const ReceivedRequest&) { conn.respond(200, {}, body); }));
}

// An exchange that pauses at its head or its first data.
struct PausedRig {
    explicit PausedRig(const std::string& url, bool at_headers,
                       base::TimePoint deadline = base::kNoDeadline,
                       const HttpOptions& options = {})
        : rig(options) {
        (at_headers ? answer.at_headers : answer.at_data) = [this] {
            if (!once.exchange(true)) exchange->pause();
        };
        rig.on_io_thread([&] { exchange = rig.start({.url = url, .deadline = deadline}, answer); });
        at_headers ? answer.wait_for_headers() : answer.wait_for_body(1);
    }

    std::atomic<bool> once = false;
    std::shared_ptr<Exchange> exchange;
    Answer answer;
    ClientRig rig;
};

BOOST_AUTO_TEST_SUITE(pausing)

BOOST_AUTO_TEST_CASE(a_paused_exchange_reads_no_more_than_one_buffer_and_goes_on_where_it_was) {
    const auto server = big_server();
    for (const bool at_headers : {true, false}) {
        PausedRig it(server.url("/"), at_headers);
        it.rig.let_all_happen();
        const std::size_t before = it.answer.body().size();
        BOOST_TEST(before <= std::size_t{16} << 10);
        it.rig.let_all_happen();
        BOOST_TEST(it.answer.body().size() == before);
        BOOST_TEST(it.answer.dones() == 0);
        it.exchange->resume();
        BOOST_TEST(it.answer.wait().message() == "");
        BOOST_TEST((it.answer.body() == big_body()));
        it.rig.check_at_rest();
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_delivered_after_a_pause_even_if_it_was_being_read) {
    Gate gate;
    const ScriptedServer server(Handler([gate](Conn& conn, const ReceivedRequest&) {
        conn.start_response(200, {});
        conn.write_body("1");
        conn.wait(gate);
        conn.write_body("2");
        conn.finish_response();
    }));
    ClientRig rig;
    Answer answer;
    const auto exchange = rig.start({.url = server.url("/")}, answer);
    answer.wait_for_body(1);
    rig.let_all_happen();  // a read waits
    exchange->pause();
    gate.open();
    rig.let_all_happen();
    BOOST_TEST(answer.body() == "1");
    exchange->resume();
    BOOST_TEST(answer.wait().body() == "12");
}

BOOST_AUTO_TEST_CASE(a_pause_before_the_answer_holds_back_its_head) {
    Gate gate;
    const ScriptedServer server(Handler([gate](Conn& conn, const ReceivedRequest&) {
        conn.wait(gate);
        conn.respond(200, {}, "hello");
    }));
    ClientRig rig;
    Answer answer;
    const auto exchange = rig.start({.url = server.url("/")}, answer);
    exchange->pause();
    BOOST_TEST_REQUIRE(server.wait_for_requests(1));  // sending is not paused
    gate.open();
    rig.let_all_happen();
    BOOST_TEST(answer.heads() == 0);
    exchange->resume();
    BOOST_TEST(answer.wait().body() == "hello");
}

BOOST_AUTO_TEST_CASE(the_limit_on_silence_does_not_count_while_paused) {
    std::promise<void> sent;
    const ScriptedServer server(Handler([&sent](Conn& conn, const ReceivedRequest&) {
        conn.respond(200, {}, big_text(20'000));  // more than is read at once
        sent.set_value();
        conn.wait_for_close();
    }));
    HttpOptions options;
    options.read_timeout = 30ms;
    PausedRig it(server.url("/"), true, base::kNoDeadline, options);
    sent.get_future().wait();
    std::promise<void> passed;
    net::Timer timer(it.rig.io_context(), 60ms);
    timer.async_wait([&](const auto&) { passed.set_value(); });
    passed.get_future().wait();
    it.exchange->resume();
    BOOST_TEST(it.answer.wait().message() == "");
    BOOST_TEST(it.answer.body() == big_text(20'000));
}

BOOST_AUTO_TEST_CASE(the_limit_on_the_first_byte_does_not_count_while_paused) {
    std::promise<void> sent;
    const ScriptedServer server(Handler([&sent](Conn& conn, const ReceivedRequest&) {
        conn.respond(200, {}, "hello");
        sent.set_value();
        conn.wait_for_close();
    }));
    HttpOptions options;
    options.first_byte_timeout = 30ms;
    ClientRig rig(options);
    Answer answer;
    std::shared_ptr<Exchange> exchange;
    rig.on_io_thread([&] {
        exchange = rig.start({.url = server.url("/")}, answer);
        exchange->pause();
    });
    sent.get_future().wait();
    std::promise<void> passed;
    net::Timer timer(rig.io_context(), 60ms);
    timer.async_wait([&](const auto&) { passed.set_value(); });
    passed.get_future().wait();
    exchange->resume();
    BOOST_TEST(answer.wait().message() == "");
    BOOST_TEST(answer.body() == "hello");
}

BOOST_AUTO_TEST_CASE(the_callers_deadline_counts_while_paused_and_delivers_nothing_more) {
    const auto server = big_server();
    // Again with a longer deadline if it passed too early, as on a busy machine.
    for (auto longest = 50ms;; longest *= 2) {
        ClientRig rig;
        Answer answer;
        std::shared_ptr<Exchange> exchange;
        answer.at_data = [&] { exchange->pause(); };
        rig.on_io_thread([&] {
            exchange = rig.start({.url = server.url("/"), .deadline = in(longest)}, answer);
        });
        BOOST_TEST((answer.wait().code() == Code::deadline));
        if (answer.chunks() == 0 && longest < 8s) continue;
        BOOST_TEST(answer.says("while reading from 127.0.0.1:"), answer.message());
        BOOST_TEST(answer.says("was paused"));
        BOOST_TEST((answer.error()->scope == Scope::request));
        BOOST_TEST(answer.body().size() <= std::size_t{16} << 10);
        BOOST_TEST(rig.counts().open == 0U);
        break;
    }
}

BOOST_AUTO_TEST_CASE(a_peer_that_closes_while_paused_is_noticed_on_resuming) {
    for (const bool complete : {true, false}) {
        const ScriptedServer server(Handler([complete](Conn& conn, const ReceivedRequest&) {
            conn.start_response(200, {{"Content-Length", complete ? "4" : "9"}},
                                test::Framing::content_length);
            conn.write_body("some");
            conn.close();
        }));
        PausedRig it(server.url("/"), true);
        BOOST_TEST_REQUIRE(server.wait_for_open(0));
        it.rig.let_all_happen();
        BOOST_TEST((complete || it.answer.dones() == 0));
        it.exchange->resume();
        it.answer.wait();
        BOOST_TEST(it.answer.body() == "some");
        BOOST_TEST(it.answer.message() ==
                   (complete ? ""
                             : "127.0.0.1:" + std::to_string(server.port()) +
                                   ": the answer was cut short after 4 of 9 bytes"));
        it.rig.check_at_rest();
    }
}

BOOST_AUTO_TEST_CASE(pausing_and_resuming_at_random_loses_nothing) {
    const auto server = big_server();
    ClientRig rig;
    Answer answer;
    const auto exchange = rig.start({.url = server.url("/")}, answer);
    while (answer.dones() == 0) {
        exchange->pause();
        exchange->pause();
        std::this_thread::yield();
        exchange->resume();
        exchange->resume();
    }
    BOOST_TEST(answer.message() == "");
    BOOST_TEST((answer.body() == big_body()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

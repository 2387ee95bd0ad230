#include "net/stream.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <future>
#include <string>
#include <thread>

#include "io_rig.hpp"
#include "net/timer.hpp"
#include "support/fake_names.hpp"
#include "support/full_listener.hpp"
#include "support/scripted_server.hpp"

namespace tenon::net {
namespace {

using test::Conn;
using test::Gate;
using test::RawHandler;
using test::ScriptedServer;

const RawHandler kSilent = [](Conn& conn) { conn.wait_for_close(); };

Result<void> connect_to(IoRig& rig, const ScriptedServer& server) {
    return rig.get(rig.stream().connect("127.0.0.1", server.port(), later()));
}

bool says(const Error& error, std::string_view part) {
    return error.message.find(part) != std::string::npos;
}

std::uint16_t closed_port() {
    return ScriptedServer(kSilent).port();
}

BOOST_AUTO_TEST_SUITE(stream)

BOOST_AUTO_TEST_CASE(bytes_go_both_ways_until_the_peer_closes) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        std::string got;
        while (got != "head,body") got += conn.read_some();
        conn.write("answer");
    }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    BOOST_TEST(rig.get(rig.stream().write("head,", "body", later())).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(*all == "answer");
    BOOST_TEST(!rig.run([&] { return rig.stream().is_open(); }));
}

BOOST_AUTO_TEST_CASE(what_the_kernel_takes_at_once_needs_no_write) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        std::string got;
        while (got != "head,body") got += conn.read_some();
        conn.write("answer");
    }));
    IoRig rig;
    const auto write_now = [&] { return rig.stream().write_now("head,", "body"); };
    BOOST_TEST(rig.run(write_now) == 0U);  // not connected
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    BOOST_TEST(rig.run(write_now) == 9U);
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(*all == "answer");
    BOOST_TEST(rig.run(write_now) == 0U);  // closed
}

BOOST_AUTO_TEST_CASE(a_refused_connection_names_host_and_port_and_was_not_sent) {
    IoRig rig;
    const std::uint16_t port = closed_port();
    const auto connected = rig.get(rig.stream().connect("127.0.0.1", port, later()));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::unavailable));
    BOOST_TEST(connected.error().not_sent);
    BOOST_TEST(connected.error().retryable);
    BOOST_TEST(says(connected.error(), "127.0.0.1:" + std::to_string(port)));
    BOOST_TEST(says(connected.error(), "refused"));
    BOOST_TEST(says(connected.error(), "is the server running"));
}

BOOST_AUTO_TEST_CASE(an_ipv6_peer_is_reached_and_written_with_brackets) {
    const ScriptedServer server(kSilent, {.tls = std::nullopt, .address = "::1"});
    IoRig rig;
    BOOST_TEST(rig.get(rig.stream().connect("::1", server.port(), later())).has_value());

    IoRig refused;
    const auto connected = refused.get(refused.stream().connect("::1", closed_port(), later()));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST(says(connected.error(), "[::1]:"));
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_is_told_from_a_server_that_is_down) {
    IoRig rig;
    const auto connected = rig.get(rig.stream().connect("no-such.test", 80, later()));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::unavailable));
    BOOST_TEST(connected.error().not_sent);
    BOOST_TEST(says(connected.error(), "the host name no-such.test cannot be resolved"));
    BOOST_TEST(says(connected.error(), "check the name and the network"));
}

BOOST_AUTO_TEST_CASE(the_next_address_is_tried_when_one_refuses) {
    const ScriptedServer server(kSilent);  // on 127.0.0.1 alone
    IoRig rig;
    BOOST_TEST(rig.get(rig.stream().connect("two.test", server.port(), later())).has_value());
    BOOST_TEST(server.wait_for_accepted(1));
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_takes_its_share_of_the_time_only) {
    const test::FullListener silent("127.0.0.2");
    // The client speaks first: a reset that comes before it looks would fail the connecting.
    const ScriptedServer server(RawHandler([](Conn& conn) {
                                    static_cast<void>(conn.read_some());
                                    conn.reset();
                                }),
                                {.tls = std::nullopt, .port = silent.port()});
    IoRig rig;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    const auto connected = rig.get(rig.stream().connect("two.test", server.port(), deadline));
    BOOST_TEST_REQUIRE(connected.has_value(), (connected ? "" : connected.error().message));
    BOOST_TEST(rig.get(rig.stream().write("head", "", later())).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(!all.has_value());
    BOOST_TEST((all.error().code == Code::unavailable));  // the share of the first one is forgotten
}

BOOST_AUTO_TEST_CASE(closing_ends_the_trying_of_addresses) {
    const test::FullListener silent("127.0.0.2");
    const ScriptedServer server(kSilent, {.tls = std::nullopt, .port = silent.port()});
    IoRig rig;
    auto connecting = rig.start(rig.stream().connect("two.test", server.port(), later()));
    // The look-up is made by a thread of its own; a connection in the making has a socket.
    while (!rig.run([&] { return rig.stream().is_open(); })) std::this_thread::yield();
    rig.run([&] { rig.stream().close(); });
    const auto connected = IoRig::wait(std::move(connecting));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::cancelled));
    BOOST_TEST(server.connections_accepted() == 0);
}

BOOST_AUTO_TEST_CASE(a_look_up_ends_at_the_deadline_and_its_late_result_is_dropped) {
    const Gate gate;
    test::set_name_gate(gate);
    Gate release = gate;
    IoRig rig;
    const auto connected = rig.get(rig.stream().connect("blocked.test", 80, soon()));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::deadline));
    BOOST_TEST(connected.error().not_sent);
    BOOST_TEST(says(connected.error(), "looking up the name blocked.test"));
    release.open();
}

BOOST_AUTO_TEST_CASE(closing_ends_a_look_up_at_once) {
    Gate gate;
    test::set_name_gate(gate);
    IoRig rig;
    auto connecting = rig.start(rig.stream().connect("blocked.test", 80, later()));
    BOOST_TEST_REQUIRE(test::wait_for_blocked_lookups(1));
    rig.run([&] { rig.stream().close(); });
    const auto connected = IoRig::wait(std::move(connecting));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::cancelled));
    gate.open();
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_never_made_ends_at_the_deadline) {
    const test::FullListener listener;
    IoRig rig;
    const auto connected = rig.get(rig.stream().connect("127.0.0.1", listener.port(), soon()));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::deadline));
    BOOST_TEST(connected.error().not_sent);
}

BOOST_AUTO_TEST_CASE(closing_ends_a_connection_in_the_making) {
    const test::FullListener listener;
    IoRig rig;
    auto connecting = rig.start(rig.stream().connect("127.0.0.1", listener.port(), later()));
    rig.run([&] { rig.stream().close(); });
    const auto connected = IoRig::wait(std::move(connecting));
    BOOST_TEST_REQUIRE(!connected.has_value());
    BOOST_TEST((connected.error().code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(a_read_ends_at_its_deadline) {
    const ScriptedServer server(kSilent);
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    std::array<char, 8> buffer{};
    const auto n = rig.get(rig.stream().read_some(buffer, soon()));
    BOOST_TEST_REQUIRE(!n.has_value());
    BOOST_TEST((n.error().code == Code::deadline));
    BOOST_TEST(!rig.run([&] { return rig.stream().is_open(); }));
}

BOOST_AUTO_TEST_CASE(a_deadline_already_past_ends_the_read) {
    const ScriptedServer server(kSilent);
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    std::array<char, 8> buffer{};
    const auto n =
        rig.get(rig.stream().read_some(buffer, base::TimePoint() + std::chrono::seconds(1)));
    BOOST_TEST_REQUIRE(!n.has_value());
    BOOST_TEST((n.error().code == Code::deadline));
}

BOOST_AUTO_TEST_CASE(a_later_limit_replaces_an_earlier_one_and_the_other_way_round) {
    Gate gate;
    std::promise<void> wrote;
    const ScriptedServer server(RawHandler([gate, &wrote](Conn& conn) {
        conn.write("1");
        wrote.set_value();
        conn.wait(gate);
        conn.write("2");
        conn.wait_for_close();
    }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    std::array<char, 8> buffer{};
    wrote.get_future().wait();
    // The timer armed for the first read fires during the second one and must spare it.
    const auto short_limit = soon();
    BOOST_TEST(rig.get(rig.stream().read_some(buffer, short_limit)).has_value());
    auto second = rig.start(rig.stream().read_some(buffer, later()));
    Timer passed(rig.io.context(0), short_limit + std::chrono::milliseconds(5));
    passed.async_wait([gate](const auto&) mutable { gate.open(); });
    BOOST_TEST(IoRig::wait(std::move(second)).has_value());
    // And a limit moved while the read waits counts at once.
    auto third = rig.start(rig.stream().read_some(buffer, later()));
    rig.run([&] { rig.stream().limit_read(soon()); });
    const auto n = IoRig::wait(std::move(third));
    BOOST_TEST_REQUIRE(!n.has_value());
    BOOST_TEST((n.error().code == Code::deadline));
}

BOOST_AUTO_TEST_CASE(a_write_that_nobody_reads_ends_at_its_deadline) {
    Gate gate;
    const ScriptedServer server(RawHandler([gate](Conn& conn) { conn.wait(gate); }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    const std::string big(std::size_t{64} << 20, 'x');
    const auto written = rig.get(rig.stream().write("", big, soon()));
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST((written.error().code == Code::deadline));
    gate.open();
}

BOOST_AUTO_TEST_CASE(closing_ends_a_read_and_a_write_under_way_together) {
    Gate gate;
    const ScriptedServer server(RawHandler([gate](Conn& conn) { conn.wait(gate); }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    std::array<char, 8> buffer{};
    const std::string big(std::size_t{64} << 20, 'x');
    auto reading = rig.start(rig.stream().read_some(buffer, later()));
    auto writing = rig.start(rig.stream().write("", big, later()));
    rig.run([&] { rig.stream().close(); });
    const auto n = IoRig::wait(std::move(reading));
    const auto written = IoRig::wait(std::move(writing));
    BOOST_TEST_REQUIRE(!n.has_value());
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST((n.error().code == Code::cancelled));
    BOOST_TEST((written.error().code == Code::cancelled));
    gate.open();
}

BOOST_AUTO_TEST_CASE(a_reset_is_an_error_that_names_the_peer) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        static_cast<void>(conn.read_some());
        conn.reset();
    }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    BOOST_TEST(rig.get(rig.stream().write("x", "", later())).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(!all.has_value());
    BOOST_TEST((all.error().code == Code::unavailable));
    BOOST_TEST(says(all.error(), "reading from 127.0.0.1:" + std::to_string(server.port())));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_stale_once_the_peer_closed_or_spoke) {
    Gate speak;
    std::promise<void> spoke;
    const ScriptedServer server(RawHandler([speak, &spoke](Conn& conn) {
        conn.wait(speak);
        conn.write("408");
        spoke.set_value();
        conn.wait_for_close();
    }));
    IoRig rig;
    BOOST_TEST(rig.run([&] { return rig.stream().is_stale(); }));  // not connected
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    BOOST_TEST(!rig.run([&] { return rig.stream().is_stale(); }));
    speak.open();
    spoke.get_future().wait();
    BOOST_TEST(rig.run([&] { return rig.stream().is_stale(); }));

    Gate leave;
    const ScriptedServer leaver(RawHandler([leave](Conn& conn) { conn.wait(leave); }));
    IoRig other;
    BOOST_TEST_REQUIRE(connect_to(other, leaver).has_value());
    BOOST_TEST(!other.run([&] { return other.stream().is_stale(); }));
    leave.open();
    BOOST_TEST_REQUIRE(leaver.wait_for_accepted(1));
    BOOST_TEST_REQUIRE(leaver.wait_for_open(0));
    BOOST_TEST(other.run([&] { return other.stream().is_stale(); }));
}

BOOST_AUTO_TEST_CASE(a_peer_that_closed_before_a_request_reached_it_has_left_it_unread) {
    Gate leave;
    const ScriptedServer server(RawHandler([leave](Conn& conn) { conn.wait(leave); }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    leave.open();
    BOOST_TEST_REQUIRE(server.wait_for_accepted(1));
    BOOST_TEST_REQUIRE(server.wait_for_open(0));
    // The race that every idle connection may lose: written before the close was noticed.
    BOOST_TEST(rig.get(rig.stream().write("a request", "", later())).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(*all == "");
    BOOST_TEST(rig.run([&] { return rig.stream().left_unread(); }));
}

BOOST_AUTO_TEST_CASE(a_peer_that_read_a_request_and_then_closed_has_not_left_it_unread) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        std::string got;
        while (got != "a request") got += conn.read_some();
    }));
    IoRig rig;
    BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
    BOOST_TEST(rig.get(rig.stream().write("a request", "", later())).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(!rig.run([&] { return rig.stream().left_unread(); }));
}

BOOST_AUTO_TEST_CASE(a_destroyed_stream_ends_its_operations_and_leaves_no_timer_behind) {
    const ScriptedServer server(kSilent);
    std::future<Result<std::size_t>> reading;
    std::array<char, 8> buffer{};
    {
        IoRig rig;
        BOOST_TEST_REQUIRE(connect_to(rig, server).has_value());
        reading = rig.start(rig.stream().read_some(buffer, later()));
    }  // waits until the I/O thread has nothing more to do
    const auto n = reading.get();
    BOOST_TEST_REQUIRE(!n.has_value());
    BOOST_TEST((n.error().code == Code::cancelled));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::net

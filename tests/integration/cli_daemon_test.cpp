#include <sys/stat.h>

#include <csignal>

#include "control_fixture.hpp"
#include "support/pty_process.hpp"

// The control commands and the daemon itself.
using namespace tenon::test;

namespace {

struct DaemonFixture : ControlFixture {
    DaemonFixture()
        : daemon({TENON_TEST_PROGRAM, "-c", config, "serve", "--listen", "none"},
                 {{"TENON_SOCKET", socket.string()},
                  {"TENON_STATE", state.string()},
                  {"HOME", "/nonexistent"}}) {
        for (auto line = daemon.read_line(); line; line = daemon.read_line()) {
            if (line->starts_with("control socket ")) return;
        }
        BOOST_FAIL("the daemon does not start: " + daemon.err());
    }

    ChildProcess daemon;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cli_daemon, DaemonFixture)

BOOST_AUTO_TEST_CASE(what_is_connected_is_seen_by_the_next_command) {
    struct stat info {};
    BOOST_REQUIRE_EQUAL(::stat(socket.c_str(), &info), 0);
    BOOST_TEST((info.st_mode & 0777u) == 0600u);
    BOOST_TEST(run({"connect", "one"}).code == 0);
    const Ran status = run({"status", "one"});
    BOOST_TEST(status.code == 0);
    BOOST_TEST(status.err == "");
    BOOST_TEST(contains(status.out, "one       connected"));
    BOOST_TEST(run({"connect", "one"}).out == "Provider 'one' is connected already.\n");
    BOOST_TEST(run({"disconnect", "--all", "--now"}).code == 0);
    BOOST_TEST(!contains(run({"status"}).out, " connected"));
}

BOOST_AUTO_TEST_CASE(what_is_disabled_refuses_to_connect) {
    BOOST_TEST(run({"disable", "two"}).code == 0);
    const Ran refused = run({"connect", "--all"});
    BOOST_TEST(refused.code == 1);
    BOOST_TEST(refused.out == "Provider 'one' is connected now.\n");
    BOOST_TEST(contains(refused.err, "'two' is disabled"));
    BOOST_TEST(run({"enable", "two"}).code == 0);
    BOOST_TEST(run({"connect", "two"}).code == 0);
}

BOOST_AUTO_TEST_CASE(breakers_health_and_routes_are_steered) {
    BOOST_TEST(run({"breaker", "one", "open"}).code == 0);
    BOOST_TEST(contains(run({"status", "one"}).out, "forced-open"));
    BOOST_TEST(run({"breaker", "one", "reset"}).code == 0);
    BOOST_TEST(contains(run({"status", "one"}).out, "closed"));
    BOOST_TEST(run({"health"}).code == 0);
    BOOST_TEST(run({"reconnect", "one"}).code == 0);
    BOOST_TEST(contains(run({"route", "list"}).out, "one/*"));
    BOOST_TEST(run({"route", "pin", "nothing", "one"}).code == 1);
    BOOST_TEST(run({"requests", "cancel", "nothing"}).code == 1);
    BOOST_TEST(run({"trace", "nothing"}).code == 1);
}

BOOST_AUTO_TEST_CASE(events_of_the_past_are_followed_by_those_of_now) {
    BOOST_REQUIRE(run({"connect", "one"}).code == 0);
    ChildProcess events({TENON_TEST_PROGRAM, "-c", config, "events", "--since", "0"},
                        {{"TENON_SOCKET", socket.string()}});
    const auto next_with = [&](std::string_view part) {
        for (auto line = events.read_line(); line; line = events.read_line()) {
            if (contains(*line, part)) return true;
        }
        return false;
    };
    BOOST_REQUIRE(next_with("→ connected"));
    BOOST_REQUIRE(run({"disable", "one"}).code == 0);
    BOOST_REQUIRE(next_with("→ disabled"));
    daemon.send_signal(SIGTERM);
    BOOST_TEST(daemon.wait().code == 0);
    BOOST_TEST(events.wait().code == 4);
}

BOOST_AUTO_TEST_CASE(top_connects_by_a_key) {
    PtyProcess top({TENON_TEST_PROGRAM, "-c", config, "top"},
                   {{"TENON_SOCKET", socket.string()}, {"TERM", "xterm"}}, 30, 140);
    BOOST_REQUIRE(top.wait_for("disconnected"));
    top.type("c");
    BOOST_REQUIRE(top.wait_for("disconnected → "));
    top.type("jx");
    BOOST_REQUIRE(top.wait_for("disabled"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
    BOOST_TEST(contains(run({"status"}).out, "one       connected"));
}

BOOST_AUTO_TEST_CASE(it_drains_although_nobody_reads_its_output_any_more) {
    daemon.close_output();
    daemon.send_signal(SIGTERM);
    const auto exit = daemon.wait();
    BOOST_TEST(exit.signal == 0);
    BOOST_TEST(exit.code == 0);
}

BOOST_AUTO_TEST_CASE(after_its_end_commands_say_that_no_daemon_runs) {
    daemon.send_signal(SIGTERM);
    BOOST_TEST(daemon.wait().code == 0);
    BOOST_TEST(run({"health"}).code == 4);
    BOOST_TEST(contains(run({"disable", "one"}).err, "no daemon runs"));
}

BOOST_AUTO_TEST_CASE(after_a_kill_the_socket_that_is_left_is_told_from_a_daemon) {
    BOOST_REQUIRE(run({"disable", "one"}).code == 0);
    daemon.send_signal(SIGKILL);
    static_cast<void>(daemon.wait());
    const Ran ran = run({"health"});
    BOOST_TEST(ran.code == 4);
    BOOST_TEST(contains(ran.err, "an earlier one has left"));
    BOOST_TEST(run({"enable", "one"}).code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

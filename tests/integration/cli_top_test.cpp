#include <atomic>
#include <csignal>
#include <mutex>
#include <string>
#include <vector>

#include "control_fixture.hpp"
#include "support/pty_process.hpp"
#include "tenon/abi/version.h"

using namespace tenon::test;

namespace {

constexpr const char* kEnter = "\x1b[?1049h";
constexpr const char* kLeave = "\x1b[?1049l";

/// A daemon whose provider "one" is in the state that was commanded last.
struct TopFixture : ControlFixture {
    TopFixture() : daemon(socket) {
        daemon.answer("GET /admin/v1/status", [this](Conn& conn, const ReceivedRequest&) {
            const std::lock_guard lock(mutex);
            conn.respond(200, {},
                         R"({"version":")" TENON_VERSION_STRING
                         R"(","pid":7,"uptime_ms":65000,"providers":[)"
                         R"({"name":"one","enabled":true,"health":"healthy","state":")" +
                             state_of_one +
                             R"("},{"name":"two","enabled":true,"health":"unknown",)"
                             R"("state":"disconnected"}]})");
        });
        daemon.answer("GET /admin/v1/events", [](Conn& conn, const ReceivedRequest&) {
            conn.start_response(200, {{"Content-Type", "text/event-stream"}});
            conn.write_body(
                "event: hello\ndata: {\"sequence\":0}\n\nevent: health\ndata: {\"sequence\":1,"
                "\"kind\":\"health\",\"provider\":\"one\",\"to\":\"healthy\",\"reason\":"
                "\"checked\",\"time\":\"2026-01-02T03:04:05Z\"}\n\n");
            conn.wait_for_close();
        });
        for (const auto& [verb, becomes] : {std::pair{"connect", "connected"},
                                            {"disconnect", "disconnected"},
                                            {"disable", "disconnected"},
                                            {"enable", "connecting"},
                                            {"recover", "connected"}}) {
            daemon.answer("POST /admin/v1/commands/" + std::string(verb),
                          [this, state = std::string(becomes)](Conn& conn, const ReceivedRequest&) {
                              const std::lock_guard lock(mutex);
                              state_of_one = state;
                              conn.respond(200, {},
                                           replies(reply("one", "accepted",
                                                         "Now it is " + state + ".", state)));
                          });
        }
    }

    [[nodiscard]] std::vector<std::string> command() const {
        return {TENON_TEST_PROGRAM, "-c", config, "top"};
    }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const {
        return {{"TENON_SOCKET", socket.string()}, {"TERM", "xterm-256color"}, {"TZ", "UTC"}};
    }

    std::mutex mutex;
    std::string state_of_one = "unhealthy";
    FakeDaemon daemon;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cli_top, TopFixture)

BOOST_AUTO_TEST_CASE(it_shows_providers_and_events_and_gives_the_terminal_back_when_it_quits) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for(kEnter));
    BOOST_REQUIRE(top.wait_for("process 7, up 1 min 5 s"));
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    BOOST_REQUIRE(top.wait_for("checked"));
    BOOST_TEST(!top.is_cooked());
    top.type("q");
    BOOST_TEST(top.wait() == 0);
    BOOST_TEST(top.is_cooked());
    BOOST_TEST(contains(top.output(), kLeave));
    BOOST_TEST(contains(top.output(), "\x1b[?25h"));  // the cursor
}

BOOST_AUTO_TEST_CASE(keys_select_a_provider_and_command_it) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    top.type("c");
    BOOST_REQUIRE(top.wait_for("Now it is connected."));
    top.type("\x1b[Bx");  // down
    BOOST_REQUIRE(daemon.wait_for("POST /admin/v1/commands/disable"));
    top.type("ke");
    BOOST_REQUIRE(daemon.wait_for("POST /admin/v1/commands/enable"));
    top.type("jjjd");
    BOOST_REQUIRE(daemon.wait_for("POST /admin/v1/commands/disconnect"));
    top.type("r");
    BOOST_REQUIRE(daemon.wait_for("POST /admin/v1/commands/recover"));
    const auto provider_of = [&](const std::string& verb) {
        const std::string body = daemon.bodies("POST /admin/v1/commands/" + verb).at(0);
        return contains(body, R"(["one"])") ? "one" : contains(body, R"(["two"])") ? "two" : body;
    };
    BOOST_TEST(provider_of("connect") == "one");
    BOOST_TEST(provider_of("disable") == "two");
    BOOST_TEST(provider_of("enable") == "one");
    BOOST_TEST(provider_of("disconnect") == "two");
    BOOST_TEST(provider_of("recover") == "two");
    top.type("\x03");
    BOOST_TEST(top.wait() == 130);
    BOOST_TEST(top.is_cooked());
}

BOOST_AUTO_TEST_CASE(another_daemon_is_asked_for_its_events_from_the_beginning) {
    std::atomic<int> asked = 0;
    daemon.answer("GET /admin/v1/events", [&](Conn& conn, const ReceivedRequest& request) {
        const bool first = ++asked == 1;
        conn.start_response(200, {{"Content-Type", "text/event-stream"}});
        conn.write_body(std::string("event: hello\ndata: {\"sequence\":9,\"started\":\"") +
                        (first ? "2026-01-02T03:00:00Z" : "2026-01-02T04:00:00Z") + "\"}\n\n");
        const std::string number = first ? "5" : contains(request.target, "since=0") ? "1" : "6";
        conn.write_body("event: health\ndata: {\"sequence\":" + number +
                        ",\"kind\":\"health\",\"provider\":\"one\",\"to\":\"healthy\",\"reason\":"
                        "\"event-" +
                        number + "\",\"time\":\"2026-01-02T03:04:05Z\"}\n\n");
        if (!first) conn.wait_for_close();
        conn.finish_response();
    });
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("event-5"));
    BOOST_REQUIRE(top.wait_for("event-1"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
    BOOST_TEST(contains(top.output(), "another daemon"));
    BOOST_TEST(!contains(top.output(), "event-6"));  // it will be there again
    std::vector<std::string> targets;
    for (const ReceivedRequest& request : daemon.requests()) {
        if (contains(request.target, "/events")) targets.push_back(request.target);
    }
    BOOST_TEST_REQUIRE(targets.size() == 3u);
    BOOST_TEST(targets[1] == "/admin/v1/events?since=5");
    BOOST_TEST(targets[2] == "/admin/v1/events?since=0");
}

BOOST_AUTO_TEST_CASE(it_follows_the_size_of_the_terminal) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("r recover   q quit"));
    top.resize(24, 40);
    BOOST_REQUIRE(top.wait_for("c connect   d di"));
    top.resize(24, 120);
    BOOST_REQUIRE(top.wait_for("r recover   q quit"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
}

BOOST_AUTO_TEST_CASE(signals_that_end_it_leave_the_terminal_as_it_was) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        BOOST_TEST_CONTEXT(signal) {
            PtyProcess top(command(), environment());
            BOOST_REQUIRE(top.wait_for("unhealthy"));
            BOOST_TEST(!top.is_cooked());
            top.send_signal(signal);
            BOOST_TEST(top.wait() == 128 + signal);
            BOOST_TEST(top.is_cooked());
            BOOST_TEST(contains(top.output(), kLeave));
        }
    }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they have handlers instead
BOOST_AUTO_TEST_CASE(even_a_crash_leaves_the_terminal_as_it_was) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    top.send_signal(SIGSEGV);
    BOOST_TEST(top.wait() == 128 + SIGSEGV);
    BOOST_TEST(top.is_cooked());
    const auto left = top.output().rfind(kLeave);
    BOOST_REQUIRE(left != std::string::npos);
    BOOST_TEST(contains(top.output().substr(left), "tenon: crashed"));
}
#endif

BOOST_AUTO_TEST_CASE(suspended_it_gives_the_terminal_to_the_shell_and_takes_it_again) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    top.type("\x1a");
    BOOST_REQUIRE(top.wait_for_stop());
    BOOST_TEST(top.is_cooked());
    BOOST_REQUIRE(top.wait_for(kLeave));
    top.send_signal(SIGCONT);
    BOOST_REQUIRE(top.wait_for(kEnter));
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_ends_is_told_and_waited_for) {
    PtyProcess top(command(), environment());
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    daemon.stop();
    BOOST_REQUIRE(top.wait_for("no daemon runs"));
    std::filesystem::remove(socket);
    FakeDaemon next(socket);
    next.answer("GET /admin/v1/status",
                R"({"version":"2","pid":8,"providers":[{"name":"new","state":"connected"}]})");
    BOOST_REQUIRE(top.wait_for("process 8"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
}

BOOST_AUTO_TEST_CASE(colours_are_left_out_if_they_are_not_wanted) {
    auto variables = environment();
    variables.emplace_back("NO_COLOR", "1");
    PtyProcess top(command(), variables);
    BOOST_REQUIRE(top.wait_for("unhealthy"));
    top.type("q");
    BOOST_TEST(top.wait() == 0);
    BOOST_TEST(!contains(top.output(), "\x1b[32m"));
    PtyProcess coloured(command(), environment());
    BOOST_TEST(coloured.wait_for("\x1b[32m"));
}

BOOST_AUTO_TEST_CASE(without_a_terminal_it_says_what_to_use_instead) {
    const Ran ran = run({"top"}, {{"TERM", "xterm"}});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "needs a terminal"));
    BOOST_TEST(contains(ran.err, "status --watch"));
    PtyProcess dumb(command(), {{"TERM", "dumb"}, {"TENON_SOCKET", socket.string()}});
    BOOST_TEST(dumb.wait() == 2);
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_screen_is_not_taken) {
    daemon.stop();
    PtyProcess top(command(), environment());
    BOOST_TEST(top.wait() == 4);
    BOOST_TEST(contains(top.output(), "start one with 'tenon serve'"));
    BOOST_TEST(!contains(top.output(), kEnter));
}

BOOST_AUTO_TEST_CASE(status_is_coloured_on_a_terminal_and_as_wide_as_that) {
    PtyProcess status({TENON_TEST_PROGRAM, "-c", config, "status"}, environment(), 24, 60);
    BOOST_TEST(status.wait() == 1);
    BOOST_TEST(contains(status.output(), "\x1b[31munhealthy\x1b[0m"));
}

BOOST_AUTO_TEST_SUITE_END()

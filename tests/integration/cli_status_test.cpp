#include <csignal>

#include "control_fixture.hpp"
#include "store/state_store.hpp"
#include "tenon/abi/version.h"

using namespace tenon;
using namespace tenon::test;

namespace {

std::string provider(const std::string& name, const std::string& state, const std::string& health,
                     const std::string& more = "") {
    return R"({"name":")" + name + R"(","enabled":true,"state":")" + state + R"(","health":")" +
           health + R"(","breaker":{"state":"closed"},"model_breakers":[],)" +
           R"("pool":{"max":5,"active":1,"idle":2,"waiting":0},"permits":{"waiting":0},)" +
           R"("in_flight":1,"success_rate":0.985,"statistics":{"attempt_time":{"count":9,)" +
           R"("p50_us":120000,"p95_us":1500000}},"last_error":"")" + more + "}";
}

std::string status_of(const std::string& providers,
                      const std::string& version = TENON_VERSION_STRING) {
    return R"({"version":")" + version + R"(","providers":[)" + providers + "]}";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cli_status, ControlFixture)

BOOST_AUTO_TEST_CASE(the_daemon_s_status_is_a_table_without_colours_in_a_pipe) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status", status_of(provider("one", "connected", "healthy")));
    const Ran ran = run({"status"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.err == "");
    BOOST_TEST(ran.out ==
               "PROVIDER  STATE      HEALTH     BREAKER  POOL   IN FLIGHT  SUCCESS  P50 / P95     "
               "  LAST ERROR\n"
               "one       connected  ● healthy  closed   1/2/5  1          98.5 %   120 ms / 1.5 s"
               "\n");
}

BOOST_AUTO_TEST_CASE(one_broken_provider_makes_the_status_fail) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status", status_of(provider("one", "connected", "healthy") + "," +
                                                    provider("two", "unhealthy", "unhealthy")));
    BOOST_TEST(run({"status"}).code == 1);
    BOOST_TEST(run({"status", "one"}).code == 0);
    const Ran unknown = run({"status", "tow"});
    BOOST_TEST(unknown.code == 1);
    BOOST_TEST(contains(unknown.err, "did you mean 'two'?"));
}

BOOST_AUTO_TEST_CASE(json_is_an_array_of_what_the_daemon_says) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status",
                  status_of(provider("one", "connected", "healthy", R"(,"new_member":7)")));
    const Ran ran = run({"status", "--json"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out.starts_with("["));
    BOOST_TEST(contains(ran.out, R"("new_member": 7)"));
}

BOOST_AUTO_TEST_CASE(a_daemon_of_another_version_is_remarked) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status",
                  status_of(provider("one", "connected", "healthy"), "99.0.0"));
    const Ran ran = run({"status"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(contains(ran.err, "the daemon is of version 99.0.0"));
}

BOOST_AUTO_TEST_CASE(watching_goes_on_until_ctrl_c) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status", status_of(provider("one", "connected", "healthy")));
    ChildProcess child(
        {TENON_TEST_PROGRAM, "-c", config, "status", "--watch", "--interval", "1ms", "--json"},
        {{"TENON_SOCKET", socket.string()}});
    for (int i = 0; i < 3; ++i) {
        const auto line = child.read_line();
        BOOST_REQUIRE(line);
        BOOST_TEST(contains(*line, R"("name":"one")"));
    }
    child.send_signal(SIGINT);
    BOOST_TEST(child.wait().code == 130);
}

BOOST_AUTO_TEST_CASE(without_a_daemon_the_command_finds_out_itself_and_says_so) {
    const Ran ran = run({"status"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(contains(ran.out, "healthy"));
    BOOST_TEST(contains(ran.err, "no daemon runs"));
    BOOST_TEST(!std::filesystem::exists(state));
}

BOOST_AUTO_TEST_CASE(without_a_daemon_it_shows_what_is_stored) {
    {
        auto store = store::StateStore::open(state, store::Mode::owner);
        BOOST_REQUIRE(store);
        BOOST_REQUIRE((*store)->set_enabled("one", false));
        BOOST_REQUIRE((*store)->set_last_state("two", {"connected", "dialled", 0}));
    }
    const Ran ran = run({"status", "--no-probe"});
    BOOST_TEST(contains(ran.out, "LAST SEEN"));
    BOOST_TEST(contains(ran.out, "one       disabled"));
    BOOST_TEST(contains(ran.out, "connected, "));
    const Ran json = run({"status", "--no-probe", "--json"});
    BOOST_TEST(contains(json.out, R"("enabled": false)"));
    BOOST_TEST(contains(json.out, R"("since": "1970-01-01T00:00:00)"));
}

BOOST_AUTO_TEST_CASE(the_daemon_is_asked_for_its_status_only) {
    FakeDaemon daemon(socket);
    daemon.answer("GET /admin/v1/status", status_of(""));
    const Ran ran = run({"status"});
    BOOST_TEST(contains(ran.err, "no provider is configured"));
    BOOST_TEST(daemon.requests().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

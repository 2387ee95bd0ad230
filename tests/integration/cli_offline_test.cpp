#include "control_fixture.hpp"
#include "store/state_store.hpp"

// What the control commands do while no daemon runs.
using namespace tenon;
using namespace tenon::test;

namespace {

struct Offline : ControlFixture {
    [[nodiscard]] std::unique_ptr<store::StateStore> open(store::Mode mode) const {
        auto store = store::StateStore::open(state, mode);
        BOOST_REQUIRE(store);
        return *std::move(store);
    }

    [[nodiscard]] store::ProviderRecord record(const std::string& name) const {
        const auto snapshot = open(store::Mode::guest)->read();
        BOOST_REQUIRE(snapshot);
        for (const auto& one : snapshot->providers) {
            if (one.provider == name) return one;
        }
        return {};
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cli_offline, Offline)

BOOST_AUTO_TEST_CASE(disabling_is_kept_for_the_next_daemon) {
    const Ran ran = run({"disable", "one"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out == "Provider 'one' is disabled: a daemon that starts will not use it.\n");
    BOOST_TEST(contains(ran.err, "no daemon runs"));
    BOOST_TEST(contains(ran.err, "tenon serve"));
    BOOST_TEST(record("one").enabled.value() == false);
    BOOST_TEST(record("two").provider == "");
    BOOST_TEST(run({"enable", "one"}).code == 0);
    BOOST_TEST(record("one").enabled.value() == true);
}

BOOST_AUTO_TEST_CASE(connecting_is_kept_for_the_next_daemon) {
    BOOST_TEST(run({"connect", "--all"}).code == 0);
    const auto one = record("one").wanted;
    const auto two = record("two").wanted;
    BOOST_TEST((one == core::WantedState::connected));
    BOOST_TEST((two == core::WantedState::connected));
    BOOST_TEST(run({"disconnect", "one"}).code == 0);
    const auto after = record("one").wanted;
    BOOST_TEST((after == core::WantedState::disconnected));
}

BOOST_AUTO_TEST_CASE(to_connect_what_is_disabled_says_what_is_missing) {
    BOOST_TEST(run({"disable", "one"}).code == 0);
    const Ran ran = run({"connect", "one", "two"});
    BOOST_TEST(contains(ran.out, "once it is enabled ('tenon enable one')"));
    BOOST_TEST(!contains(ran.out, "'tenon enable two'"));
}

BOOST_AUTO_TEST_CASE(an_unknown_provider_changes_nothing) {
    const Ran ran = run({"disable", "two", "onne"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(contains(ran.err, "there is no provider 'onne'; did you mean 'one'?"));
    BOOST_TEST(!std::filesystem::exists(state));
}

BOOST_AUTO_TEST_CASE(the_state_of_a_daemon_that_is_not_found_is_not_touched) {
    const auto owner = open(store::Mode::owner);
    const Ran ran = run({"disable", "one"});
    BOOST_TEST(ran.code == 1);
    BOOST_TEST(contains(ran.err, "TENON_SOCKET"));
}

BOOST_AUTO_TEST_CASE(commands_that_need_a_daemon_say_how_to_start_one) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"reconnect", "one"},
                                               {"recover", "--all"},
                                               {"health"},
                                               {"breaker", "one", "reset"},
                                               {"route", "list"},
                                               {"route", "pin", "m", "one"},
                                               {"requests"},
                                               {"events"},
                                               {"trace"},
                                               {"trace", "abc"},
                                               {"reload"}}) {
        const Ran ran = run(command);
        BOOST_TEST_CONTEXT(command[0]) {
            BOOST_TEST(ran.code == 4);
            BOOST_TEST(ran.out == "");
            BOOST_TEST(contains(ran.err, "no daemon runs"));
            BOOST_TEST(contains(ran.err, "start one with 'tenon serve'"));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_socket_of_the_configuration_is_found_although_the_rest_is_wrong) {
    FakeDaemon daemon(directory.path() / "other.sock");
    daemon.answer("GET /admin/v1/routes", R"({"routes":[]})");
    const std::string file = directory.file("wrong.json", R"({ // a comment
        "providers": {"one": {"kind": "mock", "config": {"api_key": "${NOT_SET_HERE}"}}},
        "nonsense": 1, "daemon": {"control_socket": "other.sock"}})");
    BOOST_TEST(run_tenon({"-c", file, "route", "list"}).code == 0);
    BOOST_TEST(daemon.requests().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

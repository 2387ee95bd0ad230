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

    [[nodiscard]] std::vector<store::PinRecord> pins() const {
        const auto snapshot = open(store::Mode::guest)->read();
        BOOST_REQUIRE(snapshot);
        return snapshot->pins;
    }

    void with_route() const {
        static_cast<void>(directory.file("config.json", R"({
            "providers":{"one":{"kind":"mock"},"two":{"kind":"mock"}},
            "routes":[{"model":"m","aliases":["alias"],
                       "tiers":[[{"provider":"one"}],[{"provider":"two"}]]}]})"));
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

BOOST_AUTO_TEST_CASE(a_pin_is_kept_for_the_next_daemon_and_can_be_taken_away) {
    with_route();
    const Ran ran = run({"route", "pin", "alias", "two", "--for", "1h", "--force"});
    BOOST_TEST(ran.code == 0, ran.err);
    BOOST_TEST(
        ran.out ==
        "Route 'm' will go to provider 'two' alone when a daemon starts, for 1h from now.\n");
    BOOST_TEST(contains(ran.err, "no daemon runs"));
    const auto kept = pins();
    BOOST_TEST_REQUIRE(kept.size() == 1u);
    BOOST_TEST(kept[0].model == "m");
    BOOST_TEST(kept[0].provider == "two");
    BOOST_TEST(kept[0].force);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    BOOST_TEST_REQUIRE(kept[0].until.has_value());
    BOOST_TEST(*kept[0].until <= now + 3'600'000);
    BOOST_TEST(run({"route", "pin", "m", "one"}).code == 0);
    BOOST_TEST_REQUIRE(pins().size() == 1u);
    BOOST_TEST(pins()[0].provider == "one");
    BOOST_TEST(!pins()[0].until.has_value());
    const Ran gone = run({"route", "unpin", "alias"});
    BOOST_TEST(gone.code == 0, gone.err);
    BOOST_TEST(gone.out == "Route 'm' is pinned no more.\n");
    BOOST_TEST(pins().empty());
    BOOST_TEST(run({"route", "unpin", "m"}).out == "Route 'm' was not pinned.\n");
}

BOOST_AUTO_TEST_CASE(a_pin_of_what_is_not_configured_changes_nothing) {
    with_route();
    const Ran route = run({"route", "pin", "nn", "two"});
    BOOST_TEST(route.code == 1);
    BOOST_TEST(route.out == "");
    const Ran provider = run({"route", "pin", "m", "twoo"});
    BOOST_TEST(provider.code == 1);
    BOOST_TEST(contains(provider.err, "twoo"));
    BOOST_TEST(!std::filesystem::exists(state));
}

BOOST_AUTO_TEST_CASE(the_pins_of_a_daemon_that_is_not_found_are_not_touched) {
    with_route();
    const auto owner = open(store::Mode::owner);
    for (const auto& command : std::vector<std::vector<std::string>>{{"route", "pin", "m", "one"},
                                                                     {"route", "unpin", "m"}}) {
        const Ran ran = run(command);
        BOOST_TEST(ran.code == 1);
        BOOST_TEST(contains(ran.err, "TENON_SOCKET"));
    }
}

BOOST_AUTO_TEST_CASE(commands_that_need_a_daemon_say_how_to_start_one) {
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"reconnect", "one"},
                                               {"recover", "--all"},
                                               {"health"},
                                               {"breaker", "one", "reset"},
                                               {"route", "list"},
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

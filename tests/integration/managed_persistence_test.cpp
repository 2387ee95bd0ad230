#include "state_fixture.hpp"

#include <atomic>
#include <future>

#include "support/gate.hpp"
#include "support/scripted_server.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;
using core::WantedState;
using host::Command;
using Kind = host::CommandReply::Kind;

namespace {

const std::string kTwo = R"({"providers":{"a":{"kind":"mock-session"},
                                          "b":{"kind":"mock-session"}}})";
const std::string kRoute = R"({"routes":[{"model":"m","aliases":["alias"],
    "tiers":[[{"provider":"a"}],[{"provider":"b"}]]}],
    "providers":{"a":{"kind":"mock"},"b":{"kind":"mock"}}})";

std::string pinned_to(const host::Host& host, const std::string& model) {
    for (const auto& route : host.routes()) {
        if (route.model == model) return route.pinned_to.value_or("");
    }
    BOOST_FAIL("no route " << model);
    return {};
}

store::UnixMs unix_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(managed_persistence, StateFixture)

BOOST_AUTO_TEST_CASE(a_disabled_provider_stays_so_over_a_restart) {
    configure(kTwo);
    tell(*start(), "a", Command::disable);
    const auto host = start();
    BOOST_TEST(!status_of(*host, "a").enabled);
    BOOST_TEST(status_of(*host, "b").enabled);
    tell(*host, "a", Command::enable);
    BOOST_TEST(status_of(*host, "a").enabled);
}

BOOST_AUTO_TEST_CASE(who_was_to_be_connected_is_connected_by_the_start) {
    configure(kTwo);
    tell(*start(), "a", Command::connect, kSettle);
    const auto host = start();
    BOOST_TEST(status_of(*host, "a").wanted == "connected");
    eventually("connected", [&] { return status_of(*host, "a").state == "connected"; });
    BOOST_TEST(status_of(*host, "b").state == "disconnected");
}

BOOST_AUTO_TEST_CASE(who_was_to_be_disconnected_is_not_connected_by_requests) {
    configure(kTwo);
    tell(*start(), "a", Command::disconnect);
    const auto host = start();
    BOOST_TEST(status_of(*host, "a").wanted == "disconnected");
    BOOST_TEST(!host->complete(ask("a", "hi")).has_value());
    BOOST_TEST(host->complete(ask("b", "hi")).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_person_wants_goes_before_the_configuration_and_the_rest_follows_it) {
    configure(R"({"providers":{"a":{"kind":"mock-session","enabled":false}}})");
    tell(*start(), "a", Command::enable);
    configure(R"({"providers":{"a":{"kind":"mock-session","enabled":false,
                                    "connection":{"connect":"manual"}},
                               "b":{"kind":"mock-session","enabled":false}}})");
    const auto host = start();
    BOOST_TEST(status_of(*host, "a").enabled);
    BOOST_TEST(!status_of(*host, "b").enabled);
    BOOST_TEST(!record("a").wanted.has_value());
    BOOST_TEST(!record("b").enabled.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_acknowledged_is_in_the_file) {
    configure(kTwo);
    const auto host = start();
    tell(*host, "a", Command::disable);
    BOOST_TEST(record("a").enabled.value_or(true) == false);
    tell(*host, "a", Command::enable);
    BOOST_TEST(record("a").enabled.value_or(false) == true);
    tell(*host, "a", Command::connect);
    BOOST_TEST((record("a").wanted == WantedState::connected));
    tell(*host, "a", Command::disconnect_now);
    BOOST_TEST((record("a").wanted == WantedState::disconnected));
    tell(*host, "a", Command::reconnect);
    BOOST_TEST((record("a").wanted == WantedState::connected));
    host->command_all(Command::disable);
    BOOST_TEST(record("b").enabled.value_or(true) == false);
}

BOOST_AUTO_TEST_CASE(a_wish_for_what_is_so_already_is_kept_too) {
    configure(kTwo);
    const auto host = start();
    BOOST_TEST((tell(*host, "a", Command::enable).kind == Kind::already));
    BOOST_TEST(record("a").enabled.value_or(false) == true);
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_not_kept) {
    configure(kTwo);
    const auto host = start();
    tell(*host, "a", Command::disable);
    BOOST_TEST((tell(*host, "a", Command::connect).kind == Kind::refused));
    BOOST_TEST(!record("a").wanted.has_value());
    tell(*host, "b", Command::recover);
    BOOST_TEST(!record("b").wanted.has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_kept_is_not_done) {
    configure(kRoute);
    const auto host = start();
    BOOST_REQUIRE(host->pin_route({"m", "b"}).has_value());
    break_disk();
    const auto reply = host->command("a", Command::disable);
    BOOST_REQUIRE(!reply);
    BOOST_TEST(contains(reply.error().message, "nothing was changed"), reply.error().message);
    BOOST_TEST(contains(reply.error().message, state_file().string()), reply.error().message);
    BOOST_TEST(status_of(*host, "a").enabled);

    for (const auto& each : host->command_all(Command::disable)) {
        BOOST_TEST((each.kind == Kind::refused));
        BOOST_TEST(contains(each.message, "nothing was changed"), each.message);
    }
    BOOST_TEST(status_of(*host, "b").enabled);
    BOOST_TEST(!host->pin_route({"m", "a"}).has_value());
    BOOST_TEST(!host->unpin_route("m").has_value());
    BOOST_TEST(pinned_to(*host, "m") == "b");
    BOOST_TEST(host->command("a", Command::recover).has_value());  // has nothing to keep
}

BOOST_AUTO_TEST_CASE(a_command_that_is_started_ends_with_the_disks_error) {
    configure(kTwo);
    const auto host = start();
    break_disk();
    std::promise<Result<host::CommandReply>> promise;
    auto reply = promise.get_future();
    host->start_command("a", Command::connect, kSettle,
                        [&](Result<host::CommandReply> r) { promise.set_value(std::move(r)); });
    const auto got = reply.get();
    BOOST_REQUIRE(!got);
    BOOST_TEST(contains(got.error().message, "nothing was changed"), got.error().message);
    BOOST_TEST(status_of(*host, "a").state == "disconnected");
}

BOOST_AUTO_TEST_CASE(a_pin_comes_back_under_its_routes_name) {
    configure(kRoute);
    BOOST_REQUIRE(start()->pin_route({"alias", "b", {}, true}).has_value());
    auto host = start();
    BOOST_TEST(pinned_to(*host, "m") == "b");
    BOOST_TEST(who_answers(*host, "m") == "b");
    BOOST_TEST(host->unpin_route("alias").value());
    host.reset();
    BOOST_TEST(pinned_to(*start(), "m") == "");
}

BOOST_AUTO_TEST_CASE(a_pin_keeps_its_end_over_a_restart_and_an_expired_one_goes) {
    configure(kRoute);
    BOOST_REQUIRE(start()->pin_route({"m", "b", 1h}).has_value());
    const auto until = on_disk().pins.at(0).until;
    BOOST_REQUIRE(until.has_value());
    BOOST_TEST(*until <= unix_now() + 3'600'000);
    BOOST_TEST(*until > unix_now());
    {
        const auto host = start();
        BOOST_TEST(pinned_to(*host, "m") == "b");
    }
    edit([](store::StateStore& store) { return store.pin({"m", "b", unix_now() - 1, false}); });
    BOOST_TEST(pinned_to(*start(), "m") == "");
    BOOST_TEST(on_disk().pins.empty());
}

BOOST_AUTO_TEST_CASE(a_pin_whose_route_is_missing_waits_for_it) {
    configure(kRoute);
    BOOST_REQUIRE(start()->pin_route({"m", "b"}).has_value());
    configure(kTwo);
    start().reset();
    configure(kRoute);
    BOOST_TEST(pinned_to(*start(), "m") == "b");
}

BOOST_AUTO_TEST_CASE(a_cool_down_goes_on_after_a_restart) {
    configure(R"({"retry":{"max_attempts":1},
                  "providers":{"busy":{"kind":"mock","config":{"fail_every":1,
                                       "fail_with":"throttled"}},
                               "a":{"kind":"mock"}}})");
    {
        const auto host = start();
        BOOST_TEST(!host->complete(ask("busy", "hi")).has_value());
        BOOST_TEST(status_of(*host, "busy").cools_down_until.has_value());
    }
    const auto until = record("busy").cool_down_until;
    BOOST_REQUIRE(until.has_value());
    BOOST_TEST(!record("a").cool_down_until.has_value());
    edit([](auto& store) { return store.set_cool_down("busy", unix_now() + 60'000); });
    edit([](auto& store) { return store.set_cool_down("a", unix_now() - 1); });
    const auto host = start();
    const auto status = status_of(*host, "busy");
    BOOST_REQUIRE(status.cools_down_until.has_value());
    BOOST_TEST((*status.cools_down_until > std::chrono::system_clock::now()));
    BOOST_TEST((*status.cools_down_until < std::chrono::system_clock::now() + 61s));
    BOOST_TEST(!status_of(*host, "a").cools_down_until.has_value());
}

BOOST_AUTO_TEST_CASE(a_cool_down_that_takes_longer_is_on_the_disk_before_it_ends) {
    std::atomic<int> asked = 0;
    Gate both_are_there;
    Gate first_is_on_disk;
    ScriptedServer busy(Handler([&](Conn& conn, const ReceivedRequest&) {
        const bool first = ++asked == 1;
        if (!first) both_are_there.open();
        static_cast<void>((first ? both_are_there : first_is_on_disk).wait());
        conn.respond(429, {{"Retry-After", first ? "60" : "280"}}, "{}");
    }));
    configure(R"({"retry":{"max_attempts":1},"health":{"active":false},
                  "providers":{"busy":{"kind":"openai","default_model":"m",
                                       "config":{"base_url":")" +
              busy.url("/v1") + R"("}}}})");
    const auto host = start();
    const auto before = unix_now();
    const auto until_on_disk = [&] { return record("busy").cool_down_until.value_or(0); };
    const auto refused = [&] { return !host->complete(ask("busy", "hi")).has_value(); };
    auto one = std::async(std::launch::async, refused);
    auto two = std::async(std::launch::async, refused);
    eventually("the first end is on the disk", [&] { return until_on_disk() >= before + 60'000; });
    BOOST_TEST(until_on_disk() < before + 280'000);
    first_is_on_disk.open();
    eventually("the later end is, too", [&] { return until_on_disk() >= before + 280'000; });
    BOOST_TEST(one.get());
    BOOST_TEST(two.get());
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_before_an_earlier_runs_cool_down_is_over) {
    configure(R"({"routes":[{"model":"m","tiers":[[{"provider":"a"}],[{"provider":"b"}]]}],
                  "providers":{"a":{"kind":"mock"},"b":{"kind":"mock"}}})");
    edit([](auto& store) { return store.set_cool_down("a", unix_now() + 200'000); });
    const auto host = start();
    BOOST_TEST(who_answers(*host, "m") == "b");
    BOOST_TEST(statistics_of(*host, "a").attempts.started == 0u);
}

BOOST_AUTO_TEST_CASE(the_last_state_is_kept_while_the_host_runs_and_at_its_end) {
    configure(kTwo);
    const auto before = unix_now();
    auto host = start();
    tell(*host, "a", Command::connect, kSettle);
    eventually("connected on disk", [&] {
        const auto last = record("a").last;
        return last && last->name == "connected" && last->reason == "dialled" &&
               last->since >= before - 1 && last->since <= unix_now() + 1;
    });
    host.reset();
    BOOST_REQUIRE(record("a").last.has_value());
    BOOST_TEST(record("a").last->name == "disconnected");
    BOOST_TEST(record("a").last->reason == "drained");
    BOOST_TEST(!record("b").last.has_value());
}

BOOST_AUTO_TEST_CASE(a_second_host_with_the_same_file_is_refused_and_told_by_whom) {
    configure(kTwo);
    const auto host = start();
    host::HostOptions second = options();
    second.plugin_directories.emplace_back(TENON_TEST_PLUGIN_DIR);
    const auto opened = host::Host::open(second);
    BOOST_REQUIRE(!opened);
    BOOST_TEST(store::owner_of(opened.error()).value_or(0) == ::getpid());
    BOOST_TEST(contains(opened.error().message, std::to_string(::getpid())));
    BOOST_TEST(contains(opened.error().message, "stop that one first"));
}

BOOST_AUTO_TEST_CASE(the_file_is_free_when_the_host_has_ended) {
    configure(kTwo);
    start().reset();
    const auto store = store::StateStore::open(state_file(), store::Mode::owner);
    BOOST_TEST(store.has_value(), why(store));
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_added_again_has_what_was_wanted_of_it) {
    configure("{}");
    {
        const auto host = start();
        add(*host, "mine", "mock-session");
        tell(*host, "mine", Command::disable);
    }
    const auto host = start();
    add(*host, "mine", "mock-session");
    BOOST_TEST(!status_of(*host, "mine").enabled);
}

BOOST_AUTO_TEST_CASE(commands_of_many_threads_leave_file_and_providers_alike) {
    configure(kTwo);
    const auto host = start();
    std::vector<std::thread> threads;
    std::atomic<int> failures{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                const bool odd = (t + i) % 2 != 0;
                if (!host->command("a", odd ? Command::enable : Command::disable)) ++failures;
                if (!host->command("a", odd ? Command::disconnect : Command::reconnect)) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(failures == 0);
    const auto status = status_of(*host, "a");
    const auto kept = record("a");
    BOOST_TEST(kept.enabled.value_or(!status.enabled) == status.enabled);
    BOOST_REQUIRE(kept.wanted.has_value());
    BOOST_TEST(to_string(*kept.wanted) == status.wanted);
}

BOOST_AUTO_TEST_SUITE_END()

#include "state_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;
using host::Command;

namespace {

using Paths = std::vector<std::string>;

/// A configuration whose providers are these members.
std::string providers(const std::string& members, const std::string& rest = {}) {
    return "{" + rest + (rest.empty() ? "" : ",") + R"("providers":{)" + members + "}}";
}

std::string mock(const std::string& name, const std::string& answer, const std::string& more = {}) {
    return quoted(name) + R"(:{"kind":"mock-session","config":{"answer":)" + quoted(answer) + "}" +
           (more.empty() ? "" : ",") + more + "}";
}

host::ReloadReport reload(host::Host& host) {
    auto report = host.reload();
    BOOST_REQUIRE_MESSAGE(report, why(report));
    return *std::move(report);
}

std::string says(host::Host& host, const std::string& provider) {
    const auto answer = host.complete(ask(provider, "hi"));
    BOOST_REQUIRE_MESSAGE(answer, why(answer));
    return answer->text;
}

FakeLlmOptions gated(const Gate& gate) {
    FakeLlmOptions options;
    options.stream_gate = gate;
    options.answer = [](std::string_view) { return "one two three"; };
    return options;
}

/// A model server whose streams stand still after their first pieces until they are let go.
struct HeldServer {
    [[nodiscard]] std::string provider(const std::string& name,
                                       const std::string& more = {}) const {
        return quoted(name) + R"(:{"kind":"openai","config":{"base_url":)" +
               quoted(server.openai_url()) + R"(},"default_model":"fake-small")" + more + "}";
    }
    /// Returns when the stream has begun.
    void stream(host::Host& host, Requests& requests, const std::string& provider) {
        auto began = std::make_shared<std::promise<void>>();
        auto first = began->get_future();
        requests.start(host, ask(provider, "hi"),
                       [began = std::move(began), told = false](const host::StreamDelta&) mutable {
                           if (!std::exchange(told, true)) began->set_value();
                       });
        gate.let_pass(3);
        BOOST_REQUIRE(first.wait_for(kLong) == std::future_status::ready);
    }
    void let_go() { gate.open(); }

    Gate gate;
    FakeLlm server{gated(gate)};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(managed_reload, StateFixture)

BOOST_AUTO_TEST_CASE(a_file_that_has_not_changed_changes_nothing) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    says(*host, "a");
    const auto report = reload(*host);
    BOOST_TEST(report.changed.empty());
    BOOST_TEST(report.needs_restart.empty());
    BOOST_TEST(statistics_of(*host, "a").requests.succeeded == 1u);
}

BOOST_AUTO_TEST_CASE(only_what_has_changed_is_made_anew) {
    configure(providers(mock("a", "one") + "," + mock("b", "two") + "," + mock("c", "three")));
    const auto host = start();
    for (const char* name : {"a", "b", "c"}) says(*host, name);
    configure(providers(mock("a", "one") + "," + mock("b", "other") + "," + mock("d", "four")));
    BOOST_TEST(reload(*host).changed == (Paths{"providers.c", "providers.b", "providers.d"}),
               boost::test_tools::per_element());
    BOOST_TEST(says(*host, "b") == "other");
    BOOST_TEST(says(*host, "d") == "four");
    BOOST_TEST(!host->complete(ask("c", "hi")).has_value());
    BOOST_TEST(statistics_of(*host, "a").connects == 1u);
    BOOST_TEST(statistics_of(*host, "a").disconnects == 0u);
    BOOST_TEST(status_of(*host, "a").state == "connected");
    BOOST_TEST(statistics_of(*host, "b").requests.succeeded == 1u);
    BOOST_TEST(host->status().size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_all_inherit_concerns_only_those_who_have_nothing_of_their_own) {
    const std::string two = mock("a", "one", R"("permits":{"limit":3})") + "," + mock("b", "two");
    configure(providers(two, R"("permits":{"limit":4})"));
    const auto host = start();
    for (const char* name : {"a", "b"}) says(*host, name);
    configure(providers(two, R"("permits":{"limit":5})"));
    BOOST_TEST(reload(*host).changed == Paths{"providers.b"}, boost::test_tools::per_element());
    BOOST_TEST(statistics_of(*host, "a").requests.succeeded == 1u);
    BOOST_TEST(status_of(*host, "a").permits.limit == 3u);
    BOOST_TEST(status_of(*host, "b").permits.limit == 5u);
}

BOOST_AUTO_TEST_CASE(any_error_in_the_file_leaves_everything_as_it_was) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    says(*host, "a");
    configure(R"({"proviers":{},"retry":{"max_attempts":"x"},
                  "providers":{"b":{"kind":"mock"}}})");
    const auto report = host->reload();
    BOOST_REQUIRE(!report);
    BOOST_TEST((report.error().code == Code::invalid));
    BOOST_TEST(contains(report.error().message, "proviers"), report.error().message);
    BOOST_TEST(contains(report.error().message, "retry.max_attempts"), report.error().message);
    BOOST_TEST(says(*host, "a") == "one");
    BOOST_TEST(!host->complete(ask("b", "hi")).has_value());
    std::filesystem::remove(config_file());
    BOOST_TEST(!host->reload().has_value());
    BOOST_TEST(says(*host, "a") == "one");
    BOOST_TEST(statistics_of(*host, "a").requests.succeeded == 3u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_cannot_be_made_fails_nothing_and_is_tried_again) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    const std::string broken = R"("b":{"kind":"mok"})";
    configure(providers(mock("a", "two") + "," + broken));
    const auto report = reload(*host);
    BOOST_TEST_REQUIRE(report.misconfigured.size() == 1u);
    BOOST_TEST(report.misconfigured[0].provider == "b");
    BOOST_TEST(contains(report.misconfigured[0].message, "mok"));
    BOOST_TEST(says(*host, "a") == "two");
    BOOST_TEST(status_of(*host, "b").state == "misconfigured");
    const auto again = reload(*host);
    BOOST_TEST(again.changed.empty());
    BOOST_TEST(again.misconfigured.size() == 1u);
    configure(providers(mock("a", "two") + R"(,"b":{"kind":"mock"})"));
    BOOST_TEST(reload(*host).misconfigured.empty());
    BOOST_TEST(status_of(*host, "b").state == "disconnected");
    configure(providers(mock("a", "two") + "," + broken));
    reload(*host);
    BOOST_TEST(status_of(*host, "b").state == "misconfigured");
}

BOOST_AUTO_TEST_CASE(a_stream_of_the_old_provider_ends_well) {
    HeldServer held;
    configure(providers(held.provider("a")));
    const auto host = start();
    Requests requests;
    held.stream(*host, requests, "a");
    configure(providers(mock("a", "new")));
    reload(*host);
    BOOST_TEST(says(*host, "a") == "new");
    held.let_go();
    const auto answer = requests.take();
    BOOST_REQUIRE_MESSAGE(answer, why(answer));
    BOOST_TEST(answer->text == "one two three");
}

BOOST_AUTO_TEST_CASE(a_stream_of_a_removed_provider_ends_well) {
    HeldServer held;
    configure(providers(held.provider("a") + "," + mock("b", "x")));
    const auto host = start();
    Requests requests;
    held.stream(*host, requests, "a");
    configure(providers(mock("b", "x")));
    reload(*host);
    BOOST_TEST(!host->complete(ask("a", "hi")).has_value());
    held.let_go();
    const auto answer = requests.take();
    BOOST_TEST(answer.has_value(), why(answer));
}

BOOST_AUTO_TEST_CASE(who_stands_in_line_at_the_old_provider_has_its_turn_there) {
    HeldServer held;
    configure(providers(held.provider("a", R"(,"permits":{"limit":1})")));
    const auto host = start();
    Requests requests;
    held.stream(*host, requests, "a");
    requests.start(*host, ask("a", "hi"));
    eventually("in line", [&] { return status_of(*host, "a").permits.waiting == 1; });
    configure(providers(mock("a", "new")));
    reload(*host);
    held.let_go();
    BOOST_TEST(requests.take().has_value());
    const auto second = requests.take();
    BOOST_REQUIRE_MESSAGE(second, why(second));
    BOOST_TEST(second->text == "one two three");
}

BOOST_AUTO_TEST_CASE(who_does_not_end_within_the_grace_is_interrupted) {
    const std::string silent = R"("a":{"kind":"mock-session","retry":{"max_attempts":1},
        "connection":{"drain_grace":"1ms"},"timeouts":{"first_byte":"1h","request":"1h"},
        "config":{"fail_every":1,"fail_with":"silent"}})";
    configure(providers(silent));
    const auto host = start();
    Requests requests;
    requests.start(*host, ask("a", "hi"));
    eventually("in flight", [&] { return status_of(*host, "a").pool.active == 1; });
    configure(providers(mock("a", "new")));
    reload(*host);
    const auto answer = requests.take();
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code != Code::deadline), why(answer));
    BOOST_TEST(says(*host, "a") == "new");
}

BOOST_AUTO_TEST_CASE(the_hosts_end_does_not_wait_for_requests_of_old_providers) {
    const std::string silent = R"("a":{"kind":"mock-session",
        "connection":{"drain_grace":"1h"},"timeouts":{"first_byte":"1h","request":"1h"},
        "config":{"fail_every":1,"fail_with":"silent"}})";
    configure(providers(silent));
    Requests requests;
    auto host = start();
    requests.start(*host, ask("a", "hi"));
    eventually("in flight", [&] { return status_of(*host, "a").pool.active == 1; });
    configure(providers(mock("a", "new")));
    reload(*host);
    host.reset();
    const auto answer = requests.take();
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::cancelled), why(answer));
}

BOOST_AUTO_TEST_CASE(what_commands_have_decided_holds_for_the_new_provider) {
    configure(providers(mock("a", "one") + "," + mock("b", "one") + "," + mock("c", "one")));
    const auto host = start();
    tell(*host, "a", Command::disable);
    tell(*host, "b", Command::connect, kSettle);
    tell(*host, "c", Command::disconnect);
    configure(providers(mock("a", "two") + "," + mock("b", "two") + "," + mock("c", "two")));
    reload(*host);
    BOOST_TEST(!status_of(*host, "a").enabled);
    BOOST_TEST(status_of(*host, "b").wanted == "connected");
    eventually("connected", [&] { return status_of(*host, "b").state == "connected"; });
    BOOST_TEST(status_of(*host, "c").wanted == "disconnected");
    BOOST_TEST(!host->complete(ask("c", "hi")).has_value());
}

BOOST_AUTO_TEST_CASE(decisions_hold_without_a_state_file_too) {
    configure(providers(mock("a", "one")));
    host::HostOptions without = options();
    without.state_file.clear();
    const auto host = open_host(without);
    tell(*host, "a", Command::disable);
    configure(providers(mock("a", "two")));
    reload(*host);
    BOOST_TEST(!status_of(*host, "a").enabled);
}

BOOST_AUTO_TEST_CASE(routes_and_defaults_follow_and_pins_stay) {
    const std::string both = mock("a", "from a") + "," + mock("b", "from b");
    const auto route = [](const std::string& first, const std::string& second) {
        return R"("routes":[{"model":"m","tiers":[[{"provider":")" + first +
               R"("}],[{"provider":")" + second + R"("}]]}])";
    };
    configure(providers(both, route("a", "b") + R"(,"default_provider":"a")"));
    const auto host = start();
    BOOST_TEST(who_answers(*host, "m") == "a");
    configure(providers(both, route("b", "a") + R"(,"default_provider":"b")"));
    BOOST_TEST(reload(*host).changed == (Paths{"default_provider", "routes"}),
               boost::test_tools::per_element());
    BOOST_TEST(who_answers(*host, "m") == "b");
    BOOST_TEST(says(*host, "") == "from b");
    BOOST_REQUIRE(host->pin_route({"m", "a"}).has_value());
    configure(providers(both, route("b", "a") + R"(,"default_provider":"a")"));
    reload(*host);
    BOOST_TEST(who_answers(*host, "m") == "a");
}

BOOST_AUTO_TEST_CASE(a_pin_that_waits_for_its_route_finds_it_after_a_reload) {
    const std::string both = mock("a", "from a") + "," + mock("b", "from b");
    const std::string route =
        R"("routes":[{"model":"m","tiers":[[{"provider":"a"}],[{"provider":"b"}]]}])";
    configure(providers(both, route));
    BOOST_REQUIRE(start()->pin_route({"m", "b"}).has_value());
    configure(providers(both));
    const auto host = start();
    configure(providers(both, route));
    reload(*host);
    BOOST_TEST(who_answers(*host, "m") == "b");
}

BOOST_AUTO_TEST_CASE(retries_and_fail_over_follow_for_new_requests) {
    const std::string bad =
        R"("bad":{"kind":"mock","breaker":{"enabled":false},"config":{"fail_every":1}})";
    const auto attempts = [](const char* most) {
        return R"("retry":{"request":{"backoff":{"base":"1ms","cap":"1ms"}},"max_attempts":)" +
               std::string(most) + "}";
    };
    configure(providers(bad, attempts("1")));
    const auto host = start();
    BOOST_TEST(!host->complete(ask("bad", "hi")).has_value());
    BOOST_TEST(statistics_of(*host, "bad").attempts.started == 1u);
    configure(providers(bad, attempts("3")));
    reload(*host);
    BOOST_TEST(!host->complete(ask("bad", "hi")).has_value());
    BOOST_TEST(statistics_of(*host, "bad").attempts.started == 3u);
}

BOOST_AUTO_TEST_CASE(what_needs_a_restart_is_said_until_there_is_one) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    configure(providers(mock("a", "one"), R"("runtime":{"io_threads":3},
        "gateway":{"listen":["127.0.0.1:1"]},"daemon":{"watch_config":false})"));
    const Paths expected{"runtime.io_threads", "gateway.listen", "daemon"};
    for (int i = 0; i < 2; ++i) {
        const auto report = reload(*host);
        BOOST_TEST(report.needs_restart == expected, boost::test_tools::per_element());
        BOOST_TEST(report.changed.empty());
    }
    configure(providers(mock("a", "one")));
    BOOST_TEST(reload(*host).needs_restart.empty());
}

BOOST_AUTO_TEST_CASE(what_the_program_has_added_stays_and_its_name_is_taken) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    add(*host, "mine", "mock", R"({"answer":"mine"})");
    says(*host, "mine");
    says(*host, "mock");  // a kind's name
    configure(providers(mock("a", "two")));
    reload(*host);
    BOOST_TEST(says(*host, "mine") == "mine");
    BOOST_TEST(statistics_of(*host, "mine").requests.succeeded == 2u);
    BOOST_TEST(statistics_of(*host, "mock").requests.succeeded == 1u);
    configure(providers(mock("mine", "theirs") + "," + mock("a", "three")));
    const auto report = host->reload();
    BOOST_REQUIRE(!report);
    BOOST_TEST(contains(report.error().message, "providers.mine"), report.error().message);
    BOOST_TEST(says(*host, "a") == "two");
    configure(providers(mock("mock", "configured")));
    reload(*host);
    BOOST_TEST(says(*host, "mock") == "configured");
}

BOOST_AUTO_TEST_CASE(events_tell_of_a_reload_and_of_the_states_that_it_changed) {
    configure(providers(mock("a", "one") + "," + mock("b", "one")));
    const auto host = start();
    tell(*host, "a", Command::connect, kSettle);
    says(*host, "b");
    Events events(*host);
    configure(providers(mock("a", "two")));
    reload(*host);
    const auto reloaded = events.wait_for("", "reloaded", "");
    BOOST_TEST(contains(reloaded.reason, "providers.a"), reloaded.reason);
    BOOST_TEST(contains(reloaded.reason, "providers.b"), reloaded.reason);
    const auto gone = events.wait_for("b", "connection_state", "disconnected");
    BOOST_TEST(gone.from == "connected");
    BOOST_TEST(gone.reason == "removed");
    tell(*host, "a", Command::connect, kSettle);
    tell(*host, "a", Command::disable, kSettle);
    events.wait_for("a", "enabled", "disabled");
    // One story, whoever of the two tells it: each state is left as it was entered.
    std::string state = "connected";
    for (const auto& event : events.all()) {
        if (event.provider != "a" || event.kind != "connection_state") continue;
        BOOST_TEST(event.from == state);
        state = event.to;
    }
}

BOOST_AUTO_TEST_CASE(a_new_provider_begins_without_the_old_ones_troubles) {
    configure(providers(mock("a", "one")));
    const auto host = start();
    Events events(*host);
    BOOST_REQUIRE(host->set_breaker("a", {}, host::BreakerCommand::force_open).has_value());
    BOOST_TEST(!host->complete(ask("a", "hi")).has_value());
    configure(providers(mock("a", "two")));
    reload(*host);
    BOOST_TEST(says(*host, "a") == "two");
    const auto breaker = events.wait_for("a", "breaker", "closed");
    BOOST_TEST(breaker.from == "forced_open");
}

BOOST_AUTO_TEST_CASE(no_request_notices_reloads) {
    const auto version = [](int n) {
        return providers(mock("a", "one two three four five " + std::to_string(n)) + "," +
                         mock("b", "stays"));
    };
    configure(version(0));
    const auto host = start();
    std::atomic<bool> over{false};
    std::atomic<int> failures{0};
    std::atomic<int> answers{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            const std::string name = t == 0 ? "b" : "a";
            while (!over) {
                const auto answer = host->complete(ask(name, "hi"), [](const auto&) {});
                if (!answer) ++failures;
                if (!answer) BOOST_TEST_MESSAGE(answer.error().message);
                ++answers;
            }
        });
    }
    for (int n = 1; n <= 20; ++n) {
        configure(version(n));
        reload(*host);
        const int before = answers;
        eventually("answers", [&] { return answers > before + 3; });
    }
    over = true;
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(failures == 0);
    BOOST_TEST(says(*host, "a") == "one two three four five 20");
}

BOOST_AUTO_TEST_CASE(reloads_and_commands_at_once_leave_everything_in_order) {
    configure(providers(mock("a", "0")));
    const auto host = start();
    std::mutex file;
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 8; ++i) {
                {
                    const std::lock_guard lock(file);
                    const auto next = directory / "next.json";
                    std::ofstream(next) << providers(mock("a", std::to_string(10 * t + i)));
                    std::filesystem::rename(next, config_file());
                }
                if (!host->reload()) ++failures;
            }
        });
    }
    threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
            if (!host->command("a", i % 2 == 0 ? Command::disable : Command::enable)) ++failures;
        }
        if (!host->command("a", Command::disable)) ++failures;
    });
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(failures == 0);
    BOOST_TEST(!status_of(*host, "a").enabled);
    BOOST_TEST(record("a").enabled.value_or(true) == false);
    configure(providers(mock("a", "last")));
    reload(*host);
    BOOST_TEST(!status_of(*host, "a").enabled);
    tell(*host, "a", Command::enable);
    BOOST_TEST(says(*host, "a") == "last");
}

BOOST_AUTO_TEST_CASE(without_a_file_there_is_nothing_to_read_again) {
    const auto host = open_host(quiet());
    add(*host, "mine", "mock");
    BOOST_TEST(reload(*host).changed.empty());
    BOOST_TEST(host->complete(ask("mine", "hi")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

#include "managed_fixture.hpp"

#include <random>

using namespace tenon;
using namespace tenon::test;
using host::Command;
using Kind = host::CommandReply::Kind;

namespace {

/// Whether the plugin has the request, and not just the connect before it.
bool is_asked(host::Host& host, const std::string& name) {
    const auto status = status_of(host, name);
    const bool connects = status.pool.max > 0;
    return status.state == "connected" && status.unfinished > 0 &&
           (!connects || status.pool.active == 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_lifecycle)

BOOST_AUTO_TEST_CASE(with_patience_the_reply_tells_how_it_ended) {
    const auto host = open_host(quiet());
    for (const char* kind : {"mock", "mock-session", "mock-mux", "mock-blocking"}) {
        BOOST_TEST_CONTEXT(kind) {
            const auto up = tell(*host, kind, Command::connect, kSettle);
            BOOST_TEST((up.kind == Kind::accepted));
            BOOST_TEST(up.state == "connected");
            BOOST_TEST(up.message == "Provider '" + std::string(kind) + "' is connected now.");
            const auto again = tell(*host, kind, Command::reconnect, kSettle);
            BOOST_TEST(again.state == "connected");
            const auto down = tell(*host, kind, Command::disconnect, kSettle);
            BOOST_TEST(down.state == "disconnected");
            BOOST_TEST(down.message == "Provider '" + std::string(kind) + "' is disconnected now.");
            BOOST_TEST(status_of(*host, kind).wanted == "disconnected");
        }
    }
}

BOOST_AUTO_TEST_CASE(patience_that_ends_before_the_dial_says_that_it_goes_on) {
    const auto host = open_host(quiet());
    add(*host, "slow", "mock-session", kSlowConnect, kOneDial);
    const auto reply = tell(*host, "slow", Command::connect, std::chrono::milliseconds(1));
    BOOST_TEST(reply.state == "connecting");
    BOOST_TEST(reply.message == "Provider 'slow' is connecting now.");
}

BOOST_AUTO_TEST_CASE(patience_may_be_without_end) {
    auto options = quiet();
    options.shutdown_grace = std::chrono::milliseconds::max();
    const auto host = open_host(options);
    add(*host, "slow", "mock-session", R"({"connect":"slow","slow_ms":30})");
    BOOST_TEST(tell(*host, "slow", Command::connect, std::chrono::milliseconds::max()).state ==
               "connected");
    auto request = ask("slow", "x");
    request.options.timeout = std::chrono::milliseconds::max();
    request.options.queue = std::chrono::milliseconds::max();
    const auto answer = host->complete(request);
    BOOST_TEST(answer.has_value(), why(answer));
}

BOOST_AUTO_TEST_CASE(a_connect_that_fails_tells_the_reason_and_goes_on_until_it_works) {
    const auto host = open_host(quiet());
    add(*host, "late", "mock-session", R"({"connect":"fail","connect_times":3})",
        R"({"connection":{"reconnect_attempts":2,"reconnect_delay":"0s"},"health":{"active":false}})");
    const auto reply = tell(*host, "late", Command::connect, kSettle);
    BOOST_TEST(reply.state == "unhealthy");
    BOOST_TEST(contains(reply.message, "the mock failed as asked: unavailable"), reply.message);
    BOOST_TEST(contains(status_of(*host, "late").last_error, "the mock failed as asked"));
    const auto refused = host->complete(ask("late", "x"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(contains(refused.error().message, "unhealthy"), refused.error().message);
    BOOST_TEST(contains(refused.error().message, "the mock failed as asked"));

    const auto recovered = tell(*host, "late", Command::recover, kSettle);
    BOOST_TEST(recovered.state == "connected");
    BOOST_TEST(recovered.message == "Provider 'late' is connected now.");
    BOOST_TEST(host->complete(ask("late", "x")).has_value());
    const auto numbers = statistics_of(*host, "late");
    BOOST_TEST(numbers.connect_failures == 3u);
    BOOST_TEST(numbers.connects == 1u);
}

BOOST_AUTO_TEST_CASE(recover_waits_for_the_check_that_has_to_pass) {
    const auto host = open_host();
    add(*host, "sick", "mock", R"({"health":"fail","health_times":3})",
        R"({"jitter":false,"health":{"interval":"1h","recheck":"1ms","min_gap":"1ms"}})");
    Events events(*host);
    tell(*host, "sick", Command::connect);
    events.wait_for("sick", "connection_state", "unhealthy");
    const auto reply = tell(*host, "sick", Command::recover, kSettle);
    BOOST_TEST(reply.state == "connected");
    BOOST_TEST(reply.message == "Provider 'sick' is connected now.");
}

BOOST_AUTO_TEST_CASE(a_dial_that_fails_is_repeated_without_being_asked) {
    const auto host = open_host(quiet());
    add(*host, "late", "mock-session", R"({"connect":"fail","connect_times":2})",
        R"({"connection":{"reconnect_attempts":3,"reconnect_delay":"1ms"}})");
    BOOST_TEST(tell(*host, "late", Command::connect, kSettle).state == "connected");
    BOOST_TEST(statistics_of(*host, "late").connect_failures == 2u);
}

BOOST_AUTO_TEST_CASE(disconnect_lets_a_stream_end_and_takes_no_other_request) {
    const auto host = open_host(quiet());
    // Longer than what waits for a reader.
    add(*host, "long", "mock-session", R"({"answer":"lorem","tokens":200000})", kOneDial);
    std::promise<void> first;
    std::promise<void> go;
    std::jthread controller([&] {
        first.get_future().wait();
        BOOST_TEST(tell(*host, "long", Command::disconnect).state == "disconnecting");
        const auto other = host->complete(ask("long", "x"));
        BOOST_TEST(!other.has_value());
        BOOST_TEST(contains(why(other), "is being disconnected"), why(other));
        go.set_value();
    });
    bool begun = false;
    const auto answer = host->complete(ask("long", "x"), [&](const host::StreamDelta&) {
        if (std::exchange(begun, true)) return;
        first.set_value();
        go.get_future().wait();
    });
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->usage.output_tokens.value_or(0) == 200000u);
    BOOST_TEST(tell(*host, "long", Command::disconnect, kSettle).state == "disconnected");
    const auto status = status_of(*host, "long");
    BOOST_TEST(status.pool.active + status.pool.idle == 0u);
    BOOST_TEST(status.permits.held == 0u);
}

BOOST_AUTO_TEST_CASE(disconnect_now_interrupts_what_is_in_flight) {
    const auto host = open_host(quiet());
    for (const char* kind : {"mock", "mock-session", "mock-mux"}) {
        BOOST_TEST_CONTEXT(kind) {
            const std::string name = "silent-" + std::string(kind);
            add(*host, name, kind, kSilent, kOneDial);
            Requests requests;
            requests.start(*host, ask(name, "x"));
            eventually("in flight", [&] { return is_asked(*host, name); });
            BOOST_TEST(tell(*host, name, Command::disconnect_now).state == "disconnected");
            const auto answer = requests.take();
            BOOST_REQUIRE(!answer);
            BOOST_TEST(contains(answer.error().message, "its connections were closed"),
                       answer.error().message);
            const auto numbers = statistics_of(*host, name);
            BOOST_TEST(numbers.attempts.in_flight() == 0u);
            BOOST_TEST(numbers.requests.in_flight() == 0u);
            BOOST_TEST(status_of(*host, name).breaker.failures == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_disabled_provider_says_how_to_enable_it_and_comes_back_as_it_was) {
    const auto host = open_host(quiet());
    add(*host, "a", "mock-session");
    tell(*host, "a", Command::connect, kSettle);
    BOOST_TEST(tell(*host, "a", Command::disable, kSettle).state == "disconnected");
    const auto refused = host->complete(ask("a", "x"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(contains(refused.error().message, "is disabled"), refused.error().message);
    BOOST_TEST(status_of(*host, "a").wanted == "connected");
    const auto enabled = tell(*host, "a", Command::enable, kSettle);
    BOOST_TEST(enabled.state == "connected");
    BOOST_TEST(host->complete(ask("a", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_disconnected_by_hand_stays_so_whatever_is_requested) {
    const auto host = open_host(quiet());
    add(*host, "a", "mock-session");
    BOOST_TEST(host->complete(ask("a", "x")).has_value());
    tell(*host, "a", Command::disconnect, kSettle);
    for (int i = 0; i < 3; ++i) {
        const auto refused = host->complete(ask("a", "x"));
        BOOST_REQUIRE(!refused);
        BOOST_TEST(contains(refused.error().message, "connect"), refused.error().message);
    }
    BOOST_TEST(status_of(*host, "a").state == "disconnected");
    tell(*host, "a", Command::connect, kSettle);
    BOOST_TEST(host->complete(ask("a", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(reconnect_makes_new_connections_while_a_request_ends_on_the_old_one) {
    const auto host = open_host(quiet());
    add(*host, "a", "mock-session", kSilent);
    Requests requests;
    const auto operation = requests.start(*host, ask("a", "x"));
    eventually("in flight", [&] { return is_asked(*host, "a"); });
    BOOST_TEST(tell(*host, "a", Command::reconnect, kSettle).state == "connected");
    BOOST_TEST(status_of(*host, "a").in_flight == 1u);
    BOOST_TEST(statistics_of(*host, "a").connects == 2u);
    operation->cancel();
    BOOST_TEST((requests.take().error().code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(refused_credentials_wait_for_a_person_who_recovers) {
    const auto host = open_host(quiet());
    add(*host, "a", "mock-session", R"({"connect":"auth","connect_times":1})",
        R"({"connection":{"reconnect_delay":"0s"}})");
    const auto reply = tell(*host, "a", Command::connect, kSettle);
    BOOST_TEST(reply.state == "misconfigured");
    BOOST_TEST(contains(reply.message, "the mock failed as asked: auth"), reply.message);
    const auto refused = host->complete(ask("a", "x"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(contains(refused.error().message, "misconfigured"), refused.error().message);
    BOOST_TEST(statistics_of(*host, "a").connect_failures == 1u);

    BOOST_TEST(tell(*host, "a", Command::recover, kSettle).state == "connected");
    BOOST_TEST(host->complete(ask("a", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(a_command_for_all_reaches_everybody_and_answers_in_order) {
    const auto host = open_with(R"({"providers":{
        "b":{"kind":"mock-session"}, "c":{"kind":"no-such-kind"},
        "a":{"kind":"mock"}, "d":{"kind":"mock-session","enabled":false}}})",
                                quiet());
    const auto replies = host->command_all(Command::connect, kSettle);
    BOOST_REQUIRE(replies.size() == 4u);
    const char* names[] = {"a", "b", "c", "d"};
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(replies[i].provider == names[i]);
    BOOST_TEST(replies[0].state == "connected");
    BOOST_TEST(replies[1].state == "connected");
    BOOST_TEST((replies[2].kind == Kind::refused));
    BOOST_TEST(replies[2].state == "misconfigured");
    BOOST_TEST(contains(replies[2].message, "no-such-kind"));
    BOOST_TEST((replies[3].kind == Kind::refused));
}

BOOST_AUTO_TEST_CASE(a_command_for_nobody_names_the_nearest_provider) {
    const auto host = open_host(quiet());
    add(*host, "primary", "mock");
    const auto reply = host->command("primry", Command::connect);
    BOOST_REQUIRE(!reply);
    BOOST_TEST((reply.error().code == Code::not_found));
    BOOST_TEST(contains(reply.error().message, "did you mean 'primary'?"), reply.error().message);
}

BOOST_AUTO_TEST_CASE(commands_and_requests_from_many_threads_end_as_the_last_command_says) {
    const auto host = open_host(quiet());
    const std::vector<std::string> names = {"mock", "mock-session", "mock-mux"};
    for (const auto& name : names) tell(*host, name, Command::connect, kSettle);
    std::atomic<int> strange{0};
    {
        std::vector<std::jthread> threads;
        for (unsigned seed = 0; seed < 16; ++seed) {
            threads.emplace_back([&, seed] {
                std::mt19937 random(seed);
                for (int i = 0; i < 30; ++i) {
                    const std::string& name = names[random() % names.size()];
                    if (seed % 2 == 0) {
                        const auto command = static_cast<Command>(random() % 7);
                        const std::chrono::milliseconds patience(random() % 3);
                        if (!host->command(name, command, patience)) ++strange;
                    } else {
                        auto request = ask(name, "x");
                        request.options.timeout = kLong;
                        const auto answer = host->complete(request);
                        const bool known = answer || answer.error().code == Code::unavailable ||
                                           answer.error().code == Code::cancelled;
                        if (!known) {
                            ++strange;
                            BOOST_TEST_MESSAGE(why(answer));
                        }
                    }
                }
            });
        }
    }
    BOOST_TEST(strange == 0);
    for (const auto& name : names) {
        tell(*host, name, Command::enable);
        BOOST_TEST(tell(*host, name, Command::connect, kSettle).state == "connected");
        BOOST_TEST(host->complete(ask(name, "x")).has_value());
        BOOST_TEST(tell(*host, name, Command::disconnect, kSettle).state == "disconnected");
        const auto status = status_of(*host, name);
        BOOST_TEST(status.in_flight == 0u);
        BOOST_TEST(status.unfinished == 0u);
        BOOST_TEST(status.permits.held + status.permits.waiting == 0u);
        BOOST_TEST(status.pool.active + status.pool.idle + status.pool.connecting == 0u);
        BOOST_TEST(status.misbehaviours == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_host_ends_with_everything_under_way) {
    Requests requests;
    std::promise<Result<host::CommandReply>> reply;
    std::atomic<int> events{0};
    {
        const auto host = open_host();
        const auto subscription = host->subscribe([&](const host::Event&) { ++events; });
        add(*host, "silent", "mock-session", kSilent);
        add(*host, "dialling", "mock-session", kSlowConnect, kOneDial);
        add(*host, "draining", "mock-session", kSilent, kOneDial);
        add(*host, "sick", "mock-session", R"({"connect":"fail"})",
            R"({"connection":{"reconnect_delay":"1ms"}})");
        for (int i = 0; i < 12; ++i) {
            requests.start(*host, ask("silent", "x"),
                           i % 2 == 0 ? host::OnDelta([](auto&) {}) : host::OnDelta());
        }
        requests.start(*host, ask("dialling", "x"));
        requests.start(*host, ask("draining", "x"));
        requests.start(*host, ask("sick", "x"));
        eventually("in flight", [&] { return status_of(*host, "draining").pool.active == 1; });
        tell(*host, "draining", Command::disconnect);
        host->start_command(
            "dialling", Command::connect, kSettle,
            [&](Result<host::CommandReply> end) { reply.set_value(std::move(end)); });
    }
    while (requests.size() > 0) BOOST_TEST(!requests.take().has_value());
    BOOST_TEST((reply.get_future().wait_for(kLong) == std::future_status::ready));
}

BOOST_AUTO_TEST_SUITE_END()

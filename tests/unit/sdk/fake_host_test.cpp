#include "tenon/testing/fake_host.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kUrl = "https://api.example/chat";

/// Writes down when its timers came.
struct Clockwork : Provider {
    using Provider::Provider;

    Task complete(Call call, Request request) override {
        const auto start = call.host().now();
        const Code slept = co_await sleep(call, std::chrono::milliseconds(request.body().size()));
        times.push_back((call.host().now() - start).count() / 1'000'000);
        if (slept != Code::ok) co_return call.fail({slept, "woken early"});
        call.finish();
    }

    static inline std::vector<std::int64_t> times;
};

struct Asker : Provider {
    using Provider::Provider;

    Task complete(Call call, Request request) override {
        seen_model = request.model();
        seen_stream = request.stream();
        seen_key = request.idempotency_key();
        seen_trace = request.trace_parent();
        seen_deadline = request.deadline();
        auto response = co_await http_send(call, {.url = kUrl});
        if (!response) co_return call.fail(response.error());
        const auto body = co_await response->body();
        if (!body) co_return call.fail(body.error());
        call.emit_text(*body);
        call.finish();
    }

    static inline std::string seen_model, seen_key, seen_trace;
    static inline bool seen_stream = false;
    static inline std::optional<std::chrono::nanoseconds> seen_deadline;
};

/// Finishes on a thread of its own.
struct Threaded : Provider {
    using Provider::Provider;
    ~Threaded() override {
        if (thread_.joinable()) thread_.join();
    }

    Task complete(Call call, Request) override {
        thread_ = std::thread([owned = std::move(call)]() mutable {
            owned.host().log(LogLevel::info, "from the thread");
            while (owned.emit_text("a") == Code::again) {
            }
            owned.finish();
        });
        co_return;
    }

private:
    std::thread thread_;
};

/// Keeps its call and never finishes it until it is destroyed.
struct Hoarder : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        kept.push_back(std::move(call));
        co_return;
    }
    void on_cancel(tenon_call call) noexcept override {
        cancelled.push_back(call);
        if (obedient) kept.clear();
    }

    static inline std::vector<Call> kept;
    static inline std::vector<tenon_call> cancelled;
    static inline bool obedient = true;
};

struct Logger : Provider {
    using Provider::Provider;
    Task complete(Call call, Request) override {
        call.host().log(LogLevel::debug, "details");
        call.host().log(LogLevel::warn, "careful");
        BOOST_TEST(!call.host().log_enabled(LogLevel::debug));
        BOOST_TEST(call.host().log_enabled(LogLevel::warn));
        call.finish();
        co_return;
    }
};

struct Losing : Provider {
    using Provider::Provider;
    struct Wire : Connection {
        explicit Wire(int& count) : open(count) { ++open; }
        ~Wire() override { --open; }
        int& open;
    };
    Task connect(Call call) override {
        call.finish_connected(std::make_unique<Wire>(open));
        co_return;
    }
    Task complete(Call call, Request) override {
        if (next_error) {
            call.fail(*std::exchange(next_error, std::nullopt));
        } else if (slow) {
            co_await sleep(call, 1s);
        }
        call.finish();
    }

    static inline int open = 0;
    static inline bool slow = false;
    static inline std::optional<Error> next_error;
};

void break_the_contract(FakeHost& host) {
    tenon_result result{};
    result.struct_size = sizeof result;
    host.table()->finish(host.table()->ctx, 1, &result);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fake_host)

BOOST_AUTO_TEST_CASE(the_request_is_what_the_host_would_pass) {
    StrictHost host;
    host.http().respond({.body = "x"});
    host.http().respond({.body = "x"});
    FakeProvider provider(host, kind_of<Asker>());
    provider.complete(R"({"model":"m-9","stream":true,"messages":[]})");
    BOOST_TEST(Asker::seen_model == "m-9");
    BOOST_TEST(Asker::seen_stream);
    BOOST_TEST(!Asker::seen_deadline.has_value());
    const auto deadline = host.now() + 5s;
    provider.complete(R"({"messages":[]})", {.model = "other",
                                             .stream = false,
                                             .timeout = 5s,
                                             .idempotency_key = "key",
                                             .trace_parent = "00-1-2-00"});
    BOOST_TEST(Asker::seen_model == "other");
    BOOST_TEST(!Asker::seen_stream);
    BOOST_TEST(Asker::seen_key == "key");
    BOOST_TEST(Asker::seen_trace == "00-1-2-00");
    BOOST_TEST((Asker::seen_deadline.value() == deadline));
}

BOOST_AUTO_TEST_CASE(callbacks_wait_until_the_host_runs) {
    StrictHost host;
    host.http().respond({.body = "x"});
    FakeProvider provider(host, kind_of<Asker>());
    const FakeCall call = provider.start_complete(kHello);
    BOOST_TEST(!call.finished());
    BOOST_TEST(host.http().sent().size() == 1u);
    BOOST_TEST(!host.http().last().done);
    BOOST_TEST(host.step());  // head
    BOOST_TEST(host.step());  // body
    BOOST_TEST(!call.finished());
    BOOST_TEST(host.step());  // end
    BOOST_TEST(call.finished());
    BOOST_TEST(!host.step());
}

BOOST_AUTO_TEST_CASE(exchanges_take_turns) {
    StrictHost host;
    host.http().respond({.body = "abc", .chunk_size = 1}).respond({.body = "d"});
    FakeProvider provider(host, kind_of<Asker>());
    const FakeCall longer = provider.start_complete(kHello);
    const FakeCall shorter = provider.start_complete(kHello);
    for (int i = 0; i < 6; ++i) host.step();
    BOOST_TEST(shorter.finished());
    BOOST_TEST(!longer.finished());
    host.run();
    BOOST_TEST(longer.outcome().text() == "abc");
    BOOST_TEST(shorter.outcome().text() == "d");
}

BOOST_AUTO_TEST_CASE(replies_go_to_the_requests_that_they_fit) {
    StrictHost host;
    host.http().expect("POST", kUrl, {.body = "for another method"});
    host.http().expect("GET", kUrl, {.body = "mine"});
    FakeProvider provider(host, kind_of<Asker>());
    BOOST_TEST(provider.complete(kHello).text() == "mine");
    BOOST_TEST(host.http().unused() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_without_a_reply_fails_and_is_told) {
    FakeHost host;
    host.http().expect("POST", kUrl, {});
    {
        FakeProvider provider(host, kind_of<Asker>());
        BOOST_TEST((provider.complete(kHello).code() == Code::unavailable));
    }
    BOOST_TEST_REQUIRE(host.violations().size() == 1u);
    BOOST_TEST(host.violations()[0] ==
               "no reply is scripted for GET https://api.example/chat; expected: POST "
               "https://api.example/chat");
}

BOOST_AUTO_TEST_CASE(a_held_exchange_goes_on_when_the_test_lets_it) {
    for (const HttpHold phase : {HttpHold::head, HttpHold::body, HttpHold::end}) {
        StrictHost host;
        host.http().respond({.body = "x", .hold = phase});
        FakeProvider provider(host, kind_of<Asker>());
        const FakeCall call = provider.start_complete(kHello);
        host.run_until_idle();
        BOOST_TEST(!call.finished());
        host.http().release();
        host.run();
        BOOST_TEST(call.outcome().text() == "x");
    }
}

BOOST_AUTO_TEST_CASE(the_short_form_returns_when_only_a_held_exchange_is_left) {
    StrictHost host;
    host.http().respond({.hold = HttpHold::head});
    FakeProvider provider(host, kind_of<Asker>());
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST(!outcome.finished);
    BOOST_TEST((outcome.code() == Code::again));
}

BOOST_AUTO_TEST_CASE(timers_come_in_the_order_of_their_times) {
    StrictHost host;
    Clockwork::times.clear();
    FakeProvider provider(host, kind_of<Clockwork>());
    provider.start_complete(std::string(30, ' '));
    provider.start_complete(std::string(10, ' '));
    provider.start_complete(std::string(20, ' '));
    host.advance(29ms);
    BOOST_TEST((Clockwork::times == std::vector<std::int64_t>{10, 20}));
    host.run_until_idle();
    BOOST_TEST((Clockwork::times == std::vector<std::int64_t>{10, 20, 30}));
}

BOOST_AUTO_TEST_CASE(run_lets_no_time_pass) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Clockwork>());
    const FakeCall call = provider.start_complete("{}");
    const auto before = host.now();
    host.run();
    BOOST_TEST(!call.finished());
    BOOST_TEST((host.now() == before));
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_the_call_before_a_later_timer) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Clockwork>());
    const Outcome outcome = provider.complete(std::string(30, ' '), {.timeout = 20ms});
    BOOST_TEST((outcome.code() == Code::deadline));
}

BOOST_AUTO_TEST_CASE(cancel_tells_the_plugin_once) {
    StrictHost host;
    Hoarder::cancelled.clear();
    FakeProvider provider(host, kind_of<Hoarder>());
    FakeCall call = provider.start_complete(kHello);
    call.cancel();
    call.cancel();
    BOOST_TEST(Hoarder::cancelled == std::vector<tenon_call>{call.handle()});
    BOOST_TEST(call.finished());
}

BOOST_AUTO_TEST_CASE(the_end_of_a_provider_cancels_what_is_open) {
    StrictHost host;
    Hoarder::cancelled.clear();
    {
        FakeProvider provider(host, kind_of<Hoarder>());
        provider.start_complete(kHello);
    }
    BOOST_TEST(Hoarder::cancelled.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_call_that_ignores_its_cancel_is_told_when_the_provider_ends) {
    FakeHost host;
    host.set_patience(0ms);
    Hoarder::obedient = false;
    { FakeProvider(host, kind_of<Hoarder>()).start_complete(kHello); }
    BOOST_TEST_REQUIRE(host.violations().size() == 1u);
    BOOST_TEST(host.violations()[0].find("was not finished although it was cancelled") !=
               std::string::npos);
    Hoarder::kept.clear();
    Hoarder::obedient = true;
}

BOOST_AUTO_TEST_CASE(a_call_that_nothing_can_finish_any_more_is_told) {
    FakeHost host;
    host.set_patience(0ms);
    {
        FakeProvider provider(host, kind_of<Hoarder>());
        BOOST_TEST(!provider.complete(kHello).finished);
    }
    BOOST_TEST_REQUIRE(host.violations().size() == 1u);
    BOOST_TEST(host.violations()[0].find("nothing is left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_plugin_with_threads_of_its_own_is_waited_for) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Threaded>());
    const Outcome outcome = provider.complete(kHello, {.emit_answers = {TENON_AGAIN}});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "a");
    BOOST_TEST(host.logs().at(0).message == "from the thread");
}

BOOST_AUTO_TEST_CASE(logs_are_kept_from_their_level_on) {
    StrictHost host;
    host.set_log_level(LogLevel::info);
    FakeProvider provider(host, kind_of<Logger>());
    provider.complete(kHello);
    BOOST_TEST_REQUIRE(host.logs().size() == 1u);
    BOOST_TEST(host.logs()[0].message == "careful");
    BOOST_TEST((host.logs()[0].level == LogLevel::warn));
}

BOOST_AUTO_TEST_CASE(members_that_are_null_get_their_defaults) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Logger>());
    const Outcome embed = provider.embed(R"({"input":[]})");
    BOOST_TEST((embed.code() == Code::unsupported));
    BOOST_TEST(embed.start_status == TENON_E_UNSUPPORTED);
    BOOST_TEST((provider.rerank("{}").code() == Code::unsupported));
    BOOST_TEST(provider.list_models().body == R"({"data":[]})");
    BOOST_TEST(provider.health_check().ok());
    const Outcome connect = provider.connect();
    BOOST_TEST(connect.ok());
    BOOST_TEST((connect.connection == nullptr));
    BOOST_TEST(provider.get_extension("com.example.any/1") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_service_that_is_required_and_missing_prevents_the_provider) {
    StrictHost host;
    host.hide_service(TENON_JSON_V1);
    const FakeProvider provider(host, tenon::kind<Logger>({.id = "test",
                                                           .name = "Test",
                                                           .version = "1.0.0",
                                                           .required_services = kNetworkServices}));
    BOOST_TEST(!provider.ok());
    BOOST_TEST((provider.error()->code == Code::unsupported));
}

BOOST_AUTO_TEST_CASE(a_provider_that_was_not_made_takes_no_calls) {
    StrictHost host;
    host.hide_service(TENON_JSON_V1);
    FakeProvider provider(host, tenon::kind<Logger>({.id = "test",
                                                     .name = "Test",
                                                     .version = "1.0.0",
                                                     .required_services = kNetworkServices}));
    BOOST_CHECK_THROW(provider.complete(kHello), std::logic_error);
}

BOOST_AUTO_TEST_CASE(calls_find_a_free_connection_or_open_one) {
    StrictHost host;
    Losing::slow = true;
    FakeProvider provider(host, kind_of<Losing>(TENON_CONN_EXCLUSIVE));
    provider.start_complete(kHello);
    provider.start_complete(kHello);
    BOOST_TEST(Losing::open == 2);
    host.run_until_idle();
    provider.complete(kHello);
    BOOST_TEST(Losing::open == 2);
    Losing::slow = false;
}

BOOST_AUTO_TEST_CASE(a_busy_exclusive_connection_takes_no_second_call) {
    StrictHost host;
    Losing::slow = true;
    FakeProvider provider(host, kind_of<Losing>(TENON_CONN_EXCLUSIVE));
    tenon_conn* connection = provider.connect().connection;
    provider.start_complete(kHello, {.connection = connection});
    BOOST_CHECK_THROW(provider.start_complete(kHello, {.connection = connection}),
                      std::logic_error);
    BOOST_CHECK_THROW(provider.disconnect(connection), std::logic_error);
    host.run_until_idle();
    Losing::slow = false;
}

BOOST_AUTO_TEST_CASE(a_connection_that_failed_is_replaced) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Losing>(TENON_CONN_MULTIPLEXED));
    tenon_conn* connection = provider.connect().connection;
    Losing::next_error = Error(Code::unavailable, "reset by peer");  // blames the connection
    provider.complete(kHello, {.connection = connection});
    BOOST_TEST(provider.complete(kHello).ok());
    BOOST_TEST(provider.connections() == 1u);
    BOOST_TEST(Losing::open == 1);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_reported_lost_is_kept_in_mind_and_replaced) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Losing>(TENON_CONN_MULTIPLEXED));
    tenon_conn* connection = provider.connect().connection;
    const Error error(Code::unavailable, "the peer closed the connection");
    const tenon_error cause = error.to_abi();
    const tenon_host& table = *host.table();
    BOOST_TEST(table.conn_lost(table.ctx, connection, &cause) == TENON_OK);
    BOOST_TEST(table.conn_lost(table.ctx, nullptr, &cause) == TENON_STALE);
    BOOST_TEST_REQUIRE(host.lost_connections().size() == 1u);
    BOOST_TEST(host.lost_connections()[0].connection == connection);
    BOOST_TEST(host.lost_connections()[0].error.message == "the peer closed the connection");
    provider.complete(kHello);
    BOOST_TEST(provider.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(a_kind_that_the_plugin_does_not_have_is_refused) {
    FakeHost host;
    const Kind kind = kind_of<Logger>();
    const tenon_descriptor* descriptors[] = {&kind.descriptor};
    const tenon_vtable* vtables[] = {&kind.vtable};
    const tenon_plugin plugin = {sizeof plugin, 1, descriptors, vtables};
    BOOST_CHECK_THROW(FakeProvider(host, plugin, "other"), std::invalid_argument);
    BOOST_TEST(FakeProvider(host, plugin, "test").ok());
}

BOOST_AUTO_TEST_CASE(check_throws_what_violations_lists) {
    FakeHost host;
    BOOST_CHECK_NO_THROW(host.check());
    break_the_contract(host);
    BOOST_CHECK_EXCEPTION(host.check(), std::logic_error, [](const std::logic_error& e) {
        return std::string(e.what()).find("finish() for a call that never existed") !=
               std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(a_host_whose_violations_nobody_looked_at_aborts) {
    const auto how_it_ends = [](bool look) {
        const pid_t child = fork();
        if (child == 0) {
            std::signal(SIGABRT, SIG_DFL);  // Boost.Test has its own handler
            std::freopen("/dev/null", "w", stderr);
            {
                FakeHost host;
                break_the_contract(host);
                if (look) static_cast<void>(host.violations());
            }
            _exit(0);
        }
        int status = 0;
        BOOST_TEST(waitpid(child, &status, 0) == child);
        return status;
    };
    const int overlooked = how_it_ends(false);
    BOOST_TEST(WIFSIGNALED(overlooked));
    BOOST_TEST(WTERMSIG(overlooked) == SIGABRT);
    BOOST_TEST(how_it_ends(true) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

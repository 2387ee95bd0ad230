#include "tenon/plugin/task.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr std::string_view kUrl = "https://api.example/chat";

/// Asks twice over HTTP, sleeps between, and streams what the second answer says.
struct Straight : Provider {
    using Provider::Provider;

    Task complete(Call call, Request request) override {
        auto first =
            co_await http_send(call, {.method = "POST", .url = kUrl, .body = request.body()});
        if (!first) co_return call.fail(first.error());
        const auto whole = co_await first->body();
        if (!whole) co_return call.fail(whole.error());
        const Code slept = co_await sleep(call, std::chrono::seconds(1));
        if (slept != Code::ok) co_return call.fail({slept, "interrupted while asleep"});
        auto second = co_await http_send(call, {.url = kUrl});
        if (!second) co_return call.fail(second.error());
        for (;;) {
            const auto chunk = co_await second->next();
            if (!chunk) co_return call.fail(chunk.error());
            if (!*chunk) break;
            if (call.emit_text(**chunk) != Code::ok) co_return call.fail({Code::cancelled, "stop"});
        }
        const Code taken = co_await call.deliver({.kind = TENON_DELTA_TEXT, .data = *whole});
        if (taken != Code::ok) co_return call.fail({taken, "interrupted at the end"});
        call.finish({.finish_reason = "stop"});
    }
};

void script(FakeHost& host) {
    host.http().expect("POST", kUrl, {.body = "!"});
    host.http().expect("GET", kUrl, {.body = "hello", .chunk_size = 1});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task)

BOOST_AUTO_TEST_CASE(straight_code_runs_over_http_timers_and_deltas) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Straight>());
    script(host);
    const auto before = host.now();
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "hello!");
    BOOST_TEST((host.now() - before == std::chrono::seconds(1)));
    BOOST_TEST(host.http().sent().at(0).body == kHello);
}

BOOST_AUTO_TEST_CASE(a_cancel_after_any_step_finishes_the_call_as_cancelled) {
    int cancelled = 0;
    for (int steps = 0;; ++steps) {
        StrictHost host;
        FakeProvider provider(host, kind_of<Straight>());
        script(host);
        const FakeCall call = provider.start_complete(
            kHello,
            {.emit_answers = {TENON_OK, TENON_OK, TENON_OK, TENON_OK, TENON_OK, TENON_AGAIN}});
        int done = 0;
        while (done < steps && host.step()) ++done;
        if (call.finished()) break;
        FakeCall(call).cancel();
        host.run_until_idle();
        BOOST_TEST_CONTEXT("after step " << steps) {
            BOOST_TEST(call.finished());
            BOOST_TEST((call.outcome().code() == Code::cancelled));
        }
        ++cancelled;
    }
    BOOST_TEST(cancelled > 10);
}

BOOST_AUTO_TEST_SUITE_END()

#include "tenon/plugin/sleep.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;

namespace {

struct Sleeper : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        const Code slept = co_await sleep(call, 10ms);
        if (slept != Code::ok) co_return call.fail({slept, "woken early"});
        call.finish();
    }
};

struct Deliverer : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        const Code taken = co_await call.deliver({.kind = TENON_DELTA_TEXT, .data = "word"});
        last = taken;
        call.finish();
    }

    static inline Code last = Code::ok;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sleep_and_deliver)

BOOST_AUTO_TEST_CASE(sleep_ends_when_its_time_has_passed) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Sleeper>());
    const FakeCall call = provider.start_complete(kHello);
    host.advance(10ms - 1ns);
    BOOST_TEST(!call.finished());
    host.advance(1ns);
    BOOST_TEST(call.outcome().ok());
}

BOOST_AUTO_TEST_CASE(sleep_ends_early_when_its_call_is_cancelled) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Sleeper>());
    FakeCall call = provider.start_complete(kHello);
    call.cancel();
    BOOST_TEST(!call.finished());  // never on the stack of cancel()
    host.run();
    BOOST_TEST((call.outcome().code() == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(sleep_on_a_cancelled_call_does_not_begin) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Sleeper>());
    const Outcome outcome = provider.complete(kHello, {.cancelled_from_the_start = true});
    BOOST_TEST((outcome.code() == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(sleep_ends_early_at_the_deadline) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Sleeper>());
    const FakeCall call = provider.start_complete(kHello, {.timeout = 4ms});
    host.advance(4ms);
    BOOST_TEST(call.finished());
    BOOST_TEST((call.outcome().code() == Code::deadline));
}

BOOST_AUTO_TEST_CASE(sleep_without_timers_is_unsupported) {
    StrictHost host;
    host.hide_service(TENON_TIMER_V1);
    FakeProvider provider(host, kind_of<Sleeper>());
    BOOST_TEST((provider.complete(kHello).code() == Code::unsupported));
}

BOOST_AUTO_TEST_CASE(deliver_offers_a_delta_again_until_it_is_taken) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Deliverer>());
    const auto before = host.now();
    const Outcome outcome =
        provider.complete(kHello, {.emit_answers = {TENON_AGAIN, TENON_AGAIN, TENON_AGAIN}});
    BOOST_TEST((Deliverer::last == Code::ok));
    BOOST_TEST(outcome.text() == "word");
    BOOST_TEST((host.now() - before == 1ms + 2ms + 4ms));
}

BOOST_AUTO_TEST_CASE(deliver_gives_up_when_the_call_is_cancelled_while_it_waits) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Deliverer>());
    FakeCall call = provider.start_complete(kHello, {.emit_answers = {TENON_AGAIN}});
    call.cancel();
    host.run();
    BOOST_TEST((Deliverer::last == Code::cancelled));
    BOOST_TEST(call.finished());
}

BOOST_AUTO_TEST_CASE(deliver_reports_a_cancel_that_emit_answers) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Deliverer>());
    provider.complete(kHello, {.emit_answers = {TENON_AGAIN, TENON_CANCELLED}});
    BOOST_TEST((Deliverer::last == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(deliver_without_timers_reports_the_slow_reader) {
    StrictHost host;
    host.hide_service(TENON_TIMER_V1);
    FakeProvider provider(host, kind_of<Deliverer>());
    provider.complete(kHello, {.emit_answers = {TENON_AGAIN}});
    BOOST_TEST((Deliverer::last == Code::again));
}

BOOST_AUTO_TEST_SUITE_END()

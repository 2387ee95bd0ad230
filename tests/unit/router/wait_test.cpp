#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

RouterSettings waiting(std::chrono::milliseconds wait = 1h) {
    RouterSettings settings = slow();
    settings.failover.wait_when_down = wait;
    return settings;
}

BOOST_AUTO_TEST_SUITE(waits)

BOOST_AUTO_TEST_CASE(when_nobody_can_be_asked_a_request_waits_for_the_first_to_come_back) {
    Rig rig(in_order({"a", "b"}), waiting());
    for (const char name : {'a', 'b'}) rig[name].set(Availability::breaker_open);
    Request request = rig.request();
    rig.settle();
    BOOST_TEST(rig.gauges() == "0 in flight, 0 held, 1 waiting, 0 running");
    rig.router.providers_changed();  // another one
    rig.settle();
    BOOST_TEST(!request.ended());
    BOOST_TEST(rig.router.waiting() == 1U);
    rig['b'].set(Availability::ready);
    rig.clock.advance(5s);
    rig.router.providers_changed();
    const Routed routed = request.answer();
    BOOST_TEST(routed.provider == "b");
    BOOST_TEST((routed.queue_wait == 0s));
    BOOST_TEST((routed.total_wait == 5s));
}

BOOST_AUTO_TEST_CASE(all_who_wait_are_woken) {
    Rig rig(in_order({"a"}), waiting(), 2);
    rig['a'].set(Availability::unhealthy);
    std::vector<std::unique_ptr<Request>> requests;
    for (std::size_t i = 0; i < 20; ++i) {
        requests.push_back(std::make_unique<Request>(
            rig.router, rig.io, LogicalRequest{.model = "m"}, How{.io_index = i % 2}));
    }
    rig.settle();
    BOOST_TEST(rig.router.waiting() == 20U);
    rig['a'].set(Availability::ready);
    rig.router.providers_changed();
    for (const auto& request : requests) BOOST_TEST(request->answer().provider == "a");
}

BOOST_AUTO_TEST_CASE(a_provider_that_says_when_it_comes_back_is_asked_then) {
    Rig rig(in_order({"a"}), waiting());
    rig['a'].set(Availability::breaker_open, rig.clock.now() + 7s);
    Request request = rig.request();
    rig.settle();
    rig['a'].set(Availability::ready);
    rig.clock.advance(7s);
    rig.router.providers_changed();
    BOOST_TEST(request.answer().provider == "a");
}

BOOST_AUTO_TEST_CASE(the_wait_ends_by_itself) {
    Rig rig(in_order({"a"}), waiting(1ms));
    rig.clock.run();
    rig['a'].set(Availability::breaker_open);
    BOOST_TEST(rig.request().error().code == Code::unavailable);
}

BOOST_AUTO_TEST_CASE(the_wait_is_one_for_the_whole_request) {
    Rig rig(in_order({"a"}), waiting(10s));
    rig['a'].set(Availability::breaker_open);
    Request request = rig.request();
    rig.settle();
    rig.clock.advance(9s);
    rig.router.providers_changed();
    rig.settle();
    BOOST_TEST(!request.ended());
    rig.clock.advance(1s);
    rig.router.providers_changed();
    const Error error = request.error();
    BOOST_TEST(error.message ==
               "No provider can be asked for the model \"m\": a failed too often lately.");
}

BOOST_AUTO_TEST_CASE(the_wait_ends_with_the_request_s_time) {
    Rig rig(in_order({"a"}), waiting());
    rig['a'].set(Availability::breaker_open);
    LogicalRequest logical{.model = "m"};
    logical.limits[core::Phase::total] = 10s;
    Request request = rig.request(logical);
    rig.settle();
    rig.clock.advance(10s);
    rig.router.providers_changed();
    BOOST_TEST(request.error().code == Code::deadline);
}

BOOST_AUTO_TEST_CASE(a_request_whose_failure_opens_the_breaker_waits_too) {
    Rig rig(in_order({"a"}), waiting());
    Reply reply = failure(Code::unavailable);
    reply.then = [&rig] { rig['a'].set(Availability::breaker_open); };
    rig['a'].then(reply);
    Request request = rig.request();
    rig.settle();
    BOOST_TEST(rig.gauges() == "0 in flight, 0 held, 1 waiting, 1 running");
    rig['a'].set(Availability::ready);
    rig.router.providers_changed();
    BOOST_TEST(request.answer().attempts == 2);
}

BOOST_AUTO_TEST_CASE(without_a_wait_a_request_whose_failure_opens_the_breaker_has_failed) {
    Rig rig(in_order({"a"}), slow());
    Reply reply = failure(Code::unavailable);
    reply.then = [&rig] { rig['a'].set(Availability::breaker_open); };
    rig['a'].then(reply);
    BOOST_TEST(rig.request().error().message == "It failed.");
}

BOOST_AUTO_TEST_CASE(a_change_between_the_last_look_and_the_wait_is_not_lost) {
    Rig rig(in_order({"a"}), waiting());
    rig['a'].set(Availability::breaker_open);
    int looks = 0;
    rig['a'].on_look = [&looks] { ++looks; };
    Request counts = rig.request();
    rig.settle();
    counts.cancel->cancel();
    BOOST_TEST(counts.error().code == Code::cancelled);

    rig['a'].on_look = [&rig, left = looks]() mutable {
        if (--left != 0) return;
        rig['a'].set(Availability::ready);
        rig.router.providers_changed();
    };
    BOOST_TEST(rig.request().answer().provider == "a");
}

// D8
BOOST_AUTO_TEST_CASE(a_cancel_has_one_code_in_each_phase) {
    const auto end = [](Rig& rig, Request& request) {
        rig.settle();
        BOOST_TEST(!request.ended());
        request.cancel->cancel();
        BOOST_TEST(request.error().code == Code::cancelled);
    };
    {
        Rig rig(in_order({"a"}), waiting());
        rig['a'].set(Availability::breaker_open);
        Request waits = rig.request();
        end(rig, waits);
        BOOST_TEST(rig['a'].counters().requests.snapshot().started == 0U);
    }
    {
        Rig rig(in_order({"a"}), slow());
        rig['a'].then(hang());
        Request in_progress = rig.request();
        end(rig, in_progress);
        BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::cancelled) == 1U);
    }
    {
        Rig rig(in_order({"a"}), slow());
        rig['a'].then(failure(Code::unavailable));
        Request sleeps = rig.request();
        end(rig, sleeps);
        BOOST_TEST(rig['a'].attempts() == 1U);
    }
}

// D8
BOOST_AUTO_TEST_CASE(a_request_that_was_cancelled_before_asks_nobody) {
    Rig rig(in_order({"a"}));
    BOOST_TEST(rig.request({.model = "m"}, {.cancelled = true}).error().code == Code::cancelled);
    BOOST_TEST(rig['a'].attempts() == 0U);
    BOOST_TEST(rig['a'].counters().requests.snapshot().started == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_cancelled_while_it_fails_is_not_sent_again) {
    Rig rig(in_order({"a", "b"}));
    std::promise<std::shared_ptr<provider::CancelSignal>> cancel;
    Reply reply = failure(Code::unavailable);
    reply.error.scope = Scope::provider;
    reply.then = [&cancel] { cancel.get_future().get()->cancel(); };
    rig['a'].then(reply);
    Request request = rig.request();
    cancel.set_value(request.cancel);
    BOOST_TEST(request.error().code == Code::cancelled);
    BOOST_TEST(rig['b'].attempts() == 0U);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_cancels_by_itself_has_failed) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(failure(Code::cancelled));
    BOOST_TEST(rig.request().error().code == Code::cancelled);
    BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::failed) == 1U);
    BOOST_TEST(rig['b'].attempts() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

BOOST_AUTO_TEST_SUITE(router)

BOOST_AUTO_TEST_CASE(a_request_is_answered_by_the_provider_of_its_model) {
    Rig rig({route("m", {{{"a", "m-2025", 1}}})});
    Reply queued = answer();
    queued.report.queue_wait = 7ms;
    rig['a'].then(std::move(queued));
    const Routed routed = rig.request().answer();
    BOOST_TEST(routed.outcome.body == "from a");
    BOOST_TEST(routed.provider == "a");
    BOOST_TEST(routed.model == "m-2025");
    BOOST_TEST(routed.attempts == 1);
    BOOST_TEST((routed.queue_wait == 7ms));
    BOOST_TEST((routed.total_wait == 7ms));
    BOOST_TEST(rig['a'].asked().front().body == "for m-2025");
}

BOOST_AUTO_TEST_CASE(an_attempt_is_asked_what_the_request_asks) {
    Rig rig(in_order({"a"}));
    LogicalRequest logical{.operation = provider::Operation::embed,
                           .model = "m",
                           .stream = true,
                           .trace_parent = "00-abc-def-01"};
    logical.limits[core::Phase::idle] = 3s;
    (void)rig.request(logical).answer();
    const Asked asked = rig['a'].asked().front();
    BOOST_TEST((asked.operation == provider::Operation::embed));
    BOOST_TEST(asked.model == "m");
    BOOST_TEST(asked.stream);
    BOOST_TEST(asked.trace_parent == "00-abc-def-01");
    BOOST_TEST(!asked.in_spite);
    BOOST_TEST((asked.limits[core::Phase::idle] == 3s));
    BOOST_TEST((asked.started == rig.clock.now()));
}

BOOST_AUTO_TEST_CASE(the_longest_total_of_the_model_s_providers_is_the_deadline) {
    Rig rig({route("m", {tier({"a", "b"}), tier({"c"})}), route("n", {tier({"d"})})});
    rig['a'].deadlines.all[core::Phase::total] = 2s;
    rig['b'].deadlines.all[core::Phase::total] = 5s;
    rig['c'].deadlines.all[core::Phase::total] = 1s;
    (void)rig.request().answer();
    FakeUpstream& asked = rig['a'].attempts() > 0 ? rig['a'] : rig['b'];
    BOOST_TEST((asked.asked().front().deadline == rig.clock.now() + 5s));
}

BOOST_AUTO_TEST_CASE(the_total_that_the_caller_asks_for_goes_first) {
    for (const auto total : {1s, 900s}) {
        Rig rig(in_order({"a", "b"}));
        rig['a'].deadlines.all[core::Phase::total] = 2s;
        LogicalRequest logical{.model = "m"};
        logical.limits[core::Phase::total] = total;
        (void)rig.request(logical).answer();
        BOOST_TEST((rig['a'].asked().front().deadline == rig.clock.now() + total));
    }
}

BOOST_AUTO_TEST_CASE(the_body_is_written_anew_for_another_model_only) {
    Rig rig({route("m", {{{"a", "first", 1}}, {{"b", "second", 1}}, {{"c", "second", 1}}})});
    rig['a'].then(stale());  // asked twice
    rig['a'].then(failure(Code::auth));
    rig['b'].then(failure(Code::auth));
    Request request = rig.request();
    (void)request.answer();
    BOOST_TEST(rig['a'].asked()[1].body == "for first");
    BOOST_TEST(rig['b'].asked()[0].body == "for second");
    BOOST_TEST(rig['c'].asked()[0].body == "for second");
    BOOST_TEST(request.bodies() == 2);
}

BOOST_AUTO_TEST_CASE(a_body_that_an_attempt_has_taken_is_written_anew_for_the_next_one) {
    Rig rig(in_order({"a", "b"}));
    Reply taking = failure(Code::auth);
    taking.takes_body = true;
    rig['a'].then(taking);
    Request request = rig.request();
    (void)request.answer();
    BOOST_TEST(rig['b'].asked()[0].body == rig['a'].asked()[0].body);
    BOOST_TEST(request.bodies() == 2);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_put_together_reaches_provider_and_caller) {
    Rig rig({route("all/*", {{{"a", "vendor/*", 1}}, {{"b", "*", 1}}})});
    rig['a'].then(failure(Code::auth));
    Request request = rig.request({.model = "all/large"});
    BOOST_TEST(request.answer().model == "large");
    BOOST_TEST(rig['a'].asked()[0].model == "vendor/large");
    BOOST_TEST(rig['a'].asked()[0].body == "for vendor/large");
    BOOST_TEST(rig['b'].asked()[0].body == "for large");
}

BOOST_AUTO_TEST_CASE(an_unknown_model_is_refused_with_the_nearest_name) {
    Rig rig({route("large", {tier({"a"})})});
    const Error error = rig.request({.model = "lagre"}).error();
    BOOST_TEST(error.code == Code::not_found);
    BOOST_TEST(error.message.find("'large'") != std::string::npos, error.message);
}

BOOST_AUTO_TEST_CASE(without_routes_nobody_is_asked) {
    TestClock clock;
    net::IoThreads io(1);
    Router router(quick(), clock, io);
    Request request(router, io, {.model = "m"});
    BOOST_TEST(request.error().code == Code::unavailable);
    BOOST_TEST(router.pin({.model = "m", .provider = "a"}).error().code == Code::unavailable);
    BOOST_TEST(!router.unpin("m"));
    BOOST_TEST(router.pins().all().empty());
}

BOOST_AUTO_TEST_CASE(providers_are_found_by_name_in_whatever_order_they_are_given) {
    Rig rig(in_order({"d"}));
    auto reversed = rig.all();
    std::reverse(reversed.begin(), reversed.end());
    rig.router.set_routing(Rig::table(in_order({"d"})), reversed);
    BOOST_TEST(rig.request().answer().provider == "d");
}

BOOST_AUTO_TEST_CASE(a_body_that_cannot_be_written_ends_the_request) {
    Rig rig(in_order({"a", "b"}));
    const auto refuse = [] { return Error(Code::invalid, "There is no message."); };
    Request request = rig.request({.model = "m"}, {.body = refuse});
    const Error error = request.error();
    BOOST_TEST(error.code == Code::invalid);
    BOOST_TEST(error.message == "There is no message.");
    BOOST_TEST(rig['a'].attempts() + rig['b'].attempts() == 0U);
}

BOOST_AUTO_TEST_CASE(a_body_that_throws_ends_the_request_and_leaks_nothing) {
    Rig rig(in_order({"a"}));
    const auto throws = []() -> Result<std::string> { throw std::runtime_error("disk full"); };
    const Error error = rig.request({.model = "m"}, {.body = throws}).error();
    BOOST_TEST(error.code == Code::internal);
    BOOST_TEST(error.message == "The request has failed: disk full.");
    const auto no_memory = []() -> Result<std::string> { throw std::bad_alloc(); };
    BOOST_TEST(rig.request({.model = "m"}, {.body = no_memory}).error().code == Code::no_memory);
    const auto odd = []() -> Result<std::string> { throw 7; };
    BOOST_TEST(rig.request({.model = "m"}, {.body = odd}).error().code == Code::internal);
}

BOOST_AUTO_TEST_CASE(a_provider_that_throws_ends_the_request_and_leaks_nothing) {
    Rig rig(in_order({"a"}));
    rig['a'].then({.then = [] { throw std::runtime_error("a bug"); }});
    BOOST_TEST(rig.request().error().code == Code::internal);
    BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::failed) == 1U);
}

BOOST_AUTO_TEST_CASE(the_session_s_requests_go_to_one_provider) {
    RouterSettings settings = quick();
    settings.balancer.session_affinity = true;
    Rig rig({route("m", {tier({"a", "b", "c", "d"})})}, settings);
    for (int i = 0; i < 20; ++i) (void)rig.request({.model = "m", .session = 42}).answer();
    std::size_t asked = 0;
    for (const auto& upstream : rig.upstreams) asked += upstream->attempts() > 0 ? 1U : 0U;
    BOOST_TEST(asked == 1U);
}

// L12
BOOST_AUTO_TEST_CASE(a_drained_provider_gets_no_request_and_ends_those_that_it_has) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(hang());
    Request before = rig.request();
    rig.settle();
    auto drained = in_order({"a", "b"});
    drained[0].tiers[0][0].weight = 0;
    rig.router.set_routing(Rig::table(drained), rig.all());
    BOOST_TEST(rig.request().answer().provider == "b");
    BOOST_TEST(rig['a'].in_flight().count() == 1U);
    BOOST_TEST(!before.ended());
    before.cancel->cancel();
    BOOST_TEST(before.error().code == Code::cancelled);
}

BOOST_AUTO_TEST_CASE(new_settings_are_for_requests_that_begin_from_now_on) {
    RouterSettings settings = slow();
    settings.retry.max_attempts = 1;
    Rig rig(in_order({"a"}), settings);
    rig['a'].then(hang());
    Request before = rig.request();
    rig.settle();
    settings = quick();
    settings.retry.max_attempts = 2;
    rig.router.set_routing(Rig::table(in_order({"a"})), rig.all(), &settings);
    for (int i = 0; i < 2; ++i) rig['a'].then(failure(Code::unavailable));
    (void)rig.request().error();
    BOOST_TEST(rig['a'].attempts() == 3U);
    before.cancel->cancel();
    BOOST_TEST(before.error().code == Code::cancelled);
    rig.router.set_routing(Rig::table(in_order({"a"})), rig.all());  // as before
    for (int i = 0; i < 2; ++i) rig['a'].then(failure(Code::unavailable));
    (void)rig.request().error();
    BOOST_TEST(rig['a'].attempts() == 5U);
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused) {
    BOOST_TEST(quick().validate().has_value());
    RouterSettings settings = quick();
    settings.retry.max_attempts = 0;
    BOOST_TEST(!settings.validate().has_value());
    settings = quick();
    settings.failover.wait_when_down = -1ms;
    BOOST_TEST(!settings.validate().has_value());
    settings = quick();
    settings.balancer.slow_start_floor = 2;
    BOOST_TEST(!settings.validate().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

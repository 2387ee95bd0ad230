#include <boost/test/unit_test.hpp>

#include <string>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

Error down(std::string message = "It is down.") {
    Error error(Code::unavailable, std::move(message));
    error.scope = Scope::provider;
    return error;
}

std::vector<std::string>& chain(core::RouteSpec& route, core::Cause cause) {
    return route.fallbacks[static_cast<std::size_t>(cause)];
}

BOOST_AUTO_TEST_SUITE(fail_over)

// L10
BOOST_AUTO_TEST_CASE(providers_are_asked_once_each_in_the_order_of_the_tiers) {
    Rig rig(in_order({"a", "b", "c"}));
    rig.listen();
    rig['a'].then(failure(down("Refused.")));
    rig['b'].then(failure(down("Reset.")));
    const Routed routed = rig.request().answer();
    BOOST_TEST(routed.provider == "c");
    BOOST_TEST(routed.attempts == 3);
    const std::vector<std::string> told{"fail_over a: b is asked instead: Refused.",
                                        "fail_over b: c is asked instead: Reset."};
    BOOST_TEST(rig.events() == told, boost::test_tools::per_element());
    for (const char name : {'a', 'b'}) {
        BOOST_TEST(rig[name].counters().snapshot().of(core::Tally::fail_overs) == 1U);
    }
}

// L10
BOOST_AUTO_TEST_CASE(the_deadline_ends_an_attempt_in_progress_and_nobody_else_is_asked) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(hang());
    LogicalRequest logical{.model = "m"};
    logical.limits[core::Phase::total] = 20ms;
    const Error error = rig.request(logical).error();
    BOOST_TEST(error.code == Code::deadline);
    BOOST_TEST(rig['b'].attempts() == 0U);
}

// L10
BOOST_AUTO_TEST_CASE(all_attempts_have_one_deadline) {
    Rig rig(in_order({"a", "b"}));
    const base::TimePoint deadline = rig.clock.now() + 10s;
    rig['a'].deadlines.all[core::Phase::total] = 10s;
    rig['b'].deadlines.all[core::Phase::total] = 10s;
    Reply reply = failure(down());
    reply.then = [&rig] { rig.clock.advance(4s); };
    rig['a'].then(reply);
    (void)rig.request().answer();
    BOOST_TEST((rig['a'].asked()[0].deadline == deadline));
    BOOST_TEST((rig['b'].asked()[0].deadline == deadline));
    BOOST_TEST((rig['b'].asked()[0].started == deadline - 10s));
}

// L10
BOOST_AUTO_TEST_CASE(after_the_deadline_nobody_else_is_asked) {
    Rig rig(in_order({"a", "b"}));
    Reply late = failure(down("Refused."));
    late.then = [&rig] { rig.clock.advance(24h); };
    rig['a'].then(late);
    const Error error = rig.request().error();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.message.find("Refused") != std::string::npos, error.message);
    BOOST_TEST(rig['b'].attempts() == 0U);
}

// L1
BOOST_AUTO_TEST_CASE(if_all_fail_the_error_names_each_provider_and_its_reason) {
    Rig rig(in_order({"a", "b", "c"}));
    rig['a'].then(failure(down("Refused.")));
    rig['b'].then(failure(down("Reset.")));
    rig['c'].set(Availability::disabled);
    const Error error = rig.request({.model = "m", .max_attempts = 2}).error();
    BOOST_TEST(error.message ==
               "No provider could answer for the model \"m\": a (m) failed: Refused; b (m) failed: "
               "Reset; c is disabled (enable it first).");
}

// L1
BOOST_AUTO_TEST_CASE(if_nobody_can_be_asked_the_error_has_what_is_known_of_each) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].set(Availability::unhealthy, base::kNoDeadline, "Connection refused.");
    rig['b'].set(Availability::breaker_open, rig.clock.now() + 12s);
    const Error error = rig.request().error();
    BOOST_TEST(error.message ==
               "No provider can be asked for the model \"m\": a is unhealthy (Connection refused); "
               "b failed too often lately and is asked again in 12s.");
    BOOST_TEST((error.retry_after_ms == 12'000));
}

// L10
BOOST_AUTO_TEST_CASE(a_provider_that_is_not_eligible_uses_up_no_attempt) {
    Rig rig(in_order({"a", "b", "c"}), slow());
    rig['a'].then(failure(Code::auth));
    rig['b'].then(failure(Code::unsupported));
    const Routed routed = rig.request({.model = "m", .max_attempts = 1}).answer();
    BOOST_TEST(routed.provider == "c");
    BOOST_TEST(routed.attempts == 1);
}

BOOST_AUTO_TEST_CASE(the_last_attempt_goes_to_somebody_who_has_not_been_asked) {
    Rig rig(in_order({"a", "b"}));
    for (int i = 0; i < 2; ++i) rig['a'].then(failure(Code::unavailable));
    BOOST_TEST(rig.request().answer().provider == "b");
    BOOST_TEST(rig['a'].attempts() == 2U);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_goes_to_a_larger_model) {
    auto spec = route("small", {tier({"a"}), tier({"b"})});
    chain(spec, core::Cause::context_window) = {"large"};
    Rig rig({spec, route("large", {tier({"c"})})}, slow());
    rig.listen();
    rig['a'].then(failure(Code::too_large));
    const Routed routed = rig.request({.model = "small"}).answer();
    BOOST_TEST(routed.provider == "c");
    BOOST_TEST(routed.model == "large");
    BOOST_TEST(rig['b'].attempts() == 0U);
    BOOST_TEST(rig['c'].asked()[0].body == "for large");
    BOOST_TEST(rig['a'].counters().snapshot().of(core::Tally::fail_overs) == 1U);
    BOOST_TEST(rig.events().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_too_large_for_all_models_has_its_own_error) {
    auto spec = route("small", {tier({"a"})});
    chain(spec, core::Cause::context_window) = {"large"};
    Rig rig({spec, route("large", {tier({"c"})})}, slow());
    rig['a'].then(failure(Code::too_large, "8,000 tokens at most."));
    rig['c'].then(failure(Code::too_large, "128,000 tokens at most."));
    const Error error = rig.request({.model = "small"}).error();
    BOOST_TEST(error.code == Code::too_large);
    BOOST_TEST(error.message == "128,000 tokens at most. Before that: a: 8,000 tokens at most.");
}

BOOST_AUTO_TEST_CASE(another_model_at_the_same_provider_is_no_event) {
    auto spec = route("small", {tier({"a"})});
    chain(spec, core::Cause::context_window) = {"large"};
    Rig rig({spec, route("large", {tier({"a"})})});
    rig.listen();
    rig['a'].then(failure(Code::too_large));
    BOOST_TEST(rig.request({.model = "small"}).answer().model == "large");
    BOOST_TEST(rig.events().empty());
}

BOOST_AUTO_TEST_CASE(a_model_whose_breaker_is_open_is_passed_by_at_its_provider) {
    Rig rig({route("m", {{{"a", "fast", 1}}, {{"a", "slow", 1}}})});
    rig['a'].set_model("fast", Availability::breaker_open);
    BOOST_TEST(rig.request().answer().model == "slow");
}

BOOST_AUTO_TEST_CASE(a_pinned_provider_is_asked_first) {
    Rig rig(in_order({"a", "b", "c"}));
    BOOST_TEST(rig.router.pin({.model = "m", .provider = "c"}).has_value());
    BOOST_TEST(rig.request().answer().provider == "c");
    rig['c'].then(failure(down()));
    BOOST_TEST(rig.request().answer().provider == "a");
    BOOST_TEST(rig.router.unpin("m"));
    BOOST_TEST(!rig.router.unpin("m"));
    BOOST_TEST(rig.request().answer().provider == "a");
}

BOOST_AUTO_TEST_CASE(by_force_a_pinned_provider_is_asked_in_spite_of_its_state_and_nobody_else) {
    Rig rig(in_order({"a", "b"}));
    rig['b'].set(Availability::breaker_open);
    BOOST_TEST(rig.router.pin({.model = "m", .provider = "b", .force = true}).has_value());
    rig['b'].then(failure(Code::unavailable));
    const Routed routed = rig.request().answer();
    BOOST_TEST(routed.attempts == 2);
    for (const Asked& asked : rig['b'].asked()) BOOST_TEST(asked.in_spite);
    BOOST_TEST(rig['a'].attempts() == 0U);
}

BOOST_AUTO_TEST_CASE(a_pin_that_cannot_work_is_refused_and_changes_nothing) {
    Rig rig(in_order({"a"}));
    BOOST_TEST(rig.router.pin({.model = "m", .provider = "b"}).error().code == Code::invalid);
    BOOST_TEST(rig.router.pins().all().empty());
}

BOOST_AUTO_TEST_CASE(pins_stay_when_the_routes_change_and_until_their_time) {
    Rig rig(in_order({"a", "b"}));
    const auto until = rig.clock.now() + 1h;
    BOOST_TEST(rig.router.pin({.model = "m", .provider = "b", .until = until}).has_value());
    rig.router.set_routing(Rig::table(in_order({"c", "b", "a"})), rig.all());
    BOOST_TEST(rig.request().answer().provider == "b");
    BOOST_TEST(rig.router.pins().all().size() == 1U);
    rig.clock.advance(1h);
    BOOST_TEST(rig.request().answer().provider == "c");
    BOOST_TEST(rig.router.pins().all().empty());
}

BOOST_AUTO_TEST_CASE(a_disconnected_provider_is_asked_when_nobody_of_its_tier_is_connected) {
    Rig rig({route("m", {tier({"a", "b"})})});
    rig['a'].set(Availability::disconnected);
    BOOST_TEST(rig.request().answer().provider == "b");
    rig['b'].set(Availability::disabled);
    BOOST_TEST(rig.request().answer().provider == "a");
    BOOST_TEST(!rig['a'].asked()[0].in_spite);
}

BOOST_AUTO_TEST_CASE(a_disconnected_provider_is_left_alone_where_that_is_configured) {
    RouterSettings settings = quick();
    settings.failover.connect_on_demand = false;
    Rig rig(in_order({"a"}), settings);
    rig['a'].set(Availability::disconnected);
    BOOST_TEST(rig.request().error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 0U);
}

BOOST_AUTO_TEST_CASE(as_a_last_resort_the_least_bad_provider_is_asked_in_spite_of_its_state) {
    RouterSettings settings = quick();
    settings.failover.last_resort = true;
    Rig rig(in_order({"a", "b"}), settings);
    rig['a'].set(Availability::unhealthy);
    rig['b'].set(Availability::breaker_open);
    BOOST_TEST(rig.request().answer().provider == "b");
    BOOST_TEST(rig['b'].asked()[0].in_spite);
    rig['b'].then(failure(Code::unavailable));
    BOOST_TEST(rig.request().error().code == Code::unavailable);
    BOOST_TEST(rig['b'].attempts() == 2U);  // once by each of the two
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

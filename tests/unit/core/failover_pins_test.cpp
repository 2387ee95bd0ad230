#include "core/route_pins.hpp"

#include "failover_support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

struct Pinned : FailoverRig {
    Pinned() : FailoverRig(routes()) {}

    static std::vector<RouteSpec> routes() {
        auto m = route("m", {tier({"a"}), tier({"b", "c"})});
        m.aliases = {"best"};
        chain(m, Cause::context_window) = {"x-large"};
        return {m, route("x-*", {tier({"d"})})};
    }

    std::string pin(Pin pin) {
        const auto done = pins.pin(table, pin, now);
        return done ? "" : done.error().message;
    }
    FailoverPlan plan(std::string_view model) {
        FailoverRequest request;
        request.pin = pins.find(table, *table.find(model)->route, now);
        return FailoverRig::plan(model, request);
    }

    RoutePins pins;
};

BOOST_AUTO_TEST_SUITE(failover_pins)

BOOST_AUTO_TEST_CASE(a_pinned_provider_is_asked_first_and_the_others_as_ever) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c"}) == "");
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "c/m");
    rig.fail(plan);
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.set(2, Availability::unhealthy);
    auto other = rig.plan("m");
    BOOST_TEST(rig.next(other) == "a/m");
    rig.set(2, Availability::disconnected);
    auto connecting = rig.plan("m");
    BOOST_TEST(rig.next(connecting) == "c/m+");
}

BOOST_AUTO_TEST_CASE(by_force_nobody_else_is_asked_whatever_the_state) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c", .force = true}) == "");
    rig.settings.repeat = false;
    for (const auto state : {Availability::unhealthy, Availability::breaker_open,
                             Availability::cooling_down, Availability::misconfigured}) {
        rig.set(2, state);
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "c/m!");
        rig.fail(plan, Code::unavailable, "Connection refused.");
        BOOST_TEST(!plan.has_alternative(rig.providers));
        BOOST_TEST(rig.next(plan) == "error");
        BOOST_TEST(rig.error.message ==
                   "No provider could answer for the model \"m\": c (m) "
                   "failed: Connection refused; the route is pinned to c.");
    }
    rig.settings.connect_on_demand = false;
    rig.set(2, Availability::disconnected);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "c/m+!");
}

BOOST_AUTO_TEST_CASE(by_force_a_failure_that_may_pass_is_repeated_and_others_end_the_request) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c", .force = true}) == "");
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "c/m");
    rig.fail(plan);
    BOOST_TEST(rig.next(plan) == "c/m");
    BOOST_TEST((rig.fail(plan, Code::too_large).onward == AfterFailure::Onward::nowhere));
    BOOST_TEST(rig.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(even_by_force_a_disabled_provider_is_not_asked) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c", .force = true}) == "");
    for (const auto state : {Availability::disabled, Availability::kept_disconnected}) {
        rig.set(2, state);
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "error");
        BOOST_TEST(!rig.error.retryable);
    }
    BOOST_TEST(rig.error.message ==
               "No provider can be asked for the model \"m\": the route is "
               "pinned to c; c was disconnected by hand (connect it first).");
}

BOOST_AUTO_TEST_CASE(a_pin_is_about_its_model_and_not_about_a_larger_one) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c"}) == "");
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "c/m");
    rig.fail(plan, Code::too_large);
    BOOST_TEST(rig.next(plan) == "d/x-large");
    rig.set(2, Availability::unhealthy);
    auto other = rig.plan("m");
    BOOST_TEST(rig.next(other) == "a/m");
    rig.fail(other, Code::too_large);
    rig.set(2, Availability::ready);  // its model is no larger there
    BOOST_TEST(rig.next(other) == "d/x-large");
}

BOOST_AUTO_TEST_CASE(an_alias_pins_its_route) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "best", .provider = "b"}) == "");
    BOOST_TEST(rig.pins.all()[0].model == "m");
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "b/m");
    BOOST_TEST(rig.pins.unpin(rig.table, "best"));
    BOOST_TEST(!rig.pins.unpin(rig.table, "best"));
    auto free = rig.plan("m");
    BOOST_TEST(rig.next(free) == "a/m");
}

BOOST_AUTO_TEST_CASE(a_new_pin_replaces_the_old_one) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "b"}) == "");
    BOOST_TEST(rig.pin({.model = "m", .provider = "c"}) == "");
    BOOST_TEST(rig.pins.all().size() == 1U);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "c/m");
}

BOOST_AUTO_TEST_CASE(a_pin_ends_with_its_time) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c", .until = rig.now + 1h}) == "");
    rig.now += 1h - 1ns;
    auto still = rig.plan("m");
    BOOST_TEST(rig.next(still) == "c/m");
    rig.pins.expire(rig.now);
    BOOST_TEST(rig.pins.all().size() == 1U);
    rig.now += 1ns;
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.pins.expire(rig.now);
    BOOST_TEST(rig.pins.all().empty());
}

BOOST_AUTO_TEST_CASE(a_pin_that_cannot_work_is_refused_with_what_could) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "bset", .provider = "a"}) ==
               "There is no route for the model \"bset\"; did you mean 'best'?");
    BOOST_TEST(rig.pin({.model = "m", .provider = "zzz"}) == "There is no provider \"zzz\".");
    BOOST_TEST(rig.pin({.model = "m", .provider = "d"}) ==
               "Route \"m\" cannot be pinned to \"d\", which does not have the model; use a or b "
               "or c.");
    BOOST_TEST(rig.pin({.model = "m", .provider = "a", .until = rig.now}) ==
               "The pin of route \"m\" would have expired already; give a later time.");
}

BOOST_AUTO_TEST_CASE(a_pin_survives_a_reload_as_long_as_the_route_has_the_provider) {
    Pinned rig;
    BOOST_TEST(rig.pin({.model = "m", .provider = "c"}) == "");
    const auto reloaded = [](std::vector<std::string> providers, std::vector<TargetSpec> targets) {
        RouteTableSpec spec;
        spec.providers = std::move(providers);
        spec.routes = {route("m", {std::move(targets)})};
        return RouteTable::build(spec);
    };
    const auto moved = reloaded({"c", "a"}, tier({"a", "c"}));
    const auto found = rig.pins.find(*moved, moved->routes()[0], rig.now);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->provider == 0U);
    const auto gone = reloaded({"a"}, tier({"a"}));
    BOOST_TEST(!rig.pins.find(*gone, gone->routes()[0], rig.now).has_value());
    const auto without = reloaded({"a", "c"}, tier({"a"}));
    BOOST_TEST(!rig.pins.find(*without, without->routes()[0], rig.now).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

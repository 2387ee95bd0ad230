#include "failover_support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Onward = AfterFailure::Onward;

constexpr Availability kEveryState[] = {
    Availability::ready,         Availability::disconnected,  Availability::connecting,
    Availability::cooling_down,  Availability::breaker_open,  Availability::unhealthy,
    Availability::misconfigured, Availability::disconnecting, Availability::kept_disconnected,
    Availability::disabled};

Error retryable(Code code) {
    Error error(code, "Come back.");
    error.retryable = true;
    return error;
}

BOOST_AUTO_TEST_SUITE(failover_outlook)

BOOST_AUTO_TEST_CASE(each_model_of_a_provider_has_a_state_of_its_own) {
    FailoverRig rig({route("m", {{{"a", "fast", 1}, {"a", "slow", 1}}, tier({"b"})})});
    rig.providers.models[{0, "fast"}].availability = Availability::breaker_open;
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/slow");
    rig.providers.models[{0, "slow"}].availability = Availability::breaker_open;
    BOOST_TEST(rig.next(plan) == "b/m");
}

// R7
BOOST_AUTO_TEST_CASE(what_the_provider_says_may_be_repeated_is_not_final) {
    for (const auto code : {Code::invalid, Code::no_memory, Code::auth, Code::forbidden,
                            Code::not_found, Code::unsupported}) {
        FailoverRig rig({route("m", {tier({"a"})})});
        auto plan = rig.plan("m");
        rig.next(plan);
        const auto after = plan.failed(*rig.attempt, retryable(code));
        BOOST_TEST((after.onward == Onward::elsewhere));
        BOOST_TEST(after.counts);
        BOOST_TEST(rig.next(plan) == "a/m");
    }
    FailoverRig rig({route("m", {tier({"a"})})});
    auto plan = rig.plan("m");
    rig.next(plan);
    BOOST_TEST((plan.failed(*rig.attempt, retryable(Code::cancelled)).onward == Onward::nowhere));
}

BOOST_AUTO_TEST_CASE(a_provider_takes_another_attempt_if_its_state_lets_it) {
    for (const auto state : kEveryState) {
        for (const bool connect : {true, false}) {
            FailoverRig rig({route("m", {tier({"a"})})});
            rig.settings.connect_on_demand = connect;
            auto plan = rig.plan("m");
            rig.next(plan);
            rig.fail(plan);
            rig.set(0, state);
            const bool connects = connect && (state == Availability::disconnected ||
                                              state == Availability::connecting);
            const bool admits =
                connects || state == Availability::ready || state == Availability::cooling_down;
            BOOST_TEST(plan.outlook(*rig.attempt, rig.now, rig.providers).admits == admits);
        }
    }
}

BOOST_AUTO_TEST_CASE(by_force_only_a_hand_keeps_a_provider_from_another_attempt) {
    for (const auto state : kEveryState) {
        FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
        rig.set(0, Availability::breaker_open);
        FailoverRequest request;
        request.pin = PinnedProvider{0, true};
        auto plan = rig.plan("m", request);
        BOOST_TEST(rig.next(plan) == "a/m!");
        rig.fail(plan);
        rig.set(0, state);
        const bool by_hand =
            state == Availability::disabled || state == Availability::kept_disconnected;
        const Outlook outlook = plan.outlook(*rig.attempt, rig.now, rig.providers);
        BOOST_TEST(outlook.admits == !by_hand);
        BOOST_TEST(!outlook.alternatives);
    }
}

BOOST_AUTO_TEST_CASE(a_last_resort_is_no_reason_for_another_attempt) {
    FailoverRig rig({route("m", {tier({"a"})})});
    rig.settings.last_resort = true;
    rig.set(0, Availability::breaker_open);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/m!");
    rig.fail(plan);
    BOOST_TEST(!plan.outlook(*rig.attempt, rig.now, rig.providers).admits);
}

BOOST_AUTO_TEST_CASE(whoever_has_not_been_asked_is_an_alternative) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    auto plan = rig.plan("m");
    rig.next(plan);
    rig.fail(plan);
    BOOST_TEST(plan.outlook(*rig.attempt, rig.now, rig.providers).alternatives);
    rig.set(1, Availability::disabled);
    BOOST_TEST(!plan.outlook(*rig.attempt, rig.now, rig.providers).alternatives);
}

BOOST_AUTO_TEST_CASE(to_wait_for_a_provider_is_an_alternative_to_its_open_breaker) {
    FailoverRig rig({route("m", {tier({"a"})})});
    rig.settings.wait_when_down = 10s;
    auto plan = rig.plan("m");
    rig.next(plan);
    Error error(Code::unavailable, "It failed.");
    BOOST_TEST_REQUIRE(error.retryable);
    plan.failed(*rig.attempt, error);
    const Attempt attempt = *rig.attempt;
    const auto waits = [&] { return plan.outlook(attempt, rig.now, rig.providers).alternatives; };
    BOOST_TEST(!waits());  // it takes another attempt: that is RetryPlan's affair
    rig.set(0, Availability::breaker_open, rig.now + 5s);
    BOOST_TEST(waits());
    BOOST_TEST(rig.next(plan) == "wait 5000ms");
    rig.now += 10s;
    BOOST_TEST(!waits());  // the wait is over
}

BOOST_AUTO_TEST_CASE(asking_for_the_outlook_does_not_begin_the_wait) {
    FailoverRig rig({route("m", {tier({"a"})})});
    rig.settings.wait_when_down = 10s;
    auto plan = rig.plan("m");
    rig.next(plan);
    rig.fail(plan);
    rig.set(0, Availability::breaker_open);
    BOOST_TEST(plan.outlook(*rig.attempt, rig.now, rig.providers).alternatives);
    rig.now += 1h;
    BOOST_TEST(rig.next(plan) == "wait 10000ms");
}

BOOST_AUTO_TEST_CASE(a_final_failure_has_no_outlook) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    rig.settings.wait_when_down = 10s;
    auto plan = rig.plan("m");
    rig.next(plan);
    rig.fail(plan, Code::invalid);
    rig.set(0, Availability::breaker_open);
    BOOST_TEST(!plan.outlook(*rig.attempt, rig.now, rig.providers).alternatives);
}

// R15
BOOST_AUTO_TEST_CASE(the_causes_of_all_attempts_at_the_only_provider_are_told_in_order) {
    FailoverRig rig({route("m", {tier({"a"})})});
    auto plan = rig.plan("m");
    for (const char* message : {"Refused.", "Reset.", "Too slow."}) {
        rig.next(plan);
        rig.fail(plan, Code::unavailable, message);
    }
    const Error last(Code::unavailable, "Too slow.");
    BOOST_TEST(plan.explain(last, rig.now, rig.providers).message ==
               "Too slow. Before that, in order: (1) a: Refused; (2) a: Reset.");
}

// R15
BOOST_AUTO_TEST_CASE(a_final_error_comes_first_and_then_what_went_before) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    auto plan = rig.plan("m");
    rig.next(plan);
    rig.fail(plan, Code::unavailable, "Refused.");
    rig.next(plan);
    rig.fail(plan, Code::invalid, "The field is wrong.");
    const Error last(Code::invalid, "The field is wrong.");
    const Error told = plan.explain(last, rig.now, rig.providers);
    BOOST_TEST(told.message == "The field is wrong. Before that: a: Refused.");
    BOOST_TEST((told.code == Code::invalid));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

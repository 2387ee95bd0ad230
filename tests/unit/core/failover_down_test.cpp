#include "failover_support.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

FailoverRig rig() {
    return FailoverRig({route("m", {tier({"a"}), tier({"b"})})});
}

BOOST_AUTO_TEST_SUITE(failover_down)

// L1
BOOST_AUTO_TEST_CASE(with_nobody_to_ask_the_error_has_every_provider_s_reason) {
    FailoverRig down({route("m", {tier({"a", "b"}), tier({"c"}), tier({"d"})})});
    down.set(0, Availability::breaker_open, down.now + 11'001ms);
    down.set(1, Availability::disabled);
    down.set(2, Availability::unhealthy);
    down.providers.reasons[2] = "Connection refused.";
    down.set(3, Availability::cooling_down, down.now + 250ms);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST(down.error.message ==
               "No provider can be asked for the model \"m\": a failed too often lately and is "
               "asked again in 12s; b is disabled (enable it first); c is unhealthy (Connection "
               "refused); d limits "
               "the rate and is asked again in 250ms.");
    BOOST_TEST((down.error.code == Code::unavailable));
    BOOST_TEST(down.error.retryable);
    BOOST_TEST(down.error.not_sent);
    BOOST_TEST((down.error.retry_after_ms == 250));
}

BOOST_AUTO_TEST_CASE(if_all_limit_the_rate_so_does_the_error) {
    auto down = rig();
    down.set_all(Availability::cooling_down);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST((down.error.code == Code::throttled));
    BOOST_TEST(!down.error.retry_after_ms.has_value());
}

BOOST_AUTO_TEST_CASE(if_nobody_comes_back_by_himself_the_error_is_final) {
    auto down = rig();
    down.set(0, Availability::disabled);
    down.set(1, Availability::kept_disconnected);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST(!down.error.retryable);
    BOOST_TEST(down.error.message ==
               "No provider can be asked for the model \"m\": a is disabled (enable it first); "
               "b was disconnected by hand (connect it first).");
}

BOOST_AUTO_TEST_CASE(when_all_have_failed_the_error_is_the_last_one_with_all_reasons) {
    auto down = rig();
    down.settings.repeat = false;
    auto plan = down.plan("m");
    down.next(plan);
    down.fail(plan, Code::unavailable, "Connection refused.");
    down.next(plan);
    down.fail(plan, Code::throttled, "Too many requests.");
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST((down.error.code == Code::throttled));
    BOOST_TEST(!down.error.not_sent);
    BOOST_TEST(down.error.message ==
               "No provider could answer for the model \"m\": a (m) failed: "
               "Connection refused; b (m) failed: Too many requests.");
}

BOOST_AUTO_TEST_CASE(the_only_provider_s_error_is_reported_as_it_is) {
    FailoverRig down({route("m", {tier({"a"})})});
    down.settings.repeat = false;
    auto plan = down.plan("m");
    down.next(plan);
    down.fail(plan, Code::unavailable, "Connection refused.");
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST(down.error.message == "Connection refused.");
}

BOOST_AUTO_TEST_CASE(an_error_that_somebody_else_gives_up_with_is_explained_too) {
    auto down = rig();
    auto plan = down.plan("m");
    down.next(plan);
    down.fail(plan, Code::unavailable, "Connection refused.");
    down.set(1, Availability::misconfigured);
    const Error error = plan.explain(Error(Code::deadline, "x"), down.now, down.providers);
    BOOST_TEST((error.code == Code::deadline));
    BOOST_TEST(error.message ==
               "No provider could answer for the model \"m\": a (m) failed: "
               "Connection refused; b is misconfigured.");
}

BOOST_AUTO_TEST_CASE(many_reasons_are_counted) {
    std::vector<TargetSpec> many;
    for (int i = 0; i < 20; ++i) many.push_back({"a", "model" + std::to_string(i), 1});
    FailoverRig down({route("m", {many})});
    down.settings.repeat = false;
    auto plan = down.plan("m");
    BOOST_TEST(down.all(plan, Code::not_found, 30).ends_with(" error"));
    BOOST_TEST(down.error.message.ends_with("; and 8 more."), down.error.message);
}

BOOST_AUTO_TEST_CASE(without_a_wait_it_fails_at_once) {
    auto down = rig();
    down.set_all(Availability::unhealthy);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(with_a_wait_the_first_that_comes_back_is_asked) {
    auto down = rig();
    down.settings.wait_when_down = 500ms;
    down.set(0, Availability::unhealthy);
    down.set(1, Availability::breaker_open, down.now + 300ms);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "wait 300ms");
    down.now += 100ms;
    BOOST_TEST(down.next(plan) == "wait 200ms");
    down.set(0, Availability::ready);  // earlier than anybody knew
    BOOST_TEST(down.next(plan) == "a/m");
}

BOOST_AUTO_TEST_CASE(the_wait_ends_for_good_though_nobody_came_back) {
    auto down = rig();
    down.settings.wait_when_down = 500ms;
    down.set_all(Availability::unhealthy);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "wait 500ms");
    down.now += 499ms;
    BOOST_TEST(down.next(plan) == "wait 1ms");
    down.now += 1ms;
    BOOST_TEST(down.next(plan) == "error");
    down.now += 1h;
    BOOST_TEST(down.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(a_time_that_has_passed_does_not_make_the_wait_a_busy_one) {
    auto down = rig();
    down.settings.wait_when_down = 500ms;
    down.set(0, Availability::breaker_open, down.now - 1ms);
    down.set(1, Availability::breaker_open, down.now);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "wait 500ms");
}

BOOST_AUTO_TEST_CASE(the_wait_ends_with_the_request) {
    auto down = rig();
    down.settings.wait_when_down = 500ms;
    down.set_all(Availability::unhealthy);
    FailoverRequest request;
    request.deadline = down.now + 200ms;
    auto plan = down.plan("m", request);
    BOOST_TEST(down.next(plan) == "wait 200ms");
    down.now += 200ms;
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST((down.error.code == Code::deadline));
    BOOST_TEST(down.error.not_sent);
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_those_who_do_not_come_back) {
    for (const auto state : {Availability::disabled, Availability::misconfigured,
                             Availability::kept_disconnected, Availability::disconnecting}) {
        auto down = rig();
        down.settings.wait_when_down = 500ms;
        down.set_all(state);
        auto plan = down.plan("m");
        BOOST_TEST(down.next(plan) == "error");
    }
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_those_whose_failure_does_not_pass) {
    auto down = rig();
    down.settings.wait_when_down = 500ms;
    auto plan = down.plan("m");
    for (const auto provider : {0U, 1U}) {
        down.next(plan);
        down.fail(plan, Code::not_found);
        down.set(provider, Availability::unhealthy);
    }
    BOOST_TEST(down.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(without_last_resort_one_in_a_bad_state_is_never_asked) {
    auto down = rig();
    down.set_all(Availability::breaker_open);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(as_a_last_resort_the_least_bad_one_is_asked_once) {
    FailoverRig down({route("m", {tier({"a", "b"}), tier({"c", "d"})})});
    down.settings.last_resort = true;
    down.set(0, Availability::unhealthy);
    down.set(1, Availability::breaker_open, down.now + 10s);
    down.set(2, Availability::breaker_open, down.now + 20s);
    down.set(3, Availability::disabled);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "b/m!");
    down.fail(plan);
    BOOST_TEST(down.next(plan) == "error");
    BOOST_TEST((down.error.code == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(the_last_resort_comes_after_the_wait_and_never_takes_a_disabled_one) {
    auto down = rig();
    down.settings.last_resort = true;
    down.settings.wait_when_down = 500ms;
    down.set(0, Availability::disabled);
    down.set(1, Availability::unhealthy);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan) == "wait 500ms");
    down.now += 500ms;
    BOOST_TEST(down.next(plan) == "b/m!");
    down.set(1, Availability::kept_disconnected);
    auto other = down.plan("m");
    BOOST_TEST(down.next(other) == "error");
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_refused_by_name) {
    FailoverSettings settings;
    BOOST_TEST(settings.validate().has_value());
    settings.wait_when_down = 2h;
    BOOST_TEST(settings.validate().error().message ==
               "wait_when_down is 2h, but must be between 0s and 1h.");
}

BOOST_AUTO_TEST_CASE(the_last_of_several_attempts_is_no_probe_while_somebody_else_is_there) {
    FailoverRig down({route("m", {tier({"a"}), tier({"b"}), tier({"c"})})});
    down.set(0, Availability::breaker_open);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan, 2) == "b/m");
    down.fail(plan);
    down.set(0, Availability::ready);
    down.providers.states[0].on_probation = true;
    BOOST_TEST(down.next(plan, 1) == "c/m");
    BOOST_TEST(down.next(plan, 2) == "a/m");
}

BOOST_AUTO_TEST_CASE(the_last_attempt_goes_to_another_model_rather_than_on_a_probe) {
    auto asked = route("m", {tier({"a", "b"})});
    chain(asked, Cause::unavailable) = {"n"};
    FailoverRig down({std::move(asked), route("n", {tier({"c"})})});
    down.set(1, Availability::breaker_open);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan, 2) == "a/m");
    down.fail(plan);
    down.set(1, Availability::ready);
    down.providers.states[1].on_probation = true;
    BOOST_TEST(down.next(plan, 1) == "c/n");
}

BOOST_AUTO_TEST_CASE(the_last_attempt_is_a_probe_if_nobody_else_is_there) {
    auto down = rig();
    down.set(0, Availability::breaker_open);
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan, 2) == "b/m");
    down.fail(plan);
    down.set(0, Availability::ready);
    down.providers.states[0].on_probation = true;
    BOOST_TEST(down.next(plan, 1) == "a/m");
}

// Or nobody would find out that it works again where there are no retries.
BOOST_AUTO_TEST_CASE(an_only_attempt_may_be_a_probe) {
    auto down = rig();
    down.providers.states[0].on_probation = true;
    auto plan = down.plan("m");
    BOOST_TEST(down.next(plan, 1) == "a/m");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include "core/failover.hpp"

#include "failover_support.hpp"
#include "heap_count.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>
#include <string>

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Onward = AfterFailure::Onward;

BOOST_AUTO_TEST_SUITE(failover)

// L10
BOOST_AUTO_TEST_CASE(each_provider_is_visited_once_in_the_order_of_the_tiers) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"}), tier({"c"}), tier({"d"})})});
    rig.settings.repeat = false;
    auto plan = rig.plan("m");
    BOOST_TEST(rig.all(plan, Code::unavailable) == "a/m b/m c/m d/m error");
}

// L10
BOOST_AUTO_TEST_CASE(all_members_of_a_tier_are_visited_before_the_next_one) {
    std::set<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        FailoverRig rig({route("m", {tier({"a", "b", "c"}), tier({"d"})})});
        rig.random = Random(seed);
        rig.settings.repeat = false;
        auto plan = rig.plan("m");
        orders.insert(rig.all(plan, Code::unavailable));
    }
    BOOST_TEST(orders.size() == 6U);  // the balancer decides within the tier
    for (const auto& order : orders) BOOST_TEST(order.ends_with(" d/m error"));
}

// L10
BOOST_AUTO_TEST_CASE(after_a_commit_nobody_else_is_asked) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/m");
    plan.committed();
    BOOST_TEST((rig.fail(plan, Code::unavailable, "Cut short.").onward == Onward::nowhere));
    BOOST_TEST(!plan.has_alternative(rig.providers));
    BOOST_TEST(rig.next(plan) == "error");
    BOOST_TEST(rig.error.message == "Cut short.");
}

// L10
BOOST_AUTO_TEST_CASE(at_the_deadline_nobody_else_is_asked) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    FailoverRequest request;
    request.deadline = rig.now + 5s;
    auto plan = rig.plan("m", request);
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.fail(plan);
    rig.now += 5s - 1ns;
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.now += 1ns;
    BOOST_TEST(rig.next(plan) == "error");
    BOOST_TEST((rig.error.code == Code::deadline));
    BOOST_TEST(rig.error.message ==
               "The time for an answer of the model \"m\" is over: a (m) "
               "failed: It failed; b was not asked.");
}

BOOST_AUTO_TEST_CASE(without_an_attempt_left_nobody_else_is_asked) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan, 1) == "a/m");
    rig.fail(plan);
    BOOST_TEST(rig.next(plan, 0) == "error");
    BOOST_TEST((rig.error.code == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(who_cannot_be_asked_is_skipped) {
    for (const auto state :
         {Availability::breaker_open, Availability::unhealthy, Availability::cooling_down,
          Availability::misconfigured, Availability::disconnecting, Availability::disabled,
          Availability::kept_disconnected}) {
        FailoverRig rig({route("m", {tier({"a", "b"}), tier({"c"})})});
        rig.set(0, state);
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "b/m");
        rig.set(1, state);
        BOOST_TEST(rig.next(plan) == "c/m");
    }
}

// L12
BOOST_AUTO_TEST_CASE(a_drained_provider_gets_no_request) {
    auto spec = route("m", {tier({"a"}), tier({"b"})});
    spec.tiers[0][0].weight = 0;
    FailoverRig rig({spec});
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "b/m");
}

BOOST_AUTO_TEST_CASE(one_that_came_back_is_asked_before_a_lower_tier) {
    FailoverRig rig({route("m", {tier({"a", "b"}), tier({"c"}), tier({"d"})})});
    rig.set(1, Availability::breaker_open);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.fail(plan);
    BOOST_TEST(rig.next(plan) == "c/m");
    rig.fail(plan);
    rig.set(1, Availability::ready);
    BOOST_TEST(rig.next(plan) == "b/m");
}

BOOST_AUTO_TEST_CASE(when_nothing_else_is_left_a_failure_that_may_pass_is_tried_again) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.fail(plan, Code::throttled);
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.fail(plan, Code::unavailable);
    BOOST_TEST(rig.next(plan) == "a/m");  // both once more, then both a third time
    rig.fail(plan, Code::throttled);
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.fail(plan, Code::auth);  // which will not pass
    BOOST_TEST(rig.next(plan) == "a/m");
    rig.fail(plan, Code::throttled);
    BOOST_TEST(rig.next(plan) == "a/m");
}

BOOST_AUTO_TEST_CASE(a_final_failure_is_not_repeated) {
    FailoverRig rig({route("m", {tier({"a"})})});
    for (const auto code : {Code::auth, Code::forbidden, Code::not_found, Code::unsupported}) {
        auto plan = rig.plan("m");
        BOOST_TEST(rig.all(plan, code) == "a/m error");
        BOOST_TEST((rig.error.code == code));
    }
}

BOOST_AUTO_TEST_CASE(an_attempt_that_was_never_sent_may_be_repeated_whatever_it_was) {
    FailoverRig rig({route("m", {tier({"a"})})});
    auto plan = rig.plan("m");
    rig.next(plan);
    Error error(Code::deadline, "Not connected in time.");
    BOOST_TEST(!error.retryable);
    error.not_sent = true;
    plan.failed(*rig.attempt, error);
    BOOST_TEST(rig.next(plan) == "a/m");
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_not_eligible_costs_no_attempt) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    for (const auto code : {Code::auth, Code::forbidden, Code::not_found, Code::unsupported}) {
        auto plan = rig.plan("m");
        rig.next(plan);
        const auto after = rig.fail(plan, code);
        BOOST_TEST(!after.counts);
        BOOST_TEST((after.onward == Onward::elsewhere));
    }
    auto plan = rig.plan("m");
    rig.next(plan);
    BOOST_TEST(rig.fail(plan, Code::unavailable).counts);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_request_ends_it_with_the_error_as_it_is) {
    for (const auto code :
         {Code::invalid, Code::cancelled, Code::no_memory, Code::too_large, Code::refused}) {
        FailoverRig rig({route("m", {tier({"a", "b"})})});
        auto plan = rig.plan("m");
        rig.next(plan);
        BOOST_TEST((rig.fail(plan, code, "The field is wrong.").onward == Onward::nowhere));
        BOOST_TEST(rig.next(plan) == "error");
        BOOST_TEST((rig.error.code == code));
        BOOST_TEST(rig.error.message == "The field is wrong.");
    }
}

BOOST_AUTO_TEST_CASE(a_failure_that_blames_the_provider_takes_its_other_models_with_it) {
    auto spec = route("m", {tier({"a"}), tier({"b"})});
    spec.tiers.insert(spec.tiers.begin() + 1, {{"a", "other", 1}});
    for (const auto code : {Code::unavailable, Code::deadline, Code::protocol, Code::auth}) {
        FailoverRig rig({spec});
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "a/m");
        rig.fail(plan, code);
        BOOST_TEST(rig.next(plan) == "b/m");
    }
    for (const auto code : {Code::throttled, Code::overloaded, Code::not_found, Code::forbidden}) {
        FailoverRig rig({spec});
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "a/m");
        rig.fail(plan, code);
        BOOST_TEST(rig.next(plan) == "a/other");
    }
}

BOOST_AUTO_TEST_CASE(what_a_server_reports_with_a_status_is_the_model_s_unless_it_says_otherwise) {
    auto spec = route("m", {tier({"a"}), tier({"b"})});
    spec.tiers.insert(spec.tiers.begin() + 1, {{"a", "other", 1}});
    Error broken(Code::unavailable, "It broke.");
    broken.http_status = 500;
    Error down = broken;
    down.scope = Scope::provider;
    Error rejected(Code::unavailable, "The breaker of model m is open.");
    rejected.scope = Scope::request;
    rejected.not_sent = true;
    const std::pair<Error, const char*> then[] = {
        {broken, "a/other"}, {down, "b/m"}, {rejected, "a/other"}};
    for (const auto& [error, next] : then) {
        FailoverRig rig({spec});
        auto plan = rig.plan("m");
        BOOST_TEST(rig.next(plan) == "a/m");
        static_cast<void>(plan.failed(*rig.attempt, error));
        BOOST_TEST(rig.next(plan) == next);
    }
}

BOOST_AUTO_TEST_CASE(a_disconnected_provider_is_connected_on_demand_after_those_of_its_tier) {
    FailoverRig rig({route("m", {tier({"a", "b", "c"}), tier({"d"})})});
    rig.set(0, Availability::disconnected);
    rig.set(2, Availability::connecting);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.fail(plan);
    const std::string third = rig.next(plan);
    BOOST_TEST((third == "a/m+" || third == "c/m+"));
    rig.fail(plan);
    BOOST_TEST(rig.next(plan) == (third == "a/m+" ? "c/m+" : "a/m+"));
    rig.fail(plan);
    BOOST_TEST(rig.next(plan) == "d/m");
}

BOOST_AUTO_TEST_CASE(a_disconnected_provider_is_skipped_where_that_is_configured) {
    FailoverRig rig({route("m", {tier({"a"}), tier({"b"})})});
    rig.settings.connect_on_demand = false;
    rig.set(0, Availability::disconnected);
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.set(0, Availability::connecting);
    BOOST_TEST(rig.next(plan) == "b/m");
}

BOOST_AUTO_TEST_CASE(one_that_starts_slowly_is_taken_beyond_its_share_before_another_model) {
    auto spec = route("m", {tier({"a"}), tier({"b"})});
    chain(spec, Cause::unavailable) = {"n"};
    FailoverRig rig({spec, route("n", {tier({"c"})})});
    auto& load = rig.providers.states[0].load;
    load.since = rig.now;
    load.capacity = 10;
    load.in_flight = 1;
    auto plan = rig.plan("m");
    BOOST_TEST(rig.next(plan) == "b/m");
    rig.set(1, Availability::breaker_open);
    BOOST_TEST(rig.next(plan) == "a/m");
}

BOOST_AUTO_TEST_CASE(an_alternative_is_somebody_who_can_be_asked_and_has_not_been) {
    auto spec = route("m", {tier({"a"}), tier({"b"})});
    FailoverRig rig({spec});
    auto plan = rig.plan("m");
    rig.next(plan);
    rig.fail(plan);
    BOOST_TEST(plan.has_alternative(rig.providers));
    rig.set(1, Availability::breaker_open);
    BOOST_TEST(!plan.has_alternative(rig.providers));
    rig.set(1, Availability::disconnected);
    BOOST_TEST(plan.has_alternative(rig.providers));
    rig.settings.connect_on_demand = false;
    BOOST_TEST(!plan.has_alternative(rig.providers));
    rig.set(1, Availability::ready);
    rig.next(plan);
    rig.fail(plan);
    BOOST_TEST(!plan.has_alternative(rig.providers));  // to ask a again is RetryPlan's choice
}

BOOST_AUTO_TEST_CASE(an_alternative_may_be_at_the_end_of_a_chain_of_chains) {
    auto m = route("m", {tier({"a"})});
    auto n = route("n", {tier({"b"})});
    chain(m, Cause::throttled) = {"n"};
    chain(n, Cause::unavailable) = {"o"};
    for (const bool nested : {true, false}) {
        FailoverRig rig({m, n, route("o", {tier({"c"})})}, nested);
        rig.set(1, Availability::disabled);
        auto plan = rig.plan("m");
        rig.next(plan);
        rig.fail(plan, Code::throttled);
        BOOST_TEST(plan.has_alternative(rig.providers) == nested);
        BOOST_TEST(rig.next(plan) == (nested ? "c/o" : "a/m"));
    }
}

BOOST_AUTO_TEST_CASE(the_session_s_provider_is_asked_first) {
    FailoverRig rig({route("m", {tier({"a", "b", "c", "d"})})});
    BalancerSettings sticky;
    sticky.session_affinity = true;
    rig.balancers = balancers_for(rig.table, sticky);
    FailoverRequest request;
    request.session = 42;
    std::set<std::string> first;
    std::set<std::string> second;
    for (int i = 0; i < 50; ++i) {
        auto plan = rig.plan("m", request);
        first.insert(rig.next(plan));
        rig.fail(plan);
        second.insert(rig.next(plan));
    }
    BOOST_TEST(first.size() == 1U);
    BOOST_TEST(second.size() == 1U);
    BOOST_TEST(*first.begin() != *second.begin());
}

BOOST_AUTO_TEST_CASE(every_tier_has_a_balancer_with_room_for_its_members) {
    FailoverRig rig(
        {route("m", {tier({"a", "b", "c"}), tier({"d"})}), route("n", {tier({"a", "b"})})});
    BOOST_REQUIRE(rig.balancers.size() == rig.table.tiers());
    for (const auto& each : rig.table.routes()) {
        for (const auto& tier : each.tiers) {
            BOOST_TEST(rig.balancers[tier.index].room().size() == tier.targets.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_succeeds_at_once_allocates_nothing) {
    FailoverRig rig({route("a-model-with-a-long-name", {tier({"a", "b", "c"}), tier({"d"})})});
    const auto match = *rig.table.find("a-model-with-a-long-name");
    const auto before = heap_allocations();
    FailoverPlan plan(rig.table, rig.settings, match, {});
    const Step step = plan.next(rig.now, 3, rig.providers, rig.balancers, rig.random);
    plan.committed();
    BOOST_TEST(heap_allocations() == before);
    BOOST_TEST(std::holds_alternative<Attempt>(step));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

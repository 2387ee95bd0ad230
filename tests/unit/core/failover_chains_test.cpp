#include "failover_support.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace tenon::core {
namespace {

using Onward = AfterFailure::Onward;

/// "m" at a and b, and for each cause a model of its own at c or d.
FailoverRig rig(bool nested = true) {
    auto m = route("m", {tier({"a"}), tier({"b"})});
    chain(m, Cause::unavailable) = {"backup"};
    chain(m, Cause::deadline) = {"fast"};
    chain(m, Cause::throttled) = {"cheap"};
    chain(m, Cause::context_window) = {"large", "huge"};
    chain(m, Cause::content_filter) = {"open"};
    FailoverRig out({m, route("backup", {tier({"c"})}), route("fast", {tier({"c"})}),
                     route("cheap", {tier({"c"})}), route("large", {tier({"a"}), tier({"c"})}),
                     route("huge", {tier({"a"}), tier({"d"})}), route("open", {tier({"d"})})},
                    nested);
    out.settings.repeat = false;
    return out;
}

BOOST_AUTO_TEST_SUITE(failover_chains)

BOOST_AUTO_TEST_CASE(when_the_model_s_providers_have_failed_the_chain_of_the_cause_follows) {
    for (const auto& [code, chain] : {std::pair{Code::unavailable, "c/backup"},
                                      {Code::protocol, "c/backup"},
                                      {Code::internal, "c/backup"},
                                      {Code::auth, "c/backup"},
                                      {Code::not_found, "c/backup"},
                                      {Code::deadline, "c/fast"},
                                      {Code::throttled, "c/cheap"},
                                      {Code::overloaded, "c/cheap"}}) {
        auto chains = rig();
        auto plan = chains.plan("m");
        const std::string steps = chains.all(plan, code);
        BOOST_TEST(steps.starts_with("a/m b/m " + std::string(chain) + " "), steps);
    }
}

BOOST_AUTO_TEST_CASE(the_last_failure_names_the_cause) {
    auto chains = rig();
    auto plan = chains.plan("m");
    chains.next(plan);
    chains.fail(plan, Code::unavailable);
    chains.next(plan);
    chains.fail(plan, Code::throttled);
    BOOST_TEST(chains.next(plan) == "c/cheap");
    chains.fail(plan, Code::throttled);
    // Its end is not the request's: m is unavailable too.
    BOOST_TEST(chains.next(plan) == "c/backup");
}

BOOST_AUTO_TEST_CASE(if_nobody_can_be_asked_the_states_name_the_cause) {
    auto chains = rig();
    chains.set(0, Availability::cooling_down);
    chains.set(1, Availability::cooling_down);
    auto throttled = chains.plan("m");
    BOOST_TEST(chains.next(throttled) == "c/cheap");
    chains.set(1, Availability::breaker_open);
    auto unavailable = chains.plan("m");
    BOOST_TEST(chains.next(unavailable) == "c/backup");
}

BOOST_AUTO_TEST_CASE(a_request_too_large_goes_at_once_to_the_larger_models) {
    auto chains = rig();
    auto plan = chains.plan("m");
    BOOST_TEST(chains.next(plan) == "a/m");
    BOOST_TEST((chains.fail(plan, Code::too_large).onward == Onward::other_model));
    BOOST_TEST(chains.next(plan) == "a/large");  // not b/m, and a again: it is not to blame
    BOOST_TEST((chains.fail(plan, Code::too_large).onward == Onward::other_model));
    BOOST_TEST(chains.next(plan) == "a/huge");  // not c/large, which is no larger
    BOOST_TEST((chains.fail(plan, Code::unavailable).onward == Onward::elsewhere));
    BOOST_TEST(chains.next(plan) == "d/huge");
    BOOST_TEST((chains.fail(plan, Code::too_large, "Still too large.").onward == Onward::nowhere));
    BOOST_TEST(chains.next(plan) == "error");
    BOOST_TEST(chains.error.message == "Still too large.");
}

BOOST_AUTO_TEST_CASE(a_larger_model_that_is_down_is_followed_by_the_next_larger_one) {
    auto chains = rig();
    auto plan = chains.plan("m");
    chains.next(plan);
    chains.set(0, Availability::breaker_open);
    chains.set(2, Availability::breaker_open);
    chains.fail(plan, Code::too_large);
    BOOST_TEST(chains.next(plan) == "d/huge");
}

BOOST_AUTO_TEST_CASE(a_refused_request_goes_at_once_to_the_chain_of_the_content_filter) {
    auto chains = rig();
    auto plan = chains.plan("m");
    chains.next(plan);
    BOOST_TEST((chains.fail(plan, Code::refused).onward == Onward::other_model));
    BOOST_TEST(chains.next(plan) == "d/open");
    BOOST_TEST((chains.fail(plan, Code::refused).onward == Onward::nowhere));
}

BOOST_AUTO_TEST_CASE(a_model_that_did_not_fit_does_not_come_back_by_another_chain) {
    auto m = route("m", {tier({"a"}), tier({"b"})});
    auto large = route("large", {tier({"c"})});
    chain(m, Cause::context_window) = {"large"};
    chain(large, Cause::unavailable) = {"m"};
    FailoverRig chains({m, large});
    chains.settings.repeat = false;
    auto plan = chains.plan("m");
    chains.next(plan);
    chains.fail(plan, Code::too_large);
    BOOST_TEST(chains.next(plan) == "c/large");
    chains.fail(plan, Code::unavailable);
    BOOST_TEST(!plan.has_alternative(chains.providers));
    BOOST_TEST(chains.next(plan) == "error");
}

BOOST_AUTO_TEST_CASE(a_backup_that_is_too_small_leads_to_the_larger_models_of_the_one_asked_for) {
    for (const bool nested : {true, false}) {
        auto chains = rig(nested);
        chains.set(0, Availability::disabled);
        chains.set(1, Availability::disabled);
        auto plan = chains.plan("m");
        BOOST_TEST(chains.next(plan) == "c/backup");
        BOOST_TEST((chains.fail(plan, Code::too_large).onward == Onward::other_model));
        BOOST_TEST(chains.next(plan) == "c/large");
    }
}

BOOST_AUTO_TEST_CASE(a_chain_s_own_chain_follows_only_where_they_are_nested) {
    auto m = route("m", {tier({"a"})});
    auto n = route("n", {tier({"b"})});
    chain(m, Cause::unavailable) = {"n"};
    chain(n, Cause::unavailable) = {"o"};
    const std::vector<RouteSpec> routes{m, n, route("o", {tier({"c"})})};
    for (const bool nested : {true, false}) {
        FailoverRig chains(routes, nested);
        chains.settings.repeat = false;
        auto plan = chains.plan("m");
        BOOST_TEST(chains.all(plan, Code::unavailable) ==
                   (nested ? "a/m b/n c/o error" : "a/m b/n error"));
    }
}

BOOST_AUTO_TEST_CASE(mutual_fall_backs_end_when_each_has_been_asked) {
    auto m = route("m", {tier({"a"})});
    auto n = route("n", {tier({"b"})});
    chain(m, Cause::unavailable) = {"n"};
    chain(n, Cause::unavailable) = {"m"};
    FailoverRig chains({m, n}, false);
    chains.settings.repeat = false;
    auto plan = chains.plan("n");
    BOOST_TEST(chains.all(plan, Code::unavailable) == "b/n a/m error");
}

BOOST_AUTO_TEST_CASE(a_candidate_in_two_models_is_asked_once) {
    auto m = route("m", {{{"a", "same", 1}}});
    chain(m, Cause::throttled) = {"x-same"};
    FailoverRig chains({m, route("x-*", {{{"a", "*", 1}, {"b", "*", 1}}})});
    chains.settings.repeat = false;
    auto plan = chains.plan("m");
    BOOST_TEST(chains.all(plan, Code::throttled) == "a/same b/same error");
}

BOOST_AUTO_TEST_CASE(two_names_of_a_prefix_are_two_models) {
    auto wild = route("gpt-*", {tier({"a"})});
    chain(wild, Cause::context_window) = {"gpt-large"};
    FailoverRig chains({wild});
    auto plan = chains.plan("gpt-small");
    BOOST_TEST(chains.next(plan) == "a/gpt-small");
    chains.fail(plan, Code::too_large);
    BOOST_TEST(chains.next(plan) == "a/gpt-large");
    chains.fail(plan, Code::too_large);
    BOOST_TEST(chains.next(plan) == "error");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

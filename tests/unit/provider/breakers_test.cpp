#include <boost/test/unit_test.hpp>

#include <type_traits>

#include "breakers_support.hpp"

namespace tenon::provider {
namespace {

using namespace breakers_tests;

static_assert(!std::is_copy_constructible_v<Pass>);
static_assert(std::is_nothrow_move_constructible_v<Pass>);
static_assert(std::is_nothrow_move_assignable_v<Pass>);

BOOST_AUTO_TEST_SUITE(breakers)

// --- Whose failure it is

BOOST_AUTO_TEST_CASE(an_error_that_the_server_reports_is_its_models) {
    Rig rig;
    rig.attempts(5, kModelFails, "m");
    BOOST_TEST(rig.look("m").state == BreakerState::open);
    BOOST_TEST(rig.look().counts.successes == 5U);  // it has answered
    BOOST_TEST(rig.look().counts.failures == 0U);
    rig.attempts(1, kAnswer, "n");
    BOOST_TEST(!rig.breakers.admit("m", rig.now).has_value());
}

BOOST_AUTO_TEST_CASE(all_other_failures_are_the_providers) {
    const Error all_down = with_status(503, Scope::provider);
    const Error garbled(Code::protocol, "not HTTP");
    const core::AttemptEnd ends[] = {
        kProviderFails,
        {.error = &all_down},
        {.error = &garbled},
        {.stop = Stop::attempt_timeout},
        // What the plugin says once it is told to stop is not the server's answer.
        {.stop = Stop::attempt_timeout, .error = &kServerError},
    };
    for (const auto& end : ends) {
        Rig rig;
        rig.attempts(4, end);
        BOOST_TEST(rig.look().counts.failures == 4U);
        BOOST_TEST(rig.models() == 0U);
        rig.attempts(1, end);
        BOOST_TEST(rig.look().state == BreakerState::open);
    }
}

BOOST_AUTO_TEST_CASE(a_failure_without_a_model_is_the_providers) {
    Rig rig;
    rig.attempts(5, kModelFails, "");
    BOOST_TEST(rig.look().state == BreakerState::open);
    BOOST_TEST(rig.models() == 0U);
}

BOOST_AUTO_TEST_CASE(a_providers_failure_tells_its_models_nothing) {
    Rig rig;
    rig.attempts(1, kModelFails);
    rig.attempts(2, kProviderFails);
    BOOST_TEST(rig.look("m").counts.total() == 1U);
    BOOST_TEST(rig.look().counts.failures == 2U);
}

BOOST_AUTO_TEST_CASE(a_success_counts_for_both) {
    Rig rig;
    rig.attempts(1, kModelFails);
    rig.attempts(2, kAnswer);
    BOOST_TEST(rig.look("m").counts.successes == 2U);
    BOOST_TEST(rig.look().counts.successes == 3U);
}

BOOST_AUTO_TEST_CASE(an_answer_about_a_bad_request_is_a_success_for_both) {
    Rig rig;
    Error bad_request = kBadRequest;
    bad_request.http_status = 400;
    rig.attempts(1, kModelFails);
    rig.attempts(1, {.error = &bad_request});
    BOOST_TEST(rig.look("m").counts.successes == 1U);
    BOOST_TEST(rig.look().counts.successes == 2U);
}

BOOST_AUTO_TEST_CASE(what_says_nothing_counts_for_none) {
    Rig rig;
    const Error throttled(Code::throttled, "slow down");
    rig.attempts(1, kModelFails);
    rig.attempts(20, kNothing);
    rig.attempts(20, {.stop = Stop::not_admitted, .error = &kServerError});
    rig.attempts(20, {.error = &throttled});
    BOOST_TEST(rig.look("m").counts.total() == 1U);
    BOOST_TEST(rig.look().counts.total() == 1U);  // the first
}

BOOST_AUTO_TEST_CASE(a_report_returns_the_verdict) {
    Rig rig;
    Error key(Code::auth, "wrong key");
    BOOST_TEST(rig.admit().report({.error = &key}, rig.now).misconfigured);
    BOOST_TEST((rig.admit().report(kAnswer, rig.now).outcome == Outcome::success));
}

// --- Passes

BOOST_AUTO_TEST_CASE(only_the_first_report_counts) {
    Rig rig;
    Pass pass = rig.admit();
    for (int i = 0; i < 10; ++i) pass.report(kProviderFails, rig.now);
    BOOST_TEST(rig.look().counts.failures == 1U);
}

BOOST_AUTO_TEST_CASE(a_pass_that_was_moved_reports_once) {
    Rig rig;
    Pass first = rig.admit();
    Pass second = std::move(first);
    first.report(kProviderFails, rig.now);
    BOOST_TEST(rig.look().counts.failures == 0U);
    second.report(kProviderFails, rig.now);
    BOOST_TEST(rig.look().counts.failures == 1U);
}

// B9
BOOST_AUTO_TEST_CASE(a_pass_that_is_dropped_counts_nothing_and_frees_the_providers_probe) {
    Rig rig;
    rig.attempts(5, kProviderFails);
    rig.now += seconds(30);
    {
        const Pass probe = rig.admit();
        BOOST_TEST(probe.is_probe());
        BOOST_TEST(!rig.breakers.admit("m", rig.now).has_value());
    }
    BOOST_TEST(rig.look().state == BreakerState::half_open);
    BOOST_TEST(rig.look().probes_in_flight == 0);
    BOOST_TEST(rig.admit().is_probe());
}

// B9
BOOST_AUTO_TEST_CASE(a_pass_that_is_dropped_frees_the_models_probe) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.now += seconds(30);
    (void)rig.admit();
    BOOST_TEST(rig.look("m").probes_in_flight == 0);
    Pass probe = rig.admit();
    probe = rig.admit("n");  // as does an assignment
    BOOST_TEST(rig.look("m").probes_in_flight == 0);
}

// B10
BOOST_AUTO_TEST_CASE(a_probe_that_was_not_admitted_elsewhere_frees_its_places) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.attempts(5, kProviderFails, "n");
    rig.now += seconds(30);
    rig.admit().report({.stop = Stop::not_admitted}, rig.now);
    BOOST_TEST(rig.look().state == BreakerState::half_open);
    BOOST_TEST(rig.look().probes_in_flight == 0);
    BOOST_TEST(rig.look("m").state == BreakerState::half_open);
    BOOST_TEST(rig.look("m").probes_in_flight == 0);
}

// B10
BOOST_AUTO_TEST_CASE(a_providers_probe_whose_model_is_rejected_frees_its_place) {
    Rig rig;
    (void)rig.breakers.force_open("m", rig.now);
    rig.attempts(5, kProviderFails, "n");
    rig.now += seconds(30);
    BOOST_TEST((rig.rejection("m").scope == Scope::request));
    BOOST_TEST(rig.look().probes_in_flight == 0);
    BOOST_TEST(rig.admit("n").is_probe());
}

BOOST_AUTO_TEST_CASE(a_pass_is_a_probe_for_either_breaker) {
    Rig rig;
    BOOST_TEST(!rig.admit().is_probe());
    rig.attempts(5, kModelFails);
    rig.now += seconds(30);
    Pass probe = rig.admit();
    BOOST_TEST(probe.is_probe());
    probe.report(kAnswer, rig.now);
    BOOST_TEST(!probe.is_probe());
    BOOST_TEST(rig.look("m").state == BreakerState::closed);
    BOOST_TEST(!rig.admit().is_probe());
}

BOOST_AUTO_TEST_CASE(a_strict_probe_does_not_succeed_by_a_bad_request) {
    Rig rig;
    Error bad_request = kBadRequest;
    bad_request.http_status = 400;
    rig.attempts(5, kProviderFails);
    rig.now += seconds(30);
    rig.admit().report({.error = &bad_request, .strict_probe = true}, rig.now);
    BOOST_TEST(rig.look().state == BreakerState::half_open);
    rig.admit().report({.error = &bad_request}, rig.now);
    BOOST_TEST(rig.look().state == BreakerState::closed);
}

BOOST_AUTO_TEST_CASE(a_pass_in_spite_of_open_breakers_counts_nothing) {
    Rig rig;
    rig.attempts(5, kProviderFails);
    const auto before = rig.look();
    Pass pass = Breakers::pass_by();
    BOOST_TEST(!pass.is_probe());
    BOOST_TEST((pass.report(kModelFails, rig.now).outcome == Outcome::failure));
    (void)Breakers::pass_by().report(kAnswer, rig.now);
    BOOST_TEST(rig.look().generation == before.generation);
    BOOST_TEST(rig.look().late == before.late);
    BOOST_TEST(rig.models() == 0U);
}

// --- Looks

BOOST_AUTO_TEST_CASE(who_would_be_admitted_is_ready_now) {
    Rig rig;
    BOOST_TEST(rig.breakers.would_admit("m", rig.now));
    BOOST_TEST((rig.breakers.ready_at("m", rig.now) == rig.now));
    rig.attempts(1, kModelFails);
    BOOST_TEST(rig.breakers.would_admit("m", rig.now));
}

BOOST_AUTO_TEST_CASE(an_open_model_is_ready_when_its_recovery_is_over_and_others_at_once) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.now += seconds(10);
    BOOST_TEST(!rig.breakers.would_admit("m", rig.now));
    BOOST_TEST((rig.breakers.ready_at("m", rig.now) == kStart + seconds(30)));
    BOOST_TEST(rig.breakers.would_admit("n", rig.now));
    BOOST_TEST(rig.breakers.would_admit("", rig.now));
    BOOST_TEST(rig.breakers.would_admit("m", kStart + seconds(30)));
    BOOST_TEST(rig.look("m").state == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(with_both_open_it_is_ready_when_the_later_is) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.now += seconds(10);
    rig.attempts(5, kProviderFails, "n");
    BOOST_TEST((rig.breakers.ready_at("m", rig.now) == kStart + seconds(40)));
    BOOST_TEST((rig.breakers.ready_at("n", rig.now) == kStart + seconds(40)));
}

BOOST_AUTO_TEST_CASE(what_was_opened_by_hand_has_no_time) {
    Rig rig;
    (void)rig.breakers.force_open("m", rig.now);
    BOOST_TEST((rig.breakers.ready_at("m", rig.now) == base::kNoDeadline));
    BOOST_TEST(!rig.breakers.would_admit("m", rig.now));
    (void)rig.breakers.force_open("", rig.now);
    BOOST_TEST((rig.breakers.ready_at("n", rig.now) == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(a_snapshot_has_models_that_are_not_closed_or_have_failures_by_name) {
    Rig rig;
    rig.attempts(1, kModelFails, "zeta");
    rig.attempts(5, kModelFails, "eta");
    rig.attempts(1, kModelFails, "theta");
    rig.breakers.reset("theta", rig.now);
    auto models = rig.breakers.snapshot(rig.now).models;
    BOOST_TEST_REQUIRE(models.size() == 2U);
    BOOST_TEST(models[0].model == "eta");
    BOOST_TEST(models[0].breaker.state == BreakerState::open);
    BOOST_TEST(models[1].model == "zeta");
    BOOST_TEST(models[1].breaker.counts.failures == 1U);

    rig.now += seconds(60);
    models = rig.breakers.snapshot(rig.now).models;
    BOOST_TEST_REQUIRE(models.size() == 1U);
    BOOST_TEST(models[0].model == "eta");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

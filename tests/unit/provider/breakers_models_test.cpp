#include <boost/test/unit_test.hpp>

#include "breakers_support.hpp"

namespace tenon::provider {
namespace {

using namespace breakers_tests;

/// Every model that may have a breaker gets one, with a failure.
void fill(Rig& rig) {
    for (std::size_t i = 0; i < Breakers::kMostModels; ++i) {
        rig.attempts(1, kModelFails, "model-" + std::to_string(i));
    }
}

BOOST_AUTO_TEST_SUITE(breakers_models)

// --- When they are made, and which make room

BOOST_AUTO_TEST_CASE(attempts_that_began_before_their_model_had_a_breaker_count) {
    Rig rig;
    std::vector<Pass> passes;
    for (int i = 0; i < 6; ++i) passes.push_back(rig.admit());
    passes[0].report(kModelFails, rig.now);
    passes[1].report(kAnswer, rig.now);
    BOOST_TEST(rig.look("m").counts.failures == 1U);
    BOOST_TEST(rig.look("m").counts.successes == 1U);
    for (std::size_t i = 2; i < 6; ++i) passes[i].report(kModelFails, rig.now);
    BOOST_TEST(rig.look("m").state == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(
    attempts_that_began_before_their_model_had_a_breaker_do_not_disturb_its_probe) {
    Rig rig;
    std::vector<Pass> passes;
    for (int i = 0; i < 8; ++i) passes.push_back(rig.admit());
    for (std::size_t i = 0; i < 5; ++i) passes[i].report(kModelFails, rig.now);
    rig.now += seconds(30);
    Pass probe = rig.admit();
    passes[5].report(kModelFails, rig.now);
    passes[6].report(kAnswer, rig.now);
    BOOST_TEST(rig.look("m").state == BreakerState::half_open);
    probe.report(kAnswer, rig.now);
    passes[7].report(kModelFails, rig.now);
    BOOST_TEST(rig.models() == 0U);
    // Late, but the model's: nothing of it is the provider's.
    BOOST_TEST(rig.look().counts.failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_success_makes_no_breaker_for_its_model) {
    Rig rig;
    for (int i = 0; i < 200; ++i) rig.attempts(1, kAnswer, "other-" + std::to_string(i));
    fill(rig);
    BOOST_TEST(rig.models() == Breakers::kMostModels);
}

BOOST_AUTO_TEST_CASE(without_room_a_models_failure_is_the_providers) {
    Rig rig;
    fill(rig);
    rig.attempts(1, kModelFails, "one-too-many");
    BOOST_TEST(rig.models() == Breakers::kMostModels);
    BOOST_TEST(rig.look().counts.failures == 1U);
    rig.attempts(1, kModelFails, "model-7");  // those that have one go on
    BOOST_TEST(rig.look("model-7").counts.failures == 2U);
    BOOST_TEST(rig.look().counts.failures == 1U);
}

BOOST_AUTO_TEST_CASE(models_with_an_empty_window_make_room) {
    Rig rig;
    fill(rig);
    rig.attempts(4, kModelFails, "model-0");
    rig.now += seconds(60);
    rig.attempts(1, kModelFails, "model-1");
    rig.attempts(1, kModelFails, "new");
    BOOST_TEST(rig.look().counts.failures == 0U);
    BOOST_TEST(rig.look("new").counts.failures == 1U);
    BOOST_TEST(rig.look("model-0").state == BreakerState::open);
    BOOST_TEST(rig.look("model-1").counts.failures == 1U);
    for (std::size_t i = 3; i < Breakers::kMostModels; ++i) {
        rig.attempts(1, kModelFails, "newer-" + std::to_string(i));
    }
    BOOST_TEST(rig.models() == Breakers::kMostModels);
    BOOST_TEST(rig.look().counts.failures == 0U);
}

BOOST_AUTO_TEST_CASE(as_long_as_there_is_room_models_keep_their_totals) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.now += seconds(30);
    rig.attempts(1, kAnswer);
    rig.now += seconds(60);
    rig.attempts(1, kModelFails, "new");
    rig.attempts(1, kModelFails);
    BOOST_TEST(rig.look("m").trips == 1U);
}

BOOST_AUTO_TEST_CASE(models_that_open_together_are_not_probed_in_lockstep) {
    core::BreakerSettings settings = exact();
    settings.recovery_jitter = 0.1;
    Rig rig(settings);
    rig.attempts(5, kModelFails, "m");
    rig.attempts(5, kModelFails, "n");
    BOOST_TEST((rig.breakers.ready_at("m", rig.now) != rig.breakers.ready_at("n", rig.now)));
}

BOOST_AUTO_TEST_CASE(models_that_are_forced_closed_or_in_use_make_no_room) {
    Rig rig;
    fill(rig);
    (void)rig.breakers.force_closed("model-0", rig.now);
    Pass pass = rig.admit("model-1");
    rig.now += seconds(60);
    rig.attempts(1, kModelFails, "new");
    BOOST_TEST(rig.look("model-0").state == BreakerState::forced_closed);
    pass.report(kModelFails, rig.now);
    BOOST_TEST(rig.look("model-1").counts.failures == 1U);
}

BOOST_AUTO_TEST_CASE(breakers_that_the_settings_switch_off_make_room_too) {
    core::BreakerSettings settings = exact();
    settings.enabled = false;
    Rig rig(settings);
    fill(rig);
    rig.attempts(20, kModelFails, "model-0");
    BOOST_TEST(rig.look("model-0").state == BreakerState::disabled);
    rig.now += seconds(60);
    BOOST_TEST(rig.models() == 0U);
    rig.attempts(1, kModelFails, "new");
    BOOST_TEST(rig.look("new").counts.failures == 1U);
}

// --- Messages

BOOST_AUTO_TEST_CASE(a_rejection_by_the_provider_says_why_and_how_long) {
    Rig rig;
    rig.attempts(5, kProviderFails);
    rig.now += milliseconds(18'001);
    const Error error = rig.rejection();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.scope == Scope::provider);
    BOOST_TEST(error.retryable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.retry_after_ms.value() == 11'999);
    BOOST_TEST(error.message ==
               "provider alpha: its circuit breaker is open after 5 failures within 1m; it tries "
               "again in 12s");
}

BOOST_AUTO_TEST_CASE(a_rejection_by_a_model_names_it) {
    Rig rig;
    rig.attempts(5, kModelFails);
    const Error error = rig.rejection();
    BOOST_TEST(error.scope == Scope::request);
    BOOST_TEST(error.retryable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.message ==
               "provider alpha: the circuit breaker of the model \"m\" is open after 5 failures "
               "within 1m; it tries again in 30s");
}

BOOST_AUTO_TEST_CASE(a_rejection_after_failed_probes_counts_them) {
    Rig rig;
    rig.attempts(5, kProviderFails);
    rig.now += seconds(30);
    rig.attempts(1, kProviderFails);
    BOOST_TEST(rig.rejection().message ==
               "provider alpha: its circuit breaker is open again after 1 failed probe; it tries "
               "again in 30s");
    rig.now += seconds(30);
    rig.attempts(1, kProviderFails);
    rig.now += milliseconds(29'500);
    BOOST_TEST(rig.rejection().message ==
               "provider alpha: its circuit breaker is open again after 2 failed probes; it tries "
               "again in 500ms");
}

BOOST_AUTO_TEST_CASE(a_rejection_beside_a_probe_says_until_when) {
    Rig rig;
    rig.attempts(5, kProviderFails);
    rig.now += seconds(30);
    const Pass probe = rig.admit();
    BOOST_TEST(rig.rejection().message ==
               "provider alpha: its circuit breaker is half-open and waits for the end of a probe, "
               "35s at most");
}

BOOST_AUTO_TEST_CASE(a_rejection_by_hand_says_what_helps_and_has_no_time) {
    Rig rig;
    (void)rig.breakers.force_open("", rig.now);
    const Error error = rig.rejection();
    BOOST_TEST(error.retryable);
    BOOST_TEST(!error.retry_after_ms.has_value());
    BOOST_TEST(error.message ==
               "provider alpha: its circuit breaker was opened by hand and stays open until it is "
               "reset or forced closed");
}

// --- By hand, by timer

BOOST_AUTO_TEST_CASE(by_hand_a_model_gets_a_breaker_that_others_do_not_share) {
    Rig rig;
    BOOST_TEST(rig.breakers.force_open("m", rig.now).has_value());
    BOOST_TEST(rig.look("m").state == BreakerState::forced_open);
    BOOST_TEST(rig.look().state == BreakerState::closed);
    (void)rig.admit("n");
    BOOST_TEST(rig.breakers.force_closed("m", rig.now).has_value());
    rig.attempts(50, kModelFails);
    BOOST_TEST(rig.look("m").state == BreakerState::forced_closed);
    rig.breakers.reset("m", rig.now);
    rig.attempts(5, kModelFails);
    BOOST_TEST(rig.look("m").state == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(by_hand_without_room_it_says_so) {
    Rig rig;
    fill(rig);
    const auto opened = rig.breakers.force_open("new", rig.now);
    BOOST_TEST_REQUIRE(!opened.has_value());
    BOOST_TEST(opened.error().code == Code::unavailable);
    BOOST_TEST(opened.error().message ==
               "provider alpha: 64 models have a circuit breaker that is in use, so the model "
               "\"new\" cannot get one; reset those that are not needed");
    BOOST_TEST(!rig.breakers.force_closed("new", rig.now).has_value());
    rig.breakers.reset("model-3", rig.now);
    BOOST_TEST(rig.breakers.force_open("new", rig.now).has_value());
}

BOOST_AUTO_TEST_CASE(by_hand_the_provider_is_forced_both_ways) {
    Rig rig;
    BOOST_TEST(rig.breakers.force_closed("", rig.now).has_value());
    rig.attempts(50, kProviderFails);
    BOOST_TEST(rig.look().state == BreakerState::forced_closed);
    BOOST_TEST(rig.breakers.force_open("", rig.now).has_value());
    BOOST_TEST(rig.look().state == BreakerState::forced_open);
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_provider_resets_its_models) {
    Rig rig;
    rig.attempts(5, kModelFails, "m");
    (void)rig.breakers.force_open("n", rig.now);
    rig.attempts(5, kProviderFails, "o");
    rig.breakers.reset("", rig.now);
    BOOST_TEST(rig.look().state == BreakerState::closed);
    BOOST_TEST(rig.models() == 0U);
}

BOOST_AUTO_TEST_CASE(a_reset_of_a_model_leaves_all_others) {
    Rig rig;
    rig.attempts(5, kModelFails, "m");
    rig.attempts(5, kModelFails, "n");
    rig.attempts(5, kProviderFails, "o");
    rig.breakers.reset("m", rig.now);
    rig.breakers.reset("never-seen", rig.now);
    BOOST_TEST(rig.look().state == BreakerState::open);
    BOOST_TEST(rig.models() == 1U);
    BOOST_TEST(rig.look("n").state == BreakerState::open);
}

BOOST_AUTO_TEST_CASE(a_tick_notices_probes_that_never_report) {
    Rig rig;
    rig.attempts(5, kModelFails);
    rig.attempts(5, kProviderFails, "n");
    rig.now += seconds(30);
    const Pass probe = rig.admit();
    rig.now += seconds(35) - std::chrono::nanoseconds(1);
    rig.breakers.tick(rig.now);
    BOOST_TEST(rig.look().state == BreakerState::half_open);
    rig.now += milliseconds(1);
    rig.breakers.tick(rig.now);
    BOOST_TEST(rig.look().state == BreakerState::open);
    BOOST_TEST(rig.look("m").state == BreakerState::open);
    BOOST_TEST_REQUIRE(rig.told.size() == 6U);
    BOOST_TEST((rig.told.back().second.cause == core::BreakerCause::probe_never_reported));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider

#include "core/retry.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>

#include "retry_request.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retry)

// R1
BOOST_AUTO_TEST_CASE(three_attempts_are_three_sends_the_first_included) {
    Request request;
    const RetryDecision first = request.fail(unavailable());
    expect(first, RetryAction::retry_here, RetryReason::transient);
    BOOST_TEST((first.wait == 100ms));
    const RetryDecision second = request.fail(unavailable());
    expect(second, RetryAction::retry_here, RetryReason::transient);
    BOOST_TEST((second.wait == 200ms));
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::attempts_exhausted);
    BOOST_TEST(request.plan.attempts() == 3);
    BOOST_TEST(request.plan.retries() == 2);
    BOOST_TEST(request.plan.ended());
    BOOST_TEST(!request.plan.attempt_started(request.now));
}

// R1
BOOST_AUTO_TEST_CASE(one_attempt_is_never_followed_by_a_wait) {
    RetrySettings settings;
    settings.max_attempts = 1;
    Request request(settings);
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::attempts_exhausted);
}

BOOST_AUTO_TEST_CASE(a_success_ends_the_request_and_refills_the_budget) {
    RetryBudget budget{RetryBudgetSettings{}};
    budget.on_failure();
    const RetrySettings settings;
    RetryPlan plan(settings, kStart + 1s);
    BOOST_TEST(plan.attempt_started(kStart));
    plan.attempt_succeeded(&budget);
    BOOST_TEST(plan.ended());
    BOOST_TEST(plan.retries() == 0);
    BOOST_TEST(budget.tokens() == 99.1, boost::test_tools::tolerance(1e-9));
}

// R4
BOOST_AUTO_TEST_CASE(a_wait_that_does_not_end_before_the_deadline_is_not_begun) {
    Request request(without_jitter(), 250ms);
    expect(request.fail(unavailable()), RetryAction::retry_here, RetryReason::transient);
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::deadline);
    BOOST_TEST((request.now == kStart + 100ms));
}

// R4
BOOST_AUTO_TEST_CASE(a_wait_that_ends_at_the_deadline_is_not_begun_and_one_before_it_is) {
    Request at(without_jitter(), 100ms);
    expect(at.fail(unavailable()), RetryAction::give_up, RetryReason::deadline);
    Request before(without_jitter(), 101ms);
    expect(before.fail(unavailable()), RetryAction::retry_here, RetryReason::transient);
}

// D2
BOOST_AUTO_TEST_CASE(without_time_left_nothing_is_sent) {
    const RetrySettings settings;
    RetryPlan plan(settings, kStart);
    BOOST_TEST(!plan.attempt_started(kStart));
    BOOST_TEST(plan.attempts() == 0);
    BOOST_TEST(plan.ended());
}

BOOST_AUTO_TEST_CASE(a_wait_that_ended_too_late_is_followed_by_nothing) {
    Request request(without_jitter(), 150ms);
    expect(request.fail(unavailable()), RetryAction::retry_here, RetryReason::transient);
    BOOST_TEST(!request.plan.attempt_started(kStart + 150ms));
}

BOOST_AUTO_TEST_CASE(a_failure_after_the_deadline_is_the_last) {
    Request request(without_jitter(), 1s);
    const Error error = unavailable();
    BOOST_TEST(request.plan.attempt_started(kStart));
    const FailedTry failed{.error = &error, .alternatives = true};
    expect(request.plan.attempt_failed(failed, kStart + 1s, request.random), RetryAction::give_up,
           RetryReason::deadline);
}

// R5
BOOST_AUTO_TEST_CASE(after_a_cancel_in_the_wait_nothing_is_sent) {
    Request request;
    expect(request.fail(unavailable()), RetryAction::retry_here, RetryReason::transient);
    request.plan.cancel();
    BOOST_TEST(!request.plan.attempt_started(request.now));
    BOOST_TEST(request.plan.attempts() == 1);
}

BOOST_AUTO_TEST_CASE(after_a_cancel_during_a_try_its_failure_ends_the_request) {
    Request request;
    const Error error = unavailable();
    BOOST_TEST(request.plan.attempt_started(kStart));
    request.plan.cancel();
    expect(request.plan.attempt_failed({.error = &error}, kStart, request.random),
           RetryAction::give_up, RetryReason::cancelled);
}

BOOST_AUTO_TEST_CASE(whoever_ended_the_request_is_not_asked_for_another_try) {
    const FailedTry elsewhere{.alternatives = true};
    const auto stopped = [&](Stop why) { return Request().stop(why, elsewhere); };
    expect(stopped(Stop::caller_cancelled), RetryAction::give_up, RetryReason::cancelled);
    expect(stopped(Stop::hedge_lost), RetryAction::give_up, RetryReason::cancelled);
    expect(stopped(Stop::caller_deadline), RetryAction::give_up, RetryReason::deadline);
    expect(stopped(Stop::shutting_down), RetryAction::give_up, RetryReason::shutting_down);
}

BOOST_AUTO_TEST_CASE(what_a_plugin_reports_after_a_cancel_does_not_count) {
    Request request;
    request.budget.emplace(RetryBudgetSettings{});
    const FailedTry cancelled{.stop = Stop::caller_cancelled};
    expect(request.fail(unavailable(), cancelled), RetryAction::give_up, RetryReason::cancelled);
    BOOST_TEST(request.budget->tokens() == 100);
}

// R6, as far as a hint is already parsed (sdk/http_error)
BOOST_AUTO_TEST_CASE(a_hint_within_the_cap_is_waited_for) {
    for (const auto hint : {250ms, 2'000ms, 2'500ms, 30'000ms}) {
        const RetryDecision decision = Request().fail(with_hint({Code::internal, ""}, hint), {});
        expect(decision, RetryAction::give_up, RetryReason::final_error);  // final is final
        const RetryDecision waits = Request().fail(with_hint({Code::protocol, ""}, hint));
        expect(waits, RetryAction::retry_here, RetryReason::transient);
        BOOST_TEST((waits.wait == hint));
    }
}

// R6
BOOST_AUTO_TEST_CASE(a_hint_beyond_the_cap_sends_the_request_elsewhere_or_ends_it) {
    const FailedTry elsewhere{.alternatives = true};
    for (const auto hint : {30'001ms, std::chrono::milliseconds::max()}) {
        const Error error = with_hint({Code::protocol, ""}, hint);
        expect(Request().fail(error), RetryAction::give_up, RetryReason::hint_too_long);
        expect(Request().fail(error, elsewhere), RetryAction::fail_over,
               RetryReason::hint_too_long);
    }
}

// R6
BOOST_AUTO_TEST_CASE(a_hint_below_zero_is_none) {
    const RetryDecision decision = Request().fail(with_hint({Code::protocol, ""}, -1ms));
    expect(decision, RetryAction::retry_here, RetryReason::transient);
    BOOST_TEST((decision.wait == 100ms));
}

BOOST_AUTO_TEST_CASE(a_hint_that_does_not_fit_the_deadline_is_not_cut_short) {
    const Error error = with_hint({Code::protocol, ""}, 2s);
    const FailedTry elsewhere{.alternatives = true};
    expect(Request(without_jitter(), 2s).fail(error), RetryAction::give_up, RetryReason::deadline);
    expect(Request(without_jitter(), 2s).fail(error, elsewhere), RetryAction::fail_over,
           RetryReason::deadline);
}

BOOST_AUTO_TEST_CASE(a_hint_that_fits_is_not_given_up_for_what_was_added_to_it) {
    RetrySettings settings;
    const Error error = with_hint({Code::protocol, ""}, 2s);
    for (std::uint64_t seed = 1; seed < 50; ++seed) {
        Request request(settings, 2'001ms);
        request.random = Random(seed);
        const RetryDecision decision = request.fail(error);
        expect(decision, RetryAction::retry_here, RetryReason::transient);
        BOOST_TEST((decision.wait < 2'001ms));
    }
}

BOOST_AUTO_TEST_CASE(a_hint_of_zero_does_not_squeeze_a_wait_into_the_deadline) {
    Request request(without_jitter(), 50ms);
    expect(request.fail(with_hint({Code::protocol, ""}, 0ms)), RetryAction::give_up,
           RetryReason::deadline);
}

// R7: the SDK has put `x-should-retry` into `retryable`
BOOST_AUTO_TEST_CASE(what_the_provider_says_about_retries_overrides_the_status) {
    Error not_again = unavailable();
    not_again.retryable = false;
    expect(Request().fail(not_again), RetryAction::give_up, RetryReason::final_error);

    Error again(Code::invalid, "Bad request.");
    again.http_status = 400;
    again.retryable = true;
    expect(Request().fail(again), RetryAction::retry_here, RetryReason::transient);
}

// R8
BOOST_AUTO_TEST_CASE(after_the_first_delta_there_is_no_other_try_anywhere) {
    const FailedTry committed{.committed = true, .stale_connection = true, .alternatives = true};
    expect(Request().fail(unavailable(), committed), RetryAction::give_up, RetryReason::committed);
    expect(Request().stop(Stop::attempt_timeout, committed), RetryAction::give_up,
           RetryReason::committed);
}

// R9
BOOST_AUTO_TEST_CASE(an_exhausted_budget_ends_the_request_at_once_but_not_the_first_try) {
    RetryBudgetSettings budget;
    budget.reserve_per_second = 0;
    Request request;
    request.budget.emplace(budget);
    for (int i = 0; i < 100; ++i) request.budget->on_failure();
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::budget_exhausted);
    BOOST_TEST(request.plan.attempts() == 1);
}

BOOST_AUTO_TEST_CASE(an_exhausted_budget_does_not_keep_the_request_from_another_provider) {
    RetryBudgetSettings budget;
    budget.reserve_per_second = 0;
    Request request;
    request.budget.emplace(budget);
    for (int i = 0; i < 100; ++i) request.budget->on_failure();
    expect(request.fail(unavailable(), {.alternatives = true}), RetryAction::fail_over,
           RetryReason::budget_exhausted);
}

// R9
BOOST_AUTO_TEST_CASE(every_failure_that_a_retry_may_mend_costs_a_token_and_no_other_does) {
    const auto cost = [](const Error& error, FailedTry how = {}) {
        Request request;
        request.budget.emplace(RetryBudgetSettings{});
        (void)request.fail(error, how);
        return 100 - request.budget->tokens();
    };
    BOOST_TEST(cost(unavailable()) == 1);
    BOOST_TEST(cost({Code::throttled, ""}) == 1);
    BOOST_TEST(cost(unavailable(), {.committed = true}) == 1);
    BOOST_TEST(cost(unavailable(), {.stop = Stop::attempt_timeout}) == 1);
    BOOST_TEST(cost({Code::invalid, ""}) == 0);
    BOOST_TEST(cost({Code::auth, ""}) == 0);
    BOOST_TEST(cost(unavailable(), {.stop = Stop::not_admitted}) == 0);
    BOOST_TEST(cost(unavailable(), {.stop = Stop::shutting_down}) == 0);
}

// R10
BOOST_AUTO_TEST_CASE(a_connection_that_died_of_age_is_replaced_without_counting) {
    Request request;
    request.budget.emplace(RetryBudgetSettings{});
    expect(request.fail(unavailable(), {.stale_connection = true}), RetryAction::transparent_retry,
           RetryReason::stale_connection);
    BOOST_TEST(request.plan.attempts() == 0);
    BOOST_TEST(request.plan.retries() == 0);
    BOOST_TEST(request.budget->tokens() == 100);
    // Three tries are left.
    (void)request.fail(unavailable());
    (void)request.fail(unavailable());
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::attempts_exhausted);
    BOOST_TEST(request.plan.attempts() == 3);
}

// R10
BOOST_AUTO_TEST_CASE(only_one_dead_connection_is_replaced_transparently) {
    Request request;
    const FailedTry stale{.stale_connection = true};
    (void)request.fail(unavailable(), stale);
    expect(request.fail(unavailable(), stale), RetryAction::retry_here, RetryReason::transient);
    BOOST_TEST(request.plan.attempts() == 1);
}

// R10
BOOST_AUTO_TEST_CASE(a_transparent_retry_needs_no_further_attempt) {
    RetrySettings settings;
    settings.max_attempts = 1;
    Request request(settings);
    expect(request.fail(unavailable(), {.stale_connection = true}), RetryAction::transparent_retry,
           RetryReason::stale_connection);
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::attempts_exhausted);
}

BOOST_AUTO_TEST_CASE(there_is_no_transparent_retry_after_the_deadline) {
    Request request(without_jitter(), 1s);
    const Error error = unavailable();
    BOOST_TEST(request.plan.attempt_started(kStart));
    const FailedTry stale{.error = &error, .stale_connection = true};
    expect(request.plan.attempt_failed(stale, kStart + 1s, request.random), RetryAction::give_up,
           RetryReason::deadline);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

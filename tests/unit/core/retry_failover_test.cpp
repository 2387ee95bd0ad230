#include "core/retry.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

#include "retry_request.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(fail_over)

const FailedTry kElsewhere{.alternatives = true};

// R11
BOOST_AUTO_TEST_CASE(an_open_breaker_sends_the_request_elsewhere_without_a_wait) {
    Request request;
    expect(request.stop(Stop::not_admitted, kElsewhere), RetryAction::fail_over,
           RetryReason::not_admitted);
    BOOST_TEST((request.now == kStart));
    BOOST_TEST(request.plan.attempts() == 0);
}

// R11
BOOST_AUTO_TEST_CASE(if_all_providers_are_closed_to_it_the_request_ends_at_once) {
    Request request;
    for (int provider = 0; provider < 20; ++provider) {
        expect(request.stop(Stop::not_admitted, kElsewhere), RetryAction::fail_over,
               RetryReason::not_admitted);
    }
    expect(request.stop(Stop::not_admitted), RetryAction::give_up, RetryReason::not_admitted);
    BOOST_TEST((request.now == kStart));
}

// R11
BOOST_AUTO_TEST_CASE(a_failure_that_opens_the_breaker_is_not_followed_by_a_wait) {
    FailedTry closed{.admits = false};
    expect(Request().fail(unavailable(), closed), RetryAction::give_up, RetryReason::not_admitted);
    closed.alternatives = true;
    expect(Request().fail(unavailable(), closed), RetryAction::fail_over,
           RetryReason::not_admitted);
}

BOOST_AUTO_TEST_CASE(who_was_not_admitted_in_time_gives_up) {
    Request request(without_jitter(), 5s);
    BOOST_TEST(request.plan.attempt_started(kStart));
    const FailedTry queued{.stop = Stop::not_admitted, .alternatives = true};
    expect(request.plan.attempt_failed(queued, kStart + 5s, request.random), RetryAction::give_up,
           RetryReason::deadline);
}

BOOST_AUTO_TEST_CASE(a_throttled_provider_is_left_if_there_is_another_one) {
    for (const Code code : {Code::throttled, Code::overloaded}) {
        expect(Request().fail({code, ""}, kElsewhere), RetryAction::fail_over,
               RetryReason::throttled);
    }
}

BOOST_AUTO_TEST_CASE(a_throttled_provider_without_alternative_is_given_a_second) {
    Error status_only(Code::protocol, "");
    status_only.http_status = 429;
    for (const Error& error : {Error(Code::throttled, ""), Error(Code::overloaded, ""), status_only,
                               with_hint(unavailable(), 10ms)}) {
        const RetryDecision decision = Request().fail(error);
        expect(decision, RetryAction::retry_here, RetryReason::throttled);
        BOOST_TEST((decision.wait == 1s));
    }
}

BOOST_AUTO_TEST_CASE(the_last_try_goes_to_another_provider) {
    Request request;
    expect(request.fail(unavailable(), kElsewhere), RetryAction::retry_here,
           RetryReason::transient);
    expect(request.fail(unavailable(), kElsewhere), RetryAction::fail_over, RetryReason::last_try);
    expect(request.fail(unavailable(), kElsewhere), RetryAction::give_up,
           RetryReason::attempts_exhausted);
    BOOST_TEST((request.now == kStart + 100ms));
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_down_as_a_whole_is_left_at_once) {
    Error error = unavailable();
    error.scope = Scope::provider;
    expect(Request().fail(error, kElsewhere), RetryAction::fail_over, RetryReason::provider_down);
    expect(Request().fail(error), RetryAction::retry_here, RetryReason::transient);
}

BOOST_AUTO_TEST_CASE(what_only_this_provider_refuses_is_asked_of_another_one) {
    for (const Code code : {Code::auth, Code::forbidden, Code::unsupported, Code::not_found,
                            Code::internal, Code::deadline}) {
        expect(Request().fail({code, ""}, kElsewhere), RetryAction::fail_over,
               RetryReason::not_here);
        expect(Request().fail({code, ""}), RetryAction::give_up, RetryReason::final_error);
    }
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_not_eligible_uses_up_no_try) {
    Request request;
    const FailedTry not_eligible{.alternatives = true, .counts = false};
    for (int provider = 0; provider < 20; ++provider) {
        expect(request.fail({Code::auth, ""}, not_eligible), RetryAction::fail_over,
               RetryReason::not_here);
        BOOST_TEST(request.plan.attempts() == 0);
    }
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST((request.fail(unavailable()).action == RetryAction::retry_here));
    }
    expect(request.fail(unavailable()), RetryAction::give_up, RetryReason::attempts_exhausted);
}

BOOST_AUTO_TEST_CASE(a_provider_that_is_not_eligible_is_not_asked_again) {
    expect(Request().fail(unavailable(), {.counts = false}), RetryAction::give_up,
           RetryReason::final_error);
}

BOOST_AUTO_TEST_CASE(what_another_model_may_take_is_asked_of_it_at_once) {
    Request request;
    const FailedTry larger{.other_model = true};
    for (int model = 0; model < 2; ++model) {
        expect(request.fail({Code::too_large, ""}, larger), RetryAction::fail_over,
               RetryReason::not_here);
    }
    expect(request.fail({Code::too_large, ""}, larger), RetryAction::give_up,
           RetryReason::attempts_exhausted);
    expect(Request().fail({Code::too_large, ""}, {.committed = true, .other_model = true}),
           RetryAction::give_up, RetryReason::committed);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_request_is_asked_of_nobody_else) {
    for (const Code code : {Code::invalid, Code::too_large, Code::refused, Code::no_memory}) {
        expect(Request().fail({code, ""}, kElsewhere), RetryAction::give_up,
               RetryReason::final_error);
    }
    Error cancelled(Code::cancelled, "The plugin has cancelled by itself.");
    cancelled.retryable = true;
    expect(Request().fail(cancelled, kElsewhere), RetryAction::give_up, RetryReason::final_error);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_retries_by_itself_is_not_asked_again) {
    FailedTry retried{.plugin_retries = true};
    expect(Request().fail(unavailable(), retried), RetryAction::give_up,
           RetryReason::plugin_retries);
    retried.alternatives = true;
    expect(Request().fail(unavailable(), retried), RetryAction::fail_over,
           RetryReason::plugin_retries);
}

BOOST_AUTO_TEST_CASE(a_timeout_of_the_attempt_may_be_retried_whatever_the_plugin_says) {
    Error gave_up(Code::cancelled, "Stopped.");
    expect(Request().stop(Stop::attempt_timeout), RetryAction::retry_here, RetryReason::transient);
    expect(Request().fail(gave_up, {.stop = Stop::attempt_timeout}), RetryAction::retry_here,
           RetryReason::transient);
}

BOOST_AUTO_TEST_CASE(at_another_provider_the_waits_begin_anew) {
    RetrySettings settings = without_jitter();
    settings.max_attempts = 10;
    Request request(settings);
    BOOST_TEST((request.fail(unavailable()).wait == 100ms));
    BOOST_TEST((request.fail(unavailable()).wait == 200ms));
    (void)request.fail({Code::auth, ""}, kElsewhere);
    BOOST_TEST((request.fail(unavailable()).wait == 100ms));
    BOOST_TEST(request.plan.attempts() == 4);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

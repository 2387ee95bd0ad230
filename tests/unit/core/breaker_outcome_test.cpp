#include <boost/test/unit_test.hpp>

#include <initializer_list>

#include "breaker_support.hpp"

namespace tenon::core {

inline std::ostream& operator<<(std::ostream& out, Outcome outcome) {
    const char* names[] = {"success", "failure", "ignored"};
    return out << names[static_cast<int>(outcome)];
}

namespace {

using namespace breaker_tests;

Outcome outcome_of(const Error& error, Stop stop = Stop::none) {
    return judge({.stop = stop, .error = &error}).outcome;
}

Error answer(int status, Code code, Scope scope = Scope::request) {
    Error error(code, "text");
    error.scope = scope;
    error.http_status = status;
    return error;
}

constexpr Stop kEveryStopOfOurs[] = {Stop::caller_cancelled, Stop::caller_deadline,
                                     Stop::not_admitted, Stop::hedge_lost, Stop::shutting_down};

BOOST_AUTO_TEST_SUITE(breaker_outcome)

BOOST_AUTO_TEST_CASE(an_answer_is_a_success) {
    BOOST_TEST(judge({}).outcome == Outcome::success);
}

// D7: errors of a call that was stopped may be anything
BOOST_AUTO_TEST_CASE(a_call_that_the_host_stopped_is_ignored_whatever_error_comes_with_it) {
    for (const Stop stop : kEveryStopOfOurs) {
        BOOST_TEST(judge({.stop = stop}).outcome == Outcome::ignored);
        for (const Code code : {Code::cancelled, Code::unavailable, Code::deadline, Code::protocol,
                                Code::internal, Code::overloaded}) {
            BOOST_TEST(outcome_of(answer(503, code, Scope::provider), stop) == Outcome::ignored);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_attempt_that_took_too_long_is_a_failure_even_if_it_says_cancelled) {
    BOOST_TEST(outcome_of(Error(Code::cancelled, "stopped"), Stop::attempt_timeout) ==
               Outcome::failure);
    BOOST_TEST(judge({.stop = Stop::attempt_timeout}).outcome == Outcome::failure);
}

BOOST_AUTO_TEST_CASE(a_cancelled_error_that_nobody_asked_for_is_ignored) {
    BOOST_TEST(outcome_of(answer(503, Code::cancelled)) == Outcome::ignored);
    BOOST_TEST(outcome_of(Error(Code::stale, "text")) == Outcome::ignored);
    BOOST_TEST(outcome_of(Error(Code::again, "text")) == Outcome::ignored);
}

BOOST_AUTO_TEST_CASE(what_says_that_the_provider_is_out_of_order_is_a_failure) {
    BOOST_TEST(outcome_of(Error(Code::unavailable, "refused")) == Outcome::failure);
    BOOST_TEST(outcome_of(Error(Code::protocol, "cut short")) == Outcome::failure);
    BOOST_TEST(outcome_of(Error(Code::deadline, "no first byte")) == Outcome::failure);
    BOOST_TEST(outcome_of(Error(Code::overloaded, "in a stream")) == Outcome::failure);
    BOOST_TEST(outcome_of(answer(0, Code::internal, Scope::provider)) == Outcome::failure);
    for (const int status : {500, 502, 503, 504, 529, 599}) {
        BOOST_TEST(outcome_of(answer(status, Code::unavailable)) == Outcome::failure, status);
        BOOST_TEST(outcome_of(answer(status, Code::overloaded)) == Outcome::failure, status);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_never_made_is_a_failure) {
    Error refused(Code::unavailable, "connection refused");
    refused.not_sent = true;
    BOOST_TEST(outcome_of(refused) == Outcome::failure);
}

BOOST_AUTO_TEST_CASE(an_error_that_is_about_the_request_alone_does_not_count) {
    for (const Code code : {Code::unavailable, Code::protocol, Code::internal}) {
        BOOST_TEST(outcome_of(answer(0, code)) == Outcome::ignored);
        BOOST_TEST(outcome_of(answer(0, code, Scope::connection)) == Outcome::failure);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_bad_request_proves_that_the_provider_lives) {
    BOOST_TEST(outcome_of(answer(400, Code::invalid)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(404, Code::not_found)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(409, Code::unavailable)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(413, Code::too_large)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(422, Code::invalid)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(400, Code::refused)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(501, Code::unsupported)) == Outcome::success);
    BOOST_TEST(outcome_of(answer(200, Code::invalid)) == Outcome::success);
}

BOOST_AUTO_TEST_CASE(what_the_plugin_refuses_by_itself_proves_nothing) {
    for (const Code code : {Code::invalid, Code::unsupported, Code::too_large, Code::refused,
                            Code::not_found, Code::no_memory}) {
        BOOST_TEST(outcome_of(Error(code, "text")) == Outcome::ignored);
    }
    Error not_sent = answer(200, Code::invalid);
    not_sent.not_sent = true;
    BOOST_TEST(outcome_of(not_sent) == Outcome::ignored);
}

BOOST_AUTO_TEST_CASE(credentials_rates_and_redirects_are_ignored) {
    for (const Scope scope : {Scope::request, Scope::connection, Scope::provider}) {
        for (const int status : {0, 200, 400, 401, 402, 403, 429}) {
            for (const Code code : {Code::auth, Code::forbidden, Code::throttled}) {
                BOOST_TEST(outcome_of(answer(status, code, scope)) == Outcome::ignored, status);
            }
        }
    }
    BOOST_TEST(outcome_of(answer(302, Code::invalid)) == Outcome::ignored);
    BOOST_TEST(outcome_of(answer(429, Code::too_large)) == Outcome::ignored);
}

// The law: 4xx never trips, whatever code and scope come with it.
BOOST_AUTO_TEST_CASE(no_4xx_is_a_failure_whatever_comes_with_it) {
    for (int status = 400; status <= 499; ++status) {
        for (int code = TENON_E_OVERLOADED; code <= TENON_AGAIN; ++code) {
            for (const Scope scope : {Scope::request, Scope::connection, Scope::provider}) {
                const Error error = answer(status, code_from_status(code), scope);
                BOOST_TEST_REQUIRE((outcome_of(error) != Outcome::failure), status << ' ' << code);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_strict_probe_succeeds_by_a_good_answer_only) {
    const Error bad_request = answer(400, Code::invalid);
    const Error broken = answer(503, Code::unavailable);
    AttemptEnd end{.error = &bad_request, .probe = true, .strict_probe = true};
    BOOST_TEST(judge(end).outcome == Outcome::ignored);
    end.probe = false;
    BOOST_TEST(judge(end).outcome == Outcome::success);
    end = {.error = &bad_request, .probe = true};
    BOOST_TEST(judge(end).outcome == Outcome::success);
    end = {.error = nullptr, .probe = true, .strict_probe = true};
    BOOST_TEST(judge(end).outcome == Outcome::success);
    end = {.error = &broken, .probe = true, .strict_probe = true};
    BOOST_TEST(judge(end).outcome == Outcome::failure);
}

// B11
BOOST_AUTO_TEST_CASE(a_rate_limit_asks_for_a_cool_down_and_bad_credentials_for_a_person) {
    const Error limit = answer(429, Code::throttled);
    BOOST_TEST(judge({.error = &limit}).cool_down);
    BOOST_TEST(!judge({.error = &limit}).misconfigured);
    const Error key(Code::auth, "revoked");
    BOOST_TEST(judge({.error = &key}).misconfigured);
    BOOST_TEST(!judge({.error = &key}).cool_down);
    const Error model = answer(403, Code::forbidden, Scope::request);
    BOOST_TEST(!judge({.error = &model}).misconfigured);
    BOOST_TEST(!judge({.stop = Stop::caller_cancelled, .error = &limit}).cool_down);
}

// B11, D7
BOOST_AUTO_TEST_CASE(a_thousand_cancels_bad_requests_or_rate_limits_never_open) {
    const Error bad_request = answer(400, Code::invalid);
    const Error limit = answer(429, Code::throttled);
    const Error reset(Code::unavailable, "connection reset");
    for (const AttemptEnd& end : {AttemptEnd{.stop = Stop::caller_cancelled, .error = &reset},
                                  AttemptEnd{.error = &bad_request}, AttemptEnd{.error = &limit}}) {
        Subject subject;
        subject.calls(1000, judge(end).outcome);
        BOOST_TEST(subject.state() == BreakerState::closed);
        BOOST_TEST(subject.look().counts.failures == 0U);
    }
}

BOOST_AUTO_TEST_CASE(the_limit_that_passed_first_ended_the_attempt) {
    const auto caller = at(1 * kSecond);
    const auto attempt = at(30 * kSecond);
    BOOST_TEST((passed_limit(at(milliseconds(999)), caller, attempt) == Stop::none));
    BOOST_TEST((passed_limit(caller, caller, attempt) == Stop::caller_deadline));
    BOOST_TEST((passed_limit(at(31 * kSecond), caller, attempt) == Stop::caller_deadline));
    BOOST_TEST((passed_limit(attempt, base::kNoDeadline, attempt) == Stop::attempt_timeout));
    BOOST_TEST((passed_limit(attempt, attempt, attempt) == Stop::attempt_timeout));
    BOOST_TEST((passed_limit(caller, attempt, at(2 * kSecond)) == Stop::none));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

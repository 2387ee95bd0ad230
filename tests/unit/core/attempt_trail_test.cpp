#include "core/attempt_trail.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::core {
namespace {

BOOST_AUTO_TEST_SUITE(attempt_trail)

BOOST_AUTO_TEST_CASE(without_earlier_tries_an_error_stays_as_it_is) {
    const Error error = AttemptTrail().explain({Code::deadline, "The time is over"});
    BOOST_TEST(error.message == "The time is over");
}

// R15
BOOST_AUTO_TEST_CASE(the_last_error_names_all_earlier_ones_in_order) {
    AttemptTrail trail;
    trail.add("openai", {Code::unavailable, "The server is not there."});
    trail.add("openai", {Code::throttled, "openai limits the rate."});
    trail.add("groq", {Code::protocol, "The answer was cut short"});
    BOOST_TEST(trail.size() == 3U);
    const Error error = trail.explain({Code::overloaded, "azure has no capacity."});
    BOOST_TEST(error.message ==
               "azure has no capacity. Before that, in order: (1) openai: The server is not there; "
               "(2) openai limits the rate; (3) groq: The answer was cut short.");
}

BOOST_AUTO_TEST_CASE(a_single_earlier_try_has_no_number) {
    AttemptTrail trail;
    trail.add("a", {Code::unavailable, "No answer."});
    BOOST_TEST(trail.explain({Code::cancelled, "Cancelled"}).message ==
               "Cancelled. Before that: a: No answer.");
}

// R15
BOOST_AUTO_TEST_CASE(all_but_the_message_is_that_of_the_last_error) {
    AttemptTrail trail;
    trail.add("a", {Code::unavailable, "No answer."});
    Error last(Code::throttled, "Too fast.");
    last.http_status = 429;
    last.retry_after_ms = 5;
    last.provider_code = "rate_limit";
    const Error error = trail.explain(last);
    BOOST_TEST((error.code == Code::throttled && error.retryable && error.http_status == 429));
    BOOST_TEST(*error.retry_after_ms == 5);
    BOOST_TEST(error.provider_code == "rate_limit");
}

BOOST_AUTO_TEST_CASE(a_long_cause_is_cut_between_characters) {
    AttemptTrail trail;
    // "é" has two bytes, the second of the 100th is the 200th after one "a".
    std::string text = "a";
    for (int i = 0; i < 150; ++i) text += "\xc3\xa9";
    trail.add("p", {Code::internal, text});
    const std::string message = trail.explain({Code::internal, "x"}).message;
    BOOST_TEST(message == "x. Before that: p: " + text.substr(0, 199) + "....");
}

BOOST_AUTO_TEST_CASE(causes_beyond_the_limit_are_counted) {
    AttemptTrail trail;
    for (std::size_t i = 0; i < AttemptTrail::kMostCauses + 5; ++i) {
        trail.add("p", {Code::internal, "no " + std::to_string(i)});
    }
    BOOST_TEST(trail.size() == AttemptTrail::kMostCauses + 5);
    const std::string message = trail.explain({Code::internal, "x."}).message;
    BOOST_TEST(message.ends_with("(16) p: no 15; and 5 more."));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

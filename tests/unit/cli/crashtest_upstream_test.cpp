#include <boost/test/unit_test.hpp>

#include "cli/crashtest/answers.hpp"
#include "cli/crashtest/client.hpp"
#include "cli/crashtest/judge.hpp"
#include "cli/crashtest/upstream.hpp"

// The crash test's client talks to its upstream with nothing in between: what the one breaks, the
// other must notice.
namespace tenon::cli::crashtest {
namespace {

Seen ask(const Upstream::Script& script, const Asked& asked = {}) {
    const auto upstream = Upstream::open(script);
    BOOST_REQUIRE(upstream.has_value());
    return crashtest::ask((*upstream)->port(), asked);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashtest_upstream)

BOOST_AUTO_TEST_CASE(a_stream_arrives_whole) {
    const Seen seen = ask([](Exchange& exchange) { answer(exchange, kPrimary); });
    BOOST_TEST(seen.trouble == "");
    BOOST_TEST(seen.status == 200);
    BOOST_TEST(seen.text == "p1 p2 p3 p4 p5 p6 ");
    BOOST_TEST(seen.finish_reason == "stop");
    BOOST_TEST(seen.done);
    BOOST_TEST(!seen.failed);
    BOOST_TEST((seen.output_tokens == kOutputTokens));
}

BOOST_AUTO_TEST_CASE(a_body_arrives_whole) {
    const Seen seen = ask([](Exchange& exchange) { answer(exchange, kFallback, "content_filter"); },
                          {.stream = false});
    BOOST_TEST(seen.trouble == "");
    BOOST_TEST(seen.text == "f1 f2 f3 f4 f5 f6 ");
    BOOST_TEST(seen.finish_reason == "content_filter");
    BOOST_TEST(!seen.done);
    BOOST_TEST((seen.output_tokens == kOutputTokens));
}

BOOST_AUTO_TEST_CASE(an_error_is_seen_with_its_code_and_words) {
    const Seen seen =
        ask([](Exchange& exchange) { refuse(exchange, 429, "rate_limit_exceeded", "Too often."); });
    BOOST_TEST(seen.status == 429);
    BOOST_TEST(seen.failed);
    BOOST_TEST(seen.error_code == "rate_limit_exceeded");
    BOOST_TEST(seen.error_message == "Too often.");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_closed_is_trouble) {
    const Seen seen = ask([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.words(kPrimary, 3);
        exchange.close();
    });
    BOOST_TEST(seen.text == "p1 p2 p3 ");
    BOOST_TEST(seen.trouble == "the connection ended before the answer was complete");
}

BOOST_AUTO_TEST_CASE(a_reset_is_trouble) {
    const Seen seen = ask([](Exchange& exchange) { exchange.reset(); });
    BOOST_TEST(seen.status == 0);
    BOOST_TEST(seen.trouble == "the connection ended before the answer was complete");
}

BOOST_AUTO_TEST_CASE(what_comes_after_an_error_is_noticed) {
    const Seen seen = ask([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.event(R"({"error":{"code":"timeout","message":"Late."}})");
        stream.done();
        stream.end();
    });
    BOOST_TEST(seen.failed);
    BOOST_TEST(seen.done);
    BOOST_TEST(seen.after_error);
}

BOOST_AUTO_TEST_CASE(an_event_that_is_no_json_is_trouble) {
    const Seen seen = ask([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.event("{\"id\": oops");
        stream.end();
    });
    BOOST_TEST(seen.trouble.starts_with("something came that is no JSON"));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_lets_the_upstream_go_on) {
    const auto upstream = Upstream::open([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.words(kPrimary, 1);
        exchange.keep_silent();
    });
    BOOST_REQUIRE(upstream.has_value());
    const Seen seen = crashtest::ask((*upstream)->port(), {.leave_early = true});
    BOOST_TEST(seen.text == "p1 ");
    BOOST_TEST((*upstream)->requests() == 1U);
}

BOOST_AUTO_TEST_CASE(requests_are_numbered_and_counted) {
    const auto upstream = Upstream::open([](Exchange& exchange) {
        refuse(exchange, 400 + exchange.number(), {}, exchange.last_role());
    });
    BOOST_REQUIRE(upstream.has_value());
    BOOST_TEST(crashtest::ask((*upstream)->port(), {}).status == 401);
    BOOST_TEST(crashtest::ask((*upstream)->port(), {.prefill = true}).error_message == "assistant");
    BOOST_TEST((*upstream)->requests() == 2U);
    BOOST_TEST((*upstream)->arrivals().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_upstream_that_is_silent_can_be_ended) {
    auto upstream = Upstream::open([](Exchange& exchange) { exchange.keep_silent(); });
    BOOST_REQUIRE(upstream.has_value());
    static_cast<void>(crashtest::ask((*upstream)->port(), {.leave_at_once = true}));
    upstream->reset();  // returns
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::cli::crashtest

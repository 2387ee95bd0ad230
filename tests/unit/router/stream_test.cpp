#include <boost/test/unit_test.hpp>

#include <string>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

const LogicalRequest kStream{.model = "m", .stream = true};

/// A stream that brings `deltas` and then fails.
Reply broken_after(std::vector<plugin::DeltaBatch> deltas) {
    Reply reply = failure(Code::unavailable, "Cut short.");
    reply.deltas = std::move(deltas);
    return reply;
}

BOOST_AUTO_TEST_SUITE(streams)

// R8, L10
BOOST_AUTO_TEST_CASE(a_stream_that_fails_before_its_first_output_is_had_from_somebody_else) {
    Rig rig(in_order({"a", "b"}));
    Reply down = broken_after({batch({role()}), batch({text("")})});
    down.error.scope = Scope::provider;
    rig['a'].then(down);
    rig['b'].then(answer({batch({role()}), batch({text("Hi")})}));
    Request request = rig.request(kStream);
    BOOST_TEST(request.answer().provider == "b");
    BOOST_TEST(request.got() == "roleHi|");
}

// R8, L10
BOOST_AUTO_TEST_CASE(a_stream_that_fails_after_its_first_output_has_failed) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(broken_after({batch({role()}), batch({text("Hel")})}));
    Request request = rig.request(kStream);
    const Error error = request.error();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.message == "Cut short.");
    BOOST_TEST(request.got() == "roleHel|");
    BOOST_TEST(rig['a'].attempts() == 1U);
    BOOST_TEST(rig['b'].attempts() == 0U);
    BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::failed) == 1U);
}

BOOST_AUTO_TEST_CASE(after_the_first_output_not_even_a_dead_connection_is_replaced) {
    Rig rig(in_order({"a"}));
    Reply dead = stale();
    dead.deltas = {batch({text("Hel")})};
    rig['a'].then(dead);
    Request request = rig.request(kStream);
    BOOST_TEST(request.error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_takes_a_token_of_the_budget_though_it_is_final) {
    Rig rig(in_order({"a"}));
    const double before = rig['a'].retry_budget().tokens();
    rig['a'].then(broken_after({batch({text("Hel")})}));
    (void)rig.request(kStream).error();
    BOOST_TEST(rig['a'].retry_budget().tokens() == before - 1);
}

BOOST_AUTO_TEST_CASE(a_repeated_stream_begins_anew) {
    Rig rig(in_order({"a"}));
    rig['a'].then(broken_after({batch({role()})}));
    rig['a'].then(broken_after({batch({role()})}));
    rig['a'].then(answer({batch({role()}), batch({text("Hi")})}));
    Request request = rig.request(kStream);
    BOOST_TEST(request.answer().attempts == 3);
    BOOST_TEST(request.got() == "roleHi|");
}

BOOST_AUTO_TEST_CASE(a_stream_without_output_is_delivered_at_its_end_and_once) {
    Rig rig(in_order({"a"}));
    rig['a'].then(answer({batch({role()})}));
    Request request = rig.request(kStream);
    (void)request.answer();
    BOOST_TEST(request.got() == "role|");
}

BOOST_AUTO_TEST_CASE(what_a_failed_stream_began_with_is_not_delivered_with_the_error) {
    Rig rig(in_order({"a"}));
    rig['a'].then(broken_after({batch({role()})}));
    Request request = rig.request({.model = "m", .stream = true, .max_attempts = 1});
    BOOST_TEST(request.error().code == Code::unavailable);
    BOOST_TEST(request.got() == "");
}

BOOST_AUTO_TEST_CASE(a_stream_that_nobody_takes_is_answered_all_the_same) {
    Rig rig(in_order({"a"}));
    rig['a'].then(broken_after({batch({text("Hel")})}));
    rig['a'].then(answer({batch({text("Hi")})}));
    Request request = rig.request(kStream, {.listens = false});
    BOOST_TEST(request.answer().attempts == 2);
    BOOST_TEST(request.got() == "");
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_ends_the_request_with_an_error_of_its_own) {
    for (const bool fails : {false, true}) {
        Rig rig(in_order({"a", "b"}));
        Reply reply = answer({batch({text("Hel")}), batch({text("lo")})});
        reply.fails = fails;
        reply.error = Error(Code::unavailable, "Cut short.");
        rig['a'].then(reply);
        const Error error = rig.request(kStream, {.sink_throws = true}).error();
        BOOST_TEST(error.code == Code::internal);
        BOOST_TEST(error.message == "What takes the stream has failed: the pipe is broken.");
        BOOST_TEST(rig['b'].attempts() == 0U);
        BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::failed) == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_ends_an_attempt_that_hangs) {
    Rig rig(in_order({"a"}));
    Reply reply = hang();
    reply.deltas = {batch({text("Hel")})};
    rig['a'].then(reply);
    BOOST_TEST(rig.request(kStream, {.sink_throws = true}).error().code == Code::internal);
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_at_the_last_delivery_ends_the_request_too) {
    Rig rig(in_order({"a"}));
    rig['a'].then(answer({batch({role()})}));
    BOOST_TEST(rig.request(kStream, {.sink_throws = true}).error().code == Code::internal);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

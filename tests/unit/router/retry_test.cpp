#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

std::uint64_t tally(FakeUpstream& upstream, core::Tally tally) {
    return upstream.counters().snapshot().of(tally);
}

BOOST_AUTO_TEST_SUITE(retry)

// R1
BOOST_AUTO_TEST_CASE(a_request_is_sent_as_often_as_is_configured_and_no_more) {
    Rig rig(in_order({"a"}));
    for (int i = 0; i < 9; ++i) rig['a'].then(failure(Code::unavailable));
    BOOST_TEST(rig.request().error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 3U);
    BOOST_TEST(tally(rig['a'], core::Tally::retries) == 2U);
}

// R1
BOOST_AUTO_TEST_CASE(a_request_that_wants_no_retry_never_sleeps) {
    Rig rig(in_order({"a"}), slow());
    rig['a'].then(failure(Code::unavailable));
    const Error error = rig.request({.model = "m", .max_attempts = 1}).error();
    BOOST_TEST(error.message == "It failed.");
    BOOST_TEST(rig['a'].attempts() == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_may_wish_for_more_attempts_than_are_configured) {
    Rig rig(in_order({"a"}));
    for (int i = 0; i < 9; ++i) rig['a'].then(failure(Code::unavailable));
    const Routed routed = rig.request({.model = "m", .max_attempts = 10}).answer();
    BOOST_TEST(routed.attempts == 10);
}

BOOST_AUTO_TEST_CASE(the_provider_that_comes_first_says_how_its_requests_are_repeated) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].own_retry = quick().retry;
    rig['a'].own_retry->max_attempts = 5;
    rig['b'].own_retry = quick().retry;
    rig['b'].own_retry->max_attempts = 1;
    for (int i = 0; i < 9; ++i) rig['a'].then(failure(Code::unavailable));
    BOOST_TEST(rig.request().answer().attempts == 5);  // the last one at b
    const LogicalRequest once{.model = "m", .max_attempts = 1};
    BOOST_TEST(rig.request(once).error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 5U);
}

// R4
BOOST_AUTO_TEST_CASE(without_time_for_a_back_off_the_last_error_comes_at_once) {
    Rig rig(in_order({"a"}), slow());
    rig['a'].then(failure(Code::unavailable, "Connection reset."));
    LogicalRequest logical{.model = "m"};
    logical.limits[core::Phase::total] = 1h;  // as long as the back-off
    const Error error = rig.request(logical).error();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.message == "Connection reset.");
    BOOST_TEST(rig['a'].attempts() == 1U);
}

// R5
BOOST_AUTO_TEST_CASE(a_cancel_ends_a_back_off_and_nothing_is_sent_any_more) {
    Rig rig(in_order({"a"}), slow());
    rig['a'].then(failure(Code::unavailable));
    Request request = rig.request();
    rig.settle();
    BOOST_TEST(!request.ended());
    request.cancel->cancel();
    BOOST_TEST(request.error().code == Code::cancelled);
    BOOST_TEST(rig['a'].attempts() == 1U);
    BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::cancelled) == 1U);
}

// R6
BOOST_AUTO_TEST_CASE(the_provider_s_hint_is_waited_for_though_it_cools_down) {
    Rig rig(in_order({"a"}), quick());
    Reply throttled = failure(Code::throttled);
    throttled.error.retry_after_ms = 1;
    throttled.then = [&rig] { rig['a'].set(Availability::cooling_down); };
    rig['a'].then(throttled);
    const Routed routed = rig.request().answer();
    BOOST_TEST(routed.attempts == 2);
    BOOST_TEST(tally(rig['a'], core::Tally::retries) == 1U);
}

// R7
BOOST_AUTO_TEST_CASE(the_provider_s_word_goes_before_the_code) {
    Rig rig(in_order({"a"}));
    Error again(Code::invalid, "Once more.");
    again.retryable = true;
    rig['a'].then(failure(again));
    BOOST_TEST(rig.request().answer().attempts == 2);
    Error never(Code::unavailable, "Never.");
    never.retryable = false;
    rig['a'].then(failure(never));
    BOOST_TEST(rig.request().error().message == "Never.");
}

// R9
BOOST_AUTO_TEST_CASE(without_a_budget_there_are_first_attempts_and_no_retries) {
    Rig rig(in_order({"a"}), slow());
    for (int i = 0; i < 60; ++i) rig['a'].retry_budget().on_failure();
    (void)rig['a'].retry_budget().try_retry(rig.clock.now());  // what is granted in each second
    for (int i = 0; i < 2; ++i) rig['a'].then(failure(Code::unavailable));
    for (int i = 0; i < 2; ++i) BOOST_TEST(rig.request().error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 2U);
    BOOST_TEST(tally(rig['a'], core::Tally::budget_exhausted) == 2U);
    const double before = rig['a'].retry_budget().tokens();
    (void)rig.request().answer();
    BOOST_TEST(rig['a'].retry_budget().tokens() > before);
}

// R10
BOOST_AUTO_TEST_CASE(a_dead_connection_is_replaced_unseen) {
    Rig rig(in_order({"a", "b"}), slow());
    rig.listen();
    rig['a'].then(stale());
    const double tokens = rig['a'].retry_budget().tokens();
    LogicalRequest once{.model = "m", .max_attempts = 1};
    const Routed routed = rig.request(once).answer();
    BOOST_TEST(routed.attempts == 1);
    BOOST_TEST(routed.provider == "a");
    BOOST_TEST(rig['a'].attempts() == 2U);
    const auto asked = rig['a'].asked();
    BOOST_TEST(asked[0].key == asked[1].key);
    BOOST_TEST(rig['a'].retry_budget().tokens() == tokens);
    const auto counts = rig['a'].counters().snapshot();
    BOOST_TEST(counts.requests.started == 1U);
    BOOST_TEST(counts.of(core::Tally::transparent_retries) == 1U);
    BOOST_TEST(counts.of(core::Tally::retries) == 0U);
    BOOST_TEST(rig.events().empty());
}

// R10
BOOST_AUTO_TEST_CASE(a_second_dead_connection_is_a_failure_as_any_other) {
    Rig rig(in_order({"a"}));
    for (int i = 0; i < 2; ++i) rig['a'].then(stale());
    const Routed routed = rig.request().answer();
    BOOST_TEST(rig['a'].attempts() == 3U);
    BOOST_TEST(routed.attempts == 2);
}

// R11
BOOST_AUTO_TEST_CASE(if_all_breakers_are_open_there_is_one_error_and_nobody_is_asked) {
    Rig rig(in_order({"a", "b"}), slow());
    for (const char name : {'a', 'b'}) rig[name].set(Availability::breaker_open);
    const Error error = rig.request().error();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(rig['a'].attempts() + rig['b'].attempts() == 0U);
    BOOST_TEST(rig['a'].counters().requests.snapshot().started == 0U);
}

// R11
BOOST_AUTO_TEST_CASE(who_is_not_admitted_goes_elsewhere_at_once_and_it_does_not_count) {
    Rig rig(in_order({"a", "b"}), slow());
    rig['a'].then(not_admitted());
    const Routed routed = rig.request({.model = "m", .max_attempts = 1}).answer();
    BOOST_TEST(routed.provider == "b");
    BOOST_TEST(routed.attempts == 1);
}

// R12
BOOST_AUTO_TEST_CASE(all_attempts_carry_one_key_and_each_request_another_one) {
    Rig rig(in_order({"a", "b"}));
    std::set<std::string> keys;
    for (int i = 0; i < 3; ++i) {
        rig['a'].then(stale());
        rig['a'].then(failure(Code::unavailable));
        rig['a'].then(failure(Code::unavailable));
        BOOST_TEST(rig.request().answer().provider == "b");
        std::set<std::string> of_request;
        for (const auto& asked : rig['a'].asked()) of_request.insert(asked.key);
        for (const auto& asked : rig['b'].asked()) of_request.insert(asked.key);
        BOOST_TEST(of_request.size() == static_cast<std::size_t>(i) + 1);
        keys.merge(of_request);
    }
    BOOST_TEST(keys.size() == 3U);
    BOOST_TEST(rig['a'].attempts() == 9U);
}

BOOST_AUTO_TEST_CASE(two_threads_make_different_keys) {
    Rig rig(in_order({"a"}), quick(), 2);
    (void)rig.request({.model = "m"}, {.io_index = 0}).answer();
    (void)rig.request({.model = "m"}, {.io_index = 1}).answer();
    BOOST_TEST(rig['a'].asked()[0].key != rig['a'].asked()[1].key);
}

// R13
BOOST_AUTO_TEST_CASE(a_request_that_sleeps_holds_nothing) {
    Rig rig(in_order({"a"}), slow());
    rig['a'].then(failure(Code::unavailable));
    Request request = rig.request();
    rig.settle();
    BOOST_TEST(!request.ended());
    BOOST_TEST(rig.gauges() == "0 in flight, 0 held, 0 waiting, 1 running");
    request.cancel->cancel();
    (void)request.error();
}

BOOST_AUTO_TEST_CASE(a_request_in_progress_is_in_flight_once) {
    Rig rig(in_order({"a"}));
    rig['a'].then(failure(Code::unavailable));
    rig['a'].then(hang());
    Request request = rig.request();
    while (rig['a'].attempts() < 2) rig.settle();
    BOOST_TEST(rig.gauges() == "1 in flight, 1 held, 0 waiting, 1 running");
    request.cancel->cancel();
    (void)request.error();
}

// R15
BOOST_AUTO_TEST_CASE(the_error_tells_every_attempt_s_cause_in_order) {
    Rig rig(in_order({"a"}));
    for (const char* cause : {"Refused.", "Reset.", "Too slow."}) {
        rig['a'].then(failure(Code::unavailable, cause));
    }
    BOOST_TEST(rig.request().error().message ==
               "Too slow. Before that, in order: (1) a: Refused; (2) a: Reset.");
}

BOOST_AUTO_TEST_CASE(the_error_of_the_only_attempt_is_reported_as_it_is) {
    Rig rig(in_order({"a"}));
    Error error(Code::invalid, "The field \"n\" is wrong.");
    error.http_status = 400;
    error.provider_code = "bad_n";
    rig['a'].then(failure(error));
    const Error told = rig.request().error();
    BOOST_TEST(told.message == error.message);
    BOOST_TEST(told.code == error.code);
    BOOST_TEST(told.http_status == 400);
    BOOST_TEST(told.provider_code == "bad_n");
}

BOOST_AUTO_TEST_CASE(a_plugin_that_retries_by_itself_is_not_asked_again) {
    Rig rig(in_order({"a"}), slow());
    rig['a'].retries = true;
    rig['a'].then(failure(Code::unavailable));
    BOOST_TEST(rig.request().error().code == Code::unavailable);
    BOOST_TEST(rig['a'].attempts() == 1U);
}

BOOST_AUTO_TEST_CASE(the_queues_of_all_attempts_are_one_wait) {
    Rig rig(in_order({"a"}));
    for (Reply reply : {failure(Code::unavailable), answer()}) {
        reply.report.queue_wait = 4ms;
        rig['a'].then(std::move(reply));
    }
    BOOST_TEST((rig.request().answer().queue_wait == 8ms));
}

BOOST_AUTO_TEST_CASE(the_duration_of_a_request_is_that_of_all_its_attempts) {
    Rig rig(in_order({"a", "b"}));
    for (Reply reply : {failure(Code::auth), answer()}) {
        reply.then = [&rig] { rig.clock.advance(20ms); };
        rig[reply.fails ? 'a' : 'b'].then(std::move(reply));
    }
    (void)rig.request().answer();
    const auto snapshot = rig['a'].counters().snapshot();
    BOOST_TEST(snapshot.request_duration.count == 1U);
    BOOST_TEST((snapshot.request_duration.average() == 40ms));
    BOOST_TEST(rig['b'].counters().snapshot().request_duration.count == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_with_all_its_tries_spent_is_told_of) {
    Rig rig(in_order({"a"}));
    rig.listen();
    for (int i = 0; i < 3; ++i) rig['a'].then(failure(Code::unavailable));
    (void)rig.request().error();
    const std::vector<std::string> told{"retry_exhausted a: It failed."};
    BOOST_TEST(rig.events() == told, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_request_is_counted_once_by_how_it_ended_where_it_was_asked_first) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(answer());
    rig['a'].then(failure(Code::invalid));
    rig['a'].then(failure(Code::auth));  // and b answers
    rig['a'].then(not_admitted());       // and b neither
    rig['b'].then(answer());
    rig['b'].then(not_admitted());
    for (int i = 0; i < 4; ++i) (void)rig.ask();
    const auto counts = rig['a'].counters().requests.snapshot();
    BOOST_TEST(counts.started == 4U);
    BOOST_TEST(counts.of(core::Ending::succeeded) == 2U);
    BOOST_TEST(counts.of(core::Ending::failed) == 1U);
    BOOST_TEST(counts.failed_with(Code::invalid) == 1U);
    BOOST_TEST(counts.of(core::Ending::rejected) == 1U);
    BOOST_TEST(rig['b'].counters().requests.snapshot().started == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

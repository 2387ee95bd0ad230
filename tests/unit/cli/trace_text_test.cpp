#include "cli/trace_text.hpp"

#include <boost/test/unit_test.hpp>

#include "gateway/telemetry/trace_json.hpp"
#include "support/contains.hpp"

namespace tenon::cli {
namespace {

using namespace std::chrono_literals;
using test::contains;

/// One provider refuses, the host waits and goes on to another one, which streams an answer.
gateway::Trace a_trace() {
    gateway::Trace trace;
    trace.start.context.trace_id = {0x4bf92f3577b34da6, 0xa3ce929d0e0e4736};
    trace.start.context.span_id = 7;
    trace.start.request_id = "r-1";
    trace.start.dialect = "openai.chat";
    trace.start.operation = "complete";
    trace.start.model = "m";
    trace.start.key = "team";
    trace.start.client = "127.0.0.1:4711";
    trace.start.stream = true;
    trace.duration = 1s;
    trace.status = 200;
    trace.provider = "two";
    trace.provider_model = "big";
    trace.input_tokens = 12;

    gateway::TraceAttempt first;
    first.number = 1;
    first.provider = "one";
    first.model = "small";
    first.started.at = 200us;
    first.ended.at = 100ms;
    first.queue_wait = 5ms;
    first.code = Code::unavailable;
    first.http_status = 503;
    first.message = "it is \x1b[31mdown";
    first.decision =
        core::RetryDecision{core::RetryAction::retry_here, core::RetryReason::transient, 150ms};
    gateway::TraceAttempt second;
    second.number = 2;
    second.provider = "two";
    second.model = "big";
    second.why = router::AttemptWhy::fail_over;
    second.started.at = 250ms;
    second.ended = {990ms, 4096};
    second.first_byte = 80ms;
    trace.attempts = {first, second};
    trace.waits = {{router::WaitWhy::backoff, 100ms, 200ms, 150ms}};
    trace.first_delta = gateway::StreamMark{340ms, 0};
    trace.last_delta = gateway::StreamMark{980ms, 4000};
    trace.deltas = 40;
    trace.first_sent = 341ms;
    trace.bytes = 4096;
    return trace;
}

std::string text_of_trace(const gateway::Trace& trace, const TableStyle& style = {}) {
    const auto document = wire::JsonDocument::parse(gateway::to_json(trace));
    BOOST_REQUIRE(document);
    std::string text;
    for (const std::string& line : trace_lines(document->root(), style)) text += line + "\n";
    return text;
}

BOOST_AUTO_TEST_SUITE(trace_text)

BOOST_AUTO_TEST_CASE(everything_is_told_in_the_order_of_time_with_the_bytes_that_the_client_had) {
    const std::string text = text_of_trace(a_trace());
    const char* const timeline =
        "AT      BYTES  WHAT\n"
        "0 µs    0      request begins\n"
        "200 µs  0      attempt 1 at one (small): first pick\n"
        "100 ms  0      attempt 1 failed after 99 ms: unavailable: it is  [31mdown, HTTP 503 "
        "(queued 5.0 ms)\n"
        "100 ms         decision: try again after 150 ms (transient)\n"
        "100 ms         wait: backoff, at most 200 ms\n"
        "250 ms         waited 150 ms\n"
        "250 ms  0      attempt 2 at two (big): fail over\n"
        "340 ms  0      first delta\n"
        "341 ms         first bytes of the body sent to the client\n"
        "980 ms  4000   last of 40 deltas\n"
        "990 ms  4096   attempt 2 answered after 740 ms (first byte after 80 ms)\n"
        "1.0 s   4096   request ended with status 200\n";
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(text.ends_with(timeline));
    }
}

BOOST_AUTO_TEST_CASE(what_happens_within_one_microsecond_is_told_in_its_order) {
    gateway::Trace trace;
    gateway::TraceAttempt attempt;
    attempt.number = 1;
    attempt.provider = "one";
    trace.attempts = {attempt};
    trace.first_delta = gateway::StreamMark{};
    trace.status = 200;
    BOOST_TEST(
        text_of_trace(trace).ends_with("0 µs  0      request begins\n"
                                       "0 µs  0      attempt 1 at one: first pick\n"
                                       "0 µs  0      first delta\n"
                                       "0 µs  0      attempt 1 answered after 0 µs\n"
                                       "0 µs  0      request ended with status 200\n"));
}

BOOST_AUTO_TEST_CASE(bars_show_what_took_the_time) {
    const std::string text = text_of_trace(a_trace());
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(contains(
            text, "attempt 1  one      ███                              99 ms   unavailable"));
        BOOST_TEST(contains(text, "wait       backoff     ░░░░░                         150 ms"));
        BOOST_TEST(
            contains(text, "attempt 2  two              ███████████████████████  740 ms  ok"));
    }
}

BOOST_AUTO_TEST_CASE(the_head_names_who_asked_and_who_answered) {
    const std::string text = text_of_trace(a_trace());
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(contains(text, "trace        4bf92f3577b34da6a3ce929d0e0e4736\n"));
        BOOST_TEST(contains(text, "asked        openai.chat complete, model m, as a stream\n"));
        BOOST_TEST(contains(text, "by           127.0.0.1:4711 (key team)\n"));
        BOOST_TEST(contains(text, "answered by  two (big)\n"));
        BOOST_TEST(contains(text, "tokens       12 in, ? out\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_reached_nobody_is_told_as_such) {
    gateway::Trace trace;
    trace.status = 404;
    trace.code = Code::not_found;
    trace.error = "there is no model 'x'";
    const std::string text = text_of_trace(trace);
    BOOST_TEST_CONTEXT(text) {
        BOOST_TEST(contains(text, "failed at  nobody\n"));
        BOOST_TEST(contains(text, "ended with status 404: not found: there is no model 'x'\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_list_has_one_line_for_each) {
    const std::vector<std::shared_ptr<const gateway::Trace>> traces = {
        std::make_shared<const gateway::Trace>(a_trace())};
    const auto document = wire::JsonDocument::parse(gateway::traces_to_json(traces));
    BOOST_REQUIRE(document);
    const auto lines = table_lines(trace_rows(document->root()), {});
    BOOST_REQUIRE_EQUAL(lines.size(), 2u);
    BOOST_TEST(lines[1].starts_with("4bf92f3577b34da6  r-1"));
    BOOST_TEST(lines[1].ends_with("two       200     1.0 s  2"));
}

BOOST_AUTO_TEST_CASE(what_took_less_than_a_millisecond_did_not_take_nothing) {
    const auto document = wire::JsonDocument::parse(R"([{"id":"x","duration_ms":0}])");
    BOOST_REQUIRE(document);
    BOOST_TEST(contains(table_lines(trace_rows(document->root()), {})[1], "< 1 ms"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli

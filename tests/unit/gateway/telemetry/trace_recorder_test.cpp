#include "gateway/telemetry/trace_recorder.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "trace_support.hpp"

namespace tenon::gateway {
namespace {

using namespace test;

BOOST_AUTO_TEST_SUITE(trace_recorder)

BOOST_AUTO_TEST_CASE(a_trace_has_every_attempt_and_wait_with_times_and_byte_offsets) {
    TraceIds ids({1, 2});
    const std::string json = to_json(failed_over(ids));
    const auto is = [&](std::string_view pointer, std::string_view value) {
        BOOST_TEST(json_at(json, pointer) == value, pointer << " is " << json_at(json, pointer));
    };
    is("/id", R"("4bf92f3577b34da6a3ce929d0e0e4736")");
    is("/span_id", R"("00f067aa0ba902b7")");
    is("/parent_span_id", R"("0000000000000abc")");
    is("/request_id", R"("req-1")");
    is("/started", R"("2023-11-14T22:13:20.000Z")");
    is("/provider", R"("b")");
    is("/provider_model", R"("gpt-b")");
    is("/status", "200");
    is("/error", "null");
    is("/duration_ms", "100");
    is("/finish_reason", R"("stop")");
    is("/input_tokens", "12");
    is("/output_tokens", "null");
    is("/attempts/0/why", R"("first_pick")");
    is("/attempts/0/result", R"("throttled")");
    is("/attempts/0/http_status", "429");
    is("/attempts/0/decision/action", R"("retry_here")");
    is("/attempts/0/decision/wait_us", "20000");
    is("/attempts/0/ended/bytes", "0");
    is("/attempts/1/started/at_us", "33000");
    is("/attempts/1/ended/bytes", "157");
    is("/attempts/1/first_byte_us", "15000");
    is("/attempts/1/queue_wait_us", "2000");
    is("/attempts/1/decision", "none");
    is("/waits/0", R"({"why":"throttled","at_us":11000,"planned_us":20000,"duration_us":21000})");
    is("/stream/first_sent_us", "40000");
    is("/stream/first_delta", R"({"at_us":50000,"bytes":7})");
    is("/stream/last_delta", R"({"at_us":90000,"bytes":107})");
    is("/stream/bytes", "171");
    is("/stream/deltas", "2");
    // 1 ms before the first attempt, 1 before the second, 5 after it.
    is("/overhead_us", "7000");
}

BOOST_AUTO_TEST_CASE(each_attempt_goes_out_as_a_span_of_its_own) {
    TraceIds ids({1, 2});
    TraceRecorder recorder(trace_start(), ids);
    const std::string first(recorder.attempt_started({.number = 1, .provider = "a", .model = "m"}));
    recorder.attempt_ended({.number = 1});
    const std::string second(
        recorder.attempt_started({.number = 2, .provider = "a", .model = "m"}));
    recorder.attempt_ended({.number = 2});
    const Trace trace = recorder.finish(200, nullptr, kStart);
    const auto one = TraceContext::parse(first);
    const auto two = TraceContext::parse(second);
    BOOST_TEST_REQUIRE((one && two));
    BOOST_TEST(one->trace_id_hex() == trace.start.context.trace_id_hex());
    BOOST_TEST(one->span_id == trace.attempts.at(0).span_id);
    BOOST_TEST(two->span_id == trace.attempts.at(1).span_id);
    BOOST_TEST(one->span_id != two->span_id);
    BOOST_TEST(one->span_id != trace.start.context.span_id);
}

BOOST_AUTO_TEST_CASE(overhead_stands_still_while_an_attempt_or_a_wait_is_under_way) {
    TraceIds ids({1, 2});
    TraceRecorder recorder(trace_start(), ids);
    BOOST_TEST((recorder.overhead(kStart + 3ms) == 3ms));
    recorder.attempt_started({.number = 1, .provider = "a", .model = "m", .time = kStart + 5ms});
    BOOST_TEST((recorder.overhead(kStart + 9ms) == 5ms));
    recorder.attempt_ended({.number = 1, .time = kStart + 10ms, .duration = 5ms});
    BOOST_TEST((recorder.overhead(kStart + 12ms) == 7ms));
    recorder.wait_started({.time = kStart + 12ms, .until = kStart + 20ms});
    BOOST_TEST((recorder.overhead(kStart + 15ms) == 7ms));
    recorder.wait_ended(kStart + 16ms);
    BOOST_TEST((recorder.overhead(kStart + 17ms) == 8ms));
}

BOOST_AUTO_TEST_CASE(the_routers_error_goes_before_the_gateways) {
    TraceIds ids({1, 2});
    const Error cause(Code::unavailable, "provider a: connection refused.");
    const Error general(Code::internal, "It failed.");
    TraceRecorder recorder(trace_start(), ids);
    recorder.request_ended({.error = &cause});
    BOOST_TEST(recorder.finish(502, &general, kStart).error == cause.message);
    TraceRecorder alone(trace_start(), ids);
    const Trace trace = alone.finish(500, &general, kStart);
    BOOST_TEST(trace.error == general.message);
    BOOST_TEST(json_at(to_json(trace), "/error/code") == R"("internal")");
    BOOST_TEST(json_at(to_json(trace), "/provider") == "null");
}

BOOST_AUTO_TEST_CASE(a_trace_does_not_grow_without_bound) {
    TraceIds ids({1, 2});
    TraceStart start = trace_start(std::string(10'000, 'r'));
    start.model = std::string(10'000, 'm');
    TraceRecorder recorder(std::move(start), ids);
    std::string long_text(TraceRecorder::kLongestText - 1, 'x');
    for (int i = 0; i < 1'000; ++i) long_text += "\xc3\xa4";  // two bytes each
    const Error error(Code::unavailable, long_text);
    for (int i = 1; i <= 200; ++i) {
        recorder.attempt_started({.number = i, .provider = "a", .model = "m"});
        recorder.attempt_ended({.number = i, .error = &error});
        recorder.wait_started({});
        recorder.wait_ended(kStart);
    }
    recorder.request_ended({.error = &error});
    const Trace trace = recorder.finish(502, nullptr, kStart);
    BOOST_TEST(trace.attempts.size() == TraceRecorder::kMostSteps);
    BOOST_TEST(trace.waits.size() == TraceRecorder::kMostSteps);
    BOOST_TEST(trace.dropped == 2 * (200 - TraceRecorder::kMostSteps));
    BOOST_TEST(trace.error == long_text.substr(0, TraceRecorder::kLongestText - 1) + "...");
    BOOST_TEST(trace.footprint() < 100'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway

#include "gateway/telemetry/otlp_json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

#include "trace_support.hpp"

namespace tenon::gateway {
namespace {

using namespace test;

const std::string kSpans = "/resourceSpans/0/scopeSpans/0/spans/";

std::string exported(Trace trace) {
    const std::vector<TraceStore::Shared> traces = {
        std::make_shared<const Trace>(std::move(trace))};
    return to_otlp({.service_version = "1.2.3", .instance_id = "host-1"}, traces);
}

/// The value of an attribute of what stands at the pointer, as JSON.
std::string attribute(std::string_view json, const std::string& pointer, std::string_view key) {
    const auto document = wire::JsonDocument::parse(json);
    for (const wire::JsonView item : document->root().at(pointer + "/attributes").elements()) {
        if (item["key"].as_string() == key) return item["value"].to_text();
    }
    return "none";
}

BOOST_AUTO_TEST_SUITE(otlp_json)

BOOST_AUTO_TEST_CASE(a_request_is_a_server_span_and_each_attempt_a_client_span_below_it) {
    TraceIds ids({1, 2});
    const std::string json = exported(failed_over(ids));
    const auto is = [&](const std::string& pointer, std::string_view value) {
        BOOST_TEST(json_at(json, pointer) == value, pointer << " is " << json_at(json, pointer));
    };
    is(kSpans + "0/traceId", R"("4bf92f3577b34da6a3ce929d0e0e4736")");
    is(kSpans + "0/spanId", R"("00f067aa0ba902b7")");
    is(kSpans + "0/parentSpanId", R"("0000000000000abc")");
    is(kSpans + "0/kind", "2");
    is(kSpans + "0/startTimeUnixNano", R"("1700000000000000000")");
    is(kSpans + "0/endTimeUnixNano", R"("1700000000100000000")");
    is(kSpans + "0/status", R"({"code":0})");
    is(kSpans + "1/parentSpanId", R"("00f067aa0ba902b7")");
    is(kSpans + "1/kind", "3");
    is(kSpans + "1/name", R"("chat gpt-a")");
    is(kSpans + "1/status", R"({"code":2,"message":"provider a: too many requests."})");
    is(kSpans + "2/startTimeUnixNano", R"("1700000000033000000")");
    is(kSpans + "2/status/code", "0");
    is(kSpans + "3", "none");
}

BOOST_AUTO_TEST_CASE(attributes_follow_the_conventions) {
    TraceIds ids({1, 2});
    const std::string json = exported(failed_over(ids));
    BOOST_TEST(attribute(json, "/resourceSpans/0/resource", "service.name") ==
               R"({"stringValue":"tenon"})");
    BOOST_TEST(attribute(json, "/resourceSpans/0/resource", "service.version") ==
               R"({"stringValue":"1.2.3"})");
    const std::string request = kSpans + '0';
    BOOST_TEST(attribute(json, request, "gen_ai.operation.name") == R"({"stringValue":"chat"})");
    BOOST_TEST(attribute(json, request, "gen_ai.usage.input_tokens") == R"({"intValue":"12"})");
    BOOST_TEST(attribute(json, request, "gen_ai.usage.output_tokens") == "none");
    BOOST_TEST(attribute(json, request, "gen_ai.response.finish_reasons") ==
               R"({"arrayValue":{"values":[{"stringValue":"stop"}]}})");
    BOOST_TEST(attribute(json, request, "http.response.status_code") == R"({"intValue":"200"})");
    BOOST_TEST(attribute(json, request, "tenon.stream") == R"({"boolValue":true})");
    const std::string failed = kSpans + '1';
    BOOST_TEST(attribute(json, failed, "error.type") == R"({"stringValue":"throttled"})");
    BOOST_TEST(attribute(json, failed, "http.response.status_code") == R"({"intValue":"429"})");
    BOOST_TEST(attribute(json, failed, "tenon.decision.action") ==
               R"({"stringValue":"retry_here"})");
    BOOST_TEST(attribute(json, kSpans + '2', "error.type") == "none");
}

BOOST_AUTO_TEST_CASE(waits_and_deltas_are_events) {
    TraceIds ids({1, 2});
    const std::string json = exported(failed_over(ids));
    const std::string events = kSpans + "0/events/";
    BOOST_TEST(json_at(json, events + "0/name") == R"("tenon.wait")");
    BOOST_TEST(json_at(json, events + "0/timeUnixNano") == R"("1700000000011000000")");
    BOOST_TEST(attribute(json, events + '0', "tenon.wait.duration_us") ==
               R"({"intValue":"21000"})");
    BOOST_TEST(json_at(json, events + "1/name") == R"("tenon.first_delta")");
    BOOST_TEST(attribute(json, events + '1', "tenon.bytes_sent") == R"({"intValue":"7"})");
    BOOST_TEST(json_at(json, events + "2/name") == R"("tenon.last_delta")");
}

BOOST_AUTO_TEST_CASE(what_the_client_did_wrong_is_no_error_of_the_server) {
    TraceIds ids({1, 2});
    const auto status = [&](int http, Code code) {
        const Error error(code, "why");
        TraceRecorder recorder(trace_start(), ids);
        return json_at(exported(recorder.finish(http, &error, kStart)), kSpans + "0/status/code");
    };
    BOOST_TEST(status(400, Code::invalid) == "0");
    BOOST_TEST(status(499, Code::cancelled) == "0");
    BOOST_TEST(status(502, Code::unavailable) == "2");
    BOOST_TEST(status(200, Code::protocol) == "2");  // the stream broke
    BOOST_TEST(status(200, Code::cancelled) == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway

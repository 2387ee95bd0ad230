#include "gateway/dialect/openai_chat.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kRequest = R"({"model":"m","messages":[],"stream":true})";
constexpr std::string_view kWithUsage =
    R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})";
constexpr std::string_view kHead =
    R"(data: {"id":"chatcmpl-7","object":"chat.completion.chunk","created":1700000000,"model":"m",)";

std::string chunk(std::string_view rest) {
    return std::string(kHead) + std::string(rest) + "}\n\n";
}

BOOST_AUTO_TEST_SUITE(openai_chat_dialect)

BOOST_AUTO_TEST_CASE(a_request_keeps_every_byte_but_the_name_of_the_model) {
    const ParsedRequest request =
        parsed(openai_chat(),
               "{ \"x\" : 1.0, \"m\\u006fdel\" :\t\"a/\\u0062\", \"messages\":[{\"role\":\"user\","
               "\"content\":\"\\u00e4 \xc3\xa4\",\"new\":{}}], \"n\": 9007199254740993 }\n");
    BOOST_TEST(request.model == "a/b");
    BOOST_TEST(!request.stream);
    BOOST_TEST(request.body_for("gpt \"x\"") ==
               "{ \"x\" : 1.0, \"m\\u006fdel\" :\t\"gpt \\\"x\\\"\", \"messages\":[{\"role\":"
               "\"user\",\"content\":\"\\u00e4 \xc3\xa4\",\"new\":{}}], \"n\": 9007199254740993 "
               "}\n");
    BOOST_TEST(request.body_for("") == request.body);
}

BOOST_AUTO_TEST_CASE(a_request_without_a_model_gets_one) {
    const ParsedRequest request = parsed(openai_chat(), R"( {"messages":[]})");
    BOOST_TEST(request.model.empty());
    BOOST_TEST(request.body_for("m") == R"( {"model":"m","messages":[]})");
}

BOOST_AUTO_TEST_CASE(the_model_is_read_however_it_is_written) {
    const auto model = [](std::string_view written) {
        const std::string body =
            R"({"messages":[],"model":)" + std::string(written) + R"(,"after":"x"})";
        const ParsedRequest request = parsed(openai_chat(), body);
        BOOST_TEST(request.body_for("m") == R"({"messages":[],"model":"m","after":"x"})");
        return request.model;
    };
    BOOST_TEST(model(R"("gpt-4o")") == "gpt-4o");
    BOOST_TEST(model(R"("a\"b\\\u00e4")") == "a\"b\\\xC3\xA4");
    BOOST_TEST(model("\"\xC3\xA4\x7F\"") == "\xC3\xA4\x7F");
    BOOST_TEST(model(R"("")").empty());
    BOOST_TEST(model("null").empty());
}

BOOST_AUTO_TEST_CASE(stream_and_include_usage_are_read) {
    BOOST_TEST(parsed(openai_chat(), kRequest).stream);
    BOOST_TEST(!parsed(openai_chat(), kRequest).wants_usage);
    BOOST_TEST(parsed(openai_chat(), kWithUsage).wants_usage);
    BOOST_TEST(
        !parsed(openai_chat(), R"({"messages":[],"stream":null,"stream_options":null})").stream);
}

BOOST_AUTO_TEST_CASE(faults_are_told_with_their_member) {
    const auto fault = [](std::string_view body) { return refusal(openai_chat(), body); };
    BOOST_TEST(fault("[]") == "invalid: the request is not a whole JSON object");
    BOOST_TEST(fault(R"({"messages":[])") == "invalid: the request is not a whole JSON object");
    BOOST_TEST(fault(R"({"model":"m"})") == "invalid: messages: is missing");
    BOOST_TEST(fault(R"({"messages":{}})") == "invalid: messages: must be an array");
    BOOST_TEST(fault(R"({"model":1,"messages":[]})") == "invalid: model: must be a string");
    BOOST_TEST(fault(R"({"model":"\x","messages":[]})") == "invalid: model: is not JSON");
    BOOST_TEST(fault("{\"model\":\"a\xC3\",\"messages\":[]}") == "invalid: model: is not JSON");
    BOOST_TEST(fault("{\"model\":\"a\nb\",\"messages\":[]}") == "invalid: model: is not JSON");
    BOOST_TEST(fault(R"({"messages":[],"stream":1})") == "invalid: stream: must be true or false");
    BOOST_TEST(fault(R"({"messages":[],"stream_options":[]})") ==
               "invalid: stream_options: must be an object");
    BOOST_TEST(fault(R"({"messages":[],"stream_options":{"include_usage":"x"}})") ==
               "invalid: stream_options.include_usage: must be true or false, not a string");
    BOOST_TEST(fault(R"({"model":"a","messages":[],"model":"b"})") ==
               "invalid: model: is given twice");
    BOOST_TEST(fault(R"({"messages":[],"messages":[]})") == "invalid: messages: is given twice");
    BOOST_TEST(fault(R"({"messages":[],"stream":true,"stream":false})") ==
               "invalid: stream: is given twice");
}

BOOST_AUTO_TEST_CASE(a_whole_answer_is_passed_on_as_it_is) {
    const std::string_view answer = "{ \"choices\" : [ ], \"x\":1.0 }\n";
    BOOST_TEST(whole(openai_chat(), kRequest, answer) == answer);
}

BOOST_AUTO_TEST_CASE(raw_chunks_are_forwarded_verbatim_and_once) {
    const std::string_view first =
        R"({"id":"up","choices":[{"index":0,"delta":{"content":"H"}}],"x":1.0})";
    const std::string_view last =
        R"({"id":"up","choices":[{"index":0,"delta":{},"finish_reason" : "stop"}]})";
    const std::string out =
        stream(openai_chat(), kRequest,
               {raw(first, TENON_DELTA_TEXT),
                {.kind = TENON_DELTA_REASONING, .same_chunk = true, .data = "hm"},
                raw(last)});
    BOOST_TEST(out == "data: " + std::string(first) + "\n\ndata: " + std::string(last) +
                          "\n\ndata: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(a_raw_chunk_of_several_lines_stays_one_event) {
    const std::string out = stream(openai_chat(), kRequest, {raw("{\n\"choices\":\r\n[]}")});
    const auto events = events_of(out);
    BOOST_TEST(at(events.at(0).data, "/choices") == "[]");
}

BOOST_AUTO_TEST_CASE(a_chunk_with_the_usage_alone_goes_to_clients_that_asked_for_it) {
    const std::string_view last =
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"x":1}})";
    const std::string_view alone = R"({"choices":[],"usage":{"prompt_tokens":1}})";
    const std::vector<Delta> deltas = {raw(last, TENON_DELTA_USAGE), raw(alone, TENON_DELTA_USAGE)};
    const std::string kept = "data: " + std::string(last) + "\n\n";
    BOOST_TEST(stream(openai_chat(), kRequest, deltas) == kept + "data: [DONE]\n\n");
    BOOST_TEST(stream(openai_chat(), kWithUsage, deltas, {.input_tokens = 1}) ==
               kept + "data: " + std::string(alone) + "\n\ndata: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(a_chunk_without_choices_and_usage_is_passed_on) {
    const std::string_view filter = R"({"choices":[],"prompt_filter_results":[{}]})";
    BOOST_TEST(stream(openai_chat(), kRequest, {raw(filter)}).starts_with("data: {\"choices\""));
}

BOOST_AUTO_TEST_CASE(typed_deltas_become_chunks) {
    const std::string out = stream(openai_chat(), kRequest, {reasoning("hm"), text("Hi")});
    BOOST_TEST(
        out ==
        chunk(
            R"("choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"},"finish_reason":null}])") +
            chunk(R"("choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}])") +
            chunk(R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}])") +
            "data: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(parallel_tool_calls_keep_their_fragments_apart) {
    const auto events = events_of(stream(
        openai_chat(), kRequest,
        {call(0, "", "a", "f"), call(1, "{\"", "b", "g"), call(0, "{}"), call(1, "x\":1}")}));
    BOOST_REQUIRE(events.size() == 6);
    BOOST_TEST(at(events[0].data, "/choices/0/delta/tool_calls/0") ==
               R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})");
    BOOST_TEST(at(events[3].data, "/choices/0/delta/tool_calls/0") ==
               R"({"index":1,"function":{"arguments":"x\":1}"}})");
    BOOST_TEST(at(events[4].data, "/choices/0/finish_reason") == R"("tool_calls")");
    BOOST_TEST(events[5].data == "[DONE]");
}

BOOST_AUTO_TEST_CASE(a_character_that_is_split_between_deltas_stays_whole) {
    const auto events = events_of(
        stream(openai_chat(), kRequest,
               {text("a\xf0\x9f"), reasoning("\xc3"), text("\x98"), text("\x80z"), text("\xc3")}));
    BOOST_TEST(at(events.at(0).data, "/choices/0/delta/content") == "\"a\"");
    BOOST_TEST(at(events.at(1).data, "/choices/0/delta/content") == "\"\xf0\x9f\x98\x80z\"");
    BOOST_TEST(at(events.at(2).data, "/choices/0/delta/content") == "\"\xef\xbf\xbd\"");
    BOOST_TEST(at(events.at(3).data, "/choices/0/delta/reasoning_content") == "\"\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_CASE(empty_deltas_write_nothing) {
    const std::string out = stream(openai_chat(), kRequest, {text(""), {}, meta("[]"), usage("")});
    BOOST_TEST(events_of(out).size() == 2);
}

BOOST_AUTO_TEST_CASE(metadata_travels_in_the_delta) {
    const auto events = events_of(stream(openai_chat(), kRequest, {meta(R"({"sig":{"a":1}})")}));
    BOOST_TEST(at(events.at(0).data, "/choices/0/delta/sig") == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(usage_that_came_typed_is_told_at_the_end) {
    const std::vector<Delta> deltas = {text("x"), usage(R"({"prompt_tokens":3,"more":1.0})")};
    BOOST_TEST(stream(openai_chat(), kWithUsage, deltas, {.finish_reason = "length"})
                   .find(R"("choices":[],"usage":{"prompt_tokens":3,"more":1.0}})") !=
               std::string::npos);
    BOOST_TEST(stream(openai_chat(), kRequest, deltas).find("usage") == std::string::npos);
    BOOST_TEST(stream(openai_chat(), kWithUsage, {}, {.input_tokens = 2, .output_tokens = 3})
                   .find(R"({"prompt_tokens":2,"completion_tokens":3,"total_tokens":5})") !=
               std::string::npos);
    BOOST_TEST(stream(openai_chat(), kWithUsage, {}).find("usage") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_choice_gets_its_end) {
    Delta second = text("b");
    second.choice = 1;
    const auto events = events_of(
        stream(openai_chat(), kRequest,
               {raw(R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})"), second}));
    BOOST_REQUIRE(events.size() == 4);
    BOOST_TEST(at(events[2].data, "/choices/0/index") == "1");
    BOOST_TEST(at(events[2].data, "/choices/0/finish_reason") == "\"stop\"");
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_with_the_error_and_without_done) {
    check_broken_streams(openai_chat(), kRequest, {"[DONE]", R"("finish_reason":")"});
    const auto events = events_of(
        broken_stream(openai_chat(), kRequest, {text("H")}, Error(Code::protocol, "cut short")));
    BOOST_TEST(at(events.back().data, "/error/message") == "\"cut short\"");
    BOOST_TEST(at(events.back().data, "/error/code") == "\"bad_gateway\"");
}

BOOST_AUTO_TEST_CASE(a_keep_alive_is_a_comment) {
    std::string out;
    writer(openai_chat(), kRequest)->keep_alive(out);
    BOOST_TEST(out.starts_with(":"));
    BOOST_TEST(events_of(out).empty());
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        openai_chat(),
        R"({"model":"m","messages":[{"role":"user","content":"hello"}],"stream":true,)"
        R"("stream_options":{"include_usage":true},"temperature":0.5})");
}

BOOST_AUTO_TEST_CASE(paths_lead_to_dialects) {
    BOOST_TEST(find_dialect("/v1/chat/completions") == &openai_chat());
    BOOST_TEST(find_dialect("/v1/chat") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

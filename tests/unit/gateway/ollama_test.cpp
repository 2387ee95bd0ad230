#include "gateway/dialect/ollama.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kChat = R"({"model":"m","messages":[{"role":"user","content":"x"}]})";
constexpr std::string_view kGenerate = R"({"model":"m","prompt":"x"})";
constexpr std::string_view kHead = R"({"model":"m","created_at":"2023-11-14T22:13:20.000Z",)";
constexpr AnswerTimes kTimes = {.total = std::chrono::nanoseconds(1000),
                                .load = std::chrono::nanoseconds(10),
                                .prompt = std::chrono::nanoseconds(200),
                                .eval = std::chrono::nanoseconds(790)};

std::string chat_body(std::string_view members) {
    return parsed(ollama_chat(), R"({"model":"m",)" + std::string(members) + "}").body;
}

std::string messages(std::string_view list) {
    return at(chat_body(R"("messages":)" + std::string(list)), "/messages");
}

std::string setting(std::string_view members, std::string_view pointer) {
    return at(chat_body(R"("messages":[{"role":"user","content":"x"}],)" + std::string(members)),
              pointer);
}

std::string fault(std::string_view members) {
    return refusal(ollama_chat(), R"({"model":"m",)" + std::string(members) + "}");
}

std::string line(std::string_view rest) {
    return std::string(kHead) + std::string(rest) + "}\n";
}

BOOST_AUTO_TEST_SUITE(ollama_dialect)

BOOST_AUTO_TEST_CASE(a_chat_request_streams_unless_it_says_no) {
    const ParsedRequest request = parsed(ollama_chat(), kChat);
    BOOST_TEST(request.stream);
    BOOST_TEST(
        request.body ==
        R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}})");
    BOOST_TEST(
        !parsed(ollama_chat(), R"({"model":"m","stream":false,"messages":[{"role":"user"}]})")
             .stream);
    BOOST_TEST(ollama_chat().stream_type() == "application/x-ndjson");
}

BOOST_AUTO_TEST_CASE(images_become_addresses_of_their_kind) {
    BOOST_TEST(
        messages(
            R"([{"role":"user","content":"see","images":["/9j/A","R0lGODA","UklGRA","iVB"]}])") ==
        R"([{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/A"}},{"type":"image_url","image_url":{"url":"data:image/gif;base64,R0lGODA"}},{"type":"image_url","image_url":{"url":"data:image/webp;base64,UklGRA"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVB"}}]}])");
}

BOOST_AUTO_TEST_CASE(results_of_tools_find_their_calls) {
    const std::string text = messages(
        R"([{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"g","arguments":{}}},{"id":"own","function":{"name":"f"}}]},{"role":"tool","tool_name":"g","content":"G"},{"role":"tool","tool_name":"f","content":"1"},{"role":"tool","content":"2"},{"role":"tool","tool_call_id":"else","content":"3"}])");
    BOOST_TEST(
        at(text, "/0/tool_calls/0") ==
        R"({"id":"call_0","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}})");
    BOOST_TEST(at(text, "/0/tool_calls/2/id") == "\"own\"");
    BOOST_TEST(at(text, "/0/tool_calls/2/function/arguments") == "\"{}\"");
    BOOST_TEST(at(text, "/1/tool_call_id") == "\"call_1\"");
    BOOST_TEST(at(text, "/2/tool_call_id") == "\"call_0\"");
    BOOST_TEST(at(text, "/3/tool_call_id") == "\"own\"");
    BOOST_TEST(at(text, "/4/tool_call_id") == "\"else\"");
}

BOOST_AUTO_TEST_CASE(thinking_and_further_members_of_messages_are_kept) {
    BOOST_TEST(messages(R"([{"role":"assistant","content":"a","thinking":"hm","new":[1.5]}])") ==
               R"([{"role":"assistant","reasoning_content":"hm","content":"a","new":[1.5]}])");
}

BOOST_AUTO_TEST_CASE(options_become_members) {
    const std::string_view options =
        R"("options":{"num_predict":5,"temperature":0.5,"stop":["a"],"repeat_penalty":1.5,"num_ctx":9,"mirostat":2})";
    BOOST_TEST(setting(options, "/max_tokens") == "5");
    BOOST_TEST(setting(options, "/temperature") == "0.5");
    BOOST_TEST(setting(options, "/stop") == R"(["a"])");
    BOOST_TEST(setting(options, "/repetition_penalty") == "1.5");
    BOOST_TEST(setting(options, "/mirostat") == "2");
    for (const std::string_view gone : {"/num_ctx", "/num_predict", "/options"}) {
        BOOST_TEST(setting(options, gone) == "none");
    }
    BOOST_TEST(setting(R"("options":{"num_predict":-1})", "/max_tokens") == "none");
}

BOOST_AUTO_TEST_CASE(format_think_and_further_members_are_translated) {
    BOOST_TEST(setting(R"("format":"json")", "/response_format") == R"({"type":"json_object"})");
    BOOST_TEST(
        setting(R"("format":{"type":"object"})", "/response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object"}}})");
    BOOST_TEST(setting(R"("format":"")", "/response_format") == "none");
    BOOST_TEST(setting(R"("think":true)", "/reasoning_effort") == "\"medium\"");
    BOOST_TEST(setting(R"("think":false)", "/reasoning_effort") == "\"none\"");
    BOOST_TEST(setting(R"("think":"high")", "/reasoning_effort") == "\"high\"");
    BOOST_TEST(setting(R"("keep_alive":"5m")", "/keep_alive") == "none");
    BOOST_TEST(setting(R"("tools":[{"x":1}])", "/tools") == R"([{"x":1}])");
}

BOOST_AUTO_TEST_CASE(a_prompt_becomes_messages) {
    BOOST_TEST(
        at(parsed(
               ollama_generate(),
               R"({"model":"m","system":"S","prompt":"P","images":["iVB"],"raw":false,"context":[]})")
               .body,
           "/messages") ==
        R"([{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"P"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVB"}}]}])");
}

BOOST_AUTO_TEST_CASE(faults_are_told_with_their_member) {
    BOOST_TEST(refusal(ollama_chat(), "{}") == "invalid: model: is missing");
    BOOST_TEST(fault(R"("messages":[])").starts_with("unsupported: messages: is empty"));
    BOOST_TEST(fault(R"("messages":{"a":1})") == "invalid: messages: must be an array");
    BOOST_TEST(fault(R"("messages":[{"content":"x"}])") == "invalid: messages.0.role: is missing");
    BOOST_TEST(fault(R"("messages":[{"role":"user","content":[]}])") ==
               "invalid: messages.0.content: must be a string, not an array");
    BOOST_TEST(fault(R"("messages":[{"role":"user","images":[1]}])") ==
               "invalid: messages.0.images.0: must be an image as base64 text");
    BOOST_TEST(fault(R"("messages":[{"role":"tool","content":"x"}])") ==
               "invalid: messages.0: is the result of a tool that no message before it calls");
    BOOST_TEST(
        fault(
            R"("messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"x"}}]}])") ==
        "invalid: messages.0.tool_calls.0.function.arguments: must be an object");
    BOOST_TEST(fault(R"("messages":[{"role":"user"}],"format":7)") ==
               "invalid: format: must be \"json\" or a JSON schema");
    BOOST_TEST(fault(R"("messages":[{"role":"user"}],"logprobs":true)")
                   .starts_with("unsupported: logprobs: "));
    BOOST_TEST(refusal(ollama_generate(), R"({"model":"m","prompt":""})")
                   .starts_with("unsupported: prompt: is empty"));
    BOOST_TEST(refusal(ollama_generate(), R"({"model":"m","prompt":"x","raw":true})")
                   .starts_with("unsupported: raw: "));
    BOOST_TEST(refusal(ollama_generate(), R"({"model":"m","prompt":"x","context":[1]})")
                   .starts_with("unsupported: context: "));
}

constexpr std::string_view kAnswer =
    R"({"choices":[{"message":{"content":"Hi","reasoning_content":"hm","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4}})";

BOOST_AUTO_TEST_CASE(a_whole_answer_becomes_one_object) {
    BOOST_TEST(
        whole(ollama_chat(), kChat, kAnswer, kTimes) + "\n" ==
        line(
            R"("message":{"role":"assistant","content":"Hi","thinking":"hm","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1}}}]},"done":true,"done_reason":"stop","total_duration":1000,"load_duration":10,"prompt_eval_count":3,"prompt_eval_duration":200,"eval_count":4,"eval_duration":790)"));
    BOOST_TEST(whole(ollama_generate(), kGenerate,
                     R"({"choices":[{"message":{"content":"Hi"},"finish_reason":"length"}]})") +
                   "\n" ==
               line(R"("response":"Hi","done":true,"done_reason":"length")"));
    check_damaged_answers(ollama_chat(), kChat, kAnswer);
}

BOOST_AUTO_TEST_CASE(a_stream_is_lines_with_a_last_one) {
    BOOST_TEST(
        stream(ollama_chat(), kChat,
               {reasoning("hm"), text(""), text("H\n"),
                usage(R"({"prompt_tokens":3,"completion_tokens":4})")},
               {.finish_reason = "length", .times = kTimes}) ==
        line(R"("message":{"role":"assistant","content":"","thinking":"hm"},"done":false)") +
            line(R"("message":{"role":"assistant","content":"H\n"},"done":false)") +
            line(
                R"("message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":1000,"load_duration":10,"prompt_eval_count":3,"prompt_eval_duration":200,"eval_count":4,"eval_duration":790)"));
    BOOST_TEST(stream(ollama_generate(), kGenerate, {text("H")}) ==
               line(R"("response":"H","done":false)") +
                   line(R"("response":"","done":true,"done_reason":"stop")"));
}

BOOST_AUTO_TEST_CASE(parallel_tool_calls_come_whole) {
    const std::string expected =
        line(
            R"("message":{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1}}}]},"done":false)") +
        line(
            R"("message":{"role":"assistant","content":"","tool_calls":[{"id":"b","function":{"index":1,"name":"g","arguments":{}}}]},"done":false)") +
        line(R"("message":{"role":"assistant","content":""},"done":true,"done_reason":"stop")");
    const std::string_view arguments = R"({"x":1})";
    for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
        BOOST_TEST(stream(ollama_chat(), kChat,
                          {call(0, arguments.substr(0, cut), "a", "f"), call(1, "", "b", "g"),
                           call(0, arguments.substr(cut)), call(1, "{}")},
                          {.finish_reason = "tool_calls"}) == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_character_that_is_split_between_deltas_stays_whole) {
    BOOST_TEST(stream(ollama_generate(), kGenerate, {text("\xc3"), text("\xa4")}) ==
               line("\"response\":\"\xc3\xa4\",\"done\":false") +
                   line(R"("response":"","done":true,"done_reason":"stop")"));
}

BOOST_AUTO_TEST_CASE(lines_carry_the_time_they_are_written_at) {
    AnswerContext timed = context();
    int seconds = 0;
    timed.now = [&] { return std::chrono::system_clock::from_time_t(++seconds); };
    const auto answer = ollama_chat().answer(parsed(ollama_chat(), kChat), timed);
    std::string out;
    answer->delta(out, text("a"));
    answer->end(out, {});
    BOOST_TEST(out.find("1970-01-01T00:00:01.000Z") != std::string::npos);
    BOOST_TEST(out.find("1970-01-01T00:00:02.000Z") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_with_an_error_line) {
    check_broken_streams(ollama_chat(), kChat, {"done\":true", "done_reason"});
    const std::string out =
        broken_stream(ollama_chat(), kChat, {text("H")}, Error(Code::protocol, "cut short"));
    BOOST_TEST(out.ends_with("\n{\"error\":\"cut short\"}\n"));
}

BOOST_AUTO_TEST_CASE(nothing_is_written_to_keep_a_connection_busy) {
    std::string out;
    writer(ollama_chat(), kChat)->keep_alive(out);
    BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        ollama_chat(),
        R"({"model":"m","messages":[{"role":"assistant","content":"x","tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]},{"role":"tool","tool_name":"f","content":"1"},{"role":"user","content":"y","images":["iVB"]}],"options":{"num_predict":5},"format":"json","think":true})");
    check_damaged_requests(
        ollama_generate(),
        R"({"model":"m","prompt":"hello","system":"s","images":["iVB"],"stream":false,"options":{"stop":["a"]}})");
}

BOOST_AUTO_TEST_CASE(the_paths_lead_here) {
    BOOST_TEST(find_dialect("/api/chat") == &ollama_chat());
    BOOST_TEST(find_dialect("/api/generate") == &ollama_generate());
    BOOST_TEST(ollama_chat().error_reply(Error(Code::not_found, "x")).status == 404);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

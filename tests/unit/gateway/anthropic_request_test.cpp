#include <boost/test/unit_test.hpp>
#include <string>

#include "gateway/dialect/anthropic_messages.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

std::string request(std::string_view members) {
    return R"({"model":"claude","max_tokens":9,)" + std::string(members) + "}";
}

std::string body(std::string_view members) {
    return parsed(anthropic_messages(), request(members)).body;
}

/// The canonical messages for one message's content.
std::string messages(std::string_view role, std::string_view content) {
    return at(body(R"("messages":[{"role":")" + std::string(role) + R"(","content":)" +
                   std::string(content) + "}]"),
              "/messages");
}

std::string fault(std::string_view members) {
    return refusal(anthropic_messages(), request(members));
}

std::string block_fault(std::string_view role, std::string_view block) {
    return fault(R"("messages":[{"role":")" + std::string(role) + R"(","content":[)" +
                 std::string(block) + "]}]");
}

BOOST_AUTO_TEST_SUITE(anthropic_request)

BOOST_AUTO_TEST_CASE(a_plain_request_becomes_a_chat_request) {
    const ParsedRequest plain =
        parsed(anthropic_messages(), request(R"("messages":[{"role":"user","content":"Hi"}])"));
    BOOST_TEST(plain.model == "claude");
    BOOST_TEST(
        plain.body ==
        R"({"model":"claude","messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"stream":false})");
    BOOST_TEST(plain.body_for("x").starts_with(R"({"model":"x","messages")"));
}

BOOST_AUTO_TEST_CASE(a_stream_asks_for_its_usage) {
    const ParsedRequest streamed =
        parsed(anthropic_messages(), request(R"("messages":[],"stream":true)"));
    BOOST_TEST(streamed.stream);
    BOOST_TEST(at(streamed.body, "/stream") == "true");
    BOOST_TEST(at(streamed.body, "/stream_options") == R"({"include_usage":true})");
}

BOOST_AUTO_TEST_CASE(the_system_prompt_becomes_the_first_message) {
    BOOST_TEST(at(body(R"("system":"S","messages":[])"), "/messages") ==
               R"([{"role":"system","content":"S"}])");
    BOOST_TEST(
        at(body(
               R"("system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],"messages":[])"),
           "/messages/0/content") == R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])");
}

BOOST_AUTO_TEST_CASE(images_become_addresses) {
    BOOST_TEST(
        messages(
            "user",
            R"([{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QQ=="}},{"type":"image","source":{"type":"url","url":"http://i"}}])") ==
        R"([{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QQ=="}},{"type":"image_url","image_url":{"url":"http://i"}}]}])");
}

BOOST_AUTO_TEST_CASE(documents_become_files_and_texts) {
    BOOST_TEST(
        messages(
            "user",
            R"([{"type":"document","title":"t.pdf","source":{"type":"base64","media_type":"application/pdf","data":"QQ"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}])") ==
        R"([{"role":"user","content":[{"type":"file","file":{"filename":"t.pdf","file_data":"data:application/pdf;base64,QQ"}},{"type":"text","text":"words"}]}])");
}

BOOST_AUTO_TEST_CASE(tool_calls_and_their_results_keep_their_ids) {
    BOOST_TEST(
        messages(
            "assistant",
            R"([{"type":"text","text":"I look"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{}}])") ==
        R"([{"role":"assistant","content":"I look","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}])");
    BOOST_TEST(
        messages(
            "user",
            R"([{"type":"tool_result","tool_use_id":"a","content":"42"},{"type":"text","text":"go on"},{"type":"tool_result","tool_use_id":"b","is_error":true,"content":[{"type":"text","text":"no"}]},{"type":"tool_result","tool_use_id":"c"}])") ==
        R"([{"role":"tool","tool_call_id":"a","content":"42"},{"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"Error:"},{"type":"text","text":"no"}]},{"role":"tool","tool_call_id":"c","content":""},{"role":"user","content":"go on"}])");
}

BOOST_AUTO_TEST_CASE(images_in_results_follow_as_the_user_s) {
    BOOST_TEST(
        messages(
            "user",
            R"([{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"type":"url","url":"http://i"}}]}])") ==
        R"([{"role":"tool","tool_call_id":"a","content":""},{"role":"user","content":[{"type":"text","text":"Image from the result of tool call a:"},{"type":"image_url","image_url":{"url":"http://i"}}]}])");
}

BOOST_AUTO_TEST_CASE(thinking_is_kept_with_its_signature) {
    BOOST_TEST(
        messages(
            "assistant",
            R"([{"type":"thinking","thinking":"hm","signature":"S"},{"type":"redacted_thinking","data":"D"},{"type":"text","text":"x"}])") ==
        R"([{"role":"assistant","reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"S"},{"type":"redacted_thinking","data":"D"}],"content":"x"}])");
    BOOST_TEST(messages("assistant", R"([{"type":"thinking","thinking":"hm","signature":""}])") ==
               R"([{"role":"assistant","reasoning_content":"hm","content":""}])");
}

BOOST_AUTO_TEST_CASE(arguments_that_were_no_json_come_back_as_they_were) {
    BOOST_TEST(
        at(messages(
               "assistant",
               R"([{"type":"tool_use","id":"a","name":"f","input":{"INVALID_JSON":"{\"x\""}}])"),
           "/0/tool_calls/0/function/arguments") == R"("{\"x\"")");
}

BOOST_AUTO_TEST_CASE(tools_are_translated) {
    BOOST_TEST(
        at(body(
               R"("messages":[],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{}},{"type":"custom","name":"g","input_schema":{}}])"),
           "/tools") ==
        R"([{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{"type":"object"}}},{"type":"function","function":{"name":"g","parameters":{}}}])");
}

BOOST_AUTO_TEST_CASE(tool_choices_are_translated) {
    const auto choice = [](std::string_view value) {
        const std::string text = body(R"("messages":[],"tool_choice":)" + std::string(value));
        return at(text, "/tool_choice") + " " + at(text, "/parallel_tool_calls");
    };
    BOOST_TEST(choice(R"({"type":"auto"})") == "\"auto\" none");
    BOOST_TEST(choice(R"({"type":"any","disable_parallel_tool_use":true})") ==
               "\"required\" false");
    BOOST_TEST(choice(R"({"type":"none"})") == "\"none\" none");
    BOOST_TEST(choice(R"({"type":"tool","name":"f"})") ==
               R"({"type":"function","function":{"name":"f"}} none)");
}

BOOST_AUTO_TEST_CASE(further_members_are_translated_or_kept) {
    const std::string text = body(
        R"("messages":[],"stop_sequences":["a"],"temperature":0.5,"top_k":3,"metadata":{"user_id":"u"},"service_tier":"standard_only","container":{"x":1.5},"cache_control":{},"inference_geo":null)");
    BOOST_TEST(at(text, "/stop") == R"(["a"])");
    BOOST_TEST(at(text, "/temperature") == "0.5");
    BOOST_TEST(at(text, "/top_k") == "3");
    BOOST_TEST(at(text, "/user") == "\"u\"");
    BOOST_TEST(at(text, "/service_tier") == "\"default\"");
    BOOST_TEST(at(text, "/container") == R"({"x":1.5})");
    for (const std::string_view gone :
         {"/stop_sequences", "/metadata", "/cache_control", "/inference_geo", "/system"}) {
        BOOST_TEST(at(text, gone) == "none");
    }
}

BOOST_AUTO_TEST_CASE(how_much_to_think_becomes_an_effort) {
    const auto effort = [](std::string_view members) {
        return at(body(R"("messages":[],)" + std::string(members)), "/reasoning_effort");
    };
    BOOST_TEST(effort(R"("thinking":{"type":"enabled","budget_tokens":1024})") == "\"low\"");
    BOOST_TEST(effort(R"("thinking":{"type":"enabled","budget_tokens":4096})") == "\"medium\"");
    BOOST_TEST(effort(R"("thinking":{"type":"enabled","budget_tokens":16384})") == "\"high\"");
    BOOST_TEST(effort(R"("thinking":{"type":"adaptive"})") == "none");
    BOOST_TEST(effort(R"("thinking":{"type":"disabled"})") == "none");
    BOOST_TEST(effort(R"("output_config":{"effort":"max"})") == "\"max\"");
}

BOOST_AUTO_TEST_CASE(a_format_becomes_a_response_format) {
    BOOST_TEST(
        at(body(
               R"("messages":[],"output_config":{"format":{"type":"json_schema","schema":{"a":1}}})"),
           "/response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":{"a":1},"strict":true}})");
}

BOOST_AUTO_TEST_CASE(faults_are_told_with_their_member) {
    BOOST_TEST(refusal(anthropic_messages(), "[]") ==
               "invalid: the request must be a JSON object, not an array");
    BOOST_TEST(refusal(anthropic_messages(), R"({"max_tokens":1,"messages":[]})") ==
               "invalid: model: is missing");
    BOOST_TEST(refusal(anthropic_messages(), R"({"model":"m","messages":[]})") ==
               "invalid: max_tokens: is missing");
    BOOST_TEST(refusal(anthropic_messages(), R"({"model":"m","max_tokens":0,"messages":[]})") ==
               "invalid: max_tokens: must be a whole number greater than 0");
    BOOST_TEST(fault(R"("x":1)") == "invalid: messages: is missing");
    BOOST_TEST(fault(R"("messages":[{"role":"user"}])") ==
               "invalid: messages.0.content: is missing");
    BOOST_TEST(fault(R"("messages":[{"role":"x","content":"y"}])") ==
               "invalid: messages.0.role: must be user, assistant or system");
    BOOST_TEST(fault(R"("messages":[],"tool_choice":{"type":"tool"})") ==
               "invalid: tool_choice.name: is missing");
    BOOST_TEST(fault(R"("messages":[],"tools":[{"name":"f"}])") ==
               "invalid: tools.0.input_schema: must be an object");
    BOOST_TEST(fault(R"("messages":[],"stop":["a"],"stop_sequences":["b"])") ==
               "invalid: stop: says the same as another member of the request");
}

BOOST_AUTO_TEST_CASE(faults_of_blocks_are_told_with_their_member) {
    BOOST_TEST(block_fault("user", R"({"type":"text"})") ==
               "invalid: messages.0.content.0.text: is missing");
    BOOST_TEST(block_fault("user", R"({"type":"image","source":{"type":"file"}})")
                   .starts_with("unsupported: messages.0.content.0.source.type: \"file\""));
    BOOST_TEST(block_fault("user", R"({"type":"document","source":{"type":"url"}})")
                   .starts_with("unsupported: messages.0.content.0.source.type: documents"));
    BOOST_TEST(block_fault("assistant", R"({"type":"server_tool_use"})")
                   .starts_with("unsupported: messages.0.content.0.type: blocks of type"));
    BOOST_TEST(block_fault("assistant", R"({"type":"tool_use","id":"a","name":"f","input":[]})") ==
               "invalid: messages.0.content.0.input: must be an object");
    BOOST_TEST(block_fault("user", R"({"type":"tool_result"})") ==
               "invalid: messages.0.content.0.tool_use_id: is missing");
    BOOST_TEST(block_fault("user", R"(7)") == "invalid: messages.0.content.0.type: is missing");
}

BOOST_AUTO_TEST_CASE(what_runs_at_anthropic_is_refused) {
    BOOST_TEST(fault(R"("messages":[],"tools":[{"type":"web_search_20250305","name":"w"}])")
                   .starts_with("unsupported: tools.0.type: \"web_search_20250305\" runs at"));
    BOOST_TEST(
        fault(R"("messages":[],"metadata":{"x":1})").starts_with("unsupported: metadata.x: "));
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        anthropic_messages(),
        request(
            R"("system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QQ=="}}]},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":1}}]}],"tools":[{"name":"f","input_schema":{}}],"stream":true,"stop_sequences":["a"])"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

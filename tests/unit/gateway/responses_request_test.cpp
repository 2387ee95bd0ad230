#include <boost/test/unit_test.hpp>
#include <string>

#include "gateway/dialect/openai_responses.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

std::string body(std::string_view members) {
    return parsed(openai_responses(), R"({"model":"m",)" + std::string(members) + "}").body;
}

std::string messages(std::string_view input) {
    return at(body(R"("input":)" + std::string(input)), "/messages");
}

std::string setting(std::string_view members, std::string_view pointer) {
    return at(body(R"("input":"x",)" + std::string(members)), pointer);
}

std::string fault(std::string_view members) {
    return refusal(openai_responses(), R"({"model":"m",)" + std::string(members) + "}");
}

BOOST_AUTO_TEST_SUITE(responses_request)

BOOST_AUTO_TEST_CASE(a_text_becomes_a_message_of_the_user) {
    BOOST_TEST(
        body(R"("input":"Hi","instructions":"S","store":true)") ==
        R"({"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":"Hi"}],"stream":false})");
    BOOST_TEST(parsed(openai_responses(), R"({"input":"Hi"})")
                   .body_for("z")
                   .starts_with(R"({"model":"z","messages")"));
    BOOST_TEST(parsed(openai_responses(), R"({"input":"Hi","stream":true})").stream);
}

BOOST_AUTO_TEST_CASE(parts_of_messages_are_translated) {
    BOOST_TEST(
        messages(
            R"([{"role":"developer","content":"D"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"http://i","detail":"low"},{"type":"input_file","filename":"f","file_data":"data:x"}]}])") ==
        R"([{"role":"developer","content":"D"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"http://i","detail":"low"}},{"type":"file","file":{"filename":"f","file_data":"data:x"}}]}])");
}

BOOST_AUTO_TEST_CASE(items_of_one_turn_become_one_message) {
    BOOST_TEST(
        messages(
            R"([{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"role":"assistant","content":[{"type":"output_text","text":"I look"}]},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call","call_id":"b","name":"g","arguments":"{\"x\":1}"},{"type":"function_call_output","call_id":"a","output":"1"},{"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"2"}]}])") ==
        R"([{"role":"assistant","reasoning_content":"hm","content":"I look","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"x\":1}"}}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}])");
    BOOST_TEST(
        messages(R"([{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])") ==
        R"([{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])");
}

BOOST_AUTO_TEST_CASE(tools_and_choices_are_nested) {
    BOOST_TEST(
        setting(
            R"("tools":[{"type":"function","name":"f","parameters":{"a":1},"strict":true,"description":null}])",
            "/tools") ==
        R"([{"type":"function","function":{"name":"f","parameters":{"a":1},"strict":true}}])");
    BOOST_TEST(setting(R"("tool_choice":{"type":"function","name":"f"})", "/tool_choice") ==
               R"({"type":"function","function":{"name":"f"}})");
    BOOST_TEST(setting(R"("tool_choice":"required")", "/tool_choice") == "\"required\"");
}

BOOST_AUTO_TEST_CASE(settings_are_translated_or_kept) {
    const std::string_view members =
        R"("max_output_tokens":5,"reasoning":{"effort":"low"},"text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"a":1},"strict":true}},"temperature":0.5,"metadata":{"k":"v"},"new":[1.5],"include":["reasoning.encrypted_content"],"truncation":"disabled","previous_response_id":null)";
    BOOST_TEST(setting(members, "/max_tokens") == "5");
    BOOST_TEST(setting(members, "/reasoning_effort") == "\"low\"");
    BOOST_TEST(setting(members, "/verbosity") == "\"low\"");
    BOOST_TEST(
        setting(members, "/response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"n","schema":{"a":1},"strict":true}})");
    BOOST_TEST(setting(members, "/temperature") == "0.5");
    BOOST_TEST(setting(members, "/metadata") == R"({"k":"v"})");
    BOOST_TEST(setting(members, "/new") == "[1.5]");
    for (const std::string_view gone : {"/input", "/reasoning", "/text", "/include", "/truncation",
                                        "/previous_response_id", "/max_output_tokens"}) {
        BOOST_TEST(setting(members, gone) == "none");
    }
}

BOOST_AUTO_TEST_CASE(faults_are_told_with_their_member) {
    BOOST_TEST(fault(R"("x":1)") == "invalid: input: is missing");
    BOOST_TEST(fault(R"("input":7)") == "invalid: input: must be a string or an array of items");
    BOOST_TEST(fault(R"("input":[{"role":"x","content":"y"}])") ==
               "invalid: input.0.role: must be user, assistant, system or developer");
    BOOST_TEST(fault(R"("input":[{"role":"user","content":[{"type":"input_text"}]}])") ==
               "invalid: input.0.content.0.text: is missing");
    BOOST_TEST(fault(R"("input":[{"type":"function_call","call_id":"a","name":"f"}])") ==
               "invalid: input.0.arguments: is missing");
    BOOST_TEST(fault(R"("input":"x","max_output_tokens":0)") ==
               "invalid: max_output_tokens: must be a whole number greater than 0");
    BOOST_TEST(fault(R"("input":"x","text":{"format":{"type":"json_schema"}})") ==
               "invalid: text.format.schema: must be an object");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_passed_on_is_refused) {
    for (const std::string_view members :
         {R"("previous_response_id":"r")", R"("conversation":"c")", R"("background":true)",
          R"("prompt":{"id":"p"})", R"("truncation":"auto")", R"("top_logprobs":2)",
          R"("include":["file_search_call.results"])", R"("tools":[{"type":"web_search"}])",
          R"("tool_choice":{"type":"custom","name":"x"})"}) {
        BOOST_TEST(fault(R"("input":"x",)" + std::string(members)).starts_with("unsupported: "));
    }
    for (const std::string_view item :
         {R"({"type":"item_reference","id":"x"})",
          R"({"type":"reasoning","summary":[],"encrypted_content":"x"})",
          R"({"role":"user","content":[{"type":"input_audio"}]})",
          R"({"role":"user","content":[{"type":"input_file","file_id":"x"}]})",
          R"({"role":"user","content":[{"type":"input_image","file_id":"x"}]})"}) {
        BOOST_TEST(
            fault(R"("input":[)" + std::string(item) + "]").starts_with("unsupported: input.0."));
    }
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        openai_responses(),
        R"({"model":"m","instructions":"s","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"1"}],"tools":[{"type":"function","name":"f","parameters":{}}],"stream":true,"text":{"format":{"type":"text"}}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "gateway/dialect/openai_responses.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kRequest =
    R"({"model":"m","input":"x","stream":true,"instructions":"S","temperature":0.5})";
constexpr std::string_view kAnswer =
    R"({"choices":[{"message":{"content":"Hi","reasoning_content":"hm","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})";

std::vector<Event> events(const std::vector<Delta>& deltas, const AnswerEnd& end = {}) {
    return events_of(stream(openai_responses(), kRequest, deltas, end));
}

std::string types(const std::vector<Event>& all) {
    std::string out;
    for (const Event& event : all) out += event.type.substr(sizeof("response.") - 1) + " ";
    return out;
}

BOOST_AUTO_TEST_SUITE(responses_answer)

BOOST_AUTO_TEST_CASE(a_whole_answer_becomes_a_response) {
    const std::string text = whole(openai_responses(), kRequest, kAnswer);
    BOOST_TEST(at(text, "/id") == "\"resp_7\"");
    BOOST_TEST(at(text, "/object") == "\"response\"");
    BOOST_TEST(at(text, "/created_at") == "1700000000");
    BOOST_TEST(at(text, "/status") == "\"completed\"");
    BOOST_TEST(at(text, "/model") == "\"m\"");
    BOOST_TEST(at(text, "/instructions") == "\"S\"");
    BOOST_TEST(at(text, "/temperature") == "0.5");
    BOOST_TEST(at(text, "/tools") == "[]");
    BOOST_TEST(at(text, "/error") == "null");
    BOOST_TEST(
        at(text, "/output") ==
        R"([{"id":"rs_7_0","type":"reasoning","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},{"id":"msg_7_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[],"logprobs":[]}]},{"id":"fc_7_2","type":"function_call","status":"completed","call_id":"a","name":"f","arguments":"{}"}])");
    BOOST_TEST(
        at(text, "/usage") ==
        R"({"input_tokens":3,"input_tokens_details":{"cached_tokens":2},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":7})");
    check_damaged_answers(openai_responses(), kRequest, kAnswer);
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_cut_off_is_incomplete) {
    const std::string cut_off =
        whole(openai_responses(), kRequest,
              R"({"choices":[{"message":{"content":"H"},"finish_reason":"length"}]})");
    BOOST_TEST(at(cut_off, "/status") == "\"incomplete\"");
    BOOST_TEST(at(cut_off, "/incomplete_details") == R"({"reason":"max_output_tokens"})");
    BOOST_TEST(at(cut_off, "/usage") == "null");
    BOOST_TEST(at(whole(openai_responses(), kRequest,
                        R"({"choices":[{"message":{},"finish_reason":"content_filter"}]})"),
                  "/incomplete_details/reason") == "\"content_filter\"");
    const auto all = events({text("H")}, {.finish_reason = "length"});
    BOOST_TEST(all.back().type == "response.incomplete");
    BOOST_TEST(at(all.back().data, "/response/output/0/status") == "\"incomplete\"");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_a_part_of_its_own) {
    BOOST_TEST(at(whole(openai_responses(), kRequest,
                        R"({"choices":[{"message":{"content":null,"refusal":"No."}}]})"),
                  "/output/0/content") == R"([{"type":"refusal","refusal":"No."}])");
}

BOOST_AUTO_TEST_CASE(a_stream_has_all_the_events_in_order_and_numbered) {
    const auto all =
        events({text("H"), text("i"), usage(R"({"prompt_tokens":1,"completion_tokens":2})")});
    BOOST_TEST(types(all) ==
               "created in_progress output_item.added content_part.added output_text.delta "
               "output_text.delta output_text.done content_part.done output_item.done completed ");
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST(at(all[i].data, "/type") == "\"" + all[i].type + "\"");
        BOOST_TEST(at(all[i].data, "/sequence_number") == std::to_string(i));
    }
    BOOST_TEST(at(all[0].data, "/response/status") == "\"in_progress\"");
    BOOST_TEST(
        all[4].data ==
        R"({"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_7_0","output_index":0,"content_index":0,"delta":"H","logprobs":[]})");
    BOOST_TEST(at(all[6].data, "/text") == "\"Hi\"");
    BOOST_TEST(at(all[7].data, "/part/text") == "\"Hi\"");
    BOOST_TEST(at(all[8].data, "/item/content/0/text") == "\"Hi\"");
    BOOST_TEST(at(all[9].data, "/response/output/0/content/0/text") == "\"Hi\"");
    BOOST_TEST(at(all[9].data, "/response/usage/total_tokens") == "3");
}

BOOST_AUTO_TEST_CASE(reasoning_and_calls_have_events_of_their_own) {
    const auto all = events({reasoning("hm"), call(0, "{", "a", "f"), call(0, "}")});
    BOOST_TEST(types(all) ==
               "created in_progress output_item.added content_part.added reasoning_text.delta "
               "reasoning_text.done content_part.done output_item.done output_item.added "
               "function_call_arguments.delta function_call_arguments.delta "
               "function_call_arguments.done output_item.done completed ");
    BOOST_TEST(
        at(all[8].data, "/item") ==
        R"({"id":"fc_7_1","type":"function_call","status":"in_progress","call_id":"a","name":"f","arguments":""})");
    BOOST_TEST(at(all[11].data, "/arguments") == "\"{}\"");
    BOOST_TEST(at(all[12].data, "/item/arguments") == "\"{}\"");
}

BOOST_AUTO_TEST_CASE(parallel_calls_split_anywhere_give_the_same_output) {
    const std::string_view arguments = "{\"k\":\"\xc3\xa4\"}";
    for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
        const auto all = events({call(0, arguments.substr(0, cut), "a", "f"),
                                 call(1, arguments.substr(0, cut), "", "g"),
                                 call(1, arguments.substr(cut)), call(0, arguments.substr(cut))});
        const std::string output = at(all.back().data, "/response/output");
        BOOST_TEST(at(output, "/0/arguments") == "\"{\\\"k\\\":\\\"\xc3\xa4\\\"}\"");
        BOOST_TEST(at(output, "/0/call_id") == "\"a\"");
        BOOST_TEST(at(output, "/1/arguments") == at(output, "/0/arguments"));
        BOOST_TEST(at(output, "/1/call_id") == "\"call_7_1\"");
    }
}

BOOST_AUTO_TEST_CASE(empty_deltas_write_nothing) {
    BOOST_TEST(types(events({text(""), reasoning(""), {}, usage("x"), meta("{}")})) ==
               "created in_progress completed ");
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_as_failed) {
    check_broken_streams(openai_responses(), kRequest,
                         {"response.completed", "response.incomplete", "output_item.done", "[DONE]",
                          R"("status":"completed")"});
    const auto all = events_of(broken_stream(openai_responses(), kRequest, {text("H")},
                                             Error(Code::throttled, "too many")));
    const auto& failed = all[all.size() - 2];
    BOOST_TEST(failed.type == "response.failed");
    BOOST_TEST(at(failed.data, "/response/status") == "\"failed\"");
    BOOST_TEST(at(failed.data, "/response/error") ==
               R"({"code":"rate_limit_exceeded","message":"too many"})");
    BOOST_TEST(all.back().type == "error");
    BOOST_TEST(at(all.back().data, "/message") == "\"too many\"");
    BOOST_TEST(
        at(all.back().data, "/error") ==
        R"({"message":"too many","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"})");
}

BOOST_AUTO_TEST_CASE(the_path_leads_here) {
    BOOST_TEST(find_dialect("/v1/responses") == &openai_responses());
    BOOST_TEST(at(openai_responses().error_reply(Error(Code::invalid, "x")).body, "/error/type") ==
               "\"invalid_request_error\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

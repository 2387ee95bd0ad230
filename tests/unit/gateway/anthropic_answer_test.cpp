#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "gateway/dialect/anthropic_messages.hpp"
#include "gateway/dialect/anthropic_stream.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kRequest =
    R"({"model":"claude","max_tokens":9,"messages":[],"stream":true})";
constexpr std::string_view kAnswer =
    R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"hm","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":6},"completion_tokens_details":{"reasoning_tokens":2}}})";

std::string answer(std::string_view body) {
    return whole(anthropic_messages(), kRequest, body);
}

std::string simple(std::string_view message, std::string_view reason) {
    return R"({"choices":[{"message":)" + std::string(message) + R"(,"finish_reason":")" +
           std::string(reason) + R"("}]})";
}

std::string events(const std::vector<Delta>& deltas, const AnswerEnd& end = {}) {
    return stream(anthropic_messages(), kRequest, deltas, end);
}

/// The blocks that a client puts together: "0 text Hi", "1 tool_use a f {...}".
/// Checks that each begins after the one before has ended.
std::vector<std::string> blocks_of(const std::string& bytes) {
    std::vector<std::string> blocks;
    bool open = false;
    for (const Event& event : events_of(bytes)) {
        BOOST_TEST(at(event.data, "/type") == "\"" + event.type + "\"");
        const auto text = [&](std::string_view pointer) {
            const auto document = wire::JsonDocument::parse(event.data);
            return std::string(document->root().at(pointer).as_string().value_or(""));
        };
        if (event.type == "content_block_start") {
            BOOST_TEST(!open);
            open = true;
            BOOST_TEST(at(event.data, "/index") == std::to_string(blocks.size()));
            blocks.push_back(text("/content_block/type") + " " + text("/content_block/id") + " " +
                             text("/content_block/name") + " " + text("/content_block/data"));
        } else if (event.type == "content_block_delta") {
            BOOST_TEST(open);
            BOOST_TEST(at(event.data, "/index") == std::to_string(blocks.size() - 1));
            blocks.back() += text("/delta/text") + text("/delta/partial_json") +
                             text("/delta/thinking") + text("/delta/signature");
        } else if (event.type == "content_block_stop") {
            open = false;
        }
    }
    BOOST_TEST(!open);
    return blocks;
}

using Blocks = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(anthropic_answer)

BOOST_AUTO_TEST_CASE(a_whole_answer_becomes_a_message) {
    BOOST_TEST(
        answer(kAnswer) ==
        R"({"id":"msg_7","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"Hi"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":4,"cache_creation_input_tokens":0,"cache_read_input_tokens":6,"output_tokens":4,"output_tokens_details":{"thinking_tokens":2}}})");
}

BOOST_AUTO_TEST_CASE(reasons_to_stop_are_translated) {
    const std::map<std::string, std::string> reasons = {
        {"stop", "\"end_turn\""},          {"length", "\"max_tokens\""},
        {"tool_calls", "\"tool_use\""},    {"function_call", "\"tool_use\""},
        {"content_filter", "\"refusal\""}, {"", "\"end_turn\""},
        {"pause_turn", "\"pause_turn\""}};
    for (const auto& [reason, expected] : reasons) {
        BOOST_TEST(at(answer(simple(R"({"content":"x"})", reason)), "/stop_reason") == expected);
        const auto streamed = events_of(events({text("x")}, {.finish_reason = reason}));
        BOOST_TEST(at(streamed.at(streamed.size() - 2).data, "/delta/stop_reason") == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_stop_with_tool_calls_is_a_tool_use) {
    BOOST_TEST(
        at(answer(simple(R"({"tool_calls":[{"function":{"name":"f","arguments":""}}]})", "stop")),
           "/stop_reason") == "\"tool_use\"");
    BOOST_TEST(events({call(0, "", "a", "f")}, {.finish_reason = "stop"}).find("tool_use\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_a_text_and_a_reason) {
    const std::string text = answer(simple(R"({"content":null,"refusal":"No."})", "stop"));
    BOOST_TEST(at(text, "/content/0/text") == "\"No.\"");
    BOOST_TEST(at(text, "/stop_reason") == "\"refusal\"");
}

BOOST_AUTO_TEST_CASE(thinking_blocks_go_back_as_they_came) {
    const std::string text = answer(simple(
        R"({"content":"x","reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"S"}]})",
        "stop"));
    BOOST_TEST(at(text, "/content/0") == R"({"type":"thinking","thinking":"hm","signature":"S"})");
    BOOST_TEST(at(text, "/content/1/type") == "\"text\"");
}

BOOST_AUTO_TEST_CASE(arguments_that_are_cut_short_are_kept_as_text) {
    BOOST_TEST(at(answer(simple(
                      R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x"}}]})",
                      "length")),
                  "/content/0/input") == R"({"INVALID_JSON":"{\"x"})");
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_an_error) {
    BOOST_TEST(answer("{}").starts_with("protocol: "));
    BOOST_TEST(answer("").starts_with("protocol: "));
    check_damaged_answers(anthropic_messages(), kRequest, kAnswer);
}

BOOST_AUTO_TEST_CASE(a_stream_has_all_the_events_in_order) {
    std::string types;
    const auto all = events_of(events({reasoning("hm"), text("H"), text("i"),
                                       usage(R"({"prompt_tokens":5,"completion_tokens":2})")}));
    for (const Event& event : all) types += event.type + " ";
    BOOST_TEST(types ==
               "message_start ping content_block_start content_block_delta content_block_stop "
               "content_block_start content_block_delta content_block_delta content_block_stop "
               "message_delta message_stop ");
    BOOST_TEST(
        all[0].data ==
        R"({"type":"message_start","message":{"id":"msg_7","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}})");
    BOOST_TEST(
        all[9].data ==
        R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}})");
    BOOST_TEST(all[10].data == R"({"type":"message_stop"})");
}

BOOST_AUTO_TEST_CASE(tokens_of_the_end_count_where_no_usage_was_told) {
    const std::string bytes = events({text("x")}, {.input_tokens = 8, .output_tokens = 9});
    BOOST_TEST(bytes.find(R"("input_tokens":8)") != std::string::npos);
    BOOST_TEST(bytes.find(R"("output_tokens":9)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_empty_stream_has_no_blocks) {
    BOOST_TEST(blocks_of(events({text(""), reasoning(""), {}, meta("{}"), meta("x"), usage("x")}))
                   .empty());
}

BOOST_AUTO_TEST_CASE(parallel_tool_calls_come_one_after_the_other) {
    BOOST_TEST(blocks_of(events({call(0, "", "a", "f"), call(0, "{}"), call(1, "{\"x\"", "b", "g"),
                                 call(1, ":1}"), call(2, "", "c", "h")})) ==
                   (Blocks{"tool_use a f {}", "tool_use b g {\"x\":1}", "tool_use c h "}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fragments_in_any_order_are_sorted) {
    BOOST_TEST(blocks_of(events({call(0, "{\"", "a", "f"), call(1, "{", "b", "g"), call(0, "x\":"),
                                 text("words"), call(1, "}"), call(0, "\"}\"}"), call(0, " ")})) ==
                   (Blocks{"tool_use a f {\"x\":\"}\"}", "tool_use b g {}", "text   words"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_that_are_split_at_every_byte_give_the_same_blocks) {
    const std::string arguments = "{\"k\":\"\xc3\xa4}\\\"{\",\"l\":[{}]}";
    for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
        for (std::size_t other = 0; other <= arguments.size(); ++other) {
            const std::string_view a = arguments;
            BOOST_TEST(blocks_of(events({call(0, a.substr(0, cut), "a", "f"),
                                         call(1, a.substr(0, other), "b", "g"),
                                         call(0, a.substr(cut)), call(1, a.substr(other))})) ==
                           (Blocks{"tool_use a f " + arguments, "tool_use b g " + arguments}),
                       boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_call_without_an_id_gets_one) {
    BOOST_TEST(blocks_of(events({call(0, "{}", "", "f"), call(1, "{}", "", "f")})) ==
                   (Blocks{"tool_use toolu_msg_7_0 f {}", "tool_use toolu_msg_7_1 f {}"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_tool_may_be_named_after_the_first_fragment) {
    BOOST_TEST(
        blocks_of(events({call(0, "{"), call(0, "}", "a", "f")})) == (Blocks{"tool_use a f {}"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_character_that_is_split_between_deltas_stays_whole) {
    BOOST_TEST(blocks_of(events({text("a\xc3"), text("\xa4"), text("\xe2\x82")})) ==
                   (Blocks{"text   a\xc3\xa4\xef\xbf\xbd"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(signatures_and_redacted_thinking_are_told) {
    BOOST_TEST(blocks_of(events(
                   {reasoning("hm"), meta(R"({"thinking_blocks":[{"index":0,"signature":"S"}]})"),
                    reasoning("more"),
                    meta(R"({"thinking_blocks":[{"type":"redacted_thinking","data":"D"}]})"),
                    text("x")})) == (Blocks{"thinking   hmS", "thinking   more",
                                            "redacted_thinking   D", "text   x"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_the_first_choice_is_told) {
    Delta other = text("no");
    other.choice = 1;
    BOOST_TEST(blocks_of(events({text("yes"), other})) == (Blocks{"text   yes"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_with_an_error_event) {
    check_broken_streams(anthropic_messages(), kRequest,
                         {"message_stop", "message_delta", "end_turn", "[DONE]"});
    const auto all = events_of(broken_stream(anthropic_messages(), kRequest, {text("H")},
                                             Error(Code::overloaded, "too busy")));
    BOOST_TEST(all.back().type == "error");
    BOOST_TEST(all.back().data ==
               R"({"type":"error","error":{"type":"overloaded_error","message":"too busy"}})");
}

BOOST_AUTO_TEST_CASE(the_path_leads_here) {
    BOOST_TEST(find_dialect("/v1/messages") == &anthropic_messages());
    BOOST_TEST(anthropic_messages().error_reply(Error(Code::overloaded, "x")).status == 529);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

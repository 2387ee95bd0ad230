#include <boost/test/unit_test.hpp>

#include "openai_stream.hpp"

namespace {

using namespace tenon;        // NOLINT: a test file
using namespace tenon::test;  // NOLINT

const std::string kStop = chunk("{}", R"("stop")");

// Text in all kinds of scripts, as it is and escaped.
const std::string kEmoji =
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x9D\xA4\xEF\xB8\x8F";           // emoji
const std::string kChinese = "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C";       // Chinese
const std::string kRtl = "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xD8\xB3\xD9\x84\xD8\xA7";  // RTL

std::string content(const std::string& text) {
    return chunk(R"({"content":")" + text + "\"}");
}

/// Everything that a stream may hold.
std::string rich_stream(const std::string& newline) {
    const std::vector<std::string> data = {
        chunk(R"({"role":"assistant","content":""})"),
        chunk(R"({"reasoning_content":"hm"})"),
        content(kEmoji),
        content("\\u4f60\\ud83d\\ude00\\n"),
        content(kChinese + kRtl),
        chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"function",)"
              R"("function":{"name":"f","arguments":""}}]})"),
        chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]})"),
        chunk("{}", R"("tool_calls")"),
        R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}})",
        "[DONE]",
    };
    std::string out = "\xEF\xBB\xBF: hello" + newline + newline;
    for (const std::string& one : data) {
        out += "data:" + one + newline + newline + ":" + newline;
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_stream)

BOOST_AUTO_TEST_CASE(every_split_of_a_stream_gives_the_same_deltas) {
    for (const std::string newline : {"\n", "\r\n", "\r"}) {
        const std::string text = rich_stream(newline);
        const OpenAiAnswer whole = read_answer(text);
        BOOST_REQUIRE(!whole.error);
        BOOST_TEST(whole.deltas.size() == 9);
        for_every_split(text, [&](const Chunks& chunks) {
            const OpenAiAnswer split = read_answer(chunks);
            BOOST_REQUIRE(!split.error);
            BOOST_REQUIRE(split.deltas == whole.deltas);
            BOOST_REQUIRE(split.finish_reason == "tool_calls");
            BOOST_REQUIRE(split.input_tokens == 3u);
            BOOST_REQUIRE(split.output_tokens == 5u);
        });
    }
}

BOOST_AUTO_TEST_CASE(text_of_all_scripts_arrives_byte_for_byte) {
    const OpenAiAnswer answer = read_answer(rich_stream("\n"));
    BOOST_TEST(answer.text() == kEmoji + "\xE4\xBD\xA0\xF0\x9F\x98\x80\n" + kChinese + kRtl);
    BOOST_TEST(answer.joined(TENON_DELTA_REASONING) == "hm");
    BOOST_TEST(answer.arguments(0) == R"({"x":1})");
}

BOOST_AUTO_TEST_CASE(the_text_of_each_chunk_goes_along_verbatim) {
    const std::string odd = R"({ "choices" : [ {"delta":{"content":"a\u0062\/"}} ],"x":1.50e0 })";
    const OpenAiAnswer answer = read_answer(events({odd, kStop}));
    BOOST_REQUIRE(answer.deltas.size() == 2);
    BOOST_TEST(answer.deltas[0].raw == odd);
    BOOST_TEST(answer.deltas[0].data == "ab/");
    BOOST_TEST(answer.deltas[1].raw == kStop);
}

BOOST_AUTO_TEST_CASE(a_chunk_without_text_has_a_delta_without_type) {
    const std::string role = chunk(R"({"role":"assistant","content":""})");
    const OpenAiAnswer answer = read_answer(events({role, kStop}));
    const OpenAiDelta expected{.raw = role};
    BOOST_REQUIRE(answer.deltas.size() == 2);
    BOOST_TEST((answer.deltas[0] == expected));
}

BOOST_AUTO_TEST_CASE(further_deltas_of_a_chunk_are_marked_and_leave_raw_to_the_first) {
    const std::string three =
        R"({"choices":[{"index":0,"delta":{"content":"a","reasoning":"why"}}],)"
        R"("usage":{"completion_tokens":1}})";
    const OpenAiAnswer answer = read_answer(events({three, kStop}));
    const std::vector<OpenAiDelta> expected = {
        {.kind = TENON_DELTA_REASONING, .data = "why", .raw = three},
        {.kind = TENON_DELTA_TEXT, .same_chunk = true, .data = "a"},
        {.kind = TENON_DELTA_USAGE, .same_chunk = true, .data = R"({"completion_tokens":1})"},
        {.raw = kStop}};
    BOOST_TEST((answer.deltas == expected));
}

BOOST_AUTO_TEST_CASE(several_choices_are_kept_apart) {
    const OpenAiAnswer answer = read_answer(events({
        R"({"choices":[{"index":1,"delta":{"content":"B"}}]})",
        R"({"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]})",
        R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})",
        R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
    }));
    BOOST_TEST(answer.text(0) == "a");
    BOOST_TEST(answer.text(1) == "Bb");
    BOOST_TEST(answer.finish_reason == "stop");
    BOOST_REQUIRE(answer.deltas.size() == 5);
    BOOST_TEST(answer.deltas[2].same_chunk);
}

BOOST_AUTO_TEST_CASE(choices_without_an_index_are_counted) {
    const OpenAiAnswer answer = read_answer(
        events({R"({"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]})", "[DONE]"}));
    BOOST_TEST(answer.text(0) == "a");
    BOOST_TEST(answer.text(1) == "b");
}

BOOST_AUTO_TEST_CASE(both_names_of_reasoning_are_read_but_the_same_text_once) {
    const OpenAiAnswer answer =
        read_answer(events({chunk(R"({"reasoning":"a"})"), chunk(R"({"reasoning_content":"b"})"),
                            chunk(R"({"reasoning":"c","reasoning_content":"c"})"),
                            chunk(R"({"reasoning":{"x":1},"reasoning_content":null})"), kStop}));
    BOOST_TEST(answer.joined(TENON_DELTA_REASONING) == "abc");
}

BOOST_AUTO_TEST_CASE(content_in_parts_is_read) {
    const OpenAiAnswer answer = read_answer(events(
        {chunk(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]})"),
         chunk(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"), kStop}));
    BOOST_TEST(answer.joined(TENON_DELTA_REASONING) == "hm");
    BOOST_TEST(answer.text() == "ab");
}

BOOST_AUTO_TEST_CASE(usage_is_handed_over_as_it_is_written) {
    const std::string usage =
        R"({ "prompt_tokens" : 7, "completion_tokens":2.0,"cost":1.20e-3,"x":{"}":"\"]"},"y":[1] })";
    const OpenAiAnswer answer =
        read_answer(events({kStop, R"({"choices":[],"usage" : )" + usage + "}", "[DONE]"}));
    BOOST_REQUIRE(answer.deltas.size() == 2);
    BOOST_TEST(answer.deltas[1].kind == std::uint32_t{TENON_DELTA_USAGE});
    BOOST_TEST(answer.deltas[1].data == usage);
    BOOST_TEST(answer.input_tokens == 7u);
    BOOST_TEST(answer.output_tokens == 2u);
}

BOOST_AUTO_TEST_CASE(usage_of_null_is_none) {
    const OpenAiAnswer answer =
        read_answer(events({R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],)"
                            R"("usage":null})"}));
    BOOST_TEST(answer.deltas.size() == 1);
    BOOST_TEST(answer.input_tokens == TENON_TOKENS_UNKNOWN);
}

BOOST_AUTO_TEST_CASE(the_last_usage_counts) {
    const OpenAiAnswer answer = read_answer(
        events({R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}})",
                R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})", kStop}));
    BOOST_TEST(answer.output_tokens == 2u);
}

BOOST_AUTO_TEST_CASE(members_of_an_unexpected_type_are_left_to_raw) {
    const std::vector<std::string> odd = {
        R"({"choices":null})",
        R"({"choices":{"delta":{}}})",
        R"({"choices":[null,7,"x",[],{"delta":null},{"delta":[]},{"delta":{"content":7}}]})",
        R"({"choices":[{"delta":{"tool_calls":[null,7,{},{"function":7}]}}]})",
        R"({"choices":[{"index":-1,"delta":{"tool_calls":{}},"finish_reason":7}]})",
        R"({"choices":[],"usage":[1]})",
        R"({"choices":[{"delta":{"content":[null,"x",{"text":7},{"thinking":[7]}]}}]})",
        R"({})",
    };
    for (const std::string& one : odd) {
        const OpenAiAnswer answer = read_answer(events({one, "[DONE]"}));
        BOOST_REQUIRE_MESSAGE(!answer.error, one);
        BOOST_REQUIRE(answer.deltas.size() == 1);
        const OpenAiDelta expected{.raw = one};
        BOOST_TEST((answer.deltas[0] == expected), one);
    }
}

BOOST_AUTO_TEST_CASE(deep_nesting_and_large_chunks_are_read) {
    const std::string deep(1'000, '[');
    const std::string close(1'000, ']');
    const std::string large(1'000'000, 'x');
    const OpenAiAnswer answer =
        read_answer(events({R"({"x":)" + deep + close + "}", content(large), kStop}));
    BOOST_REQUIRE(!answer.error);
    BOOST_TEST(answer.deltas.size() == 3);
    BOOST_TEST((answer.text() == large));
}

BOOST_AUTO_TEST_CASE(a_zero_in_text_is_text) {
    const OpenAiAnswer answer = read_answer(events({content("a\\u0000b"), kStop}));
    BOOST_TEST(answer.text() == std::string("a\0b", 3));
}

BOOST_AUTO_TEST_SUITE_END()

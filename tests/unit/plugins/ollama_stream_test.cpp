#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "chat_stream.hpp"
#include "support/chunking.hpp"

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::ollama;  // NOLINT
using tenon::test::Chunks;
using tenon::test::for_every_split;

/// What came out of a stream, as text that can be compared and printed.
struct Said {
    std::string deltas;
    std::string text;
    std::string reasoning;
    std::string end;  ///< reason and tokens, or the error

    bool operator==(const Said&) const = default;
};

std::string tokens(std::uint64_t count) {
    return count == TENON_TOKENS_UNKNOWN ? "?" : std::to_string(count);
}

void note(Said& said, std::span<const Delta> deltas) {
    for (const Delta& delta : deltas) {
        said.deltas += std::to_string(delta.kind) + '/' + std::to_string(delta.index) + ' ' +
                       std::string(delta.tool_call_id) + ' ' + std::string(delta.tool_name) + ' ' +
                       std::string(delta.data) + '\n';
        if (delta.kind == TENON_DELTA_TEXT) said.text += delta.data;
        if (delta.kind == TENON_DELTA_REASONING) said.reasoning += delta.data;
    }
}

Said read(const Chunks& chunks) {
    ChatStream stream("call_x_");
    Said said;
    for (const std::string& chunk : chunks) {
        const std::string own = chunk;  // gone before the next one, as the host's buffers are
        note(said, stream.read(own));
    }
    note(said, stream.finish());
    if (stream.error()) {
        said.end = std::string(to_string(stream.error()->code)) + ": " + stream.error()->message;
    } else {
        const Answer answer = stream.answer();
        said.end = std::string(answer.finish_reason) + ' ' + tokens(answer.input_tokens) + ' ' +
                   tokens(answer.output_tokens);
    }
    return said;
}

Said read(std::string_view text) {
    return read(Chunks{std::string(text)});
}

std::string message_line(std::string_view message) {
    return R"({"model":"m","created_at":"t","message":{"role":"assistant",)" +
           std::string(message) + "},\"done\":false}\n";
}

std::string text_line(std::string_view json) {
    return message_line(R"("content":)" + std::string(json));
}

std::string last_line(std::string_view members) {
    return R"({"model":"m","message":{"role":"assistant","content":""},"done":true)" +
           std::string(members) + "}\n";
}

const std::string kDone =
    last_line(R"(,"done_reason":"stop","total_duration":5,"prompt_eval_count":12,"eval_count":3)");

}  // namespace

BOOST_AUTO_TEST_SUITE(ollama_stream)

BOOST_AUTO_TEST_CASE(text_reasoning_and_the_end_come_out_in_order) {
    const Said said = read(message_line(R"("content":"","thinking":"hm")") + text_line("\"Hel\"") +
                           text_line("\"lo\"") + kDone);
    BOOST_TEST(said.deltas == "2/0   hm\n1/0   Hel\n1/0   lo\n");
    BOOST_TEST(said.end == "stop 12 3");
}

BOOST_AUTO_TEST_CASE(however_the_bytes_are_cut_the_deltas_are_the_same) {
    const std::string text =
        message_line(R"("content":"","thinking":"\ud83e\udd14 \u00e9")") +
        text_line("\"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\"") + "\r\n" +
        text_line("\"\xE4\xBD\xA0\xE5\xA5\xBD \xD7\xA9\xD7\x9C\"") +
        message_line(
            R"("content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}])") +
        kDone;
    const Said whole = read(text);
    BOOST_TEST(
        whole.text ==
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\xE4\xBD\xA0\xE5\xA5\xBD \xD7\xA9\xD7\x9C");
    BOOST_TEST(whole.reasoning == "\xF0\x9F\xA4\x94 \xC3\xA9");
    BOOST_TEST(whole.end == "tool_calls 12 3");
    for_every_split(text, [&](const Chunks& chunks) {
        const Said said = read(chunks);
        if (said == whole) return;
        BOOST_ERROR("cut behind " << chunks[0] << "\n" << said.deltas << said.end);
    });
}

BOOST_AUTO_TEST_CASE(deltas_before_an_error_come_out_however_the_bytes_are_cut) {
    const std::string text = text_line("\"one\"") + text_line("\"two\"") +
                             "{\"error\":\"the model runner has stopped\"}\n" +
                             text_line("\"never\"") + kDone;
    for_every_split(text, [](const Chunks& chunks) {
        const Said said = read(chunks);
        BOOST_REQUIRE_EQUAL(said.text, "onetwo");
        BOOST_REQUIRE_EQUAL(said.end,
                            "unavailable: the provider cannot serve now: the model runner has "
                            "stopped");
    });
}

BOOST_AUTO_TEST_CASE(escapes_mean_what_they_say) {
    const Said said = read(text_line(R"("\ud83d\ude00\u003c\u0000\t\"")") + kDone);
    BOOST_TEST(said.text == std::string_view("\xF0\x9F\x98\x80<\0\t\"", 8));
}

BOOST_AUTO_TEST_CASE(half_a_surrogate_pair_is_a_breach_of_protocol) {
    const Said said = read(text_line(R"("\ud83d")") + kDone);
    BOOST_TEST(said.end.starts_with("protocol: "));
}

BOOST_AUTO_TEST_CASE(tool_calls_have_ids_indices_and_arguments_as_text) {
    const std::string first =
        R"({"function":{"index":0,"name":"a","arguments":{"x": 1.5, "y": "\u00e9"}}})";
    const std::string second = R"({"id":"own","function":{"index":1,"name":"b","arguments":{}}})";
    const Said said = read(message_line(R"("tool_calls":[)" + first + "," + second + "]") + kDone);
    BOOST_TEST(said.deltas == "3/0 call_x_0 a {\"x\":1.5,\"y\":\"\xC3\xA9\"}\n3/1 own b {}\n");
    BOOST_TEST(said.end == "tool_calls 12 3");
}

BOOST_AUTO_TEST_CASE(tool_calls_of_several_lines_are_counted_through) {
    const std::string line = message_line(R"("tool_calls":[{"function":{"index":0,"name":"f"}}])");
    BOOST_TEST(read(line + line + kDone).deltas == "3/0 call_x_0 f {}\n3/1 call_x_1 f {}\n");
}

BOOST_AUTO_TEST_CASE(arguments_that_are_text_already_are_taken_as_they_are) {
    const Said said =
        read(message_line(R"("tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}])") +
             kDone);
    BOOST_TEST(said.deltas == "3/0 call_x_0 f {\"a\":1}\n");
}

BOOST_AUTO_TEST_CASE(the_reason_to_finish_is_the_servers_own_word) {
    for (const std::string reason : {"stop", "length", "load", "unload", "later_word"}) {
        BOOST_TEST(read(last_line(",\"done_reason\":\"" + reason + "\"")).end == reason + " ? ?");
    }
    BOOST_TEST(read(last_line("")).end == " ? ?");
}

BOOST_AUTO_TEST_CASE(a_tool_call_that_hit_the_limit_still_says_length) {
    BOOST_TEST(read(message_line(R"("tool_calls":[{"function":{"name":"f"}}])") +
                    last_line(R"(,"done_reason":"length")"))
                   .end == "length ? ?");
}

BOOST_AUTO_TEST_CASE(a_prompt_that_was_not_counted_is_unknown_and_not_zero) {
    BOOST_TEST(read(last_line(R"(,"done_reason":"stop","eval_count":3)")).end == "stop ? 3");
}

BOOST_AUTO_TEST_CASE(a_whole_body_without_newline_is_an_answer_too) {
    const std::string body =
        R"({"message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop"})";
    for_every_split(body, [](const Chunks& chunks) {
        const Said said = read(chunks);
        BOOST_REQUIRE_EQUAL(said.text, "Hi");
        BOOST_REQUIRE_EQUAL(said.end, "stop ? ?");
    });
}

BOOST_AUTO_TEST_CASE(nothing_comes_after_the_last_line) {
    const Said said = read(kDone + text_line("\"more\"") + "{\"error\":\"late\"}\ngarbage");
    BOOST_TEST(said.deltas == "");
    BOOST_TEST(said.end == "stop 12 3");
}

BOOST_AUTO_TEST_CASE(a_stream_cut_anywhere_before_its_last_byte_is_cut_short) {
    const std::string text = text_line("\"one\"") + kDone;
    const std::size_t end = text.size() - 1;  // the last line is whole without its newline
    for (std::size_t cut = 0; cut < end; ++cut) {
        const Said said = read(std::string_view(text).substr(0, cut));
        BOOST_REQUIRE_EQUAL(said.end,
                            "protocol: Ollama's answer was cut short: the stream ended without "
                            "its last line");
    }
    BOOST_TEST(read(std::string_view(text).substr(0, end)).end == "stop 12 3");
}

BOOST_AUTO_TEST_CASE(an_error_without_a_newline_is_still_the_servers_error) {
    BOOST_TEST(read("{\"error\":\"boom\"}").end ==
               "unavailable: the provider cannot serve now: boom");
}

BOOST_AUTO_TEST_CASE(what_is_not_json_points_at_the_base_url) {
    for (const auto* text : {"<html>\n<title>Welcome</title>\n</html>\n", "<html></html>", "hi"}) {
        const Said said = read(text);
        BOOST_TEST(said.end.starts_with("protocol: "));
        BOOST_TEST(said.end.find("base_url") != std::string::npos, said.end);
    }
}

BOOST_AUTO_TEST_CASE(members_and_lines_of_later_versions_are_ignored) {
    const Said said =
        read("{}\n[]\n7\n{\"message\":7}\n{\"message\":{\"content\":7,\"tool_calls\":{}}}\n" +
             message_line(R"("content":"a","audio":[1],"tool_calls":[7,{"custom":{}}])") + kDone);
    BOOST_TEST(said.deltas == "1/0   a\n");
    BOOST_TEST(said.end == "stop 12 3");
}

BOOST_AUTO_TEST_CASE(a_line_without_end_is_too_large) {
    ChatStream stream("");
    const std::string chunk(1 << 20, 'x');
    for (int i = 0; i < 9 && !stream.error(); ++i) BOOST_TEST(stream.read(chunk).empty());
    BOOST_REQUIRE(stream.error());
    BOOST_TEST((stream.error()->code == Code::too_large));
    BOOST_TEST(stream.finish().empty());
}

BOOST_AUTO_TEST_CASE(no_nesting_exhausts_the_stack) {
    const std::string deep(1'000'000, '[');
    BOOST_TEST(read(message_line(R"("tool_calls":)" + deep)).end.starts_with("protocol: "));
}

BOOST_AUTO_TEST_CASE(a_delta_larger_than_any_block_comes_out_whole) {
    const std::string text(100'000, 'a');
    BOOST_TEST((read(text_line('"' + text + '"') + kDone).text == text));
}

BOOST_AUTO_TEST_SUITE_END()

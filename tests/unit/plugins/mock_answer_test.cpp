#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"
#include "fault.hpp"
#include "settings.hpp"
#include "vectors.hpp"

namespace {

using namespace tenon;        // NOLINT: a test file
using namespace tenon::mock;  // NOLINT

const std::string_view kTexts[] = {
    "",
    " ",
    "one two  three\n\tfour ",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB and \xE2\x9D\xA4\xEF\xB8\x8F",  // emoji
    "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C\xEF\xBC\x81",               // Chinese
    "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xD8\xB3\xD9\x84\xD8\xA7\xD9\x85",          // Hebrew, Arabic
    "cut \xF0\x9F\x91",                                                           // ill-formed
    "\x80\xBF\xFF\xC0 \xE4",                                                      // ill-formed
    std::string_view("zero\0byte", 9),
};

template <class Pieces>
std::string join(const Pieces& pieces) {
    std::string out;
    for (const auto& piece : pieces) out += piece;
    return out;
}

Prompt asking(std::string_view text) {
    return {.text = std::string(text), .may_call_tools = false, .tokens = count_tokens(text)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mock_answer)

BOOST_AUTO_TEST_CASE(tokens_joined_are_the_text_byte_for_byte) {
    for (const auto text : kTexts) {
        const auto tokens = tokenize(text);
        BOOST_TEST(join(tokens) == text);
        BOOST_TEST(count_tokens(text) == tokens.size());
        for (const auto token : tokens) BOOST_TEST(!token.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_word_takes_the_white_space_before_it) {
    const std::vector<std::string_view> expected{"one", " two", "  three", "\n\tfour", " "};
    const auto tokens = tokenize("one two  three\n\tfour ");
    BOOST_TEST(tokens == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_ideograph_is_a_token_but_joined_emoji_stay_together) {
    BOOST_TEST(count_tokens("\xE4\xBD\xA0\xE5\xA5\xBD") == 2u);
    BOOST_TEST(count_tokens("ab\xE4\xBD\xA0") == 2u);
    BOOST_TEST(count_tokens("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB") == 1u);
}

BOOST_AUTO_TEST_CASE(fragments_keep_characters_whole_and_lose_no_byte) {
    for (const auto text : kTexts) {
        const auto pieces = fragments(text, 4);
        BOOST_TEST(join(pieces) == text);
        for (const auto piece : pieces) BOOST_TEST(piece.size() <= 4u);
    }
    BOOST_TEST(fragments("abc\xF0\x9F\x91\xA9", 4).front() == "abc");
}

BOOST_AUTO_TEST_CASE(the_default_answer_repeats_what_the_user_said) {
    for (const auto text : kTexts) {
        const Reply reply = reply_to(asking(text), {});
        BOOST_TEST(join(reply.text) == "You said: " + std::string(text));
        BOOST_TEST(reply.finish_reason == "stop");
        BOOST_TEST(reply.input_tokens == count_tokens(text));
        BOOST_TEST(reply.output_tokens == reply.text.size());
    }
}

BOOST_AUTO_TEST_CASE(any_other_answer_text_is_the_answer) {
    BOOST_TEST(join(reply_to(asking("hi"), {.answer = "42 it is"}).text) == "42 it is");
    BOOST_TEST(join(reply_to(asking("hi"), {.answer = "lorem"}).text).starts_with("Lorem ipsum"));
}

BOOST_AUTO_TEST_CASE(a_length_in_tokens_cuts_or_repeats_the_answer) {
    const Reply cut = reply_to(asking("hi"), {.answer = "a b c", .tokens = 2});
    BOOST_TEST(join(cut.text) == "a b");
    const Reply repeated = reply_to(asking("hi"), {.answer = "a b c", .tokens = 7});
    BOOST_TEST(join(repeated.text) == "a b c a b c a");
    BOOST_TEST(repeated.output_tokens == 7u);
    BOOST_TEST(reply_to(asking(""), {.answer = "", .tokens = 3}).text.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_request_s_limit_ends_the_answer_for_its_length) {
    Prompt prompt = asking("one two three");
    prompt.max_tokens = 3;
    const Reply reply = reply_to(prompt, {});
    BOOST_TEST(join(reply.text) == "You said: one");
    BOOST_TEST(reply.finish_reason == "length");
    BOOST_TEST(reply.output_tokens == 3u);
    prompt.max_tokens = 5;
    BOOST_TEST(reply_to(prompt, {}).finish_reason == "stop");
}

BOOST_AUTO_TEST_CASE(a_call_is_made_only_when_the_request_has_tools) {
    Prompt prompt = asking("call weather {\"city\":\"Z\xC3\xBCrich\"}");
    BOOST_TEST(!reply_to(prompt, {}).tool.has_value());
    prompt.may_call_tools = true;
    const Reply reply = reply_to(prompt, {});
    BOOST_REQUIRE(reply.tool.has_value());
    BOOST_TEST(reply.tool->name == "weather");
    BOOST_TEST(reply.tool->arguments == "{\"city\":\"Z\xC3\xBCrich\"}");
    BOOST_TEST(reply.finish_reason == "tool_calls");
    BOOST_TEST(reply.text.empty());
}

BOOST_AUTO_TEST_CASE(a_tool_s_answer_is_repeated_and_calls_nothing) {
    Prompt prompt = asking("call weather {}");
    prompt.may_call_tools = true;
    prompt.from_tool = true;
    BOOST_TEST(join(reply_to(prompt, {}).text) == "The tool answered: call weather {}");
}

BOOST_AUTO_TEST_CASE(a_call_without_arguments_gets_an_empty_object) {
    BOOST_TEST(parse_tool_call("call now")->arguments == "{}");
    BOOST_TEST(parse_tool_call("call now ")->arguments == "{}");
    BOOST_TEST(!parse_tool_call("call ").has_value());
    BOOST_TEST(!parse_tool_call("caller id").has_value());
    BOOST_TEST(!parse_tool_call("").has_value());
}

BOOST_AUTO_TEST_CASE(a_tool_call_streams_its_name_first_and_its_arguments_in_fragments) {
    Prompt prompt = asking("call weather {\"city\":\"Bern\"}");
    prompt.may_call_tools = true;
    const Reply reply = reply_to(prompt, {});
    const auto deltas = deltas_of(reply, "");
    BOOST_REQUIRE(deltas.size() == 3u);
    BOOST_TEST(deltas[0].tool_name == "weather");
    BOOST_TEST(deltas[0].tool_call_id == reply.tool->id);
    BOOST_TEST(deltas[1].tool_name.empty());
    BOOST_TEST(std::string(deltas[1].data) + std::string(deltas[2].data) == "{\"city\":\"Bern\"}");
}

BOOST_AUTO_TEST_CASE(reasoning_streams_before_the_text_and_counts_as_output) {
    const Reply reply = reply_to(asking("hi"), {.reasoning = true});
    const auto deltas = deltas_of(reply, usage_json(reply));
    BOOST_TEST(deltas.front().kind == unsigned{TENON_DELTA_REASONING});
    BOOST_TEST(deltas[reply.reasoning.size()].kind == unsigned{TENON_DELTA_TEXT});
    BOOST_TEST(deltas.back().kind == unsigned{TENON_DELTA_USAGE});
    BOOST_TEST(join(reply.reasoning) == "Let me think about: hi");
    BOOST_TEST(reply.output_tokens == reply.reasoning.size() + reply.text.size());
    BOOST_TEST(usage_json(reply).find("\"reasoning_tokens\":5") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mock_fault)

BOOST_AUTO_TEST_CASE(a_model_s_name_asks_for_its_fault) {
    BOOST_TEST((fault_of_model("mock-1").kind == Fault::Kind::none));
    BOOST_TEST((fault_of_model("fault-").kind == Fault::Kind::none));
    BOOST_TEST((fault_of_model("fault-of-mine").kind == Fault::Kind::none));
    BOOST_TEST((fault_of_model("fault-auth").code == Code::auth));
    BOOST_TEST((fault_of_model("fault-too-large").code == Code::too_large));
    BOOST_TEST((fault_of_model("fault-not-found").code == Code::not_found));
    BOOST_TEST((fault_of_model("fault-silent").kind == Fault::Kind::silent));
    BOOST_TEST((fault_of_model("fault-throw").kind == Fault::Kind::exception));
}

BOOST_AUTO_TEST_CASE(every_error_of_the_abi_can_be_asked_for_by_its_name) {
    for (int value = TENON_E_OVERLOADED; value < 0; ++value) {
        const auto code = static_cast<Code>(value);
        const auto fault = fault_from_name(to_string(code));
        BOOST_REQUIRE(fault.has_value());
        BOOST_TEST((fault->code == code));
        // The schema lists the same names.
        const std::string quoted = '"' + std::string(to_string(code)) + '"';
        BOOST_TEST(kConfigSchema.find(quoted) != std::string_view::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_throttled_mock_asks_for_seven_seconds) {
    const Error error = fault_error({.kind = Fault::Kind::error, .code = Code::throttled});
    BOOST_TEST(error.retry_after_ms.value() == 7000);
    BOOST_TEST(error.retryable);
}

BOOST_AUTO_TEST_CASE(each_nth_request_fails_until_the_failures_have_had_their_time) {
    const FaultPlan plan{.fault = {Fault::Kind::error, Code::unavailable}, .every = 3, .times = 6};
    std::vector<std::uint64_t> failed;
    for (std::uint64_t n = 1; n <= 12; ++n) {
        if (planned_fault(plan, n).kind == Fault::Kind::error) failed.push_back(n);
    }
    const std::vector<std::uint64_t> expected{3, 6};
    BOOST_TEST(failed == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_rate_fails_that_share_of_the_requests_the_same_ones_for_the_same_seed) {
    const auto failures = [](double rate, std::uint64_t seed) {
        const FaultPlan plan{
            .fault = {Fault::Kind::error, Code::unavailable}, .rate = rate, .seed = seed};
        std::vector<std::uint64_t> out;
        for (std::uint64_t n = 1; n <= 10'000; ++n) {
            if (planned_fault(plan, n).kind == Fault::Kind::error) out.push_back(n);
        }
        return out;
    };
    BOOST_TEST(failures(0, 1).empty());
    BOOST_TEST(failures(1, 1).size() == 10'000u);
    BOOST_TEST(failures(0.25, 1).size() > 2'300u);
    BOOST_TEST(failures(0.25, 1).size() < 2'700u);
    BOOST_TEST((failures(0.25, 1) == failures(0.25, 1)));
    BOOST_TEST((failures(0.25, 1) != failures(0.25, 2)));
}

BOOST_AUTO_TEST_CASE(jitter_adds_at_most_its_length_and_not_always_the_same) {
    using std::chrono::milliseconds;
    std::vector<std::chrono::nanoseconds> delays;
    for (std::uint64_t n = 1; n <= 100; ++n) {
        delays.push_back(delay_of(milliseconds(50), milliseconds(10), 7, n));
        BOOST_TEST((delays.back() >= milliseconds(50) && delays.back() < milliseconds(60)));
    }
    BOOST_TEST((delays[0] != delays[1]));
    BOOST_TEST((delays[0] == delay_of(milliseconds(50), milliseconds(10), 7, 1)));
}

BOOST_AUTO_TEST_CASE(without_deltas_a_broken_stream_is_an_error_and_a_stalled_one_silence) {
    BOOST_TEST((without_deltas(fault_of_model("fault-midstream")).kind == Fault::Kind::error));
    BOOST_TEST((without_deltas(fault_of_model("fault-stall")).kind == Fault::Kind::silent));
    BOOST_TEST((without_deltas(fault_of_model("fault-auth")).code == Code::auth));
}

BOOST_AUTO_TEST_CASE(speed_gives_the_pause_between_tokens) {
    Settings settings;
    BOOST_TEST(settings.token_gap().count() == 0);
    settings.tokens_per_second = 50;
    BOOST_TEST((settings.token_gap() == std::chrono::milliseconds(20)));
    settings.tokens_per_second = 1e-300;
    BOOST_TEST((settings.token_gap() == std::chrono::minutes(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mock_vectors)

namespace {

std::vector<float> embedding(std::string_view text, std::uint32_t dimensions = 64) {
    std::vector<float> out;
    append_embedding(out, text, dimensions);
    return out;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(embeddings_have_the_wanted_number_of_dimensions_and_length_one) {
    for (const auto text : kTexts) {
        for (const std::uint32_t dimensions : {1u, 8u, 1536u}) {
            const auto vector = embedding(text, dimensions);
            BOOST_TEST(vector.size() == dimensions);
            BOOST_TEST(std::abs(dot(vector, vector) - 1.0) < 1e-5);
        }
    }
}

BOOST_AUTO_TEST_CASE(texts_that_share_words_lie_closer_together) {
    const auto a = embedding("the cat sat on the mat");
    BOOST_TEST(dot(a, embedding("The cat sat on a mat.")) > dot(a, embedding("stock prices fell")));
    BOOST_TEST((a == embedding("the cat sat on the mat")));
}

BOOST_AUTO_TEST_CASE(relevance_is_the_share_of_common_words) {
    BOOST_TEST(relevance("red apple", "Red Apple!") == 1.0);
    BOOST_TEST(relevance("red apple", "green apple") == 1.0 / 3.0);
    BOOST_TEST(relevance("red", "green") == 0.0);
    BOOST_TEST(relevance("", "") == 0.0);
}

BOOST_AUTO_TEST_CASE(ranking_puts_the_best_first_and_keeps_the_order_of_equals) {
    const auto ranked = ranking({0.5, 0.9, 0.5, 0.1}, 3);
    BOOST_REQUIRE(ranked.size() == 3u);
    BOOST_TEST(ranked[0].index == 1u);
    BOOST_TEST(ranked[1].index == 0u);
    BOOST_TEST(ranked[2].index == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

#include <boost/test/unit_test.hpp>

#include "answer.hpp"
#include "openai_stream.hpp"
#include "usage_option.hpp"

// Whole bodies: of answers, of errors, and of requests that ask for the usage.

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::openai;  // NOLINT
using namespace tenon::test;    // NOLINT

const std::string kBody =
    R"({"id":"c","choices":[{"index":0,"message":{"content":"h\u00e9 )"
    "\xF0\x9F\x98\x80"
    R"("},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":11,"prompt_tokens_details":{"prompt_tokens":99},)"
    R"("completion_tokens":4},"x_fake":{"usage":{"prompt_tokens":98}},"error":null})";

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

Result<Answer> read(std::string_view body, Expected expected = kCompletion) {
    return whole_answer(body, expected, {});
}

Code code_of(std::string_view body, Expected expected = kCompletion) {
    const auto answer = read(body, expected);
    return answer ? Code::ok : answer.error().code;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_body)

BOOST_AUTO_TEST_CASE(every_split_of_a_body_gives_the_same_body_and_usage) {
    for_every_split("\n\r\n" + kBody + "\n", [](const Chunks& chunks) {
        const OpenAiAnswer answer = read_answer(chunks);
        BOOST_REQUIRE(!answer.error);
        BOOST_REQUIRE(answer.deltas.empty());
        BOOST_REQUIRE(answer.body == kBody + "\n");
        BOOST_REQUIRE(answer.input_tokens == 11u);
        BOOST_REQUIRE(answer.output_tokens == 4u);
    });
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_body_is_an_error) {
    for (std::size_t size = 0; size < kBody.size(); ++size) {
        const OpenAiAnswer answer = read_answer(kBody.substr(0, size));
        BOOST_REQUIRE_MESSAGE(answer.error, size);
        BOOST_REQUIRE((answer.code() == Code::protocol));
    }
}

BOOST_AUTO_TEST_CASE(a_body_without_usage_leaves_the_tokens_unknown) {
    const auto answer = read(R"({"choices":[]})");
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->input_tokens == TENON_TOKENS_UNKNOWN);
    BOOST_TEST(answer->output_tokens == TENON_TOKENS_UNKNOWN);
}

BOOST_AUTO_TEST_CASE(usage_of_an_odd_type_is_ignored) {
    for (const std::string usage :
         {"null", "7", "[1]", R"({"prompt_tokens":"7"})", R"({"prompt_tokens":-7})",
          R"({"prompt_tokens":null})", R"({"prompt_tokens":[7]})"}) {
        const auto answer = read(R"({"choices":[],"usage":)" + usage + "}");
        BOOST_REQUIRE_MESSAGE(answer.has_value(), usage);
        BOOST_TEST(answer->input_tokens == TENON_TOKENS_UNKNOWN, usage);
    }
}

BOOST_AUTO_TEST_CASE(embeddings_are_taken_as_floats_and_as_base64) {
    const std::string floats = R"({"object":"list","data":[{"index":0,"embedding":[0.1,-2e-7,3]}],)"
                               R"("usage":{"prompt_tokens":5,"total_tokens":5}})";
    const std::string base64 = R"({"object":"list","data":[{"index":0,"embedding":"zczMPQ=="}],)"
                               R"("usage":{"prompt_tokens":5,"total_tokens":5}})";
    for (const std::string& body : {floats, base64}) {
        const auto answer = read(body, kEmbeddings);
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->body == body);
        BOOST_TEST(answer->input_tokens == 5u);
    }
}

BOOST_AUTO_TEST_CASE(models_may_be_a_bare_list) {
    BOOST_TEST((code_of(R"([{"id":"m"}])", kModels) == Code::ok));
    BOOST_TEST((code_of(R"({"data":[{"id":"m"}]})", kModels) == Code::ok));
    BOOST_TEST((code_of(R"({"models":[]})", kModels) == Code::protocol));
}

BOOST_AUTO_TEST_CASE(an_error_in_a_good_answer_is_an_error) {
    BOOST_TEST((code_of(R"({"error":{"code":429,"message":"slow down"}})") == Code::throttled));
    BOOST_TEST((code_of(R"({"choices":[],"error":{"code":503,"message":"overloaded"}})") ==
                Code::overloaded));
    BOOST_TEST((code_of(R"([{"error":{"code":429,"message":"slow down"}}])") == Code::throttled));
    BOOST_TEST((code_of(R"({"choices":[],"error":""})") == Code::ok));
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_a_protocol_error_that_says_so) {
    const auto message = [](std::string_view body) { return read(body).error().message; };
    BOOST_TEST(contains(message(""), "empty"));
    BOOST_TEST(contains(message(" \n"), "empty"));
    BOOST_TEST(contains(message("<html>log in</html>"), "base_url"));
    BOOST_TEST(contains(message(R"({"id": oops, )"), "cut short"));
    BOOST_TEST(contains(message(R"({"choices":{}})"), "no list \"choices\""));
    BOOST_TEST(contains(message(R"({"data":{"choices":[]}})"), "no list \"choices\""));
    for (const std::string_view body :
         {"", "7", "null", R"({"choices":[]} x)", R"({"choices":[}])"}) {
        BOOST_TEST((code_of(body) == Code::protocol), body);
    }
    BOOST_TEST((code_of(std::string_view("{\"choices\":[]}\0x", 16)) == Code::protocol));
}

BOOST_AUTO_TEST_CASE(ill_formed_text_in_a_body_is_repaired) {
    const OpenAiAnswer answer = read_answer("{\"choices\":[],\"x\":\"a\xFF\"}");
    BOOST_TEST(answer.body == "{\"choices\":[],\"x\":\"a\xEF\xBF\xBD\"}");
}

BOOST_AUTO_TEST_CASE(a_body_above_the_limit_is_an_error) {
    ChatStream stream({}, 100);
    stream.push("{" + std::string(100, ' '));
    const auto delta = stream.next();
    BOOST_REQUIRE(!delta.has_value());
    BOOST_TEST((delta.error().code == Code::protocol));
}

BOOST_AUTO_TEST_CASE(errors_say_what_to_do) {
    const Error auth = provider_error(
        401, {}, R"({"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}})");
    BOOST_TEST((auth.code == Code::auth));
    BOOST_TEST(
        contains(auth.message, "Incorrect API key provided; check the provider's \"api_key\""));
    const Error missing = provider_error(404, {}, "");
    BOOST_TEST((missing.code == Code::not_found));
    BOOST_TEST(contains(missing.message, "base_url"));
}

BOOST_AUTO_TEST_CASE(excerpts_are_short_printable_and_whole_characters) {
    BOOST_TEST(excerpt("a\r\nb\tc\x7F") == "a  b c ");
    const std::string long_text = std::string(39, 'a') + "\xF0\x9F\x98\x80";
    BOOST_TEST(excerpt(long_text) == std::string(39, 'a'));
}

BOOST_AUTO_TEST_CASE(a_request_is_made_to_ask_for_its_usage) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({"model":"m"})", R"({"stream_options":{"include_usage":true},"model":"m"})"},
        {" { }", R"( {"stream_options":{"include_usage":true} })"},
        {R"({"x":"stream_options"})",
         R"({"stream_options":{"include_usage":true},"x":"stream_options"})"},
        {R"({"x":{"stream_options":{}}})",
         R"({"stream_options":{"include_usage":true},"x":{"stream_options":{}}})"},
        {R"({"stream_options":{"a":[1]},"z":1})",
         R"({"stream_options":{"include_usage":true,"a":[1]},"z":1})"},
        {R"({"a":"\"","stream_options" : { } })",
         R"({"a":"\"","stream_options" : {"include_usage":true } })"},
        {R"({"stream_options": null ,"z":1})",
         R"({"stream_options": {"include_usage":true} ,"z":1})"},
    };
    for (const auto& [body, expected] : cases) {
        const auto made = with_usage_option(body);
        BOOST_REQUIRE_MESSAGE(made.has_value(), body);
        BOOST_TEST(*made == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_decides_itself_is_left_alone) {
    for (const std::string_view body : {R"({"stream_options":{"include_usage":false}})",
                                        R"({"stream_options":{"include_usage":true}})",
                                        R"({"stream_options":7})", "[]", "", "x"}) {
        BOOST_TEST(!with_usage_option(body).has_value(), body);
    }
}

BOOST_AUTO_TEST_SUITE_END()

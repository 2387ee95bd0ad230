#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "gateway/dialect/openai_completions.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kRequest = R"({"model":"m","prompt":"P","stream":true})";
constexpr std::string_view kWithUsage =
    R"({"model":"m","prompt":"P","stream":true,"stream_options":{"include_usage":true}})";
constexpr std::string_view kEcho = R"({"model":"m","prompt":"P","stream":true,"echo":true})";
constexpr std::string_view kHead =
    R"({"id":"cmpl-7","object":"text_completion","created":1700000000,"model":"m",)";

std::string fault(std::string_view members) {
    return refusal(openai_completions(), "{" + std::string(members) + "}");
}

BOOST_AUTO_TEST_SUITE(completions)

BOOST_AUTO_TEST_CASE(a_prompt_becomes_a_message) {
    BOOST_TEST(
        parsed(openai_completions(), R"({"model":"m","prompt":"P","max_tokens":5,"new":[1]})")
            .body ==
        R"({"model":"m","messages":[{"role":"user","content":"P"}],"stream":false,"max_tokens":5,"new":[1]})");
    BOOST_TEST(at(parsed(openai_completions(), R"({"prompt":["P"],"best_of":1,"suffix":""})").body,
                  "/messages/0/content") == "\"P\"");
    BOOST_TEST(parsed(openai_completions(), kWithUsage).wants_usage);
}

BOOST_AUTO_TEST_CASE(what_chat_cannot_do_is_refused) {
    BOOST_TEST(fault(R"("model":"m")") == "invalid: prompt: is missing");
    BOOST_TEST(fault(R"("prompt":["a","b"])").starts_with("unsupported: prompt: one request"));
    BOOST_TEST(fault(R"("prompt":[1,2])").starts_with("unsupported: prompt: must be text"));
    BOOST_TEST(fault(R"("prompt":[])").starts_with("unsupported: prompt: must be text"));
    BOOST_TEST(fault(R"("prompt":7)") == "invalid: prompt: must be a string");
    BOOST_TEST(fault(R"("prompt":"a","suffix":"b")").starts_with("unsupported: suffix: "));
    BOOST_TEST(fault(R"("prompt":"a","best_of":2)").starts_with("unsupported: best_of: "));
    BOOST_TEST(fault(R"("prompt":"a","logprobs":2)").starts_with("unsupported: logprobs: "));
    BOOST_TEST(fault(R"("prompt":"a","echo":2)") ==
               "invalid: echo: must be true or false, not a number");
}

BOOST_AUTO_TEST_CASE(a_whole_answer_becomes_texts) {
    const std::string_view answer =
        R"({"choices":[{"index":1,"message":{"content":"b"},"finish_reason":"length"},{"index":0,"message":{"content":"a"}}],"usage":{"prompt_tokens":1,"x":2}})";
    BOOST_TEST(
        whole(openai_completions(), kRequest, answer) ==
        std::string(kHead) +
            R"("choices":[{"text":"b","index":1,"logprobs":null,"finish_reason":"length"},{"text":"a","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"x":2}})");
    BOOST_TEST(at(whole(openai_completions(), kEcho, answer), "/choices/1/text") == "\"Pa\"");
    check_damaged_answers(openai_completions(), kRequest, answer);
}

BOOST_AUTO_TEST_CASE(a_stream_is_chunks_of_text) {
    BOOST_TEST(
        stream(openai_completions(), kRequest,
               {text("a\xc3"), text("\xa4"), text(""), reasoning("x")},
               {.finish_reason = "length"}) ==
        "data: " + std::string(kHead) +
            R"("choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}]})" +
            "\n\ndata: " + std::string(kHead) + "\"choices\":[{\"text\":\"\xc3\xa4\"" +
            R"(,"index":0,"logprobs":null,"finish_reason":null}]})" +
            "\n\ndata: " + std::string(kHead) +
            R"("choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}]})" +
            "\n\ndata: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(the_prompt_is_repeated_in_front) {
    const auto some = events_of(stream(openai_completions(), kEcho, {text("a"), text("b")}));
    BOOST_TEST(at(some.at(0).data, "/choices/0/text") == "\"Pa\"");
    BOOST_TEST(at(some.at(1).data, "/choices/0/text") == "\"b\"");
    const auto none = events_of(stream(openai_completions(), kEcho, {}));
    BOOST_TEST(at(none.at(0).data, "/choices/0/text") == "\"P\"");
    BOOST_TEST(none.size() == 3);
}

BOOST_AUTO_TEST_CASE(usage_is_told_to_those_who_asked) {
    const std::vector<Delta> deltas = {text("a"), usage(R"({"prompt_tokens":1})")};
    BOOST_TEST(stream(openai_completions(), kWithUsage, deltas)
                   .find(R"("choices":[],"usage":{"prompt_tokens":1}})") != std::string::npos);
    BOOST_TEST(stream(openai_completions(), kRequest, deltas).find("usage") == std::string::npos);
    BOOST_TEST(stream(openai_completions(), kWithUsage, {}, {.input_tokens = 2, .output_tokens = 3})
                   .find(R"("total_tokens":5)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_broken_stream_ends_with_the_error_and_without_done) {
    check_broken_streams(openai_completions(), kRequest, {"[DONE]", R"("finish_reason":")"});
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        openai_completions(),
        R"({"model":"m","prompt":["hello"],"stream":true,"echo":true,"stream_options":{"include_usage":true},"stop":["a"]})");
}

BOOST_AUTO_TEST_CASE(the_path_leads_here) {
    BOOST_TEST(find_dialect("/v1/completions") == &openai_completions());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

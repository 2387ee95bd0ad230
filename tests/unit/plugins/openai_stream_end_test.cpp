#include <boost/test/unit_test.hpp>

#include "openai_stream.hpp"

// How streams end: well, cut short, or with an error inside.

namespace {

using namespace tenon;        // NOLINT: a test file
using namespace tenon::test;  // NOLINT

const std::string kText = chunk(R"({"content":"hi"})");
const std::string kStop = chunk("{}", R"("stop")");

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_stream_end)

BOOST_AUTO_TEST_CASE(a_finish_reason_is_enough_if_the_stream_ends_properly) {
    const OpenAiAnswer answer = read_answer(events({kText, chunk("{}", R"("length")")}));
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.finish_reason == "length");
}

BOOST_AUTO_TEST_CASE(done_is_enough_without_a_finish_reason) {
    const OpenAiAnswer answer = read_answer(events({kText, "[DONE]"}));
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.finish_reason.empty());
}

BOOST_AUTO_TEST_CASE(neither_of_them_means_cut_short) {
    const OpenAiAnswer answer = read_answer(events({kText}));
    BOOST_REQUIRE(answer.error);
    BOOST_TEST((answer.code() == Code::protocol));
    BOOST_TEST(contains(answer.error->message, "cut short"));
    BOOST_TEST(answer.text() == "hi");
}

BOOST_AUTO_TEST_CASE(every_beginning_of_a_stream_that_lacks_its_end_is_an_error) {
    const std::string text = events({kText, kStop});
    // The stop chunk counts once its blank line has come.
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        const OpenAiAnswer answer = read_answer(text.substr(0, size));
        BOOST_REQUIRE_MESSAGE(answer.error, size);
        BOOST_REQUIRE((answer.code() == Code::protocol));
    }
    BOOST_TEST(!read_answer(text).error);
}

BOOST_AUTO_TEST_CASE(a_choice_that_has_not_finished_means_cut_short) {
    const OpenAiAnswer answer = read_answer(
        events({R"({"choices":[{"index":0,"delta":{}},{"index":1,"delta":{}}]})", kStop}));
    BOOST_TEST((answer.code() == Code::protocol));
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_after_done_does_no_harm) {
    const Chunks chunks{events({kText, kStop, "[DONE]"})};
    BOOST_TEST(!read_answer(chunks, true).error);
    const Chunks without_done{events({kText, kStop})};
    BOOST_TEST(bool(read_answer(without_done, true).error));
}

BOOST_AUTO_TEST_CASE(what_follows_done_is_not_looked_at) {
    const OpenAiAnswer answer =
        read_answer({events({kText, "[DONE]", "rubbish"}), "more rubbish", events({kText})});
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.text() == "hi");
}

BOOST_AUTO_TEST_CASE(text_that_says_done_does_not_end_the_stream) {
    const OpenAiAnswer answer =
        read_answer(events({chunk(R"({"content":"[DONE]"})"), kText, kStop, "[DONE]"}));
    BOOST_TEST(answer.text() == "[DONE]hi");
}

BOOST_AUTO_TEST_CASE(done_alone_is_no_answer) {
    BOOST_TEST((read_answer(events({"[DONE]"})).code() == Code::protocol));
    for (const std::string begun :
         {": keep-alive\n\n", "data: {\"choices\":", "data: [DONE]\n\n"}) {
        const OpenAiAnswer answer = read_answer(begun);
        BOOST_TEST((answer.code() == Code::protocol), begun);
        BOOST_TEST(contains(answer.error->message, "cut short"), begun);
    }
    for (const std::string empty : {"", "\n", "\xEF\xBB\xBF\r\n"}) {
        const OpenAiAnswer answer = read_answer(empty);
        BOOST_TEST((answer.code() == Code::protocol));
        BOOST_TEST(contains(answer.error->message, "empty"));
    }
}

BOOST_AUTO_TEST_CASE(comments_and_empty_events_are_ignored) {
    const OpenAiAnswer answer =
        read_answer(": OPENROUTER PROCESSING\n\n:\n\ndata:\n\nevent: ping\n\n" +
                    events({kText, kStop, "[DONE]"}));
    BOOST_TEST(!answer.error);
    BOOST_TEST(answer.deltas.size() == 2);
}

BOOST_AUTO_TEST_CASE(an_error_in_the_stream_is_an_error_though_done_follows) {
    const std::string error =
        R"({"error":{"message":"The server had an error.","type":"server_error","code":500}})";
    const std::string text = events({kText, error, "[DONE]"});
    for_every_split(text, [](const Chunks& chunks) {
        const OpenAiAnswer answer = read_answer(chunks);
        BOOST_REQUIRE(answer.error);
        BOOST_REQUIRE((answer.code() == Code::unavailable));
        BOOST_REQUIRE(contains(answer.error->message, "The server had an error"));
        BOOST_REQUIRE(answer.text() == "hi");
    });
}

BOOST_AUTO_TEST_CASE(errors_in_a_stream_are_read_in_all_their_forms) {
    const std::pair<std::string, Code> cases[] = {
        {events({R"({"error":{"message":"slow down","code":429}})"}), Code::throttled},
        {events({R"({"error":"Model is overloaded","error_type":"overloaded"})"}),
         Code::overloaded},
        {events({R"({"choices":[{"delta":{},"finish_reason":"error"}],)"
                 R"("error":{"code":502,"message":"upstream"}})"}),
         Code::unavailable},
        {"event: error\ndata: {\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}\n\n",
         Code::overloaded},
    };
    for (const auto& [text, code] : cases) {
        BOOST_TEST((read_answer(text).code() == code), text);
    }
    BOOST_TEST(bool(read_answer("event: error\ndata: it broke\n\n").error));
}

BOOST_AUTO_TEST_CASE(an_error_member_that_says_nothing_is_none) {
    for (const std::string none : {"null", "false", "\"\"", "0"}) {
        const OpenAiAnswer answer =
            read_answer(events({R"({"choices":[],"error":)" + none + "}", kStop}));
        BOOST_TEST(!answer.error, none);
    }
}

BOOST_AUTO_TEST_CASE(a_finish_reason_that_tells_of_a_failure_is_one) {
    BOOST_TEST(
        (read_answer(events({kText, chunk("{}", R"("error")")})).code() == Code::unavailable));
    const OpenAiAnswer starved =
        read_answer(events({kText, chunk("{}", R"("insufficient_system_resource")")}));
    BOOST_TEST((starved.code() == Code::overloaded));
}

BOOST_AUTO_TEST_CASE(an_event_that_is_no_chunk_is_a_protocol_error) {
    for (const std::string rubbish :
         {R"({"id": oops, )", "[]", "7", "\"text\"", "{} {}", R"({"choices":[})", "[DONE"}) {
        const OpenAiAnswer answer = read_answer(events({kText, rubbish, kStop}));
        BOOST_TEST((answer.code() == Code::protocol), rubbish);
    }
    const std::string zero = std::string("data: {}") + '\0' + "x\n\n" + events({kStop});
    BOOST_TEST((read_answer(zero).code() == Code::protocol));
}

BOOST_AUTO_TEST_CASE(a_web_page_is_named_as_what_it_is) {
    for_every_split("<html>\n<body>Please log in</body></html>\n", [](const Chunks& chunks) {
        const OpenAiAnswer answer = read_answer(chunks);
        BOOST_REQUIRE((answer.code() == Code::protocol));
        BOOST_REQUIRE(contains(answer.error->message, "neither"));
        BOOST_REQUIRE(contains(answer.error->message, "base_url"));
    });
}

BOOST_AUTO_TEST_CASE(an_event_without_end_is_an_error_once_it_is_too_large) {
    openai::ChatStream stream({});
    stream.push("data: ");
    BOOST_TEST(*stream.next() == nullptr);
    const std::string filler(std::size_t{1} << 20, 'x');
    bool failed = false;
    for (int i = 0; i < 32 && !failed; ++i) {
        stream.push(filler);
        failed = !stream.next().has_value();
    }
    BOOST_TEST(failed);
}

BOOST_AUTO_TEST_SUITE_END()

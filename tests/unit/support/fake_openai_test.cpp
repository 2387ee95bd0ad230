#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "answers.hpp"
#include "support/fake_llm.hpp"
#include "support/raw_client.hpp"

using namespace tenon::test;

namespace {

constexpr const char* kChat = "/v1/chat/completions";
constexpr const char* kTools = R"(,"tools":[{"type":"function","function":{"name":"weather"}}])";

struct Fixture {
    RawResponse post(const char* path, const std::string& body, const Headers& headers = {}) {
        return RawClient(fake.server().port()).exchange("POST", path, body, headers);
    }
    RawResponse get(const char* path) {
        return RawClient(fake.server().port()).exchange("GET", path);
    }
    std::vector<std::string> stream(std::string_view text, const std::string& more = "",
                                    const char* model = "fake-small") {
        return events_in(post(kChat, ask(model, text, ",\"stream\":true" + more)).body);
    }

    FakeLlm fake;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fake_openai, Fixture)

BOOST_AUTO_TEST_CASE(it_answers_by_echo) {
    const RawResponse response = post(kChat, ask("fake-small", "h\xC3\xA9llo you"));
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.header("Content-Type").value() == "application/json");
    BOOST_TEST(response.header("x-request-id").value() == "req_fake_1");
    BOOST_TEST(at(response.body, "/object") == "chat.completion");
    BOOST_TEST(at(response.body, "/model") == "fake-small");
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "You said: h\xC3\xA9llo you");
    BOOST_TEST(at(response.body, "/choices/0/finish_reason") == "stop");
    BOOST_TEST(at(response.body, "/usage/prompt_tokens") == "2");
    BOOST_TEST(at(response.body, "/usage/total_tokens") == "6");
}

BOOST_AUTO_TEST_CASE(it_answers_the_last_user_message_and_reads_text_parts) {
    const RawResponse response = post(kChat, R"({"model":"fake-small","messages":[
        {"role":"user","content":"first"},{"role":"assistant","content":"second"},
        {"role":"user","content":[{"type":"text","text":"third"},{"type":"image_url"},
                                  {"type":"text","text":" and fourth"}]}]})");
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "You said: third and fourth");
}

BOOST_AUTO_TEST_CASE(a_token_limit_cuts_the_answer) {
    const RawResponse response =
        post(kChat, ask("fake-small", "one two", ",\"max_completion_tokens\":3"));
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "You said: one");
    BOOST_TEST(at(response.body, "/choices/0/finish_reason") == "length");
    BOOST_TEST(at(response.body, "/usage/completion_tokens") == "3");
}

BOOST_AUTO_TEST_CASE(a_stream_is_role_then_content_then_reason_then_done) {
    const std::vector<std::string> events = stream("h\xC3\xA9llo");
    BOOST_REQUIRE(events.size() == 7U);
    BOOST_TEST(at(events[0], "/choices/0/delta/role") == "assistant");
    BOOST_TEST(at(events[1], "/choices/0/delta/content") == "You ");
    BOOST_TEST(at(events[1], "/choices/0/finish_reason") == "null");
    BOOST_TEST(at(events[1], "/usage") == "(none)");
    BOOST_TEST(join_at(events, "/choices/0/delta/content") == "You said: h\xC3\xA9llo");
    BOOST_TEST(at(events[5], "/choices/0/finish_reason") == "stop");
    BOOST_TEST(events[6] == "[DONE]");
}

BOOST_AUTO_TEST_CASE(with_include_usage_the_last_chunk_has_no_choices_but_the_usage) {
    const std::vector<std::string> events =
        stream("hi", ",\"stream_options\":{\"include_usage\":true}");
    const std::string& usage = events.at(events.size() - 2);
    BOOST_TEST(at(events[0], "/usage") == "null");
    BOOST_TEST(at(usage, "/choices") == "[]");
    BOOST_TEST(at(usage, "/usage/completion_tokens") == "3");
}

BOOST_AUTO_TEST_CASE(every_answer_carries_members_no_client_knows) {
    BOOST_TEST(at(post(kChat, ask("fake-small", "hi")).body, "/x_fake/kept") == "true");
    BOOST_TEST(at(stream("hi").at(1), "/x_fake/kept") == "true");
}

BOOST_AUTO_TEST_CASE(a_tool_call_has_its_arguments_as_a_string) {
    const RawResponse response =
        post(kChat, ask("fake-small", R"(call weather {\"city\":\"Paris\"})", kTools));
    const char* const call = "/choices/0/message/tool_calls/0";
    BOOST_TEST(at(response.body, (std::string(call) + "/id").c_str()) == "call_fake_1");
    BOOST_TEST(at(response.body, (std::string(call) + "/function/name").c_str()) == "weather");
    BOOST_TEST(at(response.body, (std::string(call) + "/function/arguments").c_str()) ==
               R"({"city":"Paris"})");
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "null");
    BOOST_TEST(at(response.body, "/choices/0/finish_reason") == "tool_calls");
}

BOOST_AUTO_TEST_CASE(streamed_tool_calls_come_in_fragments_joined_by_index) {
    const std::vector<std::string> events =
        stream(R"(call weather {\"a\":1}\ncall time {\"b\":2})", kTools);
    std::vector<std::string> second;
    for (const std::string& event : events) {
        if (at(event, "/choices/0/delta/tool_calls/0/index") == "1") {
            second.push_back(event);
        }
    }
    BOOST_REQUIRE(second.size() == 3U);
    BOOST_TEST(at(second[0], "/choices/0/delta/tool_calls/0/id") == "call_fake_2");
    BOOST_TEST(at(second[1], "/choices/0/delta/tool_calls/0/id") == "(none)");
    BOOST_TEST(join_at(second, "/choices/0/delta/tool_calls/0/function/name") == "time");
    BOOST_TEST(join_at(second, "/choices/0/delta/tool_calls/0/function/arguments") == R"({"b":2})");
    BOOST_TEST(at(events.at(events.size() - 2), "/choices/0/finish_reason") == "tool_calls");
}

BOOST_AUTO_TEST_CASE(a_tool_call_without_a_name_takes_the_first_tool_and_none_without_tools) {
    BOOST_TEST(at(post(kChat, ask("fake-small", "call", kTools)).body,
                  "/choices/0/message/tool_calls/0/function/name") == "weather");
    BOOST_TEST(at(post(kChat, ask("fake-small", "call me")).body, "/choices/0/message/content") ==
               "You said: call me");
}

BOOST_AUTO_TEST_CASE(a_tool_result_is_answered_with_text) {
    const RawResponse response = post(kChat, R"({"model":"fake-small","tools":[],"messages":[
        {"role":"user","content":"call weather"},{"role":"assistant","content":null},
        {"role":"tool","tool_call_id":"call_fake_1","content":"sunny"}]})");
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "The tool said: sunny");
}

BOOST_AUTO_TEST_CASE(the_reasoning_model_thinks_before_it_answers) {
    const std::vector<std::string> events = stream("hi", "", "fake-reason");
    BOOST_TEST(at(events.at(1), "/choices/0/delta/reasoning_content") == "The ");
    BOOST_TEST(join_at(events, "/choices/0/delta/reasoning_content") == "The user wants an echo.");
    BOOST_TEST(join_at(events, "/choices/0/delta/content") == "You said: hi");
}

BOOST_AUTO_TEST_CASE(embeddings_depend_on_the_text_alone) {
    const std::string body =
        post("/v1/embeddings", R"({"model":"fake-embed","input":["a b","c","a b"]})").body;
    BOOST_TEST(at(body, "/data/0/embedding") == at(body, "/data/2/embedding"));
    BOOST_TEST(at(body, "/data/0/embedding") != at(body, "/data/1/embedding"));
    BOOST_TEST(at(body, "/data/2/index") == "2");
    BOOST_TEST(at(body, "/data/0/embedding/7") != "(none)");
    BOOST_TEST(at(body, "/data/0/embedding/8") == "(none)");
    BOOST_TEST(at(body, "/usage/prompt_tokens") == "5");
}

BOOST_AUTO_TEST_CASE(embeddings_come_as_base64_of_little_endian_floats_when_asked) {
    const std::string body =
        post("/v1/embeddings",
             R"({"model":"fake-embed","input":"x","dimensions":1,"encoding_format":"base64"})")
            .body;
    // A unit vector of one dimension is 1.0 or -1.0: 00 00 80 3f or 00 00 80 bf.
    const std::string embedding = at(body, "/data/0/embedding");
    BOOST_TEST((embedding == "AACAPw==" || embedding == "AACAvw=="));
}

BOOST_AUTO_TEST_CASE(embeddings_take_tokens_as_one_text) {
    const std::string body =
        post("/v1/embeddings", R"({"model":"fake-embed","input":[1,2,3]})").body;
    BOOST_TEST(at(body, "/data/0/index") == "0");
    BOOST_TEST(at(body, "/data/1") == "(none)");
}

BOOST_AUTO_TEST_CASE(the_models_are_listed) {
    const std::string body = get("/v1/models").body;
    BOOST_TEST(at(body, "/data/0/id") == "fake-small");
    BOOST_TEST(at(body, "/data/0/object") == "model");
}

BOOST_AUTO_TEST_CASE(bad_requests_are_refused_in_the_openai_shape) {
    BOOST_TEST(at(post(kChat, "{oops").body, "/error/type") == "invalid_request_error");
    BOOST_TEST(at(post(kChat, R"({"messages":[]})").body, "/error/param") == "model");
    BOOST_TEST(at(post(kChat, R"({"model":"fake-small"})").body, "/error/param") == "messages");
    const RawResponse unknown = post(kChat, ask("gpt-0", "hi"));
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(at(unknown.body, "/error/code") == "model_not_found");
    BOOST_TEST(at(get("/v2").body, "/error/code") == "unknown_url");
}

BOOST_AUTO_TEST_CASE(a_wrong_key_is_a_401_that_repeats_the_key) {
    FakeLlmOptions options;
    options.api_key = "sk-right";
    FakeLlm locked(options);
    RawClient client(locked.server().port());
    const RawResponse refused =
        client.exchange("GET", "/v1/models", "", {{"Authorization", "Bearer sk-wrong"}});
    BOOST_TEST(refused.status == 401);
    BOOST_TEST(at(refused.body, "/error/code") == "invalid_api_key");
    BOOST_TEST(at(refused.body, "/error/message").find("sk-wrong") != std::string::npos);
    BOOST_TEST(client.exchange("GET", "/v1/models").status == 401);
    BOOST_TEST(
        client.exchange("GET", "/v1/models", "", {{"Authorization", "Bearer sk-right"}}).status ==
        200);
}

BOOST_AUTO_TEST_CASE(a_test_may_say_what_the_model_answers) {
    FakeLlmOptions options;
    options.answer = [](std::string_view text) { return std::string(text) + "!"; };
    FakeLlm loud(options);
    const RawResponse response =
        RawClient(loud.server().port()).exchange("POST", kChat, ask("fake-small", "hi"));
    BOOST_TEST(at(response.body, "/choices/0/message/content") == "hi!");
}

BOOST_AUTO_TEST_CASE(pieces_framing_and_line_ends_change_no_event) {
    const std::vector<std::string> expected = stream("h\xC3\xA9llo");
    for (const Framing framing :
         {Framing::chunked, Framing::content_length, Framing::close_delimited}) {
        FakeLlmOptions options;
        options.server.write_pieces = 1;
        options.framing = framing;
        options.sse_newline = "\r\n";
        FakeLlm odd(options);
        const RawResponse response =
            RawClient(odd.server().port())
                .exchange("POST", kChat, ask("fake-small", "h\xC3\xA9llo", ",\"stream\":true"));
        std::string body = response.body;
        std::erase(body, '\r');
        BOOST_TEST(events_in(body) == expected, boost::test_tools::per_element());
        BOOST_TEST(response.complete);
    }
}

BOOST_AUTO_TEST_CASE(comments_may_stand_between_the_events) {
    FakeLlmOptions options;
    options.sse_comments = true;
    FakeLlm chatty(options);
    const RawResponse response =
        RawClient(chatty.server().port())
            .exchange("POST", kChat, ask("fake-small", "hi", ",\"stream\":true"));
    BOOST_TEST(response.body.starts_with(": keep-alive\n\ndata: {"));
}

BOOST_AUTO_TEST_CASE(with_a_gate_the_test_takes_a_stream_event_by_event) {
    FakeLlmOptions options;
    Gate gate;
    options.stream_gate = gate;
    FakeLlm stepped(options);
    RawClient client(stepped.server().port());
    const std::string body = ask("fake-small", "hi", ",\"stream\":true");
    client.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    client.read_until("\r\n\r\n");
    gate.let_pass();
    BOOST_TEST(client.read_until("\n\n").find("\"role\":\"assistant\"") != std::string::npos);
    gate.open();
    BOOST_TEST(client.read_until("[DONE]").ends_with("data: [DONE]"));
}

BOOST_AUTO_TEST_SUITE_END()

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "answers.hpp"
#include "support/fake_llm.hpp"
#include "support/raw_client.hpp"

using namespace tenon::test;

namespace {

struct Fixture {
    RawResponse post(const char* path, const std::string& body) {
        return RawClient(fake.server().port()).exchange("POST", path, body);
    }
    RawResponse get(const char* path, const char* method = "GET") {
        return RawClient(fake.server().port()).exchange(method, path);
    }

    FakeLlm fake;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fake_ollama, Fixture)

BOOST_AUTO_TEST_CASE(the_health_paths_answer) {
    BOOST_TEST(get("/").body == "Ollama is running");
    BOOST_TEST(get("/", "HEAD").status == 200);
    BOOST_TEST(at(get("/api/version").body, "/version") == "0.0.0-fake");
    BOOST_TEST(at(get("/api/tags").body, "/models/0/name") == "fake-small");
}

BOOST_AUTO_TEST_CASE(it_streams_lines_of_json_unless_told_otherwise) {
    const RawResponse response = post("/api/chat", ask("fake-small", "h\xC3\xA9llo"));
    BOOST_TEST(response.header("Content-Type").value() == "application/x-ndjson");
    const std::vector<std::string> lines = split_at(response.body, "\n");
    BOOST_REQUIRE(lines.size() == 5U);
    BOOST_TEST(at(lines[0], "/message/content") == "You ");
    BOOST_TEST(at(lines[0], "/done") == "false");
    BOOST_TEST(join_at(lines, "/message/content") == "You said: h\xC3\xA9llo");
    BOOST_TEST(at(lines[4], "/done") == "true");
    BOOST_TEST(at(lines[4], "/done_reason") == "stop");
    BOOST_TEST(at(lines[4], "/eval_count") == "3");
}

BOOST_AUTO_TEST_CASE(without_stream_it_is_one_body) {
    const std::string body = post("/api/chat", ask("fake-reason", "hi", ",\"stream\":false")).body;
    BOOST_TEST(at(body, "/message/content") == "You said: hi");
    BOOST_TEST(at(body, "/message/thinking") == "The user wants an echo.");
    BOOST_TEST(at(body, "/done") == "true");
    BOOST_TEST(at(body, "/x_fake/kept") == "true");
}

BOOST_AUTO_TEST_CASE(num_predict_limits_the_answer) {
    const std::string body =
        post("/api/chat", ask("fake-small", "hi", R"(,"stream":false,"options":{"num_predict":2})"))
            .body;
    BOOST_TEST(at(body, "/message/content") == "You said:");
    BOOST_TEST(at(body, "/done_reason") == "length");
}

BOOST_AUTO_TEST_CASE(tool_calls_come_whole_with_their_arguments_as_an_object) {
    const std::vector<std::string> lines = split_at(
        post("/api/chat", ask("fake-small", R"(call w {\"a\":1}\ncall v)", R"(,"tools":[{}])"))
            .body,
        "\n");
    BOOST_REQUIRE(lines.size() == 2U);
    BOOST_TEST(at(lines[0], "/message/tool_calls/0/function/arguments") == R"({"a":1})");
    BOOST_TEST(at(lines[0], "/message/tool_calls/1/function/name") == "v");
    BOOST_TEST(at(lines[1], "/done_reason") == "stop");
}

BOOST_AUTO_TEST_CASE(a_request_without_messages_loads_the_model) {
    BOOST_TEST(at(post("/api/chat", R"({"model":"fake-small"})").body, "/done_reason") == "load");
}

BOOST_AUTO_TEST_CASE(an_unknown_model_is_a_404_with_the_text_of_ollama) {
    const RawResponse response = post("/api/chat", ask("llama", "hi"));
    BOOST_TEST(response.status == 404);
    BOOST_TEST(at(response.body, "/error") == "model \"llama\" not found, try pulling it first");
    BOOST_TEST(post("/api/embed", R"({"model":"llama","input":"x"})").status == 404);
}

BOOST_AUTO_TEST_CASE(embeddings_are_the_same_as_those_of_the_openai_api) {
    const std::string native =
        post("/api/embed", R"({"model":"fake-embed","input":["a","b"]})").body;
    const std::string openai = post("/v1/embeddings", R"({"model":"fake-embed","input":"b"})").body;
    BOOST_TEST(at(native, "/embeddings/1") == at(openai, "/data/0/embedding"));
    BOOST_TEST(at(native, "/prompt_eval_count") == "2");
}

BOOST_AUTO_TEST_SUITE_END()

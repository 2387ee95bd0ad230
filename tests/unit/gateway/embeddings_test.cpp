#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "gateway/dialect/models.hpp"
#include "gateway/dialect/ollama_embed.hpp"
#include "gateway/dialect/openai_embeddings.hpp"
#include "gateway/dialect/rerank.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

constexpr std::string_view kVectors =
    R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0,-0.5]},{"index":1,"embedding":[0]}],"model":"up","usage":{"prompt_tokens":4}})";

BOOST_AUTO_TEST_SUITE(embeddings_and_rerank)

BOOST_AUTO_TEST_CASE(an_embedding_request_keeps_every_byte_but_the_model) {
    const ParsedRequest request =
        parsed(openai_embeddings(), "{ \"m\\u006fdel\": \"a\", \"input\" :[ \"x\" ], \"new\":1.0}");
    BOOST_TEST((request.operation == Operation::embed));
    BOOST_TEST(request.body_for("b") ==
               "{ \"m\\u006fdel\": \"b\", \"input\" :[ \"x\" ], \"new\":1.0}");
    BOOST_TEST(parsed(openai_embeddings(), R"({"input":"x"})").body_for("b") ==
               R"({"model":"b","input":"x"})");
}

BOOST_AUTO_TEST_CASE(vectors_are_passed_on_or_encoded) {
    BOOST_TEST(whole(openai_embeddings(), R"({"input":"x"})", kVectors) == kVectors);
    const std::string encoded =
        whole(openai_embeddings(), R"({"input":"x","encoding_format":"base64"})", kVectors);
    BOOST_TEST(at(encoded, "/data/0/embedding") == "\"AACAPwAAAL8=\"");
    BOOST_TEST(at(encoded, "/data/1/embedding") == "\"AAAAAA==\"");
    BOOST_TEST(at(encoded, "/data/0/index") == "0");
    BOOST_TEST(at(encoded, "/usage") == R"({"prompt_tokens":4})");
    BOOST_TEST(at(whole(openai_embeddings(), R"({"input":"x","encoding_format":"base64"})",
                        R"({"data":[{"embedding":"QQ=="}]})"),
                  "/data/0/embedding") == "\"QQ==\"");
}

BOOST_AUTO_TEST_CASE(ollama_s_embeddings_are_translated) {
    BOOST_TEST(parsed(ollama_embed(),
                      R"({"model":"m","input":["a"],"dimensions":2,"keep_alive":1,"options":{}})")
                   .body == R"({"model":"m","input":["a"],"dimensions":2})");
    BOOST_TEST(
        whole(ollama_embed(), R"({"model":"m","input":"a"})", kVectors,
              {.total = std::chrono::nanoseconds(9)}) ==
        R"({"model":"m","embeddings":[[1,-0.5],[0]],"total_duration":9,"prompt_eval_count":4})");
    BOOST_TEST(parsed(ollama_embeddings(), R"({"model":"m","prompt":"a"})").body ==
               R"({"model":"m","input":"a"})");
    BOOST_TEST(whole(ollama_embeddings(), R"({"model":"m","prompt":"a"})", kVectors) ==
               R"({"embedding":[1,-0.5]})");
}

BOOST_AUTO_TEST_CASE(a_rerank_request_keeps_every_byte_but_the_model) {
    BOOST_TEST(
        parsed(rerank(), R"({"model" :"a","query":"q","documents":["x",{"text":"y"}],"top_n":1})")
            .body_for("b") ==
        R"({"model" :"b","query":"q","documents":["x",{"text":"y"}],"top_n":1})");
}

BOOST_AUTO_TEST_CASE(documents_are_returned_where_they_are_asked_for) {
    const std::string_view answer =
        R"({"id":"i","results":[{"index":1,"relevance_score":0.5},{"index":0,"relevance_score":0.25,"document":{"text":"own"}},{"index":2,"relevance_score":0},{"index":9,"relevance_score":0}]})";
    BOOST_TEST(whole(rerank(), R"({"query":"q","documents":["x"]})", answer) == answer);
    const std::string text = whole(
        rerank(), R"({"query":"q","documents":["x","y",{"text":"z"}],"return_documents":true})",
        answer);
    BOOST_TEST(at(text, "/id") == "\"i\"");
    BOOST_TEST(at(text, "/results/0") ==
               R"({"index":1,"relevance_score":0.5,"document":{"text":"y"}})");
    BOOST_TEST(at(text, "/results/1/document/text") == "\"own\"");
    BOOST_TEST(at(text, "/results/2/document/text") == "\"z\"");
    BOOST_TEST(at(text, "/results/3/document") == "none");
}

BOOST_AUTO_TEST_CASE(faults_are_told_with_their_member) {
    BOOST_TEST(refusal(openai_embeddings(), R"({"model":1,"input":"x"})") ==
               "invalid: model: must be a string, not a number");
    BOOST_TEST(refusal(openai_embeddings(), "{}") == "invalid: input: is missing");
    BOOST_TEST(refusal(openai_embeddings(), R"({"input":1})") ==
               "invalid: input: must be a string or an array");
    BOOST_TEST(refusal(openai_embeddings(), R"({"input":"x","model":"a","\u006dodel":"b"})") ==
               "invalid: model: is given twice");
    BOOST_TEST(refusal(ollama_embed(), R"({"model":"m"})") == "invalid: input: is missing");
    BOOST_TEST(refusal(ollama_embed(), R"({"model":"m","input":"x","truncate":false})")
                   .starts_with("unsupported: truncate: "));
    BOOST_TEST(refusal(ollama_embeddings(), R"({"model":"m","prompt":["x"]})") ==
               "invalid: prompt: must be a string");
    BOOST_TEST(refusal(rerank(), R"({"documents":[]})") == "invalid: query: is missing");
    BOOST_TEST(refusal(rerank(), R"({"query":"q"})") == "invalid: documents: must be an array");
    BOOST_TEST(refusal(rerank(), R"({"query":"q","documents":["x",1]})") ==
               "invalid: documents.1: must be a string or an object");
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_an_error) {
    BOOST_TEST(
        whole(ollama_embed(), R"({"model":"m","input":"a"})", "{}").starts_with("protocol: "));
    BOOST_TEST(whole(ollama_embeddings(), R"({"model":"m","prompt":"a"})", R"({"data":[]})")
                   .starts_with("protocol: "));
    check_damaged_answers(ollama_embed(), R"({"model":"m","input":"a"})", kVectors);
    check_damaged_answers(openai_embeddings(), R"({"input":"x","encoding_format":"base64"})",
                          kVectors);
    check_damaged_answers(rerank(), R"({"query":"q","documents":["x"],"return_documents":true})",
                          R"({"results":[{"index":0,"relevance_score":0.5}]})");
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_taken_or_refused) {
    check_damaged_requests(
        openai_embeddings(),
        R"({"model":"m","input":["hello","world"],"encoding_format":"base64","dimensions":3})");
    check_damaged_requests(ollama_embed(), R"({"model":"m","input":["hello","world"]})");
    check_damaged_requests(ollama_embeddings(), R"({"model":"m","prompt":"hello, world"})");
    check_damaged_requests(
        rerank(), R"({"model":"m","query":"q","documents":["a","b"],"return_documents":true})");
}

BOOST_AUTO_TEST_CASE(the_paths_lead_here_and_errors_have_their_shape) {
    BOOST_TEST(find_dialect("/v1/embeddings") == &openai_embeddings());
    BOOST_TEST(find_dialect("/v1/rerank") == &rerank());
    BOOST_TEST(find_dialect("/api/embed") == &ollama_embed());
    BOOST_TEST(find_dialect("/api/embeddings") == &ollama_embeddings());
    const Error error(Code::invalid, "x");
    BOOST_TEST(at(openai_embeddings().error_reply(error).body, "/error/message") == "\"x\"");
    BOOST_TEST(ollama_embed().error_reply(error).body == R"({"error":"x"})");
    BOOST_TEST(rerank().error_reply(error).body == R"({"message":"x"})");
}

BOOST_AUTO_TEST_CASE(models_are_listed_in_each_dialect) {
    const auto time = std::chrono::system_clock::from_time_t(1700000000);
    const std::vector<ModelEntry> models = {{"a", "p", time}, {"b/\"c\"", "q", time}};
    BOOST_TEST(
        openai_models(models) ==
        R"({"object":"list","data":[{"id":"a","object":"model","created":1700000000,"owned_by":"p"},{"id":"b/\"c\"","object":"model","created":1700000000,"owned_by":"q"}]})");
    BOOST_TEST(openai_model(models[0]) ==
               R"({"id":"a","object":"model","created":1700000000,"owned_by":"p"})");
    BOOST_TEST(
        at(anthropic_models(models), "/data/0") ==
        R"({"type":"model","id":"a","display_name":"a","created_at":"2023-11-14T22:13:20.000Z"})");
    BOOST_TEST(at(anthropic_models(models), "/data/0") == anthropic_model(models.front()));
    BOOST_TEST(at(anthropic_models(models), "/last_id") == R"("b/\"c\"")");
    BOOST_TEST(anthropic_models({}) ==
               R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
    BOOST_TEST(at(ollama_tags(models), "/models/0/name") == "\"a\"");
    BOOST_TEST(at(ollama_tags(models), "/models/0/modified_at") == "\"2023-11-14T22:13:20.000Z\"");
    BOOST_TEST(at(ollama_running(models), "/models/0/model") == "\"a\"");
    BOOST_TEST(at(ollama_show(models[0]), "/model_info/general.basename") == "\"a\"");
    BOOST_TEST(ollama_version("0.1.0") == R"({"version":"0.1.0"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

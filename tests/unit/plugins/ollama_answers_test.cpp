#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "embeddings.hpp"
#include "failure.hpp"
#include "json.hpp"
#include "models.hpp"
#include "settings.hpp"
#include "tenon/abi/result.h"

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::ollama;  // NOLINT

/// The body for a request with these members, or the name of the error.
std::string embed_body(std::string_view members, const Settings& settings = {}) {
    const auto request = embed_request("{" + std::string(members) + "}", "m", settings);
    return request ? request->body : std::string(to_string(request.error().code));
}

Code code_of(std::string_view body, std::uint32_t inputs) {
    const auto found = read_embeddings(body, inputs);
    return found ? Code::ok : found.error().code;
}

Error failed(int status, std::string_view body) {
    return failure(status, {}, body, "llama3");
}

bool says(const Error& error, std::string_view words) {
    return error.message.find(words) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ollama_answers)

BOOST_AUTO_TEST_CASE(one_text_or_many_are_embedded_as_they_are) {
    BOOST_TEST(embed_body(R"("input":"a")") == R"({"model":"m","input":"a"})");
    const auto many = embed_request(R"({"input":["a","b"],"encoding_format":"base64"})", "m", {});
    BOOST_REQUIRE(many);
    BOOST_TEST(many->body == R"({"model":"m","input":["a","b"]})");
    BOOST_TEST(many->inputs == 2u);
}

BOOST_AUTO_TEST_CASE(dimensions_and_truncate_are_passed_on) {
    BOOST_TEST(embed_body(R"("input":"a","dimensions":64,"truncate":false)") ==
               R"({"model":"m","input":"a","dimensions":64,"truncate":false})");
}

BOOST_AUTO_TEST_CASE(embeddings_obey_the_configuration_too) {
    Settings settings;
    settings.keep_alive = "0";
    settings.options = {{"num_ctx", "512"}};
    BOOST_TEST(embed_body(R"("input":"a")", settings) ==
               R"({"model":"m","input":"a","options":{"num_ctx":512},"keep_alive":0})");
}

BOOST_AUTO_TEST_CASE(an_embeddings_request_without_texts_is_refused) {
    for (const auto* members : {"", R"("input":[])", R"("input":7)", R"("input":null)"}) {
        BOOST_TEST(embed_body(members) == "invalid", members);
    }
    for (const auto* members : {R"("input":[1,2])", R"("input":[[1],[2]])", R"("input":["a",1])"}) {
        BOOST_TEST(embed_body(members) == "unsupported", members);
    }
}

BOOST_AUTO_TEST_CASE(vectors_come_out_row_by_row) {
    const auto found =
        read_embeddings(R"({"embeddings":[[0.5,-1],[2,0.25]],"prompt_eval_count":7})", 2);
    BOOST_REQUIRE(found);
    const std::vector<float> expected{0.5F, -1.0F, 2.0F, 0.25F};
    BOOST_TEST(found->numbers == expected, boost::test_tools::per_element());
    BOOST_TEST(found->rows == 2u);
    BOOST_TEST(found->dimensions == 2u);
    BOOST_TEST(found->input_tokens == 7u);
}

BOOST_AUTO_TEST_CASE(tokens_that_are_not_counted_are_unknown) {
    const auto found = read_embeddings(R"({"embeddings":[[1]]})", 1);
    BOOST_REQUIRE(found);
    BOOST_TEST(found->input_tokens == TENON_TOKENS_UNKNOWN);
}

BOOST_AUTO_TEST_CASE(vectors_that_do_not_fit_the_inputs_are_a_breach_of_protocol) {
    const std::string_view bodies[] = {"",
                                       "{}",
                                       R"({"embeddings":[]})",
                                       R"({"embeddings":[[1]]})",
                                       R"({"embeddings":[[1],[1,2]]})",
                                       R"({"embeddings":[[],[]]})",
                                       R"({"embeddings":[[1],["x"]]})",
                                       R"({"embeddings":[[1],7]})",
                                       R"({"embeddings":[[1],[2],[3]]})",
                                       "<html>"};
    for (const auto body : bodies) BOOST_TEST((code_of(body, 2) == Code::protocol), body);
}

BOOST_AUTO_TEST_CASE(an_error_with_a_good_status_is_an_error_of_an_embedding) {
    BOOST_TEST((code_of(R"({"error":"the model runner has stopped"})", 1) == Code::unavailable));
}

BOOST_AUTO_TEST_CASE(tags_become_a_list_of_models) {
    const auto models = models_body(
        R"({"models":[{"name":"a:latest","model":"a:latest","size":1},{"size":2},{"name":"b"}]})");
    BOOST_REQUIRE(models);
    BOOST_TEST(*models ==
               R"({"object":"list","data":[{"id":"a:latest","object":"model","owned_by":"ollama"},)"
               R"({"id":"b","object":"model","owned_by":"ollama"}]})");
}

BOOST_AUTO_TEST_CASE(a_server_without_models_lists_none) {
    const auto models = models_body(R"({"models":[]})");
    BOOST_REQUIRE(models);
    BOOST_TEST(*models == R"({"object":"list","data":[]})");
}

BOOST_AUTO_TEST_CASE(a_version_is_taken_from_its_answer_alone) {
    const auto version = version_body(R"({"version":"0.12.3","extra":1})");
    BOOST_REQUIRE(version);
    BOOST_TEST(*version == R"({"version":"0.12.3"})");
}

BOOST_AUTO_TEST_CASE(what_another_server_answers_points_at_the_base_url) {
    for (const auto* body : {"", "Ollama is running", "{}", "[]", R"({"version":1,"models":1})"}) {
        const auto version = version_body(body);
        const auto models = models_body(body);
        BOOST_REQUIRE(!version);
        BOOST_REQUIRE(!models);
        BOOST_TEST((version.error().code == Code::protocol));
        BOOST_TEST((models.error().code == Code::protocol));
        BOOST_TEST(says(version.error(), "base_url"));
        BOOST_TEST(says(models.error(), "base_url"));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_model_is_to_be_pulled) {
    for (const auto* body : {R"({"error":"model 'llama3' not found"})",
                             R"({"error":"model \"llama3\" not found, try pulling it first"})"}) {
        const Error error = failed(404, body);
        BOOST_TEST((error.code == Code::not_found));
        BOOST_TEST(error.http_status == 404);
        BOOST_TEST(says(error, "ollama pull llama3"));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_address_is_not_a_missing_model) {
    const Error error = failed(404, "404 page not found");
    BOOST_TEST((error.code == Code::not_found));
    BOOST_TEST(!says(error, "pull"));
    BOOST_TEST(!says(failure(404, {}, R"({"error":"model not found"})", ""), "pull"));
}

BOOST_AUTO_TEST_CASE(a_refused_key_names_the_setting) {
    const Error error = failed(401, R"({"error":"unauthorized","signin_url":"https://x.example"})");
    BOOST_TEST((error.code == Code::auth));
    BOOST_TEST((error.scope == Scope::provider));
    BOOST_TEST(says(error, "\"api_key\""));
}

BOOST_AUTO_TEST_CASE(what_a_model_cannot_do_another_provider_may) {
    const Error error = failed(400, R"({"error":"\"llama3\" does not support tools"})");
    BOOST_TEST((error.code == Code::unsupported));
    BOOST_TEST(says(error, "does not support tools"));
    BOOST_TEST((failed(400, R"({"error":"bad field"})").code == Code::invalid));
}

BOOST_AUTO_TEST_CASE(too_little_memory_for_a_model_is_not_held_against_the_server) {
    const Error error =
        failed(500, R"({"error":"model requires more system memory (8.0 GiB) than is available"})");
    BOOST_TEST((error.code == Code::unavailable));
    BOOST_TEST((error.scope == Scope::request));
    BOOST_TEST(!error.retryable);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_overload_and_worth_another_try) {
    const Error error = failed(
        503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})");
    BOOST_TEST((error.code == Code::overloaded));
    BOOST_TEST(error.retryable);
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_server_is_the_servers) {
    for (const auto* body : {R"({"error":"boom"})", "", "<html><title>502</title></html>"}) {
        const Error error = failed(502, body);
        BOOST_TEST((error.code == Code::unavailable));
        BOOST_TEST((error.scope == Scope::provider));
        BOOST_TEST(error.retryable);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_to_be_started) {
    Error refused(Code::unavailable, "connection refused");
    BOOST_TEST(!says(broken_exchange(refused), "ollama serve"));
    refused.not_sent = true;
    BOOST_TEST(says(broken_exchange(refused), "ollama serve"));
    Error slow(Code::deadline, "too slow");
    slow.not_sent = true;
    BOOST_TEST(!says(broken_exchange(slow), "ollama serve"));
}

BOOST_AUTO_TEST_CASE(without_configuration_the_server_is_this_machines_own) {
    const auto settings = read_settings("{}");
    BOOST_REQUIRE(settings);
    BOOST_TEST(settings->base_url == "http://127.0.0.1:11434");
    BOOST_TEST(settings->keep_alive.empty());
    BOOST_TEST(settings->options.empty());
}

BOOST_AUTO_TEST_CASE(slashes_at_the_end_of_the_base_url_do_not_matter) {
    for (const auto* url : {"https://ollama.com", "https://ollama.com/", "https://ollama.com//"}) {
        const auto settings = read_settings(R"({"base_url":")" + std::string(url) + "\"}");
        BOOST_REQUIRE(settings);
        BOOST_TEST(settings->base_url == "https://ollama.com");
    }
}

BOOST_AUTO_TEST_CASE(a_base_url_that_is_none_is_refused) {
    for (const auto* url : {"localhost:11434", "", "http://", "ftp://x", "//x"}) {
        const auto settings = read_settings(R"({"base_url":")" + std::string(url) + "\"}");
        BOOST_REQUIRE(!settings);
        BOOST_TEST((settings.error().code == Code::invalid));
        BOOST_TEST(says(settings.error(), "base_url"));
    }
}

BOOST_AUTO_TEST_CASE(keep_alive_and_options_are_kept_as_they_were_written) {
    const auto settings = read_settings(
        R"({"keep_alive":"10m","options":{"num_ctx":8192,"stop":["a"],"temperature":0.5}})");
    BOOST_REQUIRE(settings);
    BOOST_TEST(settings->keep_alive == "\"10m\"");
    BOOST_REQUIRE(settings->options.size() == 3u);
    BOOST_TEST(settings->options[1].first == "stop");
    BOOST_TEST(settings->options[1].second == R"(["a"])");
    const auto forever = read_settings(R"({"keep_alive":-1})");
    BOOST_REQUIRE(forever);
    BOOST_TEST(forever->keep_alive == "-1");
}

BOOST_AUTO_TEST_CASE(the_schema_is_json_and_marks_the_key_as_secret) {
    const JsonText schema(kConfigSchema);
    BOOST_REQUIRE(schema.valid());
    BOOST_TEST(schema.find("/properties/api_key/x-tenon-secret").value_or("") == "true");
    BOOST_TEST(schema.find("/properties/base_url/default").value_or("") == Settings().base_url);
}

BOOST_AUTO_TEST_SUITE_END()

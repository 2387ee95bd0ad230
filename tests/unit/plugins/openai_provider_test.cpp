#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tenon/testing/fake_host.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::testing;  // NOLINT

const std::string kPrompt =
    R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":false})";
const std::string kStreamed =
    R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})";
const std::string kBody =
    R"({"choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":3,"completion_tokens":2},"x_fake":{"kept":true}})";
const std::string kHel = R"({"choices":[{"index":0,"delta":{"content":"Hel"}}]})";
const std::string kLo = R"({"choices":[{"index":0,"delta":{"content":"lo \ud83d\ude00"}}]})";
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
const std::string kUsage =
    R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
const std::string kStream = "data: " + kHel + "\n\ndata: " + kLo + "\n\ndata: " + kStop +
                            "\n\ndata: " + kUsage + "\n\ndata: [DONE]\n\n";

/// One provider on a fake host; what breaks the ABI's contract fails the test.
struct Server {
    FakeHost host;
    std::optional<FakeProvider> provider;

    Server() { configure(R"({"base_url":"http://h/v1"})"); }
    void configure(std::string_view config) {
        provider.reset();
        provider.emplace(host, *tenon_plugin_entry_v1(TENON_ABI_CURRENT), "openai", config);
    }
    void teardown() {
        provider.reset();
        for (const std::string& violation : host.violations()) BOOST_ERROR(violation);
    }

    Outcome answer_to(std::string_view request, HttpReply reply, const CallOptions& options = {}) {
        host.http().respond(std::move(reply));
        return provider->complete(request, options);
    }
    Outcome health(HttpReply reply) {
        host.http().expect("GET", "http://h/v1/models", std::move(reply));
        return provider->health_check();
    }
};

HttpReply failing(int status, std::string body = {}) {
    return {.status = status, .body = std::move(body)};
}

std::string api_error(std::string_view message, std::string_view code) {
    return R"({"error":{"message":")" + std::string(message) + R"(","code":")" + std::string(code) +
           "\"}}";
}

bool says(const Outcome& outcome, std::string_view words) {
    return outcome.error && outcome.error->message.find(words) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(openai_provider, Server)

BOOST_AUTO_TEST_CASE(a_request_goes_out_as_it_is_with_the_key_of_the_host) {
    host.http().expect("POST", "http://h/v1/chat/completions", {.body = kBody});
    const Outcome outcome = provider->complete(kPrompt);
    BOOST_TEST(outcome.ok());
    const SentRequest sent = host.http().last();
    BOOST_TEST(sent.body == kPrompt);
    BOOST_TEST(sent.stable_body);
    BOOST_TEST(sent.credential == "api_key");
    BOOST_TEST(sent.credential_optional);
    BOOST_TEST(sent.credential_header == "authorization");
    BOOST_TEST(sent.credential_prefix == "Bearer ");
    BOOST_TEST(sent.header("content-type").value_or("") == "application/json");
    BOOST_TEST(!sent.header("authorization").has_value());
    BOOST_TEST(!sent.header("idempotency-key").has_value());
}

BOOST_AUTO_TEST_CASE(a_whole_answer_is_forwarded_byte_for_byte) {
    const Outcome outcome = answer_to(kPrompt, {.body = kBody, .chunk_size = 1});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.body == kBody);
    BOOST_TEST(outcome.deltas.empty());
    BOOST_TEST(outcome.input_tokens.value_or(0) == 3u);
    BOOST_TEST(outcome.output_tokens.value_or(0) == 2u);
}

BOOST_AUTO_TEST_CASE(a_streamed_answer_comes_as_deltas) {
    const Outcome outcome = answer_to(kStreamed, {.body = kStream, .chunk_size = 1});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
    BOOST_TEST(outcome.finish_reason == "stop");
    BOOST_TEST(outcome.usage() == R"({"prompt_tokens":3,"completion_tokens":2,"total_tokens":5})");
    BOOST_TEST(outcome.input_tokens.value_or(0) == 3u);
    BOOST_TEST(outcome.output_tokens.value_or(0) == 2u);
    const std::vector<std::string> raw = {kHel, kLo, kStop, kUsage};
    BOOST_TEST(outcome.raw() == raw, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_stream_is_asked_for_its_usage) {
    answer_to(kStreamed, {.body = kStream});
    BOOST_TEST(host.http().last().body ==
               R"({"stream_options":{"include_usage":true},)" + kStreamed.substr(1));
}

BOOST_AUTO_TEST_CASE(a_stream_is_not_asked_for_its_usage_where_that_is_switched_off) {
    configure(R"({"include_usage":false})");
    answer_to(kStreamed, {.body = kStream});
    BOOST_TEST(host.http().last().body == kStreamed);
    BOOST_TEST(host.http().last().stable_body);
}

BOOST_AUTO_TEST_CASE(a_request_that_says_itself_whether_it_wants_usage_is_not_changed) {
    const std::string own =
        R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false}})";
    answer_to(own, {.body = kStream});
    BOOST_TEST(host.http().last().body == own);
    BOOST_TEST(host.http().last().stable_body);
}

BOOST_AUTO_TEST_CASE(the_configuration_decides_address_headers_and_how_the_key_is_sent) {
    configure(R"({"base_url":"https://r.example/openai/deployments/d/","api_version":"2024-10-21",)"
              R"("auth_header":"api-key","organization":"o","headers":{"X-Title":"t"}})");
    host.http().expect(
        "POST", "https://r.example/openai/deployments/d/chat/completions?api-version=2024-10-21",
        {.body = kBody});
    BOOST_TEST(provider->complete(kPrompt).ok());
    const SentRequest sent = host.http().last();
    BOOST_TEST(sent.credential_header == "api-key");
    BOOST_TEST(sent.credential_prefix == "");
    BOOST_TEST(sent.header("openai-organization").value_or("") == "o");
    BOOST_TEST(sent.header("x-title").value_or("") == "t");
}

BOOST_AUTO_TEST_CASE(the_key_of_the_logical_request_and_its_trace_go_along) {
    answer_to(kPrompt, {.body = kBody}, {.idempotency_key = "k1", .trace_parent = "00-ab-cd-01"});
    BOOST_TEST(host.http().last().header("idempotency-key").value_or("") == "k1");
    BOOST_TEST(host.http().last().header("traceparent").value_or("") == "00-ab-cd-01");
}

BOOST_AUTO_TEST_CASE(a_configuration_that_cannot_work_makes_no_provider) {
    configure(R"({"base_url":"h/v1"})");
    BOOST_TEST(!provider->ok());
    BOOST_REQUIRE(provider->error().has_value());
    BOOST_TEST((provider->error()->code == Code::invalid));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_stream_though_asked_to_is_understood) {
    const Outcome outcome = answer_to(kStreamed, {.body = kBody, .chunk_size = 7});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.body == kBody);
}

BOOST_AUTO_TEST_CASE(a_server_that_streams_though_not_asked_to_is_understood) {
    const Outcome outcome = answer_to(kPrompt, {.body = kStream});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(errors_of_the_server_are_told_with_their_cause) {
    const Outcome refused =
        answer_to(kStreamed, failing(401, api_error("Incorrect API key.", "invalid_api_key")));
    BOOST_TEST((refused.code() == Code::auth));
    BOOST_TEST((refused.error->scope == Scope::provider));
    BOOST_TEST(refused.error->http_status == 401);
    BOOST_TEST(refused.error->provider_code == "invalid_api_key");
    BOOST_TEST(says(refused, "Incorrect API key; check the provider's \"api_key\""));

    const Outcome missing =
        answer_to(kPrompt, failing(404, api_error("No model m.", "model_not_found")));
    BOOST_TEST((missing.code() == Code::not_found));
    BOOST_TEST(says(missing, "No model m"));

    HttpReply limited = failing(429, api_error("Slow down.", "rate_limit_exceeded"));
    limited.headers = {{"retry-after", "7"}};
    const Outcome throttled = answer_to(kPrompt, std::move(limited));
    BOOST_TEST((throttled.code() == Code::throttled));
    BOOST_TEST(throttled.error->retry_after_ms.value_or(0) == 7000);

    const Outcome broken = answer_to(kPrompt, failing(500));
    BOOST_TEST((broken.code() == Code::unavailable));
    BOOST_TEST(broken.error->retryable);
}

BOOST_AUTO_TEST_CASE(an_error_body_that_breaks_off_still_tells_the_status) {
    HttpReply reply = failing(503, "{\"error\":");
    reply.error = Error(Code::protocol, "the connection was closed");
    const Outcome outcome = answer_to(kPrompt, std::move(reply));
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(outcome.error->http_status == 503);
}

BOOST_AUTO_TEST_CASE(an_error_in_a_stream_ends_the_call_after_its_deltas) {
    const Outcome outcome =
        answer_to(kStreamed,
                  {.body = "data: " + kHel + "\n\ndata: " + api_error("It broke.", "server_error") +
                           "\n\ndata: [DONE]\n\n"});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(says(outcome, "It broke"));
    BOOST_TEST(outcome.text() == "Hel");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_short_is_no_success) {
    const std::string beginning = "data: " + kHel + "\n\ndata: " + kLo + "\n\n";
    const Outcome ended = answer_to(kStreamed, {.body = beginning});
    BOOST_TEST((ended.code() == Code::protocol));
    BOOST_TEST(says(ended, "cut short"));

    const Error broke(Code::protocol, "the connection was closed");
    const Outcome broken = answer_to(kStreamed, {.body = beginning, .error = broke});
    BOOST_TEST((broken.code() == Code::protocol));
    BOOST_TEST(broken.text() == "Hello \xF0\x9F\x98\x80");

    const Outcome body = answer_to(kPrompt, {.body = kBody.substr(0, 40), .error = broke});
    BOOST_TEST((body.code() == Code::protocol));
    BOOST_TEST(body.body.empty());
}

BOOST_AUTO_TEST_CASE(a_connection_that_breaks_after_done_does_no_harm) {
    const Outcome outcome = answer_to(
        kStreamed, {.body = kStream, .error = Error(Code::protocol, "the connection was closed")});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.finish_reason == "stop");
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_reached_is_told_in_the_words_of_the_host) {
    const Error refused(Code::unavailable, "connection to h refused");
    const Outcome outcome = answer_to(kPrompt, {.status = 0, .error = refused});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(says(outcome, "refused"));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_gets_every_delta_once) {
    CallOptions slow;
    slow.emit_answers = {TENON_AGAIN, TENON_AGAIN, TENON_OK, TENON_AGAIN, TENON_OK};
    for (const std::size_t chunk_size : {std::size_t{0}, std::size_t{1}, std::size_t{50}}) {
        const Outcome outcome =
            answer_to(kStreamed, {.body = kStream, .chunk_size = chunk_size}, slow);
        BOOST_TEST(outcome.ok());
        BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
        BOOST_TEST(outcome.raw().size() == 4);
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_ends_the_call_and_its_exchange) {
    CallOptions leaves;
    leaves.emit_answers = {TENON_OK, TENON_CANCELLED};
    const Outcome outcome = answer_to(kStreamed, {.body = kStream}, leaves);
    BOOST_TEST((outcome.code() == Code::cancelled));
    BOOST_TEST(outcome.text() == "Hel");
    host.run_until_idle();
    BOOST_TEST(host.http().last().cancelled);
}

BOOST_AUTO_TEST_CASE(a_call_can_be_cancelled_in_every_phase) {
    for (int steps = 0;; ++steps) {
        BOOST_REQUIRE(steps < 10'000);
        Server server;
        server.host.http().respond({.body = kStream, .chunk_size = 40});
        FakeCall call = server.provider->start_complete(kStreamed);
        int done = 0;
        while (done < steps && server.host.step()) ++done;
        const bool ended = call.finished();
        call.cancel();
        server.host.run_until_idle();
        BOOST_TEST(call.finished());
        const Outcome outcome = call.outcome();
        // [DONE] may have arrived before the end of the exchange: then the answer is whole.
        BOOST_TEST((outcome.ok() || outcome.code() == Code::cancelled));
        if (outcome.ok()) BOOST_TEST(outcome.usage().size() > 0);
        server.teardown();
        if (ended) {
            BOOST_TEST(steps > 5);
            break;
        }
    }
}

BOOST_AUTO_TEST_CASE(embeddings_are_forwarded_as_they_come) {
    const std::string request = R"({"model":"e","input":["a"],"encoding_format":"base64"})";
    const std::string answer = R"({"object":"list","data":[{"index":0,"embedding":"zczMPQ=="}],)"
                               R"("usage":{"prompt_tokens":5,"total_tokens":5}})";
    host.http().expect("POST", "http://h/v1/embeddings", {.body = answer, .chunk_size = 9});
    const Outcome outcome = provider->embed(request);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.body == answer);
    BOOST_TEST(outcome.input_tokens.value_or(0) == 5u);
    BOOST_TEST(!outcome.output_tokens.has_value());
    BOOST_TEST(host.http().last().body == request);
    BOOST_TEST(host.http().last().stable_body);

    host.http().respond(failing(429));
    BOOST_TEST((provider->embed(request).code() == Code::throttled));
    host.http().respond({.body = answer.substr(0, 30)});
    BOOST_TEST((provider->embed(request).code() == Code::protocol));
}

BOOST_AUTO_TEST_CASE(models_are_listed_also_from_a_bare_list) {
    const std::string list = R"({"object":"list","data":[{"id":"m"}]})";
    host.http().expect("GET", "http://h/v1/models", {.body = list});
    BOOST_TEST(provider->list_models().body == list);
    host.http().respond({.body = R"([{"id":"m"}])"});
    BOOST_TEST(provider->list_models().body == list);
    host.http().respond(failing(404));
    BOOST_TEST((provider->list_models().code() == Code::unsupported));
    host.http().respond(failing(401));
    BOOST_TEST((provider->list_models().code() == Code::auth));
}

BOOST_AUTO_TEST_CASE(health_is_the_list_of_models_and_tells_a_version) {
    BOOST_TEST(health({.body = R"({"data":[]})"}).ok());
    BOOST_TEST(host.http().last().credential == "api_key");
    const Outcome versioned =
        health({.headers = {{"openai-version", "2020-10-01"}}, .body = R"({"data":[]})"});
    BOOST_TEST(versioned.body == R"({"version":"2020-10-01"})");
}

BOOST_AUTO_TEST_CASE(a_server_that_has_no_list_of_models_or_limits_the_rate_is_alive) {
    BOOST_TEST(health(failing(404)).ok());
    BOOST_TEST(health(failing(405, "<html>")).ok());
    BOOST_TEST(health(failing(429)).ok());
}

BOOST_AUTO_TEST_CASE(a_refused_key_or_a_broken_server_is_not_healthy) {
    for (const int status : {401, 403}) {
        const Outcome outcome = health(failing(status));
        BOOST_TEST((outcome.code() == Code::auth));
        BOOST_REQUIRE(outcome.error);
        BOOST_TEST((outcome.error->scope == Scope::provider));
    }
    BOOST_TEST((health(failing(503)).code() == Code::unavailable));
    BOOST_TEST((health(failing(429, api_error("No credit.", "insufficient_quota"))).code() ==
                Code::forbidden));
    const Error refused(Code::unavailable, "connection to h refused");
    BOOST_TEST((health({.status = 0, .error = refused}).code() == Code::unavailable));
}

BOOST_AUTO_TEST_SUITE_END()

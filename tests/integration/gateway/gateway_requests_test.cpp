// Requests of clients, in every dialect, as they see them.

#include "gateway_rig.hpp"
#include "net/blocking_pool.hpp"
#include "runtime/host_impl.hpp"
#include "support/gate.hpp"

namespace tenon::test {
namespace {

std::string header(const RawResponse& response, const std::string& name) {
    return response.header(name).value_or("");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_requests)

BOOST_AUTO_TEST_CASE(a_chat_is_answered_with_the_providers_own_body) {
    const GatewayRig rig;
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fake-small", "Hello"));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(contains(answer.body, "You said: Hello"));
    BOOST_TEST(header(answer, "content-type") == "application/json");
    BOOST_TEST(header(answer, "x-tenon-provider") == "fake");
    BOOST_TEST(header(answer, "x-tenon-model") == "fake-small");
    BOOST_TEST(header(answer, "x-tenon-attempts") == "1");
    BOOST_TEST(std::stol(header(answer, "x-tenon-overhead-us")) >= 0);
    BOOST_TEST(header(answer, "x-request-id").starts_with("req_"));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(a_stream_ends_with_done_and_keeps_the_providers_chunks) {
    const GatewayRig rig;
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi", true));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.complete);
    BOOST_TEST(header(answer, "content-type") == "text/event-stream");
    BOOST_TEST(answer.body.ends_with("data: [DONE]\n\n"));
    BOOST_TEST(contains(answer.body, "\"object\":\"chat.completion.chunk\""));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(each_dialect_is_answered_in_its_own_words) {
    const GatewayRig rig;
    const std::string messages = R"("messages":[{"role":"user","content":"Hi"}])";
    const auto anthropic =
        rig.post("/v1/messages", R"({"model":"fake/fake-small","max_tokens":99,)" + messages + "}");
    BOOST_TEST(contains(anthropic.body, R"("type":"message")"));
    const auto responses = rig.post("/v1/responses", R"({"model":"fake/fake-small","input":"Hi"})");
    BOOST_TEST(contains(responses.body, R"("object":"response")"));
    const auto completion =
        rig.post("/v1/completions", R"({"model":"fake/fake-small","prompt":"Hi"})");
    BOOST_TEST(contains(completion.body, R"("object":"text_completion")"));
    const auto ollama = rig.post("/api/chat", R"({"model":"fake/fake-small",)" + messages + "}");
    BOOST_TEST(header(ollama, "content-type") == "application/x-ndjson");
    BOOST_TEST(contains(ollama.body, R"("done":true)"));
    const auto embeddings =
        rig.post("/v1/embeddings", R"({"model":"fake/fake-embed","input":["a","b"]})");
    BOOST_TEST(contains(embeddings.body, R"("index":1)"));
    for (const auto* answer : {&anthropic, &responses, &completion, &ollama, &embeddings}) {
        BOOST_TEST(answer->status == 200);
        BOOST_TEST(answer->complete);
    }
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(an_error_before_the_first_delta_has_its_own_status_also_for_streams) {
    const GatewayRig rig;
    for (const bool stream : {false, true}) {
        const auto answer =
            rig.post("/v1/chat/completions", chat("fake/fault-context", "Hi", stream));
        BOOST_TEST(answer.status == 400);
        BOOST_TEST(contains(answer.body, "context_length_exceeded"));
        BOOST_TEST(header(answer, "content-type") == "application/json");
        BOOST_TEST(header(answer, "x-tenon-provider") == "fake");
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_ends_with_an_error_and_never_with_done) {
    Gate gate;
    FakeLlmOptions options;
    options.stream_gate = gate;
    options.content_piece = 1;
    const GatewayRig rig("", "", options);
    RawClient client(rig.port);
    const std::string body = chat("fake/fault-stream-error", "Hello", true);
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    gate.let_pass(3);
    BOOST_TEST(contains(client.read_until("\"content\":"), "200 OK"));
    gate.open();
    const std::string rest = client.read_until("0\r\n\r\n");
    BOOST_TEST(contains(rest, "data: {\"error\""));
    BOOST_TEST(!contains(rest, "[DONE]"));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_before_anything_was_sent_is_an_error_with_a_status) {
    const GatewayRig rig;
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fault-empty", "Hello", true));
    BOOST_TEST(answer.status == 502);
    BOOST_TEST(contains(answer.body, "bad_gateway"));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(a_provider_that_limits_the_rate_is_told_with_its_hint) {
    const GatewayRig rig;
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fault-429", "Hi"),
                                 {{"x-tenon-no-retry", "true"}});
    BOOST_TEST(answer.status == 429);
    BOOST_TEST(header(answer, "retry-after") == "7");
}

BOOST_AUTO_TEST_CASE(errors_are_told_in_the_clients_dialect) {
    const GatewayRig rig;
    BOOST_TEST(
        contains(rig.post("/v1/messages", "{}").body, R"({"type":"error","error":{"type":)"));
    BOOST_TEST(contains(rig.post("/api/chat", "{}").body, R"({"error":")"));
    BOOST_TEST(
        contains(rig.post("/v1/chat/completions", "nonsense").body, R"("code":"invalid_request")"));
    BOOST_TEST(rig.post("/v1/chat/completions", "nonsense").status == 400);
    BOOST_TEST(rig.post("/v1/rerank", "{}").status == 400);
}

BOOST_AUTO_TEST_CASE(a_path_or_method_that_does_not_exist_is_refused_with_what_does) {
    const GatewayRig rig;
    BOOST_TEST(rig.get("/v1/nothing").status == 404);
    const auto wrong = rig.get("/v1/chat/completions");
    BOOST_TEST(wrong.status == 405);
    BOOST_TEST(header(wrong, "allow") == "POST");
}

BOOST_AUTO_TEST_CASE(members_that_the_gateway_does_not_know_reach_the_provider_byte_for_byte) {
    const GatewayRig rig;
    const std::string body =
        R"({"model":"fake/fake-small", "x_new":{"a":[1.0,2e3]},"messages":[{"role":"user",)"
        R"("content":"Hi","extra":null}]})";
    BOOST_TEST(rig.post("/v1/chat/completions", body).status == 200);
    bool found = false;
    for (const auto& request : const_cast<GatewayRig&>(rig).llm.server().requests()) {
        found =
            found || contains(request.body, R"("x_new":{"a":[1.0,2e3]},"messages":[{"role":"user",)"
                                            R"("content":"Hi","extra":null}])");
    }
    BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_client_names_provider_timeout_and_its_own_id) {
    const GatewayRig rig;
    const auto answer = rig.post("/v1/chat/completions", chat("fake-small", "Hi"),
                                 {{"x-tenon-provider", "fake"}, {"x-request-id", "mine-1"}});
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(header(answer, "x-request-id") == "mine-1");
    const auto late = rig.post("/v1/chat/completions", chat("fake/fault-silent", "Hi"),
                               {{"x-tenon-timeout", "50ms"}});
    BOOST_TEST(late.status == 504);
    const auto nobody =
        rig.post("/v1/chat/completions", chat("fake-small", "Hi"), {{"x-tenon-provider", "fakee"}});
    BOOST_TEST(nobody.status == 404);
    BOOST_TEST(contains(nobody.body, "did you mean 'fake'"));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(no_retry_means_one_attempt) {
    const GatewayRig rig;
    const auto once = rig.post("/v1/chat/completions", chat("fake/fault-503", "Hi"),
                               {{"x-tenon-no-retry", "true"}});
    BOOST_TEST(header(once, "x-tenon-attempts") == "1");
    const auto more = rig.post("/v1/chat/completions", chat("fake/flaky-1-a", "Hi"));
    BOOST_TEST(more.status == 200);
    BOOST_TEST(header(more, "x-tenon-attempts") == "2");
}

BOOST_AUTO_TEST_CASE(the_id_of_a_request_stands_where_its_client_looks_for_it) {
    const GatewayRig rig;
    const auto openai = rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"));
    BOOST_TEST(header(openai, "x-request-id").starts_with("req_"));
    BOOST_TEST(header(openai, "request-id") == "");
    const auto anthropic = rig.post("/v1/messages", chat("fake/fake-small", "Hi"));
    BOOST_TEST(header(anthropic, "request-id").starts_with("req_"));
    BOOST_TEST(header(anthropic, "request-id") == header(anthropic, "x-request-id"));
}

BOOST_AUTO_TEST_CASE(models_are_listed_for_each_kind_of_client) {
    const GatewayRig rig;
    const auto openai = rig.get("/v1/models");
    BOOST_TEST(contains(openai.body, R"("id":"fake/fake-small")"));
    BOOST_TEST(!contains(openai.body, "*"));
    BOOST_TEST(
        contains(rig.get("/v1/models", {{"anthropic-version", "2023-06-01"}}).body, "has_more"));
    BOOST_TEST(
        contains(rig.get("/v1/models/fake/fake-small", {{"anthropic-version", "2023-06-01"}}).body,
                 "display_name"));
    BOOST_TEST(contains(rig.get("/api/tags").body, R"("name":"fake/fake-small")"));
    BOOST_TEST(rig.get("/v1/models/fake/fake-small").status == 200);
    BOOST_TEST(rig.get("/v1/models/fake%2Ffake-small").status == 200);
    BOOST_TEST(rig.get("/v1/models/nothing").status == 404);
    BOOST_TEST(contains(rig.get("/api/version").body, "version"));
}

BOOST_AUTO_TEST_CASE(metrics_do_not_need_the_threads_that_plugins_hang_on) {
    const GatewayRig rig("", R"("runtime":{"blocking_threads":2})");
    net::BlockingPool& plugins = static_cast<runtime::HostImpl&>(rig.daemon->host()).blocking();
    Gate gate;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST_REQUIRE(plugins.post([gate] { static_cast<void>(gate.wait()); }));
    }
    const auto metrics = rig.get("/metrics");
    gate.open();
    BOOST_TEST(metrics.status == 200);
    BOOST_TEST(contains(metrics.body, "tenon_"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

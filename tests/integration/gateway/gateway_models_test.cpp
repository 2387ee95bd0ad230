// What the gateway tells of its models without asking one, and what it does not do.

#include "gateway_rig.hpp"

namespace tenon::test {
namespace {

constexpr const char* kKeys =
    R"("keys":{"app":{"key":"app-key-0123456789","models":["fake/fake-small"]},)"
    R"("all":{"key":"all-key-0123456789"}})";

Headers bearer(const std::string& key) {
    return {{"authorization", "Bearer " + key}};
}

RawResponse show(const GatewayRig& rig, const std::string& body, const Headers& headers = {}) {
    return rig.post("/api/show", body, headers);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_models)

BOOST_AUTO_TEST_CASE(tokens_are_not_counted_and_that_is_said_in_anthropics_words) {
    const GatewayRig rig(kKeys);
    const std::string path = "/v1/messages/count_tokens";
    const std::string body =
        R"({"model":"fake/fake-small","messages":[{"role":"user","content":"Hi"}]})";
    const auto answer = rig.post(path, body, {{"x-api-key", "all-key-0123456789"}});
    BOOST_TEST(answer.status == 404);
    BOOST_TEST(contains(answer.body, R"("type":"not_found_error")"));
    BOOST_TEST(contains(answer.body, "does not count"));
    BOOST_TEST(answer.header("x-should-retry").value_or("") == "false");
    BOOST_TEST(rig.post(path, body).status == 401);
}

BOOST_AUTO_TEST_CASE(models_are_not_managed_and_that_is_said_in_ollamas_words) {
    const GatewayRig rig;
    for (const std::string path : {"/api/pull", "/api/push", "/api/create", "/api/copy",
                                   "/api/delete", "/api/blobs/sha256:0"}) {
        const std::string method = path == "/api/delete" ? "DELETE" : "POST";
        RawClient client(rig.port);
        const auto answer = client.exchange(method, path, R"({"model":"small"})");
        BOOST_TEST(answer.status == 501, path);
        BOOST_TEST(contains(answer.body, R"({"error":"this gateway does not manage models)"), path);
    }
}

BOOST_AUTO_TEST_CASE(a_model_is_shown_with_what_is_known_of_it) {
    const GatewayRig rig;
    RawResponse answer;
    eventually("the provider has listed its models", [&] {
        answer = show(rig, R"({"model":"fake/fake-small"})");
        return answer.status == 200;
    });
    BOOST_TEST(contains(answer.body, R"("family":"fake")"));
    BOOST_TEST(contains(answer.body, R"("general.basename":"fake/fake-small")"));
    BOOST_TEST(!contains(answer.body, "capabilities"));
    BOOST_TEST(show(rig, R"({"name":"fake/fake-small"})").status == 200);
    const auto unknown = show(rig, R"({"model":"nonesuch"})");
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(contains(unknown.body, R"({"error":"there is no model)"));
    BOOST_TEST(show(rig, "{}").status == 400);
}

BOOST_AUTO_TEST_CASE(a_key_is_shown_no_other_models_than_its_own) {
    const GatewayRig rig(kKeys);
    const std::string large = R"({"model":"fake/fake-large"})";
    eventually("the provider has listed its models",
               [&] { return show(rig, large, bearer("all-key-0123456789")).status == 200; });
    BOOST_TEST(show(rig, large, bearer("app-key-0123456789")).status == 404);
    BOOST_TEST(show(rig, large).status == 401);
}

BOOST_AUTO_TEST_CASE(models_of_connected_providers_are_told_as_running) {
    const GatewayRig rig;
    eventually("the provider has listed its models",
               [&] { return contains(rig.get("/api/tags").body, "fake/fake-small"); });
    BOOST_TEST(rig.admin("POST", "/admin/v1/commands/disconnect", "{}").status == 200);
    BOOST_TEST(rig.get("/api/ps").body == R"({"models":[]})");
    BOOST_TEST(rig.admin("POST", "/admin/v1/commands/connect", "{}").status == 200);
    eventually("its models are there",
               [&] { return contains(rig.get("/api/ps").body, R"("model":"fake/fake-small")"); });
}

BOOST_AUTO_TEST_CASE(ollamas_clients_see_that_a_server_is_there_and_people_the_dashboard) {
    const GatewayRig rig;
    RawClient client(rig.port);
    for (const std::string agent : {"ollama/0.12.3 (amd64 linux) Go/go1.24", "ollama-js/0.6.4"}) {
        const auto hello = client.exchange("GET", "/", "", {{"user-agent", agent}});
        BOOST_TEST(hello.status == 200);
        BOOST_TEST(hello.body == "Ollama is running");
    }
    const auto page = client.exchange("GET", "/", "", {{"user-agent", "Mozilla/5.0"}});
    BOOST_TEST(page.header("content-type").value_or("").starts_with("text/html"));
    for (const std::string agent : {"ollama/0.12.3", "Mozilla/5.0"}) {
        client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + agent + "\r\n\r\n");
        BOOST_TEST(client.read_response(true).status == 200);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

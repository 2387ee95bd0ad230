// Requests that are kept while nobody can be asked.

#include "gateway_rig.hpp"

namespace tenon::test {
namespace {

constexpr const char* kOffline = R"("offline":{"enabled":true})";
const Headers kQueue = {{"x-tenon-offline", "queue"}};

/// The address of the answer that a 202 promises.
std::string place_of(const RawResponse& response) {
    BOOST_TEST_REQUIRE(response.status == 202);
    return response.header("location").value_or("");
}

/// Nobody can be asked from now on.
void take_down(GatewayRig& rig) {
    const auto reply =
        rig.daemon->host().command("fake", host::Command::disable, std::chrono::seconds(30));
    BOOST_TEST_REQUIRE(reply.has_value());
}

void bring_back(GatewayRig& rig) {
    const auto reply =
        rig.daemon->host().command("fake", host::Command::enable, std::chrono::seconds(30));
    BOOST_TEST_REQUIRE(reply.has_value());
}

RawResponse wait_for_answer(const GatewayRig& rig, const std::string& place) {
    RawResponse answer;
    eventually("the answer is there", [&] {
        answer = rig.get(place);
        return answer.status != 202;
    });
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_offline)

BOOST_AUTO_TEST_CASE(a_request_is_kept_while_nobody_can_be_asked_and_sent_on_recovery) {
    GatewayRig rig(kOffline);
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hello"), kQueue));
    BOOST_TEST(rig.get(place).status == 202);
    BOOST_TEST(contains(rig.admin("GET", "/admin/v1/offline").body, "\"queued\":1"));
    bring_back(rig);
    const auto answer = wait_for_answer(rig, place);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(contains(answer.body, "You said: Hello"));
    BOOST_TEST(rig.get(place).status == 200);  // until it is forgotten
    RawClient client(rig.port);
    BOOST_TEST(client.exchange("DELETE", place).status == 204);
    BOOST_TEST(rig.get(place).status == 404);
}

BOOST_AUTO_TEST_CASE(an_answer_comes_in_the_dialect_of_the_request_and_whole) {
    GatewayRig rig(kOffline);
    take_down(rig);
    const std::string place = place_of(rig.post(
        "/v1/messages",
        R"({"model":"fake/fake-small","max_tokens":9,"stream":true,"messages":[{"role":"user",)"
        R"("content":"Hi"}]})",
        kQueue));
    bring_back(rig);
    const auto answer = wait_for_answer(rig, place);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(contains(answer.body, R"("type":"message")"));
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_that_nobody_asked_to_keep) {
    GatewayRig rig(kOffline);
    take_down(rig);
    BOOST_TEST(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi")).status == 503);
    BOOST_TEST(contains(rig.admin("GET", "/admin/v1/offline").body, "\"queued\":0"));
}

BOOST_AUTO_TEST_CASE(a_gateway_without_a_queue_says_so) {
    GatewayRig rig;
    take_down(rig);
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"), kQueue);
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(contains(answer.body, "gateway.offline"));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_wrong_is_refused_and_not_kept) {
    GatewayRig rig(kOffline);
    BOOST_TEST(rig.post("/v1/chat/completions", chat("fake/fault-context", "Hi"), kQueue).status ==
               400);
    BOOST_TEST(contains(rig.admin("GET", "/admin/v1/offline").body, "\"queued\":0"));
}

BOOST_AUTO_TEST_CASE(what_is_kept_outlives_the_daemon) {
    GatewayRig rig(kOffline);
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("fake/fake-small", "Later"), kQueue));
    rig.restart();
    BOOST_TEST(rig.get(place).status == 202);
    bring_back(rig);
    BOOST_TEST(contains(wait_for_answer(rig, place).body, "You said: Later"));
}

BOOST_AUTO_TEST_CASE(only_the_key_that_sent_a_request_can_fetch_its_answer) {
    GatewayRig rig(
        R"("keys":{"a":{"key":"key-of-a-0123456789"},"b":{"key":"key-of-b-0123456789"}},)"
        R"("offline":{"enabled":true})");
    take_down(rig);
    const std::string place = place_of(
        rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                 {{"authorization", "Bearer key-of-a-0123456789"}, {"x-tenon-offline", "queue"}}));
    BOOST_TEST(rig.get(place).status == 401);
    BOOST_TEST(rig.get(place, {{"authorization", "Bearer key-of-b-0123456789"}}).status == 404);
    BOOST_TEST(rig.get(place, {{"authorization", "Bearer key-of-a-0123456789"}}).status == 202);
}

BOOST_AUTO_TEST_CASE(a_request_for_one_provider_is_sent_to_no_other) {
    FakeLlmOptions any_model;
    any_model.models.clear();
    GatewayRig rig(kOffline, "", any_model);
    host::ProviderOptions other;
    other.name = "other";
    other.kind = "openai";
    other.config_json =
        R"({"base_url":")" + rig.llm.openai_url() + R"(","api_key":"upstream-secret"})";
    BOOST_TEST_REQUIRE(rig.daemon->host().add_provider(other).has_value());
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("other/fake-small", "Hi"),
                          {{"x-tenon-offline", "queue"}, {"x-tenon-provider", "fake"}}));
    bring_back(rig);
    BOOST_TEST(wait_for_answer(rig, place).status == 200);
    for (const ReceivedRequest& request : rig.llm.server().requests()) {
        if (request.method == "POST") BOOST_TEST(contains(request.body, R"("other/fake-small")"));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

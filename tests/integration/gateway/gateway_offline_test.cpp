// Requests that are kept while nobody can be asked.

#include <future>
#include <stdexcept>
#include <vector>

#include "gateway/api/api_context.hpp"
#include "gateway/offline/offline_queue.hpp"
#include "gateway_rig.hpp"
#include "runtime/host_impl.hpp"

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

/// Providers may take as long as they like: nothing ends by itself.
constexpr const char* kPatient = R"("timeouts":{"first_byte":"1h","request":"1h"})";

Headers with_key(const std::string& key) {
    return {{"authorization", "Bearer " + key}};
}

Headers queued_with_key(const std::string& key) {
    return {{"authorization", "Bearer " + key}, {"x-tenon-offline", "queue"}};
}

/// What the provider has been asked, in the order of arrival.
std::vector<ReceivedRequest> asked(GatewayRig& rig) {
    std::vector<ReceivedRequest> out;
    for (ReceivedRequest& request : rig.llm.server().requests()) {
        if (request.method == "POST") out.push_back(std::move(request));
    }
    return out;
}

void wait_until_asked(GatewayRig& rig, std::size_t times) {
    eventually("the provider is asked", [&] { return asked(rig).size() >= times; });
    BOOST_TEST_REQUIRE(asked(rig).size() == times);
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

BOOST_AUTO_TEST_CASE(an_id_is_128_random_bits) {
    GatewayRig rig(kOffline);
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"), kQueue));
    const std::string id = place.substr(place.rfind('/') + 1);
    BOOST_TEST(id.size() == 32u);
    BOOST_TEST(id.find_first_not_of("0123456789abcdef") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_sent_again_has_the_same_idempotency_key) {
    GatewayRig rig(kOffline, kPatient);
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("fake/fault-silent", "Hi"), kQueue));
    bring_back(rig);
    wait_until_asked(rig, 1);
    rig.restart();  // the provider has not answered: it is asked again
    wait_until_asked(rig, 2);
    const auto requests = asked(rig);
    const std::string key = requests.front().header("idempotency-key").value_or("");
    BOOST_TEST(!key.empty());
    BOOST_TEST(requests.back().header("idempotency-key").value_or("") == key);
    BOOST_TEST(!contains(key, place.substr(place.rfind('/') + 1)));  // that is its client's
}

BOOST_AUTO_TEST_CASE(who_forgets_a_request_cancels_it_at_the_provider) {
    GatewayRig rig(kOffline, kPatient);
    take_down(rig);
    const std::string place =
        place_of(rig.post("/v1/chat/completions", chat("fake/fault-silent", "Hi"), kQueue));
    bring_back(rig);
    wait_until_asked(rig, 1);
    RawClient client(rig.port);
    BOOST_TEST(client.exchange("DELETE", place).status == 204);
    check_at_rest(rig);
    BOOST_TEST(rig.get(place).status == 404);
    BOOST_TEST(contains(rig.admin("GET", "/admin/v1/offline").body, "\"queued\":0"));
    BOOST_TEST(asked(rig).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_queued_request_waits_until_its_key_may_have_another_one_at_once) {
    const std::string key = "key-of-a-0123456789";
    GatewayRig rig(
        R"("keys":{"a":{"key":"key-of-a-0123456789","concurrent":1}},)" + std::string(kOffline),
        kPatient);
    take_down(rig);
    const std::string body = chat("fake/fault-silent", "Hi");
    const auto first = place_of(rig.post("/v1/chat/completions", body, queued_with_key(key)));
    RawResponse queued;
    eventually("the first one's answer counts no more", [&] {
        queued = rig.post("/v1/chat/completions", body, queued_with_key(key));
        return queued.status != 429;
    });
    const auto second = place_of(queued);
    bring_back(rig);
    wait_until_asked(rig, 1);
    BOOST_TEST(contains(rig.get(first, with_key(key)).body, "sending"));
    BOOST_TEST(contains(rig.get(second, with_key(key)).body, "queued"));
    BOOST_TEST(rig.post("/v1/chat/completions", body, with_key(key)).status == 429);
    RawClient client(rig.port);
    BOOST_TEST(client.exchange("DELETE", first, "", with_key(key)).status == 204);
    wait_until_asked(rig, 2);
    BOOST_TEST(client.exchange("DELETE", second, "", with_key(key)).status == 204);
}

BOOST_AUTO_TEST_CASE(the_key_pays_for_a_queued_request_when_it_is_answered) {
    const std::string key = "key-of-a-0123456789";
    GatewayRig rig(R"("keys":{"a":{"key":"key-of-a-0123456789","tokens_per_minute":100}},)" +
                   std::string(kOffline));
    take_down(rig);
    std::string words;
    for (int i = 0; i < 1'000; ++i) words += "word ";
    const auto place = place_of(
        rig.post("/v1/chat/completions", chat("fake/fake-small", words), queued_with_key(key)));
    bring_back(rig);
    eventually("the answer is there", [&] { return rig.get(place, with_key(key)).status == 200; });
    const auto refused =
        rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"), with_key(key));
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(contains(refused.body, "tokens a minute"));
}

BOOST_AUTO_TEST_CASE(a_request_whose_key_was_taken_away_is_not_sent) {
    GatewayRig rig(
        R"("keys":{"a":{"key":"key-of-a-0123456789"},"b":{"key":"key-of-b-0123456789"}},)" +
        std::string(kOffline));
    take_down(rig);
    place_of(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                      queued_with_key("key-of-a-0123456789")));
    rig.write_config(R"("keys":{"b":{"key":"key-of-b-0123456789"}},)" + std::string(kOffline));
    BOOST_TEST_REQUIRE(rig.daemon->reload().has_value());
    bring_back(rig);
    eventually("it is done with", [&] {
        return contains(rig.admin("GET", "/admin/v1/offline").body, "\"queued\":0");
    });
    BOOST_TEST(asked(rig).empty());
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_full_by_its_bytes_refuses) {
    GatewayRig rig(R"("offline":{"enabled":true,"max_bytes":300})");
    take_down(rig);
    const std::string path = "/v1/chat/completions";
    place_of(rig.post(path, chat("fake/fake-small", std::string(150, 'x')), kQueue));
    const auto full = rig.post(path, chat("fake/fake-small", std::string(150, 'x')), kQueue);
    BOOST_TEST(full.status == 503);
    BOOST_TEST(contains(full.body, "the offline queue is full"));
    const auto large = rig.post(path, chat("fake/fake-small", std::string(300, 'x')), kQueue);
    BOOST_TEST(large.status == 413);
}

BOOST_AUTO_TEST_CASE(what_is_thrown_on_its_thread_does_not_end_the_queue) {
    const TemporaryDirectory directory;
    host::HostOptions options;
    options.load_installed_plugins = false;
    options.log_level = "off";
    auto host = runtime::HostImpl::open(options);
    BOOST_TEST_REQUIRE(host.has_value());
    gateway::ApiContext context(**host, {});
    config::OfflineConfig enabled;
    enabled.enabled = true;
    auto queue = gateway::OfflineQueue::open(context, enabled, directory.path() / "queue.db");
    BOOST_TEST_REQUIRE(queue.has_value());
    using Entries = Result<std::vector<store::QueueEntry>>;
    (*queue)->list([](const Entries&) { throw std::runtime_error("of somebody else's"); });
    (*queue)->list([](const Entries&) { throw 7; });
    std::promise<std::size_t> listed;
    (*queue)->list([&](const Entries& entries) { listed.set_value(entries.value().size()); });
    auto size = listed.get_future();
    BOOST_TEST_REQUIRE((size.wait_for(kPatience) == std::future_status::ready));
    BOOST_TEST(size.get() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

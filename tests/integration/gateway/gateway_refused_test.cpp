// Requests that the gateway itself refuses: each is seen like any other.

#include <sstream>
#include <vector>

#include "gateway_rig.hpp"

namespace tenon::test {
namespace {

constexpr const char* kKeys =
    R"("keys":{"app":{"key":"app-key-0123456789","models":["fake/fake-small","nobody/model"]},)"
    R"("poor":{"key":"poor-key-0123456789","requests_per_minute":1}},"max_body_bytes":2048)";

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
}

std::size_t times_in(std::string_view text, std::string_view what) {
    std::size_t times = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++times;
    return times;
}

/// The one line of a request in the access log, when it is there.
std::string line_of(const std::filesystem::path& log, const std::string& id) {
    const std::string wanted = R"("id":")" + id + '"';
    std::string line;
    eventually("a line of " + id, [&] {
        const std::string text = text_of(log);
        const auto at = text.find(wanted);
        if (at == std::string::npos || text.find('\n', at) == std::string::npos) return false;
        const auto begin = text.rfind('\n', at) + 1;
        line = text.substr(begin, text.find('\n', at) - begin);
        return true;
    });
    return line;
}

Headers headers_of(const std::string& id, const std::string& key) {
    Headers headers = {{"x-request-id", id}};
    if (!key.empty()) headers.emplace_back("authorization", "Bearer " + key);
    return headers;
}

/// Asks, and checks what is told of it.
void check_refused(const GatewayRig& rig, const std::filesystem::path& log, int status,
                   const std::string& code, const std::string& key_name, const std::string& body,
                   const Headers& headers) {
    const auto answer = rig.post("/v1/chat/completions", body, headers);
    BOOST_TEST(answer.status == status);
    const std::string id = answer.header("x-request-id").value_or("");
    BOOST_TEST(id == headers.front().second);
    const std::string key = key_name.empty() ? "null" : '"' + key_name + '"';
    const std::string trace = trace_of(rig, id);
    BOOST_TEST(contains(trace, R"("status":)" + std::to_string(status)), trace);
    BOOST_TEST(contains(trace, R"("error":{"code":")" + code + '"'), trace);
    BOOST_TEST(contains(trace, R"("key":)" + key), trace);
    BOOST_TEST(contains(trace, R"("attempts":[])"), trace);
    const std::string line = line_of(log, id);
    BOOST_TEST(contains(line, R"("status":)" + std::to_string(status)), line);
    BOOST_TEST(contains(line, R"("code":")" + code + '"'), line);
    BOOST_TEST(contains(line, R"("key":)") == !key_name.empty(), line);
    for (const std::string& text : {trace, line}) BOOST_TEST(!contains(text, "-key-0123456789"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_refused)

BOOST_AUTO_TEST_CASE(each_refused_request_has_one_line_and_one_trace_with_its_reason) {
    const TemporaryDirectory logs;
    const auto log = logs / "access.log";
    const GatewayRig rig(kKeys, R"("telemetry":{"access_log":")" + log.string() + "\"}");
    const std::string good = chat("fake/fake-small", "Hi");
    const std::string app = "app-key-0123456789";
    check_refused(rig, log, 401, "auth", "", good, headers_of("no-key", ""));
    check_refused(rig, log, 401, "auth", "", good, headers_of("bad-key", "wrong-0123456789"));
    check_refused(rig, log, 400, "invalid", "app", "{nonsense", headers_of("malformed", app));
    Headers wish = headers_of("bad-wish", app);
    wish.emplace_back("x-tenon-timeout", "soon");
    check_refused(rig, log, 400, "invalid", "app", good, wish);
    check_refused(rig, log, 403, "forbidden", "app", chat("fake/fake-large", "Hi"),
                  headers_of("other-model", app));
    Headers nobody = headers_of("no-model", app);
    nobody.emplace_back("x-tenon-provider", "nobody");
    check_refused(rig, log, 404, "not_found", "app", chat("model", "Hi"), nobody);
    check_refused(rig, log, 413, "too_large", "app",
                  chat("fake/fake-small", std::string(3000, 'a')), headers_of("too-large", app));
    BOOST_TEST(
        rig.post("/v1/chat/completions", good, headers_of("paid", "poor-key-0123456789")).status ==
        200);
    check_refused(rig, log, 429, "throttled", "poor", good,
                  headers_of("too-often", "poor-key-0123456789"));
    line_of(log, "paid");
    BOOST_TEST(times_in(text_of(log), "\n") == 9U);
    BOOST_TEST(times_in(trace_of(rig, "too-large") + rig.admin("GET", "/admin/v1/traces").body,
                        R"("request_id":"too-large")") == 2U);
}

BOOST_AUTO_TEST_CASE(what_a_page_of_others_asked_for_is_seen_too) {
    const GatewayRig rig;
    const auto answer = rig.post("/api/chat", chat("fake/fake-small", "Hi"),
                                 {{"origin", "https://evil.example"}, {"x-request-id", "evil"}});
    BOOST_TEST(answer.status == 403);
    const std::string trace = trace_of(rig, "evil");
    BOOST_TEST(contains(trace, R"("status":403)"));
    BOOST_TEST(contains(trace, R"("dialect":"/api/chat")"));
}

BOOST_AUTO_TEST_CASE(what_is_no_request_for_a_model_has_no_trace) {
    const GatewayRig rig;
    BOOST_TEST(rig.post("/v1/nothing", "{}", {{"x-request-id", "nothing"}}).status == 404);
    BOOST_TEST(rig.get("/v1/chat/completions", {{"x-request-id", "nothing"}}).status == 405);
    BOOST_TEST(rig.post("/v1/chat/completions", "{}", {{"x-request-id", "last"}}).status == 400);
    trace_of(rig, "last");
    BOOST_TEST(rig.admin("GET", "/admin/v1/traces/nothing").status == 404);
}

BOOST_AUTO_TEST_CASE(a_flood_of_refused_requests_pushes_out_no_answered_one) {
    const GatewayRig rig(R"("keys":{"app":{"key":"app-key-0123456789"}})",
                         R"("telemetry":{"traces":8})");
    const std::string body = chat("fake/fake-small", "Hi");
    BOOST_TEST(
        rig.post("/v1/chat/completions", body, headers_of("good", "app-key-0123456789")).status ==
        200);
    RawClient flood(rig.port);
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(flood
                       .exchange("POST", "/v1/chat/completions", body,
                                 headers_of("flood-" + std::to_string(i), ""))
                       .status == 401);
    }
    trace_of(rig, "flood-49");
    trace_of(rig, "good");
    const std::string all = rig.admin("GET", "/admin/v1/traces").body;
    BOOST_TEST(times_in(all, R"("request_id":"flood-)") == 2U);
    BOOST_TEST(contains(all, R"("request_id":"good")"));
}

BOOST_AUTO_TEST_CASE(refused_requests_are_counted_with_the_others) {
    const GatewayRig rig(R"("keys":{"app":{"key":"app-key-0123456789"}},)"
                         R"("admin_key":"admin-key-0123456789")");
    BOOST_TEST(rig.post("/v1/embeddings", "{}", {{"x-request-id", "counted"}}).status == 401);
    trace_of(rig, "counted");
    const auto metrics = rig.get("/metrics", {{"authorization", "Bearer admin-key-0123456789"}});
    BOOST_TEST(contains(metrics.body,
                        "tenon_gateway_requests_total{dialect=\"/v1/embeddings\","
                        "operation=\"embed\",status=\"4xx\"} 1"));
    BOOST_TEST(contains(metrics.body, R"(tenon_gateway_key_rejections_total{reason="missing"} 1)"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

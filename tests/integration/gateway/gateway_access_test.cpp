// Who may ask: keys, limits, pages, names.

#include "gateway_rig.hpp"

namespace tenon::test {
namespace {

constexpr const char* kKeys =
    R"("keys":{"app":{"key":"app-key-0123456789","models":["fake/fake-small"],)"
    R"("requests_per_minute":3},"other":{"key":"other-key-0123456789","concurrent":1}},)"
    R"("admin_key":"admin-key-0123456789")";

Headers bearer(const std::string& key) {
    return {{"authorization", "Bearer " + key}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_access)

BOOST_AUTO_TEST_CASE(with_keys_nobody_without_one_is_answered) {
    const GatewayRig rig(kKeys);
    for (const Headers& headers : {Headers{}, bearer("wrong-key-0123456789")}) {
        const auto answer =
            rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"), headers);
        BOOST_TEST(answer.status == 401);
        BOOST_TEST(answer.header("x-request-id").has_value());
        BOOST_TEST(contains(answer.body, "invalid_api_key"));
    }
    BOOST_TEST(rig.get("/v1/models").status == 401);
    BOOST_TEST(rig.get("/metrics").status == 401);
    BOOST_TEST(rig.get("/admin/v1/status").status == 401);
    BOOST_TEST(rig.get("/healthz").status == 200);
    BOOST_TEST(rig.post("/v1/messages",
                        R"({"model":"fake/fake-small","max_tokens":9,"messages":)"
                        R"([{"role":"user","content":"Hi"}]})",
                        {{"x-api-key", "app-key-0123456789"}})
                   .status == 200);
}

BOOST_AUTO_TEST_CASE(a_key_is_held_to_its_models_and_its_rate) {
    const GatewayRig rig(kKeys);
    const auto ask = [&](const std::string& model) {
        return rig.post("/v1/chat/completions", chat(model, "Hi"), bearer("app-key-0123456789"));
    };
    BOOST_TEST(ask("fake/fake-large").status == 403);
    for (int i = 0; i < 3; ++i) BOOST_TEST(ask("fake/fake-small").status == 200);
    const auto over = ask("fake/fake-small");
    BOOST_TEST(over.status == 429);
    BOOST_TEST(over.header("retry-after").has_value());
    BOOST_TEST(rig.post("/v1/chat/completions", chat("fake/fake-large", "Hi"),
                        bearer("other-key-0123456789"))
                   .status == 200);
}

BOOST_AUTO_TEST_CASE(a_key_sees_only_the_models_that_it_may_ask_for) {
    const GatewayRig rig(kKeys);
    const Headers app = bearer("app-key-0123456789");
    const Headers other = bearer("other-key-0123456789");
    eventually("the provider has listed its models", [&] {  // it has no more than two seconds
        return contains(rig.get("/v1/models", other).body, "\"fake/fake-large\"");
    });
    for (const char* path : {"/v1/models", "/api/tags"}) {
        const std::string held = rig.get(path, app).body;
        BOOST_TEST(contains(held, "\"fake/fake-small\""), held);
        BOOST_TEST(!contains(held, "fake-large"), held);
    }
    BOOST_TEST(rig.get("/v1/models/fake/fake-small", app).status == 200);
    BOOST_TEST(rig.get("/v1/models/fake%2Ffake-small", app).status == 200);
    BOOST_TEST(rig.get("/v1/models/fake/fake-large", app).status == 404);
    BOOST_TEST(rig.get("/v1/models/fake/fake-large", other).status == 200);
}

BOOST_AUTO_TEST_CASE(a_key_is_held_to_its_models_at_whichever_provider_it_names) {
    const GatewayRig rig(
        R"("keys":{"app":{"key":"app-key-0123456789","models":["fake-small","fake/fake-large"]}})",
        R"("routes":[{"model":"fake-small","tiers":[[{"provider":"fake","model":"fake-small"}]]}])");
    const auto ask = [&](const std::string& model) {
        return rig
            .post("/v1/chat/completions", chat(model, "Hi"),
                  {{"authorization", "Bearer app-key-0123456789"}, {"x-tenon-provider", "fake"}})
            .status;
    };
    BOOST_TEST(ask("fake-small") == 403);  // that is the route's name, which may lead elsewhere
    BOOST_TEST(ask("fake-large") == 200);
}

BOOST_AUTO_TEST_CASE(a_key_is_held_to_its_models_also_where_the_provider_would_look_for_more) {
    const GatewayRig rig(
        R"("keys":{"app":{"key":"app-key-0123456789","models":["fake/fake-small","fast",)"
        R"("fake/fake-reason"]},"free":{"key":"free-key-0123456789"}})",
        R"("routes":[{"model":"fast","tiers":[[{"provider":"fake","model":"fake-small"}]]}])");
    const auto ask = [&](const std::string& model, const std::string& more,
                         const std::string& key = "app-key-0123456789") {
        const std::string body = chat(model, "Hi");
        return rig.post("/v1/chat/completions", body.substr(0, body.size() - 1) + "," + more + "}",
                        bearer(key));
    };
    BOOST_TEST(ask("fake/fake-small", R"("models":["fake-small","fake-reason"])").status == 200);
    const auto refused = ask("fake/fake-small", R"("models":["fake-small","fake-large"])");
    BOOST_TEST(refused.status == 403);
    BOOST_TEST(contains(refused.body, R"(fake/fake-large)"));
    BOOST_TEST(ask("fake/fake-small", R"("models":["fast"])").status == 403);  // no route there
    BOOST_TEST(ask("fast", R"("fallbacks":["fast"])").status == 200);
    BOOST_TEST(ask("fast", R"("fallbacks":["fake-small"])").status == 403);
    BOOST_TEST(ask("fast", R"("preset":"mine")").status == 403);
    BOOST_TEST(ask("fake/fake-small", R"("models":["fake-large"])", "free-key-0123456789").status ==
               200);
    const auto anthropic =
        rig.post("/v1/messages",
                 R"({"model":"fast","max_tokens":9,"models":["fake-large"],"messages":)"
                 R"([{"role":"user","content":"Hi"}]})",
                 bearer("app-key-0123456789"));
    BOOST_TEST(anthropic.status == 403);
    BOOST_TEST(contains(anthropic.body, "permission_error"));
}

BOOST_AUTO_TEST_CASE(what_each_key_has_used_is_shown) {
    const GatewayRig rig(kKeys);
    for (const char* model : {"fake/fake-small", "fake/fake-small", "fake/fake-large"}) {
        rig.post("/v1/chat/completions", chat(model, "Hi"), bearer("app-key-0123456789"));
    }
    rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"), bearer("nobody-0123456789"));
    std::string status;
    eventually("they have ended", [&] {
        status = rig.admin("GET", "/admin/v1/status").body;
        return contains(status, R"({"name":"app","requests":2,"rejected":1,"tokens":)") &&
               !contains(status, R"("in_flight":1)");
    });
    BOOST_TEST(!contains(status, R"("requests":2,"rejected":1,"tokens":0,)"), status);
    BOOST_TEST(
        contains(status, R"({"name":"other","requests":0,"rejected":0,"tokens":0,"in_flight":0})"));
}

BOOST_AUTO_TEST_CASE(who_leaves_a_stream_pays_for_what_has_come) {
    const GatewayRig rig(R"("keys":{"app":{"key":"app-key-0123456789","tokens_per_minute":100}})");
    const std::string body = chat("fake/fault-stall", std::string(400, 'a'), true);
    {
        RawClient client(rig.port);
        client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
            "Bearer app-key-0123456789\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
        BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    }
    check_at_rest(rig);
    eventually("it is settled", [&] {
        return contains(rig.admin("GET", "/admin/v1/requests").body, R"("requests":[])");
    });
    BOOST_TEST(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                        bearer("app-key-0123456789"))
                   .status == 429);
}

BOOST_AUTO_TEST_CASE(a_key_has_its_place_back_when_its_client_leaves) {
    const GatewayRig rig(kKeys);
    const std::string body = chat("fake/fault-stall", "Hi", true);
    {
        RawClient client(rig.port);
        client.send(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
            "Bearer other-key-0123456789\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
        BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
        BOOST_TEST(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                            bearer("other-key-0123456789"))
                       .status == 429);
    }
    eventually("its place is free", [&] {
        return rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                        bearer("other-key-0123456789"))
                   .status == 200;
    });
}

BOOST_AUTO_TEST_CASE(only_the_admin_key_changes_anything) {
    const GatewayRig rig(R"("admin_key":"admin-key-0123456789")");
    BOOST_TEST(rig.get("/admin/v1/status").status == 200);
    const std::string path = "/admin/v1/commands/disable";
    BOOST_TEST(rig.post(path, R"({"providers":["fake"]})").status == 401);
    BOOST_TEST(rig.post(path, R"({"providers":["fake"]})", bearer("nonsense")).status == 401);
    BOOST_TEST(rig.post(path, R"({"providers":["fake"]})", bearer("admin-key-0123456789")).status ==
               200);
    BOOST_TEST(!rig.daemon->host().status().front().enabled);
    BOOST_TEST(contains(rig.get("/metrics").body,
                        R"(tenon_gateway_key_rejections_total{reason="admin"} 2)"));
}

BOOST_AUTO_TEST_CASE(pages_of_others_cannot_use_a_gateway_without_keys) {
    const GatewayRig rig;
    const std::string body = chat("fake/fake-small", "Hi");
    BOOST_TEST(
        rig.post("/v1/chat/completions", body, {{"origin", "https://evil.example"}}).status == 403);
    RawClient rebound(rig.port);
    rebound.send("GET /admin/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    BOOST_TEST(rebound.read_response().status == 421);
}

BOOST_AUTO_TEST_CASE(pages_of_allowed_origins_can_use_it_and_read_the_answer) {
    const GatewayRig rig(R"("cors":{"origins":["https://app.example"]})");
    RawClient client(rig.port);
    const auto preflight = client.exchange(
        "OPTIONS", "/v1/chat/completions", "",
        {{"origin", "https://app.example"}, {"access-control-request-method", "POST"}});
    BOOST_TEST(preflight.status == 204);
    BOOST_TEST(preflight.header("access-control-allow-origin").value_or("") ==
               "https://app.example");
    const auto answer = rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                                 {{"origin", "https://app.example"}});
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.header("access-control-allow-origin").value_or("") == "https://app.example");
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_refused_in_the_clients_dialect) {
    const GatewayRig rig(R"("max_body_bytes":2048)");
    const auto answer = rig.post("/v1/messages", chat("fake/fake-small", std::string(3000, 'a')));
    BOOST_TEST(answer.status == 413);
    BOOST_TEST(contains(answer.body, "request_too_large"));
}

BOOST_AUTO_TEST_CASE(no_secret_is_in_anything_that_is_shown) {
    const GatewayRig rig(kKeys);
    static_cast<void>(rig.post("/v1/chat/completions", chat("fake/fake-small", "Hi"),
                               bearer("app-key-0123456789")));
    for (const char* path : {"/admin/v1/status", "/admin/v1/requests", "/admin/v1/traces",
                             "/admin/v1/routes", "/admin/v1/history"}) {
        const auto shown = rig.admin("GET", path);
        BOOST_TEST(shown.status == 200, path);
        for (const char* secret : {"app-key", "other-key", "admin-key", "upstream-secret"}) {
            BOOST_TEST(!contains(shown.body, secret), path);
        }
    }
    const auto metrics = rig.get("/metrics", bearer("admin-key-0123456789"));
    BOOST_TEST(metrics.status == 200);
    BOOST_TEST(!contains(metrics.body, "-key-0123456789"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test

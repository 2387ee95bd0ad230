#include "admin_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

BOOST_AUTO_TEST_SUITE(admin_api)

BOOST_AUTO_TEST_CASE(status_shows_the_daemon_and_every_provider) {
    AdminRig rig(kThree, [](gateway::AdminContext& context) {
        context.daemon.config_file = "/etc/tenon.json";
        context.listen = [] { return std::vector<std::string>{"http://127.0.0.1:1"}; };
        context.ready = [] { return false; };
        context.request_counts = [] { return gateway::RequestCounts{3, 2, 99}; };
        context.offline_enabled = true;
        context.offline_queued = [] { return std::size_t{4}; };
    });
    BOOST_REQUIRE(rig.host->complete(ask("a", "hi")).has_value());
    const auto status = rig.get("status");
    BOOST_TEST(status.status == 200);
    BOOST_TEST(status.text("/version") == "1.2.3");
    BOOST_TEST(status.text("/pid") == "42");
    BOOST_TEST(status.text("/ready") == "false");
    BOOST_TEST(status.text("/config_file") == "/etc/tenon.json");
    BOOST_TEST(status.text("/listen") == R"(["http://127.0.0.1:1"])");
    BOOST_TEST(status.text("/requests") == R"({"in_flight":3,"waiting":2,"total":99})");
    BOOST_TEST(status.text("/offline") == R"({"enabled":true,"queued":4})");
    BOOST_TEST(base::parse_utc(status.text("/started")).has_value());
    BOOST_TEST(status.root()["uptime_ms"].as_int64().value() >= 0);
    BOOST_TEST(status.root()["providers"].size() == 3U);
    BOOST_TEST(status.text("/providers/0/name") == "a");
    BOOST_TEST(status.text("/providers/0/success_rate") == "1");
    BOOST_TEST(status.text("/providers/0/statistics/attempts/succeeded") == "1");
    BOOST_TEST(status.text("/providers/1/statistics/attempts/succeeded") == "0");
    BOOST_TEST(status.text("/providers/2/state") == "misconfigured");
    BOOST_TEST(status.text("/providers/2/statistics") == "null");
}

BOOST_AUTO_TEST_CASE(commands_reach_all_providers_and_are_answered_in_the_order_of_names) {
    AdminRig rig(kThree);
    const auto replies = rig.post("commands/connect");
    BOOST_TEST(replies.status == 200);
    BOOST_REQUIRE(replies.root()["replies"].size() == 3U);
    BOOST_TEST(replies.text("/replies/0/provider") == "a");
    BOOST_TEST(replies.text("/replies/0/state") == "connected");
    BOOST_TEST(replies.text("/replies/1/provider") == "b");
    BOOST_TEST(replies.text("/replies/1/kind") == "accepted");
    BOOST_TEST(replies.text("/replies/1/state") == "connected");
    BOOST_TEST(replies.text("/replies/2/provider") == "c");
    BOOST_TEST(replies.text("/replies/2/kind") == "refused");
    BOOST_TEST(contains(replies.text("/replies/2/message"), "nonesuch"));
    const auto again = rig.post("commands/connect", R"({"providers":["b","b"]})");
    BOOST_TEST(again.root()["replies"].size() == 1U);
    BOOST_TEST(again.text("/replies/0/kind") == "already");
}

BOOST_AUTO_TEST_CASE(each_command_does_what_it_says) {
    AdminRig rig(R"({"providers":{"b":{"kind":"mock-session"}}})");
    const auto b = [&] { return status_of(*rig.host, "b"); };
    rig.post("commands/disable", R"({"providers":["b"]})");
    BOOST_TEST(!b().enabled);
    rig.post("commands/enable", R"({"providers":["b"]})");
    BOOST_TEST(b().enabled);
    rig.post("commands/connect", R"({"providers":["b"]})");
    BOOST_TEST(b().state == "connected");
    const auto dials = statistics_of(*rig.host, "b").connects;
    rig.post("commands/reconnect", R"({"providers":["b"]})");
    eventually("dialled", [&] { return statistics_of(*rig.host, "b").connects > dials; });
    BOOST_TEST(rig.post("commands/recover", R"({"providers":["b"]})").status == 200);
    rig.post("commands/disconnect", R"({"providers":["b"],"now":true})");
    BOOST_TEST(b().state == "disconnected");
}

BOOST_AUTO_TEST_CASE(an_empty_list_of_providers_means_none) {
    AdminRig rig(kThree);
    const auto replies = rig.post("commands/disable", R"({"providers":[]})");
    BOOST_TEST(replies.root()["replies"].size() == 0U);
    BOOST_TEST(status_of(*rig.host, "a").enabled);
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_not_found_and_nothing_is_done) {
    AdminRig rig(R"({"providers":{"alpha":{"kind":"mock"}}})");
    const auto answer = rig.post("commands/disable", R"({"providers":["alpha","alpah"]})");
    BOOST_TEST(answer.status == 404);
    BOOST_TEST(answer.text("/error/code") == "not_found");
    BOOST_TEST(answer.message() == "there is no provider 'alpah'; did you mean 'alpha'?");
    BOOST_TEST(status_of(*rig.host, "alpha").enabled);
    // A kind's name stands for a provider elsewhere, but not where one would have to be made.
    BOOST_TEST(rig.post("commands/connect", R"({"providers":["mock"]})").status == 404);
    BOOST_TEST(rig.get("status").root()["providers"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(commands_that_say_something_wrong_do_nothing) {
    AdminRig rig(R"({"providers":{"a":{"kind":"mock"}}})");
    const std::pair<const char*, const char*> wrong[] = {
        {"commands/disable", R"({"provider":["a"]})"},
        {"commands/disable", R"({"providers":"a"})"},
        {"commands/disable", R"({"now":true})"},
        {"commands/disable", R"({"patience_ms":-1})"},
        {"commands/disable", R"({"patience_ms":600001})"},
        {"commands/disable", R"([])"},
        {"commands/disable", R"({)"},
        {"commands/disable?now=true", R"({})"},
        {"breaker", R"({"provider":"a"})"},
        {"breaker", R"({"provider":"a","command":"shut"})"},
        {"routes/pin", R"({"model":"a/m"})"},
        {"routes/pin", R"({"model":"a/m","provider":"a","duration_ms":0})"},
        {"routes/unpin", R"({})"},
        {"reload", R"({"now":true})"},
        {"requests/x/cancel", R"({"now":true})"},
    };
    for (const auto& [path, body] : wrong) {
        const auto answer = rig.post(path, body);
        BOOST_TEST(answer.status == 400, path << ' ' << body);
        BOOST_TEST(answer.text("/error/code") == "invalid");
    }
    BOOST_TEST(status_of(*rig.host, "a").enabled);
    BOOST_TEST(status_of(*rig.host, "a").breaker.state == "closed");
    const auto command = rig.post("commands/disabel");
    BOOST_TEST(command.status == 404);
    BOOST_TEST(contains(command.message(), "did you mean 'disable'?"));
}

BOOST_AUTO_TEST_CASE(without_patience_the_answer_does_not_wait) {
    AdminRig rig(kSlow);
    const auto replies = rig.post("commands/connect", R"({"patience_ms":0})");
    BOOST_TEST(replies.text("/replies/0/kind") == "accepted");
    BOOST_TEST(replies.text("/replies/0/state") == "connecting");
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_ends_the_wait_but_not_what_it_asked_for) {
    AdminRig rig(kSlow);
    const auto client = rig.connect();
    const std::string body = R"({"patience_ms":600000})";
    client->send("POST /admin/v1/commands/connect HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    eventually("connecting", [&] { return status_of(*rig.host, "slow").state == "connecting"; });
    client->close();
    rig.all_gone();
    BOOST_TEST(rig.server->counts().clients_gone == 1U);
    BOOST_TEST(status_of(*rig.host, "slow").state == "connecting");
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_does_not_wait_for_patience) {
    AdminRig rig(kSlow);
    const auto client = rig.connect();
    const std::string body = R"({"patience_ms":600000})";
    client->send("POST /admin/v1/commands/connect HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    eventually("connecting", [&] { return status_of(*rig.host, "slow").state == "connecting"; });
    rig.stop({});
    BOOST_TEST(rig.server->counts().open == 0U);
}

BOOST_AUTO_TEST_CASE(health_is_checked_now) {
    AdminRig rig(R"({"providers":{"well":{"kind":"mock"},"none":{"kind":"nonesuch"},
        "ill":{"kind":"mock","config":{"health":"fail"}}}})");
    const auto replies = rig.post("commands/health");
    BOOST_REQUIRE(replies.root()["replies"].size() == 3U);
    BOOST_TEST(replies.text("/replies/0/provider") == "ill");
    BOOST_TEST(replies.text("/replies/0/kind") == "accepted");
    BOOST_TEST(replies.text("/replies/0/healthy") == "false");
    BOOST_TEST(replies.text("/replies/0/response_time_us") == "null");
    BOOST_TEST(replies.text("/replies/1/kind") == "refused");
    BOOST_TEST(replies.text("/replies/1/state") == "misconfigured");
    BOOST_TEST(replies.text("/replies/2/healthy") == "true");
    BOOST_TEST(replies.root().at("/replies/2/response_time_us").as_int64().has_value());
    const auto one = rig.post("commands/health", R"({"providers":["well"]})");
    BOOST_TEST(one.root()["replies"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(breakers_open_and_close_on_command) {
    AdminRig rig(R"({"providers":{"a":{"kind":"mock"}}})");
    const auto open = rig.post("breaker", R"({"provider":"a","command":"open"})");
    BOOST_TEST(open.root().to_text() == R"({"provider":"a","model":"","state":"forced_open"})");
    BOOST_TEST(!rig.host->complete(ask("a", "hi")).has_value());
    BOOST_TEST(rig.post("breaker", R"({"provider":"a","command":"close"})").text("/state") ==
               "forced_closed");
    BOOST_TEST(rig.post("breaker", R"({"provider":"a","command":"reset"})").text("/state") ==
               "closed");
    BOOST_TEST(rig.host->complete(ask("a", "hi")).has_value());
    BOOST_TEST(rig.post("breaker", R"({"provider":"b","command":"open"})").status == 404);
}

BOOST_AUTO_TEST_CASE(routes_are_listed_pinned_and_unpinned) {
    AdminRig rig(R"({"routes":[{"model":"m","tiers":[[{"provider":"a","weight":2}],
        [{"provider":"b","model":"n"}]]}],"providers":{"a":{"kind":"mock"},"b":{"kind":"mock"}}})");
    const auto route_m = [&] {
        const auto routes = rig.get("routes");
        for (const auto route : routes.root()["routes"].elements()) {
            if (route["model"].as_string() == "m") return route.to_text();
        }
        return std::string();
    };
    BOOST_TEST(contains(route_m(), R"("tiers":[[{"provider":"a","model":"m","weight":2}],)"));
    BOOST_TEST(contains(route_m(), R"("pinned_to":null,"pin_forced":false)"));
    BOOST_TEST(who_answers(*rig.host, "m") == "a");
    const auto pinned =
        rig.post("routes/pin", R"({"model":"m","provider":"b","duration_ms":60000,"force":true})");
    BOOST_TEST(pinned.root().to_text() == "{}");
    BOOST_TEST(contains(route_m(), R"("pinned_to":"b","pin_forced":true)"));
    BOOST_TEST(who_answers(*rig.host, "m") == "b");
    BOOST_TEST(rig.post("routes/unpin", R"({"model":"m"})").text("/was_pinned") == "true");
    BOOST_TEST(rig.post("routes/unpin", R"({"model":"m"})").text("/was_pinned") == "false");
    BOOST_TEST(rig.post("routes/pin", R"({"model":"m","provider":"c"})").status == 404);
}

BOOST_AUTO_TEST_CASE(the_history_grows_and_can_be_read_from_where_one_stands) {
    AdminRig rig(kThree, [](gateway::AdminContext& context) {
        context.history_interval = std::chrono::milliseconds(1);
    });
    std::string newest;
    eventually("three samples", [&] {
        const auto history = rig.get("history");
        const auto samples = history.root()["samples"];
        if (samples.size() > 0) newest = history.text("/samples/0/time");
        return samples.size() >= 3;
    });
    const auto later = rig.get("history?since=" + newest);
    BOOST_REQUIRE(later.root()["samples"].size() > 0U);
    BOOST_TEST(later.text("/samples/0/time") > newest);
    BOOST_TEST(later.text("/samples/0/providers/c/state") == "misconfigured");
    BOOST_TEST(rig.get("history?since=yesterday").status == 400);
}

BOOST_AUTO_TEST_CASE(requests_in_flight_are_listed_and_cancelled) {
    AdminRig rig("{}", [](gateway::AdminContext& context) {
        context.requests = [] {
            gateway::RequestInFlight request;
            request.id = "r-1";
            request.dialect = "openai";
            request.stream = true;
            request.age = std::chrono::milliseconds(7);
            return std::vector{request};
        };
        context.cancel_request = [](std::string_view id) { return id == "r-1"; };
    });
    const auto requests = rig.get("requests");
    BOOST_TEST(requests.text("/requests/0/id") == "r-1");
    BOOST_TEST(requests.text("/requests/0/stream") == "true");
    BOOST_TEST(requests.text("/requests/0/age_ms") == "7");
    BOOST_TEST(rig.post("requests/r%2d1/cancel").root().to_text() == "{}");
    const auto unknown = rig.post("requests/r-2/cancel");
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(unknown.message() == "there is no request 'r-2' in flight");
}

BOOST_AUTO_TEST_CASE(traces_are_listed_and_shown) {
    AdminRig rig("{}", [](gateway::AdminContext& context) {
        context.traces = [](std::size_t limit) {
            return R"([{"limit":)" + std::to_string(limit) + "}]";
        };
        context.trace = [](std::string_view id) -> Result<std::string> {
            if (id == "t1") return std::string(R"({"id":"t1"})");
            if (id == "t") return Error(Code::invalid, "'t' fits several");
            return Error(Code::not_found, "no such trace");
        };
    });
    BOOST_TEST(rig.get("traces").root().to_text() == R"({"traces":[{"limit":50}]})");
    BOOST_TEST(rig.get("traces?limit=3").text("/traces/0/limit") == "3");
    BOOST_TEST(rig.get("traces?limit=many").status == 400);
    BOOST_TEST(rig.get("traces/t1").text("/id") == "t1");
    BOOST_TEST(rig.get("traces/t").status == 400);
    BOOST_TEST(rig.get("traces/t2").status == 404);
}

BOOST_AUTO_TEST_CASE(a_reload_tells_what_has_changed_or_every_problem) {
    std::atomic<bool> broken = false;
    AdminRig rig("{}", [&](gateway::AdminContext& context) {
        context.start_reload = [&](gateway::AdminContext::OnDone<gateway::ReloadReport> on_done) {
            std::thread([&, on_done] {
                if (broken) return on_done(Error(Code::invalid, "line 1: no\nline 2: no"));
                on_done(gateway::ReloadReport{
                    {"providers.a"}, {"gateway.listen"}, {{"b", "there is no kind mok"}}});
            }).detach();
        };
    });
    BOOST_TEST(rig.post("reload").root().to_text() ==
               R"({"changed":["providers.a"],"needs_restart":["gateway.listen"],)"
               R"("misconfigured":[{"provider":"b","message":"there is no kind mok"}]})");
    broken = true;
    const auto refused = rig.post("reload", "{}");
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(refused.message() == "line 1: no\nline 2: no");
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_what_never_comes_may_leave) {
    gateway::AdminContext::OnDone<gateway::ReloadReport> late;
    std::promise<void> begun;
    AdminRig rig("{}", [&](gateway::AdminContext& context) {
        context.start_reload = [&](gateway::AdminContext::OnDone<gateway::ReloadReport> on_done) {
            late = std::move(on_done);
            begun.set_value();
        };
    });
    const auto client = rig.connect();
    client->send("POST /admin/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    begun.get_future().wait();
    client->close();
    rig.all_gone();
    late(gateway::ReloadReport());  // to nobody
    BOOST_TEST(rig.get("status").status == 200);
}

BOOST_AUTO_TEST_CASE(the_offline_queue_is_listed) {
    AdminRig rig("{}", [](gateway::AdminContext& context) {
        context.start_offline_list = [](auto on_done) {
            std::vector<gateway::OfflineRequest> kept(1);
            kept[0].id = "q";
            kept[0].queued = std::chrono::system_clock::now() - std::chrono::hours(1);
            std::thread([=] { on_done(kept); }).detach();
        };
    });
    const auto offline = rig.get("offline");
    BOOST_TEST(offline.text("/queued") == "1");
    BOOST_TEST(offline.text("/requests/0/id") == "q");
    BOOST_TEST(offline.root().at("/requests/0/age_ms").as_int64().value() >= 3'600'000);
}

BOOST_AUTO_TEST_CASE(what_the_daemon_does_not_have_is_empty_or_not_implemented) {
    AdminRig rig;
    BOOST_TEST(rig.get("status").text("/ready") == "true");
    BOOST_TEST(rig.get("requests").root().to_text() == R"({"requests":[]})");
    BOOST_TEST(rig.get("traces").root().to_text() == R"({"traces":[]})");
    BOOST_TEST(rig.get("offline").root().to_text() == R"({"queued":0,"requests":[]})");
    BOOST_TEST(rig.get("traces/x").status == 404);
    BOOST_TEST(rig.post("requests/x/cancel").status == 404);
    BOOST_TEST(rig.post("reload").status == 501);
    BOOST_TEST(rig.post("commands/connect").root().to_text() == R"({"replies":[]})");
}

BOOST_AUTO_TEST_SUITE_END()

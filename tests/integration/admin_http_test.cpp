#include "admin_fixture.hpp"

#include <set>

using namespace tenon;
using namespace tenon::test;

BOOST_AUTO_TEST_SUITE(admin_http)

BOOST_AUTO_TEST_CASE(an_unknown_path_is_not_found_and_the_nearest_is_named) {
    AdminRig rig;
    const auto answer = rig.get("statsu");
    BOOST_TEST(answer.status == 404);
    BOOST_TEST(answer.message() ==
               "there is nothing at /admin/v1/statsu; did you mean "
               "'/admin/v1/status'?");
    BOOST_TEST(rig.get("status/").status == 404);
    BOOST_TEST(rig.connect()->exchange("GET", "/admin").status == 404);
    BOOST_TEST(rig.get("%").status == 400);
}

BOOST_AUTO_TEST_CASE(a_wrong_method_is_told_the_right_ones) {
    AdminRig rig;
    const auto deleted = rig.exchange("DELETE", "status");
    BOOST_TEST(deleted.status == 405);
    BOOST_TEST(deleted.header("allow").value_or("") == "GET, HEAD");
    const auto got = rig.exchange("GET", "reload");
    BOOST_TEST(got.status == 405);
    BOOST_TEST(got.header("allow").value_or("") == "POST");
}

BOOST_AUTO_TEST_CASE(head_is_as_get_without_the_body) {
    AdminRig rig;
    for (const std::string path : {"status", "events"}) {
        const auto client = rig.connect();
        client->send("HEAD /admin/v1/" + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto response = client->read_response(true);
        BOOST_TEST(response.status == 200);
        BOOST_TEST(response.body.empty());
    }
    BOOST_TEST(rig.exchange("HEAD", "reload").status == 405);
}

BOOST_AUTO_TEST_CASE(parameters_that_nobody_knows_are_refused) {
    AdminRig rig;
    BOOST_TEST(rig.get("status?verbose=1").status == 400);
    BOOST_TEST(contains(rig.get("traces?limt=1").message(), "did you mean 'limit'?"));
    BOOST_TEST(rig.get("events?since=now").status == 400);
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_too_large) {
    AdminRig rig(R"({"providers":{"a":{"kind":"mock"}}})");
    const std::string body = R"({"providers":["a"]})" + std::string(64 * 1024, ' ');
    const auto answer = rig.post("commands/disable", body);
    BOOST_TEST(answer.status == 413);
    BOOST_TEST(answer.text("/error/code") == "too_large");
    BOOST_TEST(status_of(*rig.host, "a").enabled);
}

BOOST_AUTO_TEST_CASE(whoever_may_only_look_changes_nothing) {
    AdminRig rig(R"({"providers":{"a":{"kind":"mock"}}})");
    rig.handler.may_change = false;
    BOOST_TEST(rig.get("status").status == 200);
    for (const auto& route : gateway::AdminApi::routes()) {
        if (route.method == "GET") continue;
        std::string path(route.path.substr(std::string_view("/admin/v1/").size()));
        if (const auto open = path.find('{'); open != path.npos) {
            path.replace(open, path.find('}') + 1 - open, "disable");
        }
        const auto answer = rig.exchange(route.method, path);
        BOOST_TEST(answer.status == 401, path);
        BOOST_TEST(answer.header("www-authenticate").value_or("") == "Bearer realm=\"tenon\"");
    }
    BOOST_TEST(status_of(*rig.host, "a").enabled);
}

BOOST_AUTO_TEST_CASE(what_is_served_begins_with_admin) {
    BOOST_TEST(gateway::AdminApi::serves("/admin/v1/status?x=1"));
    BOOST_TEST(gateway::AdminApi::serves("/admin"));
    BOOST_TEST(gateway::AdminApi::serves("/admin?x"));
    BOOST_TEST(!gateway::AdminApi::serves("/administrator"));
    BOOST_TEST(!gateway::AdminApi::serves("/v1/admin/"));
}

BOOST_AUTO_TEST_CASE(every_route_is_documented_and_every_documented_path_is_a_route) {
    std::set<std::string> routes;
    for (const auto& route : gateway::AdminApi::routes()) {
        routes.insert(std::string(route.method) + ' ' + std::string(route.path));
    }
    std::ifstream page(TENON_TEST_ADMIN_PAGE);
    std::set<std::string> documented;
    for (std::string line; std::getline(page, line);) {
        if (!line.starts_with("## `")) continue;
        documented.insert(line.substr(4, line.rfind('`') - 4));
    }
    BOOST_TEST(documented == routes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

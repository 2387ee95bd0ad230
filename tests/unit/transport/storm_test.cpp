#include <array>
#include <deque>
#include <random>
#include <string>
#include <thread>

#include "client_rig.hpp"

namespace tenon::transport {
namespace {

using namespace std::chrono_literals;
using test::Conn;
using test::Handler;
using test::ReceivedRequest;
using test::ScriptedServer;

// Does what the target says, so that the test knows what may come of it.
void behave(Conn& conn, const ReceivedRequest& request) {
    if (request.target == "/ok") {
        conn.respond(200, {}, request.body);
    } else if (request.target == "/chunked") {
        conn.respond_chunked(200, {}, {"a", big_text(50'000), "b"});
    } else if (request.target == "/until-close") {
        conn.respond(200, {}, "all", test::Framing::close_delimited);
    } else if (request.target == "/close") {
        conn.close();
    } else if (request.target == "/reset") {
        conn.reset();
    } else if (request.target == "/truncate") {
        conn.start_response(200, {});
        conn.write_body("some");
        conn.close();
    } else {  // "/stall"
        conn.start_response(200, {});
        conn.write_body("some");
        conn.wait_for_close();
    }
}

constexpr std::array kTargets = {"/ok",    "/ok",    "/chunked",  "/until-close",
                                 "/close", "/reset", "/truncate", "/stall"};

struct Plan {
    std::string target;
    Answer answer;
    std::shared_ptr<Exchange> exchange;
};

HttpRequest request_to(const ScriptedServer& server, const std::string& target,
                       std::mt19937& random) {
    HttpRequest request{.method = random() % 2 == 0 ? "GET" : "POST", .url = server.url(target)};
    if (request.method == "POST") request.body = big_text(random() % 200'000);
    if (random() % 4 == 0) request.deadline = in(std::chrono::milliseconds(random() % 60));
    return request;
}

void check(const Plan& plan) {
    BOOST_TEST(plan.answer.dones() == 1);
    const Code code = plan.answer.code();
    if (code != Code::ok) return;
    // Success is said only of what was complete.
    const bool may_succeed =
        plan.target == "/ok" || plan.target == "/chunked" || plan.target == "/until-close";
    BOOST_TEST(may_succeed, plan.target);
    if (plan.target == "/chunked") BOOST_TEST(plan.answer.body().size() == 50'002U);
}

void storm(const ScriptedServer& server, HttpOptions options, int rounds) {
    options.max_connections = 6;
    options.max_keepalive = 3;
    options.keepalive_expiry = 30ms;
    options.read_timeout = 200ms;
    ClientRig rig(options);
    std::mt19937 random(5);
    std::deque<Plan> plans;
    for (int i = 0; i < rounds; ++i) {
        Plan& plan = plans.emplace_back();
        plan.target = kTargets[random() % kTargets.size()];
        plan.exchange = rig.start(request_to(server, plan.target, random), plan.answer);
        Plan& other = plans[random() % plans.size()];
        switch (random() % 6) {
            case 0: other.exchange->cancel(); break;
            case 1: other.exchange->pause(); break;
            case 2: other.exchange->resume(); break;
            case 3: plans[plans.size() / 2].answer.wait_briefly(); break;
            default: break;
        }
        if (plan.target == "/stall" && random() % 2 == 0) plan.exchange->cancel();
    }
    for (Plan& plan : plans) {
        plan.exchange->resume();
        plan.answer.wait();
        check(plan);
    }
    rig.check_at_rest();
    BOOST_TEST(rig.reaches([](const auto& now) { return now.open == 0 && now.idle == 0; }));
    BOOST_TEST(rig.counts().waiting == 0U);
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_SUITE(storms)

BOOST_AUTO_TEST_CASE(after_a_storm_of_faults_and_cancels_every_gauge_is_zero) {
    const ScriptedServer server{Handler(behave)};
    storm(server, {}, 600);
}

BOOST_AUTO_TEST_CASE(after_a_storm_over_tls_every_gauge_is_zero) {
    test::ServerOptions options;
    options.tls = test::TlsOptions{};
    const ScriptedServer server(Handler(behave), options);
    HttpOptions http;
    http.tls.verify = false;
    storm(server, http, 200);
}

BOOST_AUTO_TEST_CASE(cancels_from_many_threads_end_each_exchange_once) {
    const ScriptedServer server{Handler(behave)};
    HttpOptions options;
    options.max_connections = 8;
    ClientRig rig(options);
    std::deque<Plan> plans(200);
    std::mt19937 random(9);
    for (Plan& plan : plans) {
        plan.target = random() % 2 == 0 ? "/ok" : "/stall";
        plan.exchange = rig.start({.url = server.url(plan.target)}, plan.answer);
    }
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) {
        threads.emplace_back([&plans, seed] {
            std::mt19937 order(seed);
            for (int i = 0; i < 400; ++i) {
                Exchange& exchange = *plans[order() % plans.size()].exchange;
                if (i % 3 == 0) exchange.cancel();
                if (i % 3 == 1) exchange.pause();
                exchange.resume();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (Plan& plan : plans) {
        plan.exchange->resume();
        plan.exchange->cancel();
        plan.answer.wait();
        check(plan);
    }
    rig.check_at_rest();
    rig.shut_down();
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(destroying_a_client_in_the_middle_of_a_storm_ends_all_of_it) {
    const ScriptedServer server{Handler(behave)};
    for (int round = 0; round < 10; ++round) {
        HttpOptions options;
        options.max_connections = 4;
        ClientRig rig(options);
        std::deque<Plan> plans(40);
        std::mt19937 random(static_cast<unsigned>(round));
        for (Plan& plan : plans) {
            plan.target = kTargets[random() % kTargets.size()];
            plan.exchange = rig.start(request_to(server, plan.target, random), plan.answer);
        }
        plans[static_cast<std::size_t>(round) * 2].answer.wait_briefly();
        rig.shut_down();
        for (Plan& plan : plans) {
            plan.answer.wait();
            check(plan);
        }
    }
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport

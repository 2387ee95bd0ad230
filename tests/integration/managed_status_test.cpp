#include "managed_fixture.hpp"

#include <random>

using namespace tenon;
using namespace tenon::test;

namespace {

void check_order(const host::LatencySummary& times) {
    BOOST_TEST(times.p50.count() <= times.p90.count());
    BOOST_TEST(times.p90.count() <= times.p95.count());
    BOOST_TEST(times.p95.count() <= times.p99.count());
    BOOST_TEST(times.p99.count() <= times.max.count());
    BOOST_TEST(times.average.count() <= times.max.count());
    BOOST_TEST((times.count > 0 || times.max.count() == 0));
}

void check_balance(const host::CallStatistics& calls) {
    BOOST_TEST(calls.started == calls.succeeded + calls.failed + calls.cancelled + calls.rejected);
    std::uint64_t by_code = 0;
    for (const auto& [code, count] : calls.failed_by_code) by_code += count;
    BOOST_TEST(by_code == calls.failed);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_status)

BOOST_AUTO_TEST_CASE(a_provider_that_has_done_nothing_says_so) {
    const auto host = open_with(R"({"providers":{"idle":{"kind":"mock-session",
        "default_model":"m","permits":{"limit":7},"pool":{"max_connections":3}}}})",
                                quiet());
    const auto status = status_of(*host, "idle");
    BOOST_TEST(status.kind == "mock-session");
    BOOST_TEST(contains(status.library, "mock"), status.library);
    BOOST_TEST(status.default_model == "m");
    BOOST_TEST(status.enabled);
    BOOST_TEST(status.state == "disconnected");
    BOOST_TEST(status.wanted == "on_demand");
    BOOST_TEST(status.breaker.state == "closed");
    BOOST_TEST(status.model_breakers.empty());
    BOOST_TEST(status.pool.max == 3u);
    BOOST_TEST(status.pool.active + status.pool.idle + status.pool.connecting == 0u);
    BOOST_TEST(status.permits.limit == 7u);
    BOOST_TEST(status.permits.available() == 7u);
    BOOST_TEST(!status.last_check.has_value());
    BOOST_TEST(!status.cools_down_until.has_value());
    BOOST_TEST(status.last_error == "");
    BOOST_TEST(status.requests + status.failures + status.in_flight + status.unfinished == 0u);
    const auto numbers = statistics_of(*host, "idle");
    BOOST_TEST(numbers.requests.started + numbers.attempts.started == 0u);
    BOOST_TEST(numbers.request_time.count == 0u);
    BOOST_TEST(numbers.request_time.max.count() == 0);
}

BOOST_AUTO_TEST_CASE(after_good_requests_all_numbers_tell_the_same) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session");
    std::uint64_t output = 0;
    for (int i = 0; i < 6; ++i) {
        const auto answer =
            host->complete(ask("p", "one two three"),
                           i % 2 == 0 ? host::OnDelta([](const auto&) {}) : host::OnDelta());
        BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
        output += answer->usage.output_tokens.value_or(0);
    }
    const auto status = status_of(*host, "p");
    BOOST_TEST(status.state == "connected");
    BOOST_TEST(status.healthy);
    BOOST_TEST(status.score == 100);
    BOOST_TEST(status.requests == 6u);
    BOOST_TEST(status.failures == 0u);
    BOOST_TEST(status.in_flight == 0u);
    BOOST_TEST(status.unfinished == 0u);
    BOOST_TEST(status.pool.idle == 1u);
    BOOST_TEST(status.pool.active == 0u);
    BOOST_TEST(status.permits.held == 0u);
    BOOST_TEST(status.breaker.calls == 6u);
    BOOST_TEST(status.breaker.failures == 0u);
    const auto numbers = statistics_of(*host, "p");
    BOOST_TEST(numbers.requests.succeeded == 6u);
    BOOST_TEST(numbers.attempts.succeeded == 6u);
    BOOST_TEST(numbers.connects == 1u);
    BOOST_TEST(numbers.connect_time.count == 1u);
    BOOST_TEST(numbers.output_tokens == output);
    BOOST_TEST(numbers.input_tokens > 0u);
    BOOST_TEST(numbers.request_time.count == 6u);
    BOOST_TEST(numbers.attempt_time.count == 6u);
    BOOST_TEST(numbers.first_byte.count == 3u);
    for (const auto* times : {&numbers.request_time, &numbers.attempt_time, &numbers.first_byte,
                              &numbers.connect_time}) {
        check_order(*times);
    }
    tell(*host, "p", host::Command::disconnect, kSettle);
    eventually("closed", [&] { return statistics_of(*host, "p").disconnects == 1; });
}

BOOST_AUTO_TEST_CASE(a_request_under_way_shows_in_every_gauge) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock-session", R"({"fail_every":1,"fail_with":"silent"})",
        R"({"permits":{"limit":1}})");
    Requests requests;
    const auto first = requests.start(*host, ask("p", "x"));
    eventually("in flight", [&] { return status_of(*host, "p").pool.active == 1; });
    const auto second = requests.start(*host, ask("p", "x"));
    eventually("waiting", [&] { return status_of(*host, "p").permits.waiting == 1; });
    const auto status = status_of(*host, "p");
    BOOST_TEST(status.permits.held == 1u);
    BOOST_TEST(status.permits.available() == 0u);
    BOOST_TEST(status.pool.idle == 0u);
    BOOST_TEST(status.unfinished > 0u);
    BOOST_TEST(status.requests == 2u);
    BOOST_TEST(statistics_of(*host, "p").requests.in_flight() == 2u);
    first->cancel();
    second->cancel();
    BOOST_TEST(!requests.take().has_value());
    BOOST_TEST(!requests.take().has_value());
    eventually("over", [&] { return status_of(*host, "p").unfinished == 0; });
    const auto after = status_of(*host, "p");
    BOOST_TEST(after.permits.held + after.permits.waiting == 0u);
    BOOST_TEST(after.in_flight == 0u);
    BOOST_TEST(after.failures == 0u);
    BOOST_TEST(statistics_of(*host, "p").requests.cancelled == 2u);
}

BOOST_AUTO_TEST_CASE(five_failures_open_the_breaker_and_it_says_for_how_long) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock", R"({"fail_every":1})", R"({"retry":{"max_attempts":1}})");
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(status_of(*host, "p").breaker.state == "closed");
        BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    }
    auto status = status_of(*host, "p");
    BOOST_TEST(status.breaker.state == "open");
    BOOST_TEST(status.breaker.trips == 1u);
    BOOST_TEST(status.breaker.retry_after.count() > 20'000);
    BOOST_TEST(status.breaker.retry_after.count() <= 33'000);
    BOOST_TEST(status.failures == 5u);
    BOOST_TEST(contains(status.last_error, "the mock failed as asked"), status.last_error);
    const auto refused = host->complete(ask("p", "x"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Code::unavailable));
    BOOST_TEST(refused.error().retry_after_ms.value_or(0) > 20'000);
    BOOST_TEST(contains(refused.error().message, "failed too often"), refused.error().message);
    BOOST_TEST(status_of(*host, "p").failures == 5u);
    const auto numbers = statistics_of(*host, "p");
    BOOST_TEST(numbers.breaker_trips == 1u);
    BOOST_TEST(numbers.attempts.failed == 5u);
    BOOST_TEST(numbers.attempts.failed_by_code.at("unavailable") == 5u);
}

BOOST_AUTO_TEST_CASE(a_breaker_is_forced_open_and_closed_and_reset_by_hand) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    using host::BreakerCommand;
    BOOST_TEST(host->set_breaker("p", {}, BreakerCommand::force_open).has_value());
    BOOST_TEST(status_of(*host, "p").breaker.state == "forced_open");
    BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    BOOST_TEST(host->set_breaker("p", {}, BreakerCommand::reset).has_value());
    BOOST_TEST(status_of(*host, "p").breaker.state == "closed");
    BOOST_TEST(host->complete(ask("p", "x")).has_value());

    add(*host, "down", "mock", R"({"fail_every":1})", R"({"retry":{"max_attempts":1}})");
    BOOST_TEST(host->set_breaker("down", {}, BreakerCommand::force_closed).has_value());
    for (int i = 0; i < 8; ++i) BOOST_TEST(!host->complete(ask("down", "x")).has_value());
    BOOST_TEST(status_of(*host, "down").breaker.state == "forced_closed");
    BOOST_TEST(statistics_of(*host, "down").attempts.failed == 8u);
    BOOST_TEST(!host->set_breaker("nobody", {}, BreakerCommand::reset).has_value());
}

BOOST_AUTO_TEST_CASE(a_breaker_of_one_model_leaves_the_others_alone) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock");
    using host::BreakerCommand;
    BOOST_TEST(host->set_breaker("p", "m1", BreakerCommand::force_open).has_value());
    BOOST_TEST(!host->complete(ask("p", "x", "m1")).has_value());
    BOOST_TEST(host->complete(ask("p", "x", "m2")).has_value());
    const auto status = status_of(*host, "p");
    BOOST_TEST(status.breaker.state == "closed");
    BOOST_REQUIRE(status.model_breakers.size() == 1u);
    BOOST_TEST(status.model_breakers[0].model == "m1");
    BOOST_TEST(status.model_breakers[0].state == "forced_open");
    BOOST_TEST(host->set_breaker("p", {}, BreakerCommand::reset).has_value());
    BOOST_TEST(host->complete(ask("p", "x", "m1")).has_value());
}

BOOST_AUTO_TEST_CASE(recover_resets_a_breaker_that_opened_by_itself) {
    const auto host = open_host(quiet());
    add(*host, "p", "mock", R"({"fail_every":1,"fail_times":5})",
        R"({"retry":{"max_attempts":1}})");
    for (int i = 0; i < 5; ++i) BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    BOOST_TEST(!host->complete(ask("p", "x")).has_value());
    const auto reply = tell(*host, "p", host::Command::recover, kSettle);
    BOOST_TEST(reply.state == "connected");
    BOOST_TEST(status_of(*host, "p").breaker.state == "closed");
    BOOST_TEST(host->complete(ask("p", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(checks_show_in_status_and_statistics) {
    const auto host = open_host();
    add(*host, "p", "mock", "{}", R"({"health":{"first_within":"0s"}})");
    tell(*host, "p", host::Command::connect, kSettle);
    eventually("checked", [&] { return status_of(*host, "p").last_check.has_value(); });
    const auto status = status_of(*host, "p");
    BOOST_TEST(status.health == "healthy");
    BOOST_TEST(status.response_time.has_value());
    BOOST_TEST(!status.server_version.empty());
    BOOST_REQUIRE(status.next_check.has_value());
    BOOST_TEST((*status.next_check > *status.last_check));
    BOOST_TEST(statistics_of(*host, "p").health_checks > 0u);
    BOOST_TEST(statistics_of(*host, "p").health_failures == 0u);
}

BOOST_AUTO_TEST_CASE(checks_that_fail_make_a_provider_unhealthy_until_one_passes) {
    const auto host = open_host();
    add(*host, "p", "mock", R"({"health":"fail","health_times":3})",
        R"({"health":{"first_within":"0s","recheck":"1ms","min_gap":"1ms","interval":"5ms"},
            "jitter":false})");
    Events events(*host);
    tell(*host, "p", host::Command::connect, kSettle);
    events.wait_for("p", "connection_state", "unhealthy");
    events.wait_for("p", "connection_state", "connected");
    eventually("healthy", [&] { return status_of(*host, "p").health == "healthy"; });
    BOOST_TEST(statistics_of(*host, "p").health_failures == 3u);
    BOOST_TEST(host->complete(ask("p", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(after_a_storm_all_sums_are_balanced_and_all_gauges_zero) {
    const auto host = open_with(R"({"retry":{"request":{"backoff":{"base":"1ms"}}},
        "routes":[{"model":"m","tiers":[[{"provider":"a"},{"provider":"b"}],[{"provider":"c"}]]}],
        "providers":{
        "a":{"kind":"mock","config":{"fail_rate":0.3},"permits":{"limit":3,"queue":5}},
        "b":{"kind":"mock-session","config":{"fail_rate":0.2,"latency_ms":1}},
        "c":{"kind":"mock-mux","config":{"latency_ms":1,"fail_rate":0.1,"fail_with":"midstream"}}}})",
                                quiet());
    Requests requests;
    std::mt19937 random(11);
    for (int i = 0; i < 400; ++i) {
        auto request = ask({}, "a b c", "m");
        if (random() % 10 == 0) request.options.timeout = std::chrono::milliseconds(1);
        const auto operation = requests.start(
            *host, request, random() % 2 == 0 ? host::OnDelta([](auto&) {}) : host::OnDelta());
        if (random() % 5 == 0) operation->cancel();
    }
    std::uint64_t answered = 0;
    while (requests.size() > 0) answered += requests.take().has_value() ? 1U : 0U;
    eventually("quiet", [&] {
        for (const auto& status : host->status()) {
            if (status.unfinished > 0) return false;
        }
        return true;
    });
    std::uint64_t succeeded = 0;
    for (const auto& numbers : host->statistics()) {
        BOOST_TEST_CONTEXT(numbers.name) {
            check_balance(numbers.requests);
            check_balance(numbers.attempts);
            succeeded += numbers.requests.succeeded;
            for (const auto* times : {&numbers.request_time, &numbers.attempt_time,
                                      &numbers.first_byte, &numbers.queue_wait}) {
                check_order(*times);
            }
        }
    }
    BOOST_TEST(succeeded == answered);
    for (const auto& status : host->status()) {
        BOOST_TEST(status.in_flight == 0u);
        BOOST_TEST(status.permits.held + status.permits.waiting == 0u);
        BOOST_TEST(status.pool.active + status.pool.waiting == 0u);
        BOOST_TEST(status.misbehaviours == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include "managed_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using std::chrono::milliseconds;

namespace {

/// Back-offs that end at once.
const std::string kFast = R"("retry":{"request":{"backoff":{"base":"1ms","throttle_base":"1ms"}}})";
const std::string kLongTime = R"("timeouts":{"request":"1h","stream":"1h","queue":"1h"})";

std::string fails(int times, const std::string& how = "unavailable") {
    return R"({"fail_every":1,"fail_times":)" + std::to_string(times) + R"(,"fail_with":")" + how +
           R"("})";
}

/// What a request under a limit of its own ends with.
Error ends_with(host::Host& host, host::ChatRequest request, bool stream) {
    const auto answer =
        stream ? host.complete(request, [](const host::StreamDelta&) {}) : host.complete(request);
    BOOST_REQUIRE(!answer);
    return answer.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_retries)

BOOST_AUTO_TEST_CASE(a_provider_that_fails_twice_is_asked_a_third_time) {
    const auto host = open_with("{" + kFast + "}", quiet());
    add(*host, "flaky", "mock", fails(2));
    const auto answer = host->complete(ask("flaky", "hi"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->attempts == 3);
    const auto numbers = statistics_of(*host, "flaky");
    BOOST_TEST(numbers.retries == 2u);
    BOOST_TEST(numbers.attempts.failed == 2u);
    BOOST_TEST(numbers.requests.succeeded == 1u);
    BOOST_TEST(numbers.requests.failed == 0u);
}

BOOST_AUTO_TEST_CASE(one_attempt_means_no_retry) {
    const auto host = open_with("{" + kFast + "}", quiet());
    add(*host, "flaky", "mock", fails(1));
    auto request = ask("flaky", "hi");
    request.options.max_attempts = 1;
    const auto answer = host->complete(request);
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::unavailable));
    BOOST_TEST(contains(answer.error().message, "provider flaky"), answer.error().message);
    BOOST_TEST(statistics_of(*host, "flaky").retries == 0u);
    BOOST_TEST(host->complete(request).has_value());
}

BOOST_AUTO_TEST_CASE(a_provider_may_have_attempts_of_its_own) {
    const auto host = open_with("{" + kFast + "}", quiet());
    add(*host, "once", "mock", fails(1), R"({"retry":{"max_attempts":1}})");
    add(*host, "often", "mock", fails(4), R"({"retry":{"max_attempts":5}})");
    BOOST_TEST(!host->complete(ask("once", "hi")).has_value());
    const auto answer = host->complete(ask("often", "hi"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->attempts == 5);
}

BOOST_AUTO_TEST_CASE(errors_that_would_come_again_are_not_retried) {
    const auto host = open_with("{" + kFast + "}", quiet());
    for (const char* code : {"invalid", "auth", "too_large", "refused", "not_found"}) {
        const std::string name = "p-" + std::string(code);
        add(*host, name, "mock", fails(0, code));
        BOOST_TEST(!host->complete(ask(name, "hi")).has_value());
        BOOST_TEST(statistics_of(*host, name).attempts.started == 1u, code);
    }
}

BOOST_AUTO_TEST_CASE(a_servers_retry_after_goes_before_the_hosts_own_wait) {
    std::atomic<int> seen{0};
    ScriptedServer server([&](Conn& conn, const ReceivedRequest&) {
        if (++seen == 1) {
            conn.respond(429, {{"retry-after-ms", "5"}}, R"({"error":{"message":"slow down"}})");
        } else {
            conn.respond(200, {{"Content-Type", "application/json"}},
                         R"({"choices":[{"message":{"role":"assistant","content":"ok"}}]})");
        }
    });
    // Its own wait would not end before the test.
    const auto host = open_with(
        R"({"jitter":false,"retry":{"request":{"backoff":{"throttle_base":"1h","cap":"1h"}}},)" +
            kLongTime + "}",
        quiet());
    add(*host, "oai", "openai", R"({"base_url":)" + quoted(server.url()) + "}");
    const auto answer = host->complete(ask("oai", "hi", "m"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->attempts == 2);
    BOOST_TEST(statistics_of(*host, "oai").retries == 1u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_wants_to_be_left_alone_for_too_long_is_not_waited_for) {
    const auto host = open_with("{" + kFast + "}", quiet());
    add(*host, "busy", "mock", fails(0, "throttled"));
    auto request = ask("busy", "hi");
    request.options.timeout = std::chrono::seconds(2);  // it says 7 s
    const auto answer = host->complete(request);
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::throttled), why(answer));
    BOOST_TEST(answer.error().retry_after_ms.value_or(0) > 0);
    BOOST_TEST(statistics_of(*host, "busy").retries == 0u);
    BOOST_TEST(status_of(*host, "busy").cools_down_until.has_value());
}

BOOST_AUTO_TEST_CASE(an_outage_uses_the_budget_up_and_then_there_are_no_retries) {
    const auto host = open_with("{" + kFast + "}", quiet());
    add(*host, "down", "mock", fails(0),
        R"({"breaker":{"enabled":false},"retry_budget":{"max_tokens":6,"reserve_per_second":0}})");
    for (int i = 0; i < 10; ++i) BOOST_TEST(!host->complete(ask("down", "hi")).has_value());
    const auto numbers = statistics_of(*host, "down");
    BOOST_TEST(numbers.budget_exhausted > 0u);
    BOOST_TEST(numbers.retries > 0u);
    BOOST_TEST(numbers.retries < 10u);
    BOOST_TEST(numbers.attempts.failed == 10 + numbers.retries);
}

BOOST_AUTO_TEST_CASE(a_stream_that_fails_before_its_first_words_is_had_from_another_provider) {
    const auto host = open_with(R"({"routes":[{"model":"m",
        "tiers":[[{"provider":"bad"}],[{"provider":"good"}]]}],)" +
                                    kFast + R"(,"providers":{"good":{"kind":"mock"},
        "bad":{"kind":"mock","config":{"fail_every":1}}}})",
                                quiet());
    std::string text;
    const auto answer =
        host->complete(ask({}, "one two", "m"), [&](const host::StreamDelta& delta) {
            if (delta.kind == host::DeltaKind::text) text += delta.text;
        });
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->provider == "good");
    BOOST_TEST(text == "You said: one two");
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_off_is_an_error_and_nobody_else_is_asked) {
    const auto host = open_with(R"({"routes":[{"model":"m",
        "tiers":[[{"provider":"bad"}],[{"provider":"good"}]]}],)" +
                                    kFast + R"(,"providers":{"good":{"kind":"mock"},
        "bad":{"kind":"mock","config":{"fail_every":1,"fail_with":"midstream"}}}})",
                                quiet());
    std::string text;
    const auto answer =
        host->complete(ask({}, "one two three four", "m"), [&](const host::StreamDelta& delta) {
            if (delta.kind == host::DeltaKind::text) text += delta.text;
        });
    BOOST_REQUIRE(!answer);
    BOOST_TEST(contains(answer.error().message, "bad"), answer.error().message);
    BOOST_TEST(!text.empty());
    BOOST_TEST(std::string("You said: one two three four").starts_with(text));
    BOOST_TEST(statistics_of(*host, "good").attempts.started == 0u);
    BOOST_TEST(statistics_of(*host, "bad").requests.failed == 1u);
}

BOOST_AUTO_TEST_CASE(each_phase_of_a_request_has_a_limit_of_its_own) {
    const auto host = open_with("{" + kLongTime + R"(,"retry":{"max_attempts":1}})", quiet());
    add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
    add(*host, "stall", "mock", R"({"fail_every":1,"fail_with":"stall"})");
    add(*host, "full", "mock", R"({"fail_every":1,"fail_with":"silent"})",
        R"({"permits":{"limit":1}})");

    auto request = ask("silent", "one two three");
    request.options.timeout = milliseconds(20);
    BOOST_TEST((ends_with(*host, request, false).code == Code::deadline));
    BOOST_TEST((ends_with(*host, request, true).code == Code::deadline));

    request = ask("silent", "one two three");
    request.options.first_byte = milliseconds(20);
    const Error first = ends_with(*host, request, true);
    BOOST_TEST((first.code == Code::deadline));
    BOOST_TEST(contains(first.message, "20ms"), first.message);

    request = ask("stall", "one two three");
    request.options.idle = milliseconds(20);
    const Error idle = ends_with(*host, request, true);
    BOOST_TEST((idle.code == Code::deadline));
    BOOST_TEST(contains(idle.message, "20ms"), idle.message);

    Requests holding;
    const auto operation = holding.start(*host, ask("full", "x"));
    eventually("held", [&] { return status_of(*host, "full").permits.held == 1; });
    request = ask("full", "x");
    request.options.queue = milliseconds(20);
    const Error queue = ends_with(*host, request, false);
    BOOST_TEST((queue.code == Code::unavailable || queue.code == Code::overloaded), queue.message);
    BOOST_TEST(contains(queue.message, "full"), queue.message);
    const auto numbers = statistics_of(*host, "full");
    BOOST_TEST(numbers.attempts.rejected == 1u);
    BOOST_TEST(numbers.requests.rejected == 1u);
    operation->cancel();
    BOOST_TEST(!holding.take().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

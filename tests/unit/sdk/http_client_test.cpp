#include "tenon/plugin/http_client.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kUrl = "https://api.example/v1/chat";

/// Sends `request` and emits every chunk; head and end go to the static members.
struct Streamer : Provider {
    using Provider::Provider;

    Task complete(Call call, Request in) override {
        HttpRequest out = request;
        if (out.stable_body) out.body = in.body();
        auto response = co_await http_send(call, out);
        if (!response) co_return call.fail(response.error());
        status = response->status();
        type = response->header("content-type");
        for (;;) {
            if (pause > 0ns) co_await sleep(call, pause);
            const auto chunk = co_await response->next();
            if (!chunk) co_return call.fail(chunk.error());
            if (!*chunk) break;
            call.emit_text(**chunk);
        }
        call.finish();
    }

    static inline HttpRequest request;
    static inline std::chrono::nanoseconds pause{};
    static inline int status = 0;
    static inline std::string type;
};

/// Asks for the whole body, of at most `limit` bytes.
struct Whole : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        auto response = co_await http_send(call, {.url = kUrl});
        if (!response) co_return call.fail(response.error());
        if (pause > 0ns) co_await sleep(call, pause);
        const auto body = co_await response->body(limit);
        if (!body) co_return call.fail(body.error());
        call.emit_text(*body);
        call.finish();
    }

    static inline std::size_t limit = 0;
    static inline std::chrono::nanoseconds pause{};
};

/// Reads the head, then lets go of the answer.
struct Dropper : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        {
            auto response = co_await http_send(call, {.url = kUrl});
            if (!response) co_return call.fail(response.error());
        }
        co_await sleep(call, 1s);
        call.finish();
    }
};

Outcome stream(FakeHost& host, HttpRequest request, HttpReply reply,
               const CallOptions& options = {}) {
    Streamer::request = request;
    Streamer::pause = {};
    host.http().respond(std::move(reply));
    FakeProvider provider(host, kind_of<Streamer>());
    return provider.complete(kHello, options);
}

Outcome whole(FakeHost& host, std::size_t limit, std::chrono::nanoseconds pause, HttpReply reply) {
    Whole::limit = limit;
    Whole::pause = pause;
    host.http().respond(std::move(reply));
    FakeProvider provider(host, kind_of<Whole>());
    return provider.complete(kHello);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client)

BOOST_AUTO_TEST_CASE(a_body_streams_piece_by_piece) {
    StrictHost host;
    const Outcome outcome =
        stream(host, {.url = kUrl},
               {.status = 203,
                .headers = {{"content-type", "text/plain"}, {"content-type", "second"}},
                .chunks = {"ab", "c", "def"}});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(Streamer::status == 203);
    BOOST_TEST(Streamer::type == "text/plain");
    BOOST_TEST(outcome.text() == "abcdef");
    BOOST_TEST(outcome.deltas.size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_empty_body_ends_at_once) {
    StrictHost host;
    const Outcome outcome = stream(host, {.url = kUrl}, {.status = 204});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.deltas.empty());
}

BOOST_AUTO_TEST_CASE(what_arrives_while_nobody_reads_is_kept) {
    StrictHost host;
    Streamer::request = {.url = kUrl};
    Streamer::pause = 5ms;
    host.http().respond({.body = "a longer text", .chunk_size = 1});
    FakeProvider provider(host, kind_of<Streamer>());
    BOOST_TEST(provider.complete(kHello).text() == "a longer text");
}

BOOST_AUTO_TEST_CASE(the_request_reaches_the_host_as_it_was_given) {
    StrictHost host;
    const HttpHeader headers[] = {{"accept", "text/event-stream"}, {"X-Trace", "1"}};
    stream(host,
           {.method = "PUT",
            .url = kUrl,
            .headers = headers,
            .body = "text",
            .credential = "api_key",
            .credential_optional = true,
            .credential_header = "x-api-key",
            .credential_prefix = "",
            .timeout_ms = 700},
           {});
    const auto sent = host.http().last();
    BOOST_TEST(sent.method == "PUT");
    BOOST_TEST(sent.url == kUrl);
    BOOST_TEST(sent.header("accept").value() == "text/event-stream");
    BOOST_TEST(sent.header("x-trace").value() == "1");
    BOOST_TEST(!sent.header("authorization").has_value());
    BOOST_TEST(sent.body == "text");
    BOOST_TEST(!sent.stable_body);
    BOOST_TEST(sent.credential == "api_key");
    BOOST_TEST(sent.credential_optional);
    BOOST_TEST(sent.credential_header == "x-api-key");
    BOOST_TEST(sent.credential_prefix == "");
    BOOST_TEST(sent.timeout_ms == 700);
    BOOST_TEST(sent.done);
    BOOST_TEST(!sent.cancelled);
}

BOOST_AUTO_TEST_CASE(a_credential_goes_into_authorization_as_bearer_by_default) {
    StrictHost host;
    stream(host, {.url = kUrl, .credential = "api_key"}, {});
    BOOST_TEST(host.http().last().credential_header == "authorization");
    BOOST_TEST(host.http().last().credential_prefix == "Bearer ");
    BOOST_TEST(!host.http().last().credential_optional);
}

BOOST_AUTO_TEST_CASE(a_stable_body_is_the_requests_own) {
    StrictHost host;
    stream(host, {.method = "POST", .url = kUrl, .stable_body = true}, {});
    BOOST_TEST(host.http().last().stable_body);
    BOOST_TEST(host.http().last().body == kHello);
}

BOOST_AUTO_TEST_CASE(a_failure_before_the_head_is_what_send_reports) {
    StrictHost host;
    Error refused(Code::unavailable, "connection refused");
    refused.not_sent = true;
    const Outcome outcome = stream(host, {.url = kUrl}, {.status = 0, .error = refused});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST((outcome.error->scope == Scope::connection));
    BOOST_TEST(outcome.error->retryable);
    BOOST_TEST(outcome.error->not_sent);
    BOOST_TEST(outcome.error->message == "connection refused");
}

BOOST_AUTO_TEST_CASE(a_body_that_breaks_off_is_reported_after_what_came) {
    StrictHost host;
    const Outcome outcome = stream(host, {.url = kUrl},
                                   {.chunks = {"half"}, .error = Error(Code::protocol, "cut off")});
    BOOST_TEST(outcome.text() == "half");
    BOOST_TEST((outcome.code() == Code::protocol));
}

BOOST_AUTO_TEST_CASE(a_body_that_broke_off_while_nobody_read_still_gives_what_came_first) {
    StrictHost host;
    Streamer::request = {.url = kUrl};
    Streamer::pause = 5ms;
    host.http().respond({.chunks = {"ha", "lf"}, .error = Error(Code::protocol, "cut off")});
    FakeProvider provider(host, kind_of<Streamer>());
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST(outcome.text() == "half");
    BOOST_TEST((outcome.code() == Code::protocol));
}

BOOST_AUTO_TEST_CASE(a_request_that_the_host_refuses_is_invalid) {
    FakeHost host;
    host.http().respond({});
    Streamer::request = {.url = "ftp://api.example"};
    {
        FakeProvider provider(host, kind_of<Streamer>());
        BOOST_TEST((provider.complete(kHello).code() == Code::invalid));
    }
    BOOST_TEST(host.violations().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_of_a_cancelled_call_is_cancelled) {
    StrictHost host;
    const Outcome outcome = stream(host, {.url = kUrl}, {}, {.cancelled_from_the_start = true});
    BOOST_TEST((outcome.code() == Code::cancelled));
    BOOST_TEST(host.http().sent().empty());
}

BOOST_AUTO_TEST_CASE(without_the_service_sending_is_unsupported) {
    StrictHost host;
    host.hide_service(TENON_HTTP_V1);
    BOOST_TEST((stream(host, {.url = kUrl}, {}).code() == Code::unsupported));
}

BOOST_AUTO_TEST_CASE(a_time_limit_ends_an_exchange_that_hangs) {
    StrictHost host;
    Streamer::request = {.url = kUrl, .timeout_ms = 300};
    Streamer::pause = {};
    host.http().respond({.chunks = {"a"}, .hold = HttpHold::end});
    FakeProvider provider(host, kind_of<Streamer>());
    const FakeCall call = provider.start_complete(kHello);
    host.advance(299ms);
    BOOST_TEST(!call.finished());
    host.advance(1ms);
    BOOST_TEST(call.outcome().text() == "a");
    BOOST_TEST((call.outcome().code() == Code::deadline));
}

BOOST_AUTO_TEST_CASE(a_cancel_reaches_the_exchange_in_each_phase) {
    for (const HttpHold phase : {HttpHold::head, HttpHold::body, HttpHold::end}) {
        StrictHost host;
        Streamer::request = {.url = kUrl};
        Streamer::pause = {};
        host.http().respond({.body = "text", .hold = phase});
        FakeProvider provider(host, kind_of<Streamer>());
        FakeCall call = provider.start_complete(kHello);
        host.run();
        BOOST_TEST(host.http().held() == 1u);
        call.cancel();
        host.run();
        BOOST_TEST((call.outcome().code() == Code::cancelled));
        BOOST_TEST(host.http().last().cancelled);
    }
}

BOOST_AUTO_TEST_CASE(letting_go_of_an_answer_cancels_its_exchange) {
    StrictHost host;
    host.http().respond({.body = "unread", .hold = HttpHold::end});
    FakeProvider provider(host, kind_of<Dropper>());
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST(outcome.ok());
    BOOST_TEST(host.http().last().cancelled);
}

BOOST_AUTO_TEST_CASE(letting_go_of_an_answer_that_has_ended_is_quiet) {
    StrictHost host;
    host.http().respond({.status = 204});
    FakeProvider provider(host, kind_of<Dropper>());
    BOOST_TEST(provider.complete(kHello).ok());
}

BOOST_AUTO_TEST_CASE(body_joins_the_pieces) {
    StrictHost host;
    const Outcome outcome = whole(host, 8, 0ns, {.body = "12345678", .chunk_size = 3});
    BOOST_TEST(outcome.text() == "12345678");
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_too_large_however_it_arrives) {
    for (const auto pause : {0ns, std::chrono::nanoseconds(1ms)}) {
        for (const std::size_t chunk : {1u, 9u}) {
            StrictHost host;
            const Outcome outcome =
                whole(host, 8, pause, {.body = "123456789", .chunk_size = chunk});
            BOOST_TEST_CONTEXT("pause " << pause.count() << " ns, chunks of " << chunk) {
                BOOST_TEST((outcome.code() == Code::too_large));
                BOOST_TEST(outcome.text() == "");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_whole_body_that_breaks_off_is_an_error) {
    StrictHost host;
    const Outcome outcome =
        whole(host, 100, 0ns, {.body = "half", .error = Error(Code::protocol, "cut off")});
    BOOST_TEST((outcome.code() == Code::protocol));
    BOOST_TEST(outcome.text() == "");
}

BOOST_AUTO_TEST_SUITE_END()

#include "base/duration.hpp"
#include "cli/crashtest/faults.hpp"

// Upstreams that answer with errors.
namespace tenon::cli::crashtest {
namespace {

constexpr std::string_view kTooOften = "Rate limit reached for requests.";
constexpr std::string_view kServerError = "The server had an error while processing your request.";

std::string in_words(Clock::duration time) {
    return base::format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(time));
}

void rate_limit_once(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        if (exchange.number() == 1) {
            refuse(exchange, 429, "rate_limit_exceeded", kTooOften, {{"Retry-After", "1"}});
        } else if (exchange.number() == 3) {
            refuse(exchange, 429, "rate_limit_exceeded", kTooOften, {{"Retry-After", "20"}});
        } else {
            answer(exchange, kPrimary);
        }
    });
    // Who has nobody else waits as told.
    expect_answer(verdict, bench.ask({.model = "solo"}), {"primary", 2});
    const auto arrivals = bench.primary().arrivals();
    if (verdict.require(arrivals.size() == 2,
                        "the primary was asked " + count_of(arrivals.size(), "time"))) {
        const auto waited = arrivals[1] - arrivals[0];
        verdict.require(waited >= std::chrono::seconds(1),
                        "it was asked again after " + in_words(waited) + " instead of 1s");
        verdict.saw("alone: waited " + in_words(waited) + ", then answered");
    }
    // Who has somebody else does not wait, and leaves it alone for as long as it said.
    expect_answer(verdict, bench.ask({}), {"fallback", 2});
    expect_answer(verdict, bench.ask({}), {"fallback", 1});
    verdict.require(bench.primary().requests() == 3, "the primary was asked while it cools down");
    expect_closed_breaker(verdict, bench.primary_books(), 0);
    verdict.saw("with a fallback: answered at once");
}

void rate_limit(Bench& bench, Verdict& verdict) {
    constexpr int kRequests = 8;  // more than would open a breaker
    bench.primary().play(
        [](Exchange& exchange) { refuse(exchange, 429, "rate_limit_exceeded", kTooOften); });
    for (int i = 0; i < kRequests; ++i) {
        expect_answer(verdict, bench.ask({.stream = i % 2 == 0}), {"fallback", i == 0 ? 2U : 1U});
    }
    const auto asked = bench.primary().requests();
    verdict.require(asked == 1, "the primary was asked " + count_of(asked, "time") +
                                    " although it limits the rate");
    expect_closed_breaker(verdict, bench.primary_books(), 0);
    verdict.saw("8 of 8 answered by the fallback; primary asked once; breaker closed");
}

void error_once(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        if (exchange.number() % 2 == 1) {
            refuse(exchange, 500, {}, kServerError);
        } else {
            answer(exchange, kPrimary);
        }
    });
    expect_answer(verdict, bench.ask({.model = "solo"}), {"primary", 2});
    expect_answer(verdict, bench.ask({.model = "solo", .stream = false}), {"primary", 2});
    verdict.saw("alone: answered by attempt 2");
    expect_answer(verdict, bench.ask({}), {"fallback", 2});
    verdict.saw("with a fallback: answered there");
    verdict.require(bench.primary().requests() == 5,
                    "the primary was asked " + count_of(bench.primary().requests(), "time"));
    expect_closed_breaker(verdict, bench.primary_books(), 3);
}

void outage(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        refuse(exchange, 503, {}, "The service is temporarily unavailable.");
    });
    for (int i = 1; i <= 10; ++i) {  // the fifth failure opens the breaker
        expect_answer(verdict, bench.ask({}), {"fallback", i <= 5 ? 2U : 1U});
    }
    verdict.require(
        bench.primary().requests() == 5,
        "the primary was asked " + count_of(bench.primary().requests(), "time") + " instead of 5");
    const auto open = bench.primary_books().status.breaker.state;
    verdict.require(open == "open", "the breaker is " + open + " after 5 failures");
    verdict.saw("10 of 10 answered; primary asked 5 times, then breaker open");

    bench.primary().play([](Exchange& exchange) { answer(exchange, kPrimary); });
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    Seen seen;
    do {
        seen = bench.ask({});
        expect_answer(verdict, seen, {seen.provider == "primary" ? "primary" : "fallback", 1});
    } while (seen.provider != "primary" && verdict.passed() && Clock::now() < deadline);
    const auto breaker = bench.primary_books().status.breaker;
    verdict.require(seen.provider == "primary" && breaker.state == "closed",
                    "it answers again, but the breaker is " + breaker.state);
    verdict.require(breaker.trips == 1 && breaker.repairs == 1,
                    count_of(breaker.trips, "trip") + " and " +
                        count_of(breaker.repairs, "repair") + " of the breaker instead of 1 and 1");
    verdict.saw("closed by one probe");
}

void context_length(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        refuse(exchange, 400, "context_length_exceeded",
               "This model's maximum context length is 16 tokens.");
    });
    for (const bool stream : {true, false}) {
        expect_refusal(verdict, bench.ask({.stream = stream}), 400, "context_length_exceeded");
    }
    verdict.require(bench.primary().requests() == 2 && bench.fallback().requests() == 0,
                    "a request that is too large was sent again");
    verdict.saw("400 context_length_exceeded after one attempt");
    const Seen larger = bench.ask({.model = "roomy"});
    expect_answer(verdict, larger, {"fallback", 2});
    verdict.require(larger.model == "large-model", "answered by the model " + larger.model);
    verdict.saw("answered by the larger model where one is configured");
    expect_closed_breaker(verdict, bench.primary_books(), 0);
}

void content_filter(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        refuse(exchange, 400, "content_filter", "The prompt was refused by the content filter.");
    });
    for (int i = 0; i < 6; ++i) {  // would open a breaker
        expect_refusal(verdict, bench.ask({.stream = i % 2 == 0}), 400, "content_filter");
    }
    verdict.require(bench.primary().requests() == 6 && bench.fallback().requests() == 0,
                    "a prompt that was refused was sent again");
    expect_closed_breaker(verdict, bench.primary_books(), 0);
    verdict.saw("400 content_filter after one attempt");
    bench.primary().play([](Exchange& exchange) { answer(exchange, kPrimary, "content_filter"); });
    for (const bool stream : {true, false}) {
        expect_answer(verdict, bench.ask({.stream = stream}), {"primary", 1}, "content_filter");
    }
    verdict.saw("finish_reason content_filter kept");
}

void prefill(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) { refuse(exchange, 500, {}, kServerError); });
    bench.fallback().play([](Exchange& exchange) {
        if (exchange.last_role() == "assistant") {
            refuse(exchange, 400, {}, "This model does not support assistant message prefill.");
        } else {
            answer(exchange, kFallback);
        }
    });
    const Seen seen = bench.ask({.prefill = true});
    expect_refusal(verdict, seen, 400, "invalid_request_error");
    for (const std::string_view part : {"prefill", "fallback", "primary", "HTTP 500"}) {
        verdict.require(
            seen.error_message.find(part) != std::string::npos,
            "the error does not say \"" + std::string(part) + "\": " + seen.error_message);
    }
    verdict.require(bench.primary().requests() == 1 && bench.fallback().requests() == 1,
                    "a request that nobody takes was sent again");
    verdict.saw("400 that names the refusal and what went before; each asked once");
    expect_answer(verdict, bench.ask({}), {"fallback", 2});
    expect_closed_breaker(verdict, bench.fallback_books(), 0);
}

}  // namespace

std::vector<Fault> refusals() {
    return {
        {"rate-limit-once",
         "429 with Retry-After, then ok",
         "an answer, no sooner than told",
         {},
         rate_limit_once},
        {"rate-limit", "429 for ever", "answers of the fallback", {}, rate_limit},
        {"error-once", "500, then ok", "an answer, after a retry", {}, error_once},
        {"outage",
         "503 for ever, and recovery",
         "answers of the fallback, then its own",
         {.shared = R"("breaker":{"recovery":"2s"})"},
         outage},
        {"context-length",
         "400 context_length_exceeded",
         "that error, or a larger model",
         {},
         context_length},
        {"content-filter",
         "400, and finish_reason content_filter",
         "both as they are",
         {},
         content_filter},
        {"prefill",
         "500; the fallback refuses the request",
         "one error with both reasons",
         {},
         prefill},
    };
}

}  // namespace tenon::cli::crashtest

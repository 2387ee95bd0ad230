#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "cli/crashtest/faults.hpp"

// Many requests at once or one after the other, and what is left of them in the books.
namespace tenon::cli::crashtest {
namespace {

constexpr std::string_view kServerError = "The server had an error while processing your request.";

/// Lets `clients` threads work through the requests; returns what each request saw.
std::vector<Seen> ask_all(Bench& bench, const std::vector<Asked>& requests, unsigned clients) {
    std::vector<Seen> seen(requests.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
            for (std::size_t n = next++; n < requests.size(); n = next++) {
                seen[n] = bench.ask(requests[n]);
            }
        });
    }
    threads.clear();  // joins
    return seen;
}

void flapping(Bench& bench, Verdict& verdict) {
    constexpr std::size_t kRequests = 40;
    bench.primary().play([](Exchange& exchange) {
        exchange.pause(std::chrono::milliseconds(10));
        if (exchange.number() % 2 == 0) {
            refuse(exchange, 500, {}, kServerError);
        } else {
            answer(exchange, kPrimary);
        }
    });
    bench.fallback().play([](Exchange& exchange) {
        exchange.pause(std::chrono::milliseconds(10));
        answer(exchange, kFallback);
    });
    std::uint64_t attempts = 0;
    for (const Seen& seen : ask_all(bench, std::vector<Asked>(kRequests), 4)) {
        // Who found it broken goes on to the fallback at once, and no further.
        const bool own = seen.provider == "primary";
        expect_answer(verdict, seen, {own ? "primary" : "fallback", own ? 1U : seen.attempts});
        verdict.require(seen.attempts <= 2, "answered after " + count_of(seen.attempts, "attempt"));
        attempts += seen.attempts;
    }
    const ProviderBooks primary = bench.primary_books();
    const std::uint64_t extra = attempts - kRequests;
    const auto known = primary.statistics.retries + primary.statistics.fail_overs;
    verdict.require(extra == known && extra == primary.statistics.attempts.failed,
                    count_of(extra, "further attempt") + " for " +
                        count_of(primary.statistics.attempts.failed, "failure") + ", " +
                        std::to_string(known) + " of them in the books");
    verdict.require(primary.statistics.breaker_trips > 0, "the breaker has never opened");
    verdict.saw("40 of 40 answered; " + count_of(extra, "further attempt") + ", primary asked " +
                count_of(primary.arrived, "time"));
}

/// One behaviour after the other, whoever asks.
void behave(Exchange& exchange, std::atomic<std::uint64_t>& repeated) {
    switch (exchange.number() % 8) {
        case 1: refuse(exchange, 500, {}, kServerError); break;
        case 2: refuse(exchange, 400, "content_filter", "Refused by the content filter."); break;
        case 3:
            if (exchange.number_here() > 1) ++repeated;
            exchange.reset();
            break;
        case 4: {
            EventStream stream(exchange);
            stream.words(kPrimary, 2);
            exchange.close();
            break;
        }
        case 5: {
            EventStream stream(exchange);
            stream.words(kPrimary, 2);
            exchange.pause(std::chrono::milliseconds(20));
            exchange.reset();
            break;
        }
        case 6: refuse(exchange, 503, {}, kServerError); break;
        default: exchange.pause(std::chrono::milliseconds(5)); answer(exchange, kPrimary);
    }
}

/// Each is a whole answer of one provider, an error, or a beginning that says so.
void expect_sane(Verdict& verdict, const Asked& asked, const Seen& seen) {
    if (asked.leave_at_once || (asked.leave_early && !seen.done)) return;
    if (!verdict.require(seen.trouble.empty(), seen.trouble)) return;
    const Voice& voice = seen.provider == "primary" ? kPrimary : kFallback;
    if (!seen.failed) {
        expect_answer(verdict, seen, {seen.provider, seen.attempts});
    } else if (seen.status == 200) {
        expect_broken_stream(verdict, seen, voice.text(2), seen.error_code);
    } else {
        expect_refusal(verdict, seen, seen.status, seen.error_code);
    }
}

void accounting(Bench& bench, Verdict& verdict) {
    constexpr std::size_t kRequests = 200;
    const auto repeated = std::make_shared<std::atomic<std::uint64_t>>(0);
    bench.primary().play([repeated](Exchange& exchange) { behave(exchange, *repeated); });
    bench.fallback().play([](Exchange& exchange) {
        exchange.pause(std::chrono::milliseconds(exchange.number() % 4));
        answer(exchange, kFallback);
    });
    std::mt19937 random(4);  // the same mixture each time
    std::vector<Asked> requests(kRequests);
    for (Asked& asked : requests) {
        asked.stream = random() % 4 != 0;
        asked.leave_at_once = random() % 8 == 0;
        asked.leave_early = !asked.leave_at_once && asked.stream && random() % 4 == 0;
    }
    const auto seen = ask_all(bench, requests, 16);
    std::uint64_t answered = 0;
    std::uint64_t left = 0;
    for (std::size_t i = 0; i < kRequests; ++i) {
        expect_sane(verdict, requests[i], seen[i]);
        answered += seen[i].done || (seen[i].status == 200 && !requests[i].stream) ? 1U : 0U;
        left += requests[i].leave_at_once || requests[i].leave_early ? 1U : 0U;
    }
    const Books books = bench.settled_books();
    bench.note_repeated(*repeated);
    std::uint64_t tokens = 0;
    for (const ProviderBooks& each : books) tokens += each.statistics.output_tokens;
    verdict.require(tokens >= answered * kOutputTokens,
                    count_of(tokens, "token") + " in the books for " +
                        count_of(answered, "answer") + " of " + std::to_string(kOutputTokens));
    const auto attempts =
        books[0].statistics.attempts.started + books[1].statistics.attempts.started;
    verdict.saw("200 requests, " + std::to_string(left) + " clients left, " +
                count_of(attempts, "attempt") + ": books and upstreams agree");
}

}  // namespace

std::vector<Fault> storms() {
    return {
        {"flapping",
         "alternates ok and 500",
         "40 answers of 40, one fail-over at most",
         {.shared = R"("breaker":{"recovery":"200ms"})"},
         flapping},
        {"accounting",
         "all of this, and clients that leave",
         "whole answers or errors; books agree",
         {.shared = R"("breaker":{"recovery":"50ms"},"permits":{"limit":8})"},
         accounting},
    };
}

}  // namespace tenon::cli::crashtest

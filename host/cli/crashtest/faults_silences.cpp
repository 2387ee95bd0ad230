#include <atomic>
#include <memory>

#include "cli/crashtest/faults.hpp"

// Upstreams that say nothing, or later than expected.
namespace tenon::cli::crashtest {
namespace {

void reset(Bench& bench, Verdict& verdict) {
    // A new connection that breaks is a failure of the upstream ...
    bench.primary().play([](Exchange& exchange) {
        if (exchange.number() == 1) {
            exchange.reset();
        } else {
            answer(exchange, kPrimary);
        }
    });
    expect_answer(verdict, bench.ask({}), {"primary", 2});
    verdict.saw("new connection: answered by attempt 2");
    // ... and one that was used before may have been closed for its age.
    const auto broken = std::make_shared<std::atomic<std::uint64_t>>(0);
    bench.primary().play([broken](Exchange& exchange) {
        if (exchange.number_here() > 1) {
            ++*broken;
            exchange.reset();
        } else {
            answer(exchange, kPrimary);
        }
    });
    // A connection whose last answer has just ended may not be back yet for the next request.
    for (int i = 0; i < 100 && *broken < 2; ++i) {
        expect_answer(verdict, bench.ask({.stream = i % 2 == 0}), {"primary", 1});
    }
    bench.note_repeated(*broken);
    verdict.require(*broken >= 2, "no connection was used again");
    verdict.saw("used connection: replaced unseen");
    verdict.require(bench.fallback().requests() == 0, "the fallback was asked");
    expect_closed_breaker(verdict, bench.primary_books(), 1);
}

void silent(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) { exchange.keep_silent(); });
    const Seen seen = bench.ask({});
    expect_answer(verdict, seen, {"fallback", seen.attempts});
    verdict.require(seen.attempts == 2 || seen.attempts == 3,
                    "answered after " + count_of(seen.attempts, "attempt"));
    verdict.saw("given up after first_byte (300 ms); answered by the fallback");
    expect_refusal(verdict, bench.ask({.model = "solo"}), 504, "timeout");
    verdict.saw("alone: 504 timeout");
}

void late_first_token(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.comment();
        exchange.pause(std::chrono::milliseconds(1000));
        stream.words(kPrimary, Voice::kWords);
        stream.finish("stop");
        stream.usage();
        stream.done();
        stream.end();
    });
    const Seen seen = bench.ask({});
    expect_answer(verdict, seen, {"primary", 1});
    verdict.require(bench.primary().requests() == 1 && bench.fallback().requests() == 0,
                    "somebody else was asked, too");
    expect_closed_breaker(verdict, bench.primary_books(), 0);
    verdict.saw("answered by the primary's only attempt");
}

}  // namespace

std::vector<Fault> silences() {
    return {
        {"reset",
         "resets the connection before the answer",
         "an answer, after a retry",
         {.shared = R"("runtime":{"io_threads":1})"},
         reset},
        {"silent",
         "takes the request and says nothing",
         "an answer of the fallback, in time",
         {.primary = R"("timeouts":{"first_byte":"300ms"})"},
         silent},
        {"late-first-token",
         "thinks for 1 s",
         "its answer, not cut",
         {.primary = R"("timeouts":{"first_byte":"10s"})"},
         late_first_token},
    };
}

}  // namespace tenon::cli::crashtest

#include <atomic>
#include <memory>

#include "cli/crashtest/faults.hpp"

// Streams that go wrong after they began. What the client has cannot be taken back, so nobody else
// is asked, and the client is told that the rest is missing.
namespace tenon::cli::crashtest {
namespace {

constexpr std::string_view kMalformed = R"({"id": oops, "choices": [)";

/// What the client has heard, so that an upstream can wait for it: words that are still within the
/// gateway when the stream breaks need not reach the client.
class Heard {
public:
    /// One request at a time.
    [[nodiscard]] Asked listening() const {
        *words_ = 0;
        Asked asked;
        asked.on_text = [words = words_](const std::string& text) { *words = text.size(); };
        return asked;
    }
    /// Sends the first words and waits until the client has them.
    void say(Exchange& exchange, EventStream& stream, int words) const {
        const auto deadline = Clock::now() + std::chrono::seconds(10);
        stream.words(kPrimary, words);
        while (*words_ < kPrimary.text(words).size() && Clock::now() < deadline) {
            if (!exchange.pause(std::chrono::milliseconds(1))) return;
        }
    }

private:
    std::shared_ptr<std::atomic<std::size_t>> words_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

/// The stream began once, at the primary, and nobody was asked behind the client's back.
void expect_no_rescue(Bench& bench, Verdict& verdict, std::uint64_t requests) {
    verdict.require(bench.primary().requests() == requests && bench.fallback().requests() == 0,
                    "asked again after the stream had begun: " +
                        count_of(bench.primary().requests(), "request") + " at the primary, " +
                        std::to_string(bench.fallback().requests()) + " at the fallback");
}

void cut(Bench& bench, Verdict& verdict) {
    const Heard heard;
    bench.primary().play([heard](Exchange& exchange) {
        EventStream stream(exchange);
        heard.say(exchange, stream, 3);
        exchange.number() == 1 ? exchange.close() : exchange.reset();
    });
    for (const std::string_view code : {"bad_gateway", "service_unavailable"}) {
        expect_broken_stream(verdict, bench.ask(heard.listening()), kPrimary.text(3), code);
    }
    expect_no_rescue(bench, verdict, 2);
    expect_closed_breaker(verdict, bench.primary_books(), 2);
    verdict.saw("3 words of 6, then an error event, no [DONE]");
    // Words that nobody has seen yet may be lost for an error that says so from the beginning.
    bench.primary().play([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.words(kPrimary, 3);
        exchange.close();
    });
    const Seen seen = bench.ask({});
    if (seen.status == 200) {
        expect_broken_stream(verdict, seen, kPrimary.text(3), "bad_gateway");
    } else {
        expect_refusal(verdict, seen, 502, "bad_gateway");
    }
    expect_no_rescue(bench, verdict, 3);
}

void stall(Bench& bench, Verdict& verdict) {
    bench.primary().play([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.words(kPrimary, 3);
        exchange.keep_silent();
    });
    const Seen seen = bench.ask({});
    expect_broken_stream(verdict, seen, kPrimary.text(3), "timeout");
    expect_no_rescue(bench, verdict, 1);
    expect_closed_breaker(verdict, bench.primary_books(), 1);
    verdict.saw("3 words of 6, after idle (500 ms) error " + seen.error_code + ", no [DONE]");
}

void malformed_chunk(Bench& bench, Verdict& verdict) {
    const Heard heard;
    bench.primary().play([heard](Exchange& exchange) {
        EventStream stream(exchange);
        heard.say(exchange, stream, 3);
        stream.event(kMalformed);
        stream.done();
        stream.end();
    });
    const Seen seen = bench.ask(heard.listening());
    expect_broken_stream(verdict, seen, kPrimary.text(3), "bad_gateway");
    expect_no_rescue(bench, verdict, 1);
    verdict.saw("3 words of 6, then error " + seen.error_code + ", no [DONE]");
    // Before the first word nothing is lost.
    bench.primary().play([](Exchange& exchange) {
        EventStream stream(exchange);
        stream.event(kMalformed);
        stream.end();
    });
    const Seen first = bench.ask({});
    expect_answer(verdict, first, {"fallback", first.attempts});
    verdict.saw("as first chunk: answered by the fallback");
}

void missing_done(Bench& bench, Verdict& verdict) {
    const Heard heard;
    bench.primary().play([heard](Exchange& exchange) {
        EventStream stream(exchange);
        heard.say(exchange, stream, Voice::kWords);
        if (exchange.number() == 1) {
            stream.finish("stop");
            stream.usage();
        }
        stream.end();
    });
    expect_answer(verdict, bench.ask(heard.listening()), {"primary", 1});
    verdict.saw("with finish_reason: complete");
    const Seen seen = bench.ask(heard.listening());
    expect_broken_stream(verdict, seen, kPrimary.text(), "bad_gateway");
    verdict.saw("without: error " + seen.error_code + ", no [DONE]");
    expect_no_rescue(bench, verdict, 2);
}

}  // namespace

std::vector<Fault> streams() {
    return {
        {"cut",
         "closes the connection within the stream",
         "the words so far, then an error",
         {},
         cut},
        {"stall",
         "falls silent within the stream",
         "the words so far, then an error",
         {.primary = R"("timeouts":{"idle":"500ms"})"},
         stall},
        {"malformed-chunk",
         "sends broken JSON within the stream",
         "the words so far, then an error",
         {},
         malformed_chunk},
        {"missing-done",
         "ends the stream without [DONE]",
         "success only with finish_reason",
         {},
         missing_done},
    };
}

}  // namespace tenon::cli::crashtest

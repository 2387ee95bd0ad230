#include "cli/crashtest/judge.hpp"

#include <utility>

namespace tenon::cli::crashtest {
namespace {

std::string quoted(std::string_view text) {
    return '"' + std::string(text) + '"';
}

std::string outcome_of(const Seen& seen) {
    std::string out = "HTTP " + std::to_string(seen.status);
    if (seen.failed) out += ", " + seen.error_code + ": " + seen.error_message;
    return out;
}

const Voice& voice_of(std::string_view provider) noexcept {
    return provider == "primary" ? kPrimary : kFallback;
}

/// Every start has one end.
void expect_ends(Verdict& verdict, const std::string& whose, const host::CallStatistics& calls) {
    const auto ended = calls.succeeded + calls.failed + calls.cancelled + calls.rejected;
    verdict.require(ended == calls.started, whose + ": " + std::to_string(calls.started) +
                                                " were started and " + std::to_string(ended) +
                                                " have ended");
}

void expect_gauges(Verdict& verdict, const host::ProviderStatus& status) {
    const auto zero = [&](std::uint64_t value, const char* gauge) {
        verdict.require(value == 0, status.name + ": " + gauge + " is " + std::to_string(value) +
                                        " after everything has ended");
    };
    zero(status.in_flight, "in_flight");
    zero(status.unfinished, "unfinished");
    zero(status.permits.held, "permits.held");
    zero(status.permits.waiting, "permits.waiting");
    zero(status.pool.active, "pool.active");
    zero(status.pool.waiting, "pool.waiting");
    zero(status.misbehaviours, "misbehaviours");
}

void expect_closed(Verdict& verdict, const std::string& whose, const host::BreakerStatus& breaker,
                   std::uint64_t failures) {
    verdict.require(
        breaker.state == "closed" && breaker.trips == 0,
        whose + ": the breaker is " + breaker.state + " after " + count_of(breaker.trips, "trip"));
    verdict.require(breaker.failures == failures, whose + ": the breaker has counted " +
                                                      count_of(breaker.failures, "failure") +
                                                      " instead of " + std::to_string(failures));
}

}  // namespace

std::string count_of(std::uint64_t number, std::string_view thing) {
    return std::to_string(number) + ' ' + std::string(thing) + (number == 1 ? "" : "s");
}

bool Verdict::require(bool so, std::string otherwise) {
    if (!so) faults_.push_back(std::move(otherwise));
    return so;
}

void Verdict::saw(std::string_view what) {
    if (!seen_.empty()) seen_ += "; ";
    seen_ += what;
}

void expect_answer(Verdict& verdict, const Seen& seen, const By& by,
                   std::string_view finish_reason) {
    if (!verdict.require(seen.trouble.empty(), seen.trouble)) return;
    if (!verdict.require(seen.status == 200 && !seen.failed, "no answer: " + outcome_of(seen))) {
        return;
    }
    verdict.require(seen.provider == by.provider,
                    "answered by " + quoted(seen.provider) + " instead of " + quoted(by.provider));
    verdict.require(seen.attempts == by.attempts, count_of(seen.attempts, "attempt") +
                                                      " instead of " + std::to_string(by.attempts));
    const std::string text = voice_of(by.provider).text();
    verdict.require(seen.text == text,
                    "the text is " + quoted(seen.text) + " instead of " + quoted(text));
    verdict.require(
        seen.finish_reason == finish_reason,
        "finish_reason is " + quoted(seen.finish_reason) + " instead of " + quoted(finish_reason));
    verdict.require(seen.done == seen.stream, "the stream did not say [DONE]");
    verdict.require(seen.output_tokens == kOutputTokens, "its usage is missing or wrong");
    verdict.require(!seen.after_error, "something came after the end");
}

void expect_refusal(Verdict& verdict, const Seen& seen, int status, std::string_view code) {
    if (!verdict.require(seen.trouble.empty(), seen.trouble)) return;
    verdict.require(seen.text.empty() && !seen.done,
                    "an answer came instead of an error: " + quoted(seen.text));
    if (!verdict.require(seen.failed, "no error came, but " + outcome_of(seen))) return;
    verdict.require(seen.status == status, "the status is " + std::to_string(seen.status) +
                                               " instead of " + std::to_string(status));
    verdict.require(seen.error_code == code, "the error's code is " + quoted(seen.error_code) +
                                                 " instead of " + quoted(code));
    verdict.require(!seen.error_message.empty(), "the error says nothing in words");
}

void expect_broken_stream(Verdict& verdict, const Seen& seen, std::string_view text,
                          std::string_view code) {
    if (!verdict.require(seen.trouble.empty(), seen.trouble)) return;
    verdict.require(!seen.done, "the stream said [DONE] although the answer is not complete");
    verdict.require(seen.finish_reason.empty(), "finish_reason is " + quoted(seen.finish_reason) +
                                                    " although the answer is not complete");
    verdict.require(seen.status == 200, "no stream: " + outcome_of(seen));
    verdict.require(seen.text == text,
                    "the text is " + quoted(seen.text) + " instead of " + quoted(text));
    if (!verdict.require(seen.failed, "nothing says that the answer is not complete")) return;
    verdict.require(!seen.after_error, "something came after the error");
    verdict.require(seen.error_code == code, "the error's code is " + quoted(seen.error_code) +
                                                 " instead of " + quoted(code));
    verdict.require(!seen.error_message.empty(), "the error says nothing in words");
}

bool at_rest(const ProviderBooks& books) noexcept {
    const host::ProviderStatus& status = books.status;
    return status.in_flight == 0 && status.unfinished == 0 && status.permits.held == 0 &&
           status.permits.waiting == 0 && status.pool.active == 0 && status.pool.waiting == 0 &&
           books.statistics.requests.in_flight() == 0 && books.statistics.attempts.in_flight() == 0;
}

void expect_balance(Verdict& verdict, const Books& books, const Dealings& dealings) {
    std::uint64_t requests = 0;
    std::uint64_t sent_in_all = 0;
    std::uint64_t arrived = 0;
    for (const ProviderBooks& each : books) {
        const host::ProviderStatistics& statistics = each.statistics;
        expect_gauges(verdict, each.status);
        expect_ends(verdict, statistics.name + ", requests", statistics.requests);
        expect_ends(verdict, statistics.name + ", attempts", statistics.attempts);
        requests += statistics.requests.started;
        // Rejected ones were never sent, those that were given up at once may not have been.
        const auto sent = statistics.attempts.started - statistics.attempts.rejected;
        sent_in_all += sent;
        arrived += each.arrived;
        verdict.require(dealings.repeated + dealings.given_up > 0 || each.arrived == sent,
                        statistics.name + ": " + count_of(sent, "attempt") +
                            " in the books, but its upstream has seen " +
                            count_of(each.arrived, "request"));
    }
    verdict.require(arrived <= sent_in_all + dealings.repeated &&
                        sent_in_all + dealings.repeated <= arrived + dealings.given_up,
                    count_of(sent_in_all, "attempt") + " in all books and " +
                        std::to_string(dealings.repeated) +
                        " repeated by the transport, but the upstreams have seen " +
                        count_of(arrived, "request"));
    verdict.require(
        requests <= dealings.requests && dealings.requests <= requests + dealings.given_up,
        count_of(requests, "request") + " in the books, but the clients have sent " +
            std::to_string(dealings.requests));
}

void expect_closed_breaker(Verdict& verdict, const ProviderBooks& books, std::uint64_t failures) {
    const host::ProviderStatus& status = books.status;
    expect_closed(verdict, status.name, status.breaker, failures);
    for (const host::BreakerStatus& breaker : status.model_breakers) {
        expect_closed(verdict, status.name + " (" + breaker.model + ")", breaker, failures);
    }
}

}  // namespace tenon::cli::crashtest

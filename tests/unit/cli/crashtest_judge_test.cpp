#include <boost/test/unit_test.hpp>

#include "cli/crashtest/judge.hpp"
#include "cli/crashtest/scorecard.hpp"

// A crash test that cannot fail shows nothing: each of these is a client or a book that must not
// pass.
namespace tenon::cli::crashtest {
namespace {

Seen whole_answer() {
    Seen seen;
    seen.status = 200;
    seen.provider = "primary";
    seen.attempts = 1;
    seen.text = "p1 p2 p3 p4 p5 p6 ";
    seen.finish_reason = "stop";
    seen.done = true;
    seen.stream = true;
    seen.output_tokens = kOutputTokens;
    return seen;
}

Seen broken_stream() {
    Seen seen;
    seen.status = 200;
    seen.provider = "primary";
    seen.attempts = 1;
    seen.stream = true;
    seen.text = "p1 p2 p3 ";
    seen.failed = true;
    seen.error_code = "timeout";
    seen.error_message = "it was silent for too long";
    return seen;
}

Seen refusal() {
    Seen seen;
    seen.status = 400;
    seen.failed = true;
    seen.error_code = "context_length_exceeded";
    seen.error_message = "too many tokens";
    return seen;
}

bool is_answer(const Seen& seen) {
    Verdict verdict;
    expect_answer(verdict, seen, {"primary", 1});
    return verdict.passed();
}

bool is_broken_stream(const Seen& seen) {
    Verdict verdict;
    expect_broken_stream(verdict, seen, "p1 p2 p3 ", "timeout");
    return verdict.passed();
}

bool is_refusal(const Seen& seen) {
    Verdict verdict;
    expect_refusal(verdict, seen, 400, "context_length_exceeded");
    return verdict.passed();
}

/// One request that succeeded, and one attempt that failed on the way.
ProviderBooks good_books() {
    ProviderBooks books;
    books.status.name = books.statistics.name = "primary";
    books.status.breaker.state = "closed";
    books.status.breaker.failures = 1;
    books.statistics.requests = {.started = 1, .succeeded = 1, .failed_by_code = {}};
    books.statistics.attempts = {.started = 2, .succeeded = 1, .failed = 1, .failed_by_code = {}};
    books.arrived = 2;
    return books;
}

bool balances(const ProviderBooks& books, const Dealings& dealings = {.requests = 1}) {
    Verdict verdict;
    expect_balance(verdict, {books}, dealings);
    return verdict.passed();
}

template <class Thing, class Change>
Thing with(Thing thing, Change change) {
    change(thing);
    return thing;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashtest_judge)

BOOST_AUTO_TEST_CASE(a_whole_answer_passes) {
    BOOST_TEST(is_answer(whole_answer()));
}

BOOST_AUTO_TEST_CASE(an_answer_that_lacks_something_does_not_pass) {
    const auto changed = [](auto change) { return is_answer(with(whole_answer(), change)); };
    BOOST_TEST(!changed([](Seen& s) { s.trouble = "the connection ended"; }));
    BOOST_TEST(!changed([](Seen& s) { s.status = 503; }));
    BOOST_TEST(!changed([](Seen& s) { s.provider = "fallback"; }));
    BOOST_TEST(!changed([](Seen& s) { s.attempts = 2; }));
    BOOST_TEST(!changed([](Seen& s) { s.text = "p1 p2 p3 "; }));
    BOOST_TEST(!changed([](Seen& s) { s.finish_reason.clear(); }));
    BOOST_TEST(!changed([](Seen& s) { s.done = false; }));
    BOOST_TEST(!changed([](Seen& s) { s.output_tokens.reset(); }));
    BOOST_TEST(!changed([](Seen& s) { s.failed = true; }));
}

BOOST_AUTO_TEST_CASE(an_answer_with_a_word_twice_does_not_pass) {
    BOOST_TEST(!is_answer(with(whole_answer(), [](Seen& s) { s.text = "p1 p1 p2 p3 p4 p5 p6 "; })));
}

BOOST_AUTO_TEST_CASE(an_answer_that_two_have_given_together_does_not_pass) {
    BOOST_TEST(!is_answer(with(whole_answer(), [](Seen& s) { s.text = "p1 p2 p3 f4 f5 f6 "; })));
}

BOOST_AUTO_TEST_CASE(a_broken_stream_that_says_so_passes) {
    BOOST_TEST(is_broken_stream(broken_stream()));
}

BOOST_AUTO_TEST_CASE(a_broken_stream_that_looks_like_a_success_does_not_pass) {
    const auto changed = [](auto change) {
        return is_broken_stream(with(broken_stream(), change));
    };
    BOOST_TEST(!changed([](Seen& s) { s.done = true; }));
    BOOST_TEST(!changed([](Seen& s) { s.finish_reason = "stop"; }));
    BOOST_TEST(!changed([](Seen& s) { s.failed = false; }));
    BOOST_TEST(!changed([](Seen& s) { s.after_error = true; }));
    BOOST_TEST(!changed([](Seen& s) { s.text += "p1 p2 p3 p4 p5 p6 "; }));
    BOOST_TEST(!changed([](Seen& s) { s.error_code = "internal_error"; }));
    BOOST_TEST(!changed([](Seen& s) { s.error_message.clear(); }));
    BOOST_TEST(!changed([](Seen& s) { s.trouble = "the connection ended"; }));
}

BOOST_AUTO_TEST_CASE(a_refusal_passes_with_its_code_alone) {
    BOOST_TEST(is_refusal(refusal()));
    const auto changed = [](auto change) { return is_refusal(with(refusal(), change)); };
    BOOST_TEST(!changed([](Seen& s) { s.error_code = "invalid_request"; }));
    BOOST_TEST(!changed([](Seen& s) { s.status = 500; }));
    BOOST_TEST(!changed([](Seen& s) { s.text = "f1 "; }));
    BOOST_TEST(!changed([](Seen& s) { s.failed = false; }));
    BOOST_TEST(!changed([](Seen& s) { s.error_message.clear(); }));
}

BOOST_AUTO_TEST_CASE(books_that_balance_pass) {
    BOOST_TEST(balances(good_books()));
}

BOOST_AUTO_TEST_CASE(a_gauge_that_stays_up_does_not_pass) {
    const auto changed = [](auto change) { return balances(with(good_books(), change)); };
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.in_flight = 1; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.unfinished = 1; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.permits.held = 1; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.permits.waiting = 1; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.pool.active = 1; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.status.misbehaviours = 1; }));
}

BOOST_AUTO_TEST_CASE(books_whose_sums_are_wrong_do_not_pass) {
    const auto changed = [](auto change) { return balances(with(good_books(), change)); };
    BOOST_TEST(!changed([](ProviderBooks& b) { b.statistics.requests.succeeded = 0; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.statistics.attempts.failed = 2; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.arrived = 3; }));
    BOOST_TEST(!changed([](ProviderBooks& b) { b.arrived = 1; }));
    BOOST_TEST(!balances(good_books(), {.requests = 2}));
}

BOOST_AUTO_TEST_CASE(what_was_given_up_at_once_may_have_got_anywhere) {
    BOOST_TEST(balances(good_books(), {.requests = 2, .given_up = 1}));
    BOOST_TEST(balances(with(good_books(), [](ProviderBooks& b) { b.arrived = 1; }),
                        {.requests = 1, .given_up = 1}));
    BOOST_TEST(!balances(with(good_books(), [](ProviderBooks& b) { b.arrived = 0; }),
                         {.requests = 1, .given_up = 1}));
}

BOOST_AUTO_TEST_CASE(what_the_transport_has_repeated_arrives_twice) {
    const auto books = with(good_books(), [](ProviderBooks& b) { b.arrived = 3; });
    BOOST_TEST(balances(books, {.requests = 1, .repeated = 1}));
    BOOST_TEST(!balances(good_books(), {.requests = 1, .repeated = 1}));
}

BOOST_AUTO_TEST_CASE(a_breaker_must_be_closed_and_have_counted_right) {
    const auto closed = [](const ProviderBooks& books, std::uint64_t failures) {
        Verdict verdict;
        expect_closed_breaker(verdict, books, failures);
        return verdict.passed();
    };
    BOOST_TEST(closed(good_books(), 1));
    BOOST_TEST(!closed(good_books(), 0));
    BOOST_TEST(
        !closed(with(good_books(), [](ProviderBooks& b) { b.status.breaker.trips = 1; }), 1));
    BOOST_TEST(
        !closed(with(good_books(), [](ProviderBooks& b) { b.status.breaker.state = "open"; }), 1));
    const auto with_model = with(good_books(), [](ProviderBooks& b) {
        b.status.model_breakers.push_back({.model = "m", .state = "open", .failures = 1});
    });
    BOOST_TEST(!closed(with_model, 1));
}

BOOST_AUTO_TEST_CASE(a_fault_that_is_not_passed_is_not_counted_and_tells_everything) {
    const Fault fault{"cut", "closes", "an error", {}, nullptr};
    Score good{&fault, {}, {}};
    good.verdict.saw("an error");
    Score bad{&fault, {}, {}};
    bad.verdict.require(false, "the stream said [DONE]");
    bad.verdict.require(false, "in_flight is 1");
    BOOST_TEST(total({good, bad}) == "1 of 2");
    const std::string line = Scorecard({&fault}).line(bad);
    BOOST_TEST(line.starts_with("FAIL"));
    BOOST_TEST(line.find("- the stream said [DONE]\n") != std::string::npos);
    BOOST_TEST(line.find("- in_flight is 1\n") != std::string::npos);
    BOOST_TEST(Scorecard({&fault}).line(good).starts_with("pass"));
}

BOOST_AUTO_TEST_CASE(there_are_16_faults_and_no_two_of_one_name) {
    BOOST_TEST(faults().size() == 16U);
    for (const Fault& one : faults()) {
        for (const Fault& other : faults()) BOOST_TEST((&one == &other || one.name != other.name));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::cli::crashtest

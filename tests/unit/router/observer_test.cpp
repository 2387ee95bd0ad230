#include "router/request_observer.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "left_request.hpp"
#include "router_support.hpp"

namespace tenon::router::test {
namespace {

/// A line for each thing it is told.
class Journal final : public RequestObserver {
public:
    std::string_view attempt_started(const AttemptStart& start) noexcept override {
        line(std::to_string(start.number) + ' ' + std::string(start.provider) + '/' +
             std::string(start.model) + ' ' + std::string(to_string(start.why)));
        return parent;
    }
    void attempt_ended(const AttemptResult& result) noexcept override {
        std::string text = std::to_string(result.number) + ' ';
        text += result.error == nullptr ? "ok" : to_string(result.error->code);
        if (result.stop != core::Stop::none) text += " stopped";
        if (result.duration > 0s) text += " after " + seconds(result.duration);
        if (result.queue_wait > 0s) text += " queued " + seconds(result.queue_wait);
        if (result.first_byte) text += " first byte " + seconds(*result.first_byte);
        if (result.decision) {
            text += " -> " + std::string(to_string(result.decision->action)) + ' ' +
                    std::string(to_string(result.decision->reason));
        }
        line(text);
    }
    void wait_started(const WaitStart& start) noexcept override {
        began_ = start.time;
        line("wait " + std::string(to_string(start.why)) + " for " +
             seconds(start.until - start.time));
    }
    void wait_ended(base::TimePoint now) noexcept override {
        line("waited " + seconds(now - began_));
    }
    void request_ended(const RequestEnd& end) noexcept override {
        std::string text = "end ";
        text += end.error == nullptr ? "ok" : to_string(end.error->code);
        if (end.outcome != nullptr) text += " with an answer";
        text += " attempts " + std::to_string(end.attempts);
        if (end.paused > 0s) text += " paused " + seconds(end.paused);
        line(text);
    }

    std::string lines;
    std::string_view parent;

private:
    static std::string seconds(base::Duration time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + 's';
    }
    void line(const std::string& text) { lines += text + '\n'; }

    base::TimePoint began_;
};

LogicalRequest observed(Journal& journal) {
    return {.model = "m", .observer = &journal};
}

BOOST_AUTO_TEST_SUITE(observer)

BOOST_AUTO_TEST_CASE(an_observer_sees_the_attempt_and_the_end_of_a_request_that_is_answered) {
    Rig rig(in_order({"a"}));
    Reply reply = answer();
    reply.report.queue_wait = 2s;
    reply.report.first_byte = 3s;
    reply.then = [&] { rig.clock.advance(7s); };
    rig['a'].then(reply);
    Journal journal;
    rig.request(observed(journal)).answer();
    BOOST_TEST(journal.lines ==
               "1 a/m first_pick\n"
               "1 ok after 7s queued 2s first byte 3s\n"
               "end ok with an answer attempts 1\n");
}

BOOST_AUTO_TEST_CASE(it_sees_back_offs_and_what_was_decided_after_each_failure) {
    Rig rig(in_order({"a", "b"}), slow());
    rig['a'].then(failure(Code::unavailable));
    Journal journal;
    Request request = rig.request(observed(journal));
    rig.settle();
    rig.clock.advance(1h);
    request.cancel->cancel();
    BOOST_TEST(request.error().code == Code::cancelled);
    BOOST_TEST(journal.lines ==
               "1 a/m first_pick\n"
               "1 unavailable -> retry_here transient\n"
               "wait backoff for 3600s\n"
               "waited 3600s\n"
               "end cancelled attempts 1 paused 3600s\n");
}

BOOST_AUTO_TEST_CASE(a_retry_and_a_fail_over_say_that_they_are) {
    Rig rig(in_order({"a", "b"}));
    rig['a'].then(stale());
    rig['a'].then(failure(Code::auth));
    Journal journal;
    rig.request(observed(journal)).answer();
    BOOST_TEST(journal.lines ==
               "1 a/m first_pick\n"
               "1 unavailable -> transparent_retry stale_connection\n"
               "2 a/m transparent_retry\n"
               "2 auth -> fail_over not_here\n"
               "3 b/m fail_over\n"
               "3 ok\n"
               "end ok with an answer attempts 1\n");
}

BOOST_AUTO_TEST_CASE(it_sees_the_wait_for_a_provider_to_come_back) {
    RouterSettings settings = slow();
    settings.failover.wait_when_down = 1h;
    Rig rig(in_order({"a"}), settings);
    rig['a'].set(Availability::breaker_open, rig.clock.now() + 9s);
    Journal journal;
    Request request = rig.request(observed(journal));
    rig.settle();
    rig['a'].set(Availability::ready);
    rig.clock.advance(4s);
    rig.router.providers_changed();
    request.answer();
    BOOST_TEST(journal.lines ==
               "wait nobody for 9s\n"
               "waited 4s\n"
               "1 a/m first_pick\n"
               "1 ok\n"
               "end ok with an answer attempts 1 paused 4s\n");
}

BOOST_AUTO_TEST_CASE(a_last_resort_and_a_pin_are_named) {
    RouterSettings settings = quick();
    settings.failover.last_resort = true;
    Rig rig(in_order({"a", "b"}), settings);
    for (const char name : {'a', 'b'}) rig[name].set(Availability::unhealthy);
    Journal last;
    rig.request(observed(last)).answer();
    BOOST_TEST(last.lines.starts_with("1 a/m last_resort\n"));
    for (const char name : {'a', 'b'}) rig[name].set(Availability::ready);
    BOOST_TEST_REQUIRE(rig.router.pin({.model = "m", .provider = "b"}).has_value());
    Journal pinned;
    rig.request(observed(pinned)).answer();
    BOOST_TEST(pinned.lines.starts_with("1 b/m pinned\n"));
}

BOOST_AUTO_TEST_CASE(what_it_returns_goes_to_the_provider_as_the_attempts_traceparent) {
    Rig rig(in_order({"a"}));
    Journal journal;
    journal.parent = "of the attempt";
    LogicalRequest logical = observed(journal);
    logical.trace_parent = "of the request";
    rig.request(logical).answer();
    journal.parent = {};
    rig.request(logical).answer();
    BOOST_TEST(rig['a'].asked().at(0).trace_parent == "of the attempt");
    BOOST_TEST(rig['a'].asked().at(1).trace_parent == "of the request");
}

BOOST_AUTO_TEST_CASE(a_request_for_an_unknown_model_ends_too) {
    Rig rig(in_order({"a"}));
    Journal journal;
    LogicalRequest logical = observed(journal);
    logical.model = "x";
    rig.request(logical).error();
    BOOST_TEST(journal.lines == "end not_found attempts 0\n");
}

BOOST_AUTO_TEST_CASE(an_attempt_out_of_which_something_is_thrown_ends_too) {
    Rig rig(in_order({"a"}));
    Reply reply = answer();
    reply.then = [] { throw std::runtime_error("it broke"); };
    rig['a'].then(reply);
    Journal journal;
    rig.request(observed(journal)).error();
    BOOST_TEST(journal.lines ==
               "1 a/m first_pick\n"
               "1 internal\n"
               "end internal attempts 1\n");
}

BOOST_AUTO_TEST_CASE(a_request_that_is_left_in_the_middle_ends_once) {
    Rig rig(in_order({"a"}));
    Journal journal;
    leave_in_the_middle(rig, observed(journal), [] {});
    BOOST_TEST(journal.lines ==
               "1 a/m first_pick\n"
               "1 cancelled\n"
               "end cancelled attempts 1\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test

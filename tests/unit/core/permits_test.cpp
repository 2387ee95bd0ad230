#include "core/permits.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "core/outcome.hpp"
#include "heap_count.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PermitAction::Kind;
using Outcome = Permits::Outcome;

PermitSettings settings(std::uint32_t permits, std::uint32_t queue) {
    PermitSettings settings;
    settings.permits = permits;
    settings.queue = queue;
    return settings;
}

/// Permits with the actions of the last event.
struct Fixture {
    explicit Fixture(const PermitSettings& settings) : permits(settings) {}

    Permits::Admission acquire(WaiterTag tag, base::Duration now = 0ms,
                               base::TimePoint deadline = base::kNoDeadline) {
        actions.clear();
        return permits.acquire(tag, deadline, at(now), actions);
    }
    bool release(Ticket permit, base::Duration now = 0ms) {
        actions.clear();
        return permits.release(permit, at(now), actions);
    }
    void tick(base::Duration now) {
        actions.clear();
        permits.tick(at(now), actions);
    }
    void resize(std::uint32_t limit, base::Duration now = 0ms) {
        actions.clear();
        permits.resize(limit, at(now), actions);
    }
    void close(base::Duration now = 0ms) {
        actions.clear();
        permits.close(at(now), actions);
    }
    /// Who got a permit, or failed, by the last event, in order.
    std::vector<WaiterTag> tags(Kind kind) const {
        std::vector<WaiterTag> tags;
        for (const auto& action : actions) {
            if (action.kind == kind) tags.push_back(action.tag);
        }
        return tags;
    }
    /// Acquires `count` permits with tags from `first` on.
    std::vector<Ticket> acquire_many(int count, WaiterTag first = 0) {
        std::vector<Ticket> tickets;
        for (int i = 0; i < count; ++i) {
            tickets.push_back(acquire(first + static_cast<WaiterTag>(i)).permit);
        }
        return tickets;
    }

    Permits permits;
    PermitActions actions;
};

using Tags = std::vector<WaiterTag>;

BOOST_AUTO_TEST_SUITE(permits)

// S1
BOOST_AUTO_TEST_CASE(no_more_permits_are_out_than_there_are) {
    Fixture f(settings(10, 100));
    std::deque<Ticket> held;
    for (WaiterTag i = 0; i < 10; ++i) {
        const auto admission = f.acquire(i);
        BOOST_TEST((admission.outcome == Outcome::granted));
        held.push_back(admission.permit);
    }
    for (WaiterTag i = 10; i < 60; ++i) BOOST_TEST((f.acquire(i).outcome == Outcome::queued));
    BOOST_TEST(f.permits.report().held == 10U);
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(f.release(held.front()));
        held.pop_front();
        BOOST_TEST_REQUIRE(f.actions.size() == 1U);
        held.push_back(f.actions[0].permit);
        BOOST_TEST(f.permits.report().held == 10U);
    }
    for (const Ticket permit : held) BOOST_TEST(f.release(permit));
    BOOST_TEST(f.permits.report().held == 0U);
    BOOST_TEST(f.permits.report().waiting == 0U);
}

// S2
BOOST_AUTO_TEST_CASE(one_more_than_the_queue_holds_is_rejected_without_using_the_heap) {
    Fixture f(settings(1, 3));
    f.acquire_many(4);
    const auto before = heap_allocations();
    const auto admission = f.acquire(4);
    BOOST_TEST(heap_allocations() == before);
    BOOST_TEST((admission.outcome == Outcome::rejected));
    BOOST_TEST((admission.reason == PermitReason::queue_full));
    BOOST_TEST(admission.permit == kNoTicket);
    BOOST_TEST(f.permits.report().waiting == 3U);
}

// S2
BOOST_AUTO_TEST_CASE(without_a_queue_all_but_the_permits_are_rejected) {
    Fixture f(settings(1, 0));
    const auto first = f.acquire(1);
    BOOST_TEST((f.acquire(2).reason == PermitReason::queue_full));
    BOOST_TEST(f.release(first.permit));
    BOOST_TEST((f.acquire(3).outcome == Outcome::granted));
}

// S2
BOOST_AUTO_TEST_CASE(waiters_whose_time_is_over_take_nobodys_place_in_the_queue) {
    Fixture f(settings(1, 2));
    f.acquire(0);
    f.acquire(1, 0ms, at(10ms));
    f.acquire(2, 0ms, at(1s));
    const auto admission = f.acquire(3, 10ms);
    BOOST_TEST((admission.outcome == Outcome::queued));
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.actions[0].reason == PermitReason::deadline));
}

// S3
BOOST_AUTO_TEST_CASE(a_head_that_leaves_the_queue_hands_its_turn_to_the_next) {
    Fixture f(settings(1, 10));
    const auto tickets = f.acquire_many(3);
    BOOST_TEST(f.release(tickets[1]));
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.release(tickets[0]));
    BOOST_TEST(f.tags(Kind::grant) == Tags{2});
}

// S3, D4
BOOST_AUTO_TEST_CASE(a_permit_that_was_granted_and_is_not_wanted_any_more_goes_to_the_next) {
    Fixture f(settings(1, 10));
    const auto tickets = f.acquire_many(3);
    BOOST_TEST(f.release(tickets[0]));
    BOOST_TEST(f.tags(Kind::grant) == Tags{1});
    BOOST_TEST(f.release(tickets[1]));
    BOOST_TEST(f.tags(Kind::grant) == Tags{2});
    BOOST_TEST(f.release(tickets[2]));
    BOOST_TEST(f.permits.report().held == 0U);
}

// S4
BOOST_AUTO_TEST_CASE(a_waiter_whose_time_is_over_is_passed_over_for_the_next) {
    Fixture f(settings(1, 10));
    const auto holder = f.acquire(0);
    f.acquire(1, 0ms, at(100ms));
    f.acquire(2, 0ms, at(200ms));
    f.release(holder.permit, 100ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST(f.tags(Kind::grant) == Tags{2});
    BOOST_TEST((f.actions[1].waited == 100ms));
}

// S4
BOOST_AUTO_TEST_CASE(a_tick_fails_those_whose_time_is_over_and_nobody_earlier) {
    Fixture f(settings(1, 10));
    f.acquire(0);
    f.acquire(1, 0ms, at(300ms));
    f.acquire(2, 0ms, at(200ms));
    BOOST_TEST((f.permits.next_tick() == at(200ms)));
    f.tick(200ms - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(200ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{2});
    BOOST_TEST((f.permits.next_tick() == at(300ms)));
    f.tick(300ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.permits.next_tick() == base::kNoDeadline));
}

// S5: from which thread and by which path it comes is the owner's matter; here it counts once.
BOOST_AUTO_TEST_CASE(a_permit_comes_back_once_however_often_it_is_released) {
    Fixture f(settings(2, 10));
    const auto first = f.acquire(1);
    const auto second = f.acquire(2);
    BOOST_TEST(f.release(first.permit));
    BOOST_TEST(!f.release(first.permit));
    const auto third = f.acquire(3);
    BOOST_TEST(third.permit != first.permit);
    BOOST_TEST(!f.release(first.permit));
    BOOST_TEST(!f.release(kNoTicket));
    BOOST_TEST(!f.release(Ticket{1} << 32 | 4711));
    BOOST_TEST(f.permits.report().held == 2U);
    BOOST_TEST(f.release(second.permit));
    BOOST_TEST(f.release(third.permit));
    BOOST_TEST(f.permits.report().held == 0U);
}

// S5
BOOST_AUTO_TEST_CASE(who_has_failed_has_nothing_to_release) {
    Fixture f(settings(1, 10));
    f.acquire(0);
    const auto waiter = f.acquire(1, 0ms, at(1ms));
    f.tick(1ms);
    BOOST_TEST(!f.release(waiter.permit, 1ms));
    BOOST_TEST(f.permits.report().held == 1U);
}

// S6
BOOST_AUTO_TEST_CASE(fewer_permits_are_granted_again_only_when_enough_came_back) {
    Fixture f(settings(10, 10));
    const auto tickets = f.acquire_many(12);
    f.resize(2);
    for (std::size_t i = 0; i < 8; ++i) {
        f.release(tickets[i]);
        BOOST_TEST(f.actions.empty());
    }
    BOOST_TEST(f.permits.report().held == 2U);
    f.release(tickets[8]);
    BOOST_TEST(f.tags(Kind::grant) == Tags{10});
    BOOST_TEST(f.permits.report().held == 2U);
}

BOOST_AUTO_TEST_CASE(more_permits_wake_as_many_waiters_as_there_is_room_for) {
    Fixture f(settings(1, 10));
    f.acquire_many(6);
    f.resize(4);
    BOOST_TEST(f.tags(Kind::grant) == (Tags{1, 2, 3}));
    BOOST_TEST(f.permits.report().held == 4U);
    BOOST_TEST(f.permits.report().waiting == 2U);
}

BOOST_AUTO_TEST_CASE(the_queue_keeps_its_length_when_there_are_more_permits_than_at_first) {
    Fixture f(settings(1, 2));
    f.resize(50);
    for (WaiterTag i = 0; i < 50; ++i) BOOST_TEST((f.acquire(i).outcome == Outcome::granted));
    BOOST_TEST((f.acquire(50).outcome == Outcome::queued));
    BOOST_TEST((f.acquire(51).outcome == Outcome::queued));
    BOOST_TEST((f.acquire(52).reason == PermitReason::queue_full));
}

// S7, D3, D6: the pool of five and the crowd of two hundred of mongo-ruby's report.
BOOST_AUTO_TEST_CASE(a_crowd_is_served_in_the_order_it_came) {
    Fixture f(settings(5, 200));
    auto held = f.acquire_many(5);
    f.acquire_many(195, 5);
    WaiterTag next = 5;
    for (int turn = 0; turn < 5'000; ++turn) {
        // Who returns a permit asks again at once: the loop that starved the others.
        f.release(held[static_cast<std::size_t>(turn) % 5]);
        BOOST_TEST_REQUIRE(f.actions.size() == 1U);
        BOOST_TEST_REQUIRE(f.actions[0].tag == next);
        held[static_cast<std::size_t>(turn) % 5] = f.actions[0].permit;
        ++next;
        BOOST_TEST_REQUIRE((f.acquire(next + 194).outcome == Outcome::queued));
    }
}

// S8, D3
BOOST_AUTO_TEST_CASE(a_newcomer_does_not_overtake_who_waits) {
    Fixture f(settings(1, 10));
    const auto holder = f.acquire(0);
    f.acquire(1);
    f.release(holder.permit);
    const Ticket second = f.actions[0].permit;  // on its way to 1
    BOOST_TEST((f.acquire(2).outcome == Outcome::queued));
    f.release(second);
    BOOST_TEST(f.tags(Kind::grant) == Tags{2});
}

// S9
BOOST_AUTO_TEST_CASE(a_rejection_says_nothing_about_the_provider) {
    for (const auto reason :
         {PermitReason::queue_full, PermitReason::predicted_wait, PermitReason::deadline,
          PermitReason::queue_timeout, PermitReason::closed}) {
        const Error error = to_error(reason, {.limit = 10, .held = 10, .waiting = 3}, 5ms);
        BOOST_TEST((error.scope == Scope::request));
        BOOST_TEST(error.not_sent);
        const Verdict verdict = judge({.stop = Stop::not_admitted, .error = &error});
        BOOST_TEST((verdict.outcome == core::Outcome::ignored));
        BOOST_TEST(!verdict.cool_down);
    }
}

BOOST_AUTO_TEST_CASE(an_error_tells_the_counts_and_how_long_to_wait) {
    const PermitReport report{.limit = 10, .held = 9, .waiting = 8, .predicted_wait = 1500us};
    const Error full = to_error(PermitReason::queue_full, report, 0ms);
    BOOST_TEST((full.code == Code::overloaded));
    BOOST_TEST(full.retryable);
    BOOST_TEST(full.retry_after_ms.value() == 2);
    BOOST_TEST(full.message.find("9 of 10 calls") != std::string::npos);
    BOOST_TEST(full.message.find("8 wait") != std::string::npos);
    const Error late = to_error(PermitReason::deadline, report, 250ms);
    BOOST_TEST((late.code == Code::deadline));
    BOOST_TEST(late.message.find("after 250ms in the queue") != std::string::npos);
}

// S10
BOOST_AUTO_TEST_CASE(closing_fails_all_waiters_at_once_and_whoever_comes_later) {
    Fixture f(settings(2, 10));
    const auto tickets = f.acquire_many(5);
    f.close();
    BOOST_TEST(f.tags(Kind::fail) == (Tags{2, 3, 4}));
    BOOST_TEST((f.actions[0].reason == PermitReason::closed));
    BOOST_TEST((f.acquire(9).reason == PermitReason::closed));
    BOOST_TEST(f.release(tickets[0]));
    BOOST_TEST(f.release(tickets[1]));
    BOOST_TEST(f.permits.report().held == 0U);
    BOOST_TEST((f.acquire(10).reason == PermitReason::closed));
}

BOOST_AUTO_TEST_CASE(
    a_deadline_that_has_passed_gets_no_permit_and_one_that_is_now_only_a_free_one) {
    Fixture f(settings(1, 10));
    BOOST_TEST((f.acquire(1, 5ms, at(4ms)).reason == PermitReason::deadline));
    BOOST_TEST((f.acquire(2, 5ms, at(5ms)).outcome == Outcome::granted));
    BOOST_TEST((f.acquire(3, 5ms, at(5ms)).reason == PermitReason::deadline));
    BOOST_TEST(f.permits.report().waiting == 0U);
}

BOOST_AUTO_TEST_CASE(the_queue_timeout_ends_a_wait_before_a_later_deadline) {
    auto with_timeout = settings(1, 10);
    with_timeout.queue_timeout = 50ms;
    Fixture f(with_timeout);
    f.acquire(0);
    f.acquire(1);
    f.acquire(2, 0ms, at(20ms));
    f.tick(20ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{2});
    BOOST_TEST((f.actions[0].reason == PermitReason::deadline));
    f.tick(50ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.actions[0].reason == PermitReason::queue_timeout));
}

BOOST_AUTO_TEST_CASE(who_would_wait_longer_than_its_deadline_is_rejected_at_once) {
    Fixture f(settings(2, 10));
    // Two calls of one second teach how long a permit is held.
    f.release(f.acquire(0, 0ms).permit, 1s);
    f.release(f.acquire(1, 1s).permit, 2s);
    f.acquire(2, 2s);
    f.acquire(3, 2s);
    f.acquire(4, 2s);
    f.acquire(5, 2s);
    BOOST_TEST((f.permits.report().predicted_wait == 1s));  // 2 waiters, 1 s each, 2 permits
    BOOST_TEST((f.acquire(6, 2s, at(3s - 1ms)).reason == PermitReason::predicted_wait));
    BOOST_TEST((f.acquire(7, 2s, at(3s)).outcome == Outcome::queued));
}

BOOST_AUTO_TEST_CASE(the_predicted_wait_follows_how_long_permits_are_held_now) {
    Fixture f(settings(1, 10));
    f.release(f.acquire(0, 0ms).permit, 800ms);
    f.release(f.acquire(1, 800ms).permit, 800ms);  // held for no time: 7/8 of 800 ms remain
    f.acquire(2, 800ms);
    f.acquire(3, 800ms);
    BOOST_TEST((f.permits.report().predicted_wait == 700ms));
}

BOOST_AUTO_TEST_CASE(leaving_the_queue_teaches_nothing_about_how_long_permits_are_held) {
    Fixture f(settings(1, 10));
    f.acquire(0);
    const auto waiter = f.acquire(1);
    f.release(waiter.permit, 10s);
    f.acquire(2, 10s);
    BOOST_TEST((f.permits.report().predicted_wait == 0s));
}

BOOST_AUTO_TEST_CASE(waiting_for_a_permit_is_not_holding_it) {
    Fixture f(settings(1, 10));
    const auto holder = f.acquire(0);
    const auto waiter = f.acquire(1);
    f.release(holder.permit, 800ms);
    f.release(waiter.permit, 800ms);  // held for no time
    f.acquire(2, 800ms);
    f.acquire(3, 800ms);
    BOOST_TEST((f.permits.report().predicted_wait == 700ms));
}

BOOST_AUTO_TEST_CASE(prediction_can_be_switched_off) {
    auto blind = settings(1, 10);
    blind.predict_wait = false;
    Fixture f(blind);
    f.release(f.acquire(0).permit, 10s);
    f.acquire(1, 10s);
    f.acquire(2, 10s);
    BOOST_TEST((f.acquire(3, 10s, at(10s + 1ms)).outcome == Outcome::queued));
}

PermitSettings with_overload_mode() {
    auto settings = core::PermitSettings{};
    settings.permits = 1;
    settings.queue = 10;
    settings.overload = {.enabled = true, .interval = 100ms, .queue_timeout = 5ms};
    return settings;
}

BOOST_AUTO_TEST_CASE(a_queue_that_was_not_empty_for_long_serves_the_newest_first) {
    Fixture f(with_overload_mode());
    const auto holder = f.acquire(0);
    f.acquire(1, 0ms);
    f.acquire(2, 99ms);
    f.acquire(3, 100ms);
    f.release(holder.permit, 100ms);
    BOOST_TEST(f.tags(Kind::grant) == Tags{3});
}

BOOST_AUTO_TEST_CASE(a_queue_that_was_empty_lately_serves_the_oldest_first) {
    Fixture f(with_overload_mode());
    auto holder = f.acquire(0).permit;
    f.acquire(1, 0ms);
    f.release(holder, 60ms);  // empty
    holder = f.actions[0].permit;
    f.acquire(2, 60ms);
    f.acquire(3, 158ms);
    f.release(holder, 159ms);
    BOOST_TEST(f.tags(Kind::grant) == Tags{2});
}

BOOST_AUTO_TEST_CASE(in_overload_newcomers_wait_only_for_a_short_time) {
    Fixture f(with_overload_mode());
    f.acquire(0);
    f.acquire(1, 0ms);
    f.acquire(2, 100ms);
    f.tick(105ms - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(105ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{2});
    BOOST_TEST((f.actions[0].reason == PermitReason::queue_timeout));
}

BOOST_AUTO_TEST_CASE(in_overload_those_who_wait_are_not_ahead_of_a_newcomer) {
    Fixture f(with_overload_mode());
    f.release(f.acquire(0).permit, 1s);  // permits are held for a second
    f.acquire(1, 1s);
    f.acquire(2, 1s);
    BOOST_TEST((f.acquire(3, 1100ms).outcome == Outcome::queued));
}

BOOST_AUTO_TEST_CASE(a_permit_that_is_free_needs_no_heap) {
    Fixture f(settings(10, 100));
    const auto before = heap_allocations();
    for (WaiterTag i = 0; i < 100; ++i) f.release(f.acquire(i).permit);
    BOOST_TEST(heap_allocations() == before);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_by_name) {
    BOOST_TEST(PermitSettings{}.validate().has_value());
    const auto message = [](auto change) {
        PermitSettings settings;
        change(settings);
        const auto valid = settings.validate();
        return valid ? std::string() : valid.error().message;
    };
    BOOST_TEST(message([](auto& s) { s.permits = 0; }) ==
               "permits is 0, but must be between 1 and 100000.");
    BOOST_TEST(message([](auto& s) { s.queue = 2'000'000; }).starts_with("queue is 2000000"));
    BOOST_TEST(
        message([](auto& s) { s.queue_timeout = -1ms; }).starts_with("queue_timeout is -1ms"));
    BOOST_TEST(
        message([](auto& s) { s.overload.interval = 0ms; }).starts_with("overload.interval"));
    BOOST_TEST(message([](auto& s) {
                   s.overload.queue_timeout = 0ms;
               }).starts_with("overload.queue_timeout"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

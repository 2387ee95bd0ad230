#include <boost/test/unit_test.hpp>

#include "heap_count.hpp"
#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;
using Outcome = Pool::Outcome;

PoolSettings exclusive(std::uint32_t max = 5) {
    PoolSettings settings;
    settings.max_connections = max;
    return settings;
}

PoolSettings multiplexed(std::uint32_t max, std::uint32_t calls) {
    PoolSettings settings;
    settings.mode = ConnectionMode::multiplexed;
    settings.max_connections = max;
    settings.calls_per_connection = calls;
    return settings;
}

BOOST_AUTO_TEST_SUITE(pool_borrow)

BOOST_AUTO_TEST_CASE(the_first_borrower_waits_for_a_dial_and_gets_its_connection) {
    PoolFixture f(exclusive());
    const auto acquired = f.acquire(7, 10ms);
    BOOST_TEST((acquired.outcome == Outcome::queued));
    BOOST_TEST_REQUIRE(f.count(Kind::dial) == 1U);
    const ConnId conn = f.actions[0].conn;
    BOOST_TEST(f.dialled(conn, 35ms));
    BOOST_TEST_REQUIRE(f.tags(Kind::deliver) == Tags{7});
    BOOST_TEST(f.actions[0].conn == conn);
    BOOST_TEST(f.actions[0].handle == conn);
    BOOST_TEST(f.actions[0].lease == acquired.lease);
    BOOST_TEST((f.actions[0].waited == 25ms));
    BOOST_TEST(f.gauges() == "1 active, 0 idle, 0 connecting, 0 waiting");
    BOOST_TEST(f.release(acquired.lease, 40ms));
    BOOST_TEST(f.gauges() == "0 active, 1 idle, 0 connecting, 0 waiting");
}

BOOST_AUTO_TEST_CASE(the_connection_that_came_back_last_is_lent_first) {
    PoolFixture f(exclusive());
    const auto leases = f.occupy(3);
    f.release(leases[2], 1ms);
    f.release(leases[0], 2ms);
    f.release(leases[1], 3ms);
    const auto conn = [&] { return static_cast<std::uint32_t>(f.acquire(0, 4ms).conn); };
    BOOST_TEST(conn() == 1U);  // the slot, by the order in which they were made
    BOOST_TEST(conn() == 0U);
    BOOST_TEST(conn() == 2U);
}

// P1
BOOST_AUTO_TEST_CASE(there_are_never_more_connections_than_the_maximum) {
    PoolFixture f(exclusive());
    Conns dials;
    for (WaiterTag i = 0; i < 50; ++i) {
        f.acquire(i);
        for (const ConnId conn : f.conns(Kind::dial)) dials.push_back(conn);
    }
    for (std::size_t i = 0; i < dials.size(); ++i) {
        f.dialled(dials[i]);
        for (const ConnId conn : f.conns(Kind::dial)) dials.push_back(conn);
        BOOST_TEST(f.pool.report().total() <= 5U);
    }
    BOOST_TEST(dials.size() == 5U);
    BOOST_TEST(f.gauges() == "5 active, 0 idle, 0 connecting, 45 waiting");
}

// P2, D4
BOOST_AUTO_TEST_CASE(a_delivery_that_is_not_wanted_any_more_goes_to_the_next_waiter) {
    PoolFixture f(exclusive(1));
    const auto holder = f.occupy(1).front();
    const auto a = f.acquire(1).lease;
    f.acquire(2);
    f.release(holder);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
    BOOST_TEST(f.cancel(a));
    BOOST_TEST(f.tags(Kind::deliver) == Tags{2});
    BOOST_TEST(f.actions.size() == 1U);  // the connection is as good as before
}

// P3, D5
BOOST_AUTO_TEST_CASE(cancelling_at_any_moment_leaks_neither_waiter_nor_connection) {
    Random random(3);
    PoolFixture f(exclusive());
    std::vector<Ticket> leases;
    Conns dials;
    constexpr int kAcquires = 100'000;
    int acquired = 0;
    for (int step = 0; acquired < kAcquires || !leases.empty(); ++step) {
        const auto now = std::chrono::microseconds(step);
        const auto choice = random.below(3);
        if (choice == 0 && !dials.empty()) {
            f.dialled(dials.front(), now);
            dials.erase(dials.begin());
        } else if (choice == 1 && acquired < kAcquires) {
            ++acquired;
            const Ticket lease = f.acquire(0, now).lease;
            if (lease != kNoTicket) leases.push_back(lease);
        } else if (!leases.empty()) {
            const auto i = random.below(leases.size());
            BOOST_TEST_REQUIRE(f.cancel(leases[i], now));
            leases.erase(leases.begin() + static_cast<std::ptrdiff_t>(i));
        }
        for (const ConnId conn : f.conns(Kind::dial)) dials.push_back(conn);
    }
    const auto report = f.pool.report();
    BOOST_TEST(report.waiting == 0U);
    BOOST_TEST(report.active == 0U);
    BOOST_TEST(report.connecting == dials.size());
    BOOST_TEST(report.idle + dials.size() == report.total());
    BOOST_TEST(report.idle > 0U);
}

// D5: httpcore lost the slot of a request that was cancelled between assignment and connection.
BOOST_AUTO_TEST_CASE(a_waiter_cancelled_while_its_dial_runs_leaves_the_connection_to_others) {
    PoolFixture f(exclusive(1));
    const auto a = f.acquire(1).lease;
    const ConnId conn = f.conns(Kind::dial).front();
    f.cancel(a);
    f.acquire(2);
    BOOST_TEST(f.count(Kind::dial) == 0U);  // the one that runs will do
    f.dialled(conn);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{2});
}

// P4, D3, D6
BOOST_AUTO_TEST_CASE(newcomers_do_not_overtake_who_waits) {
    PoolFixture f(exclusive(1));
    const auto holder = f.occupy(1).front();
    const auto a = f.acquire(1).lease;
    f.release(holder);  // is on its way to 1
    BOOST_TEST((f.acquire(2).outcome == Outcome::queued));
    BOOST_TEST((f.acquire(3).outcome == Outcome::queued));
    f.release(a);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{2});
}

// P5
BOOST_AUTO_TEST_CASE(a_release_while_a_dial_runs_serves_the_oldest_waiter_and_the_dial_ends_idle) {
    PoolFixture f(exclusive());
    const auto holder = f.occupy(1).front();
    f.acquire(1);
    const ConnId dial = f.conns(Kind::dial).front();
    f.release(holder);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
    f.dialled(dial);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.gauges() == "1 active, 1 idle, 0 connecting, 0 waiting");
}

// P13: what is left of an answer would be the next user's; whether it was read to its end is known
// to the owner alone.
BOOST_AUTO_TEST_CASE(a_connection_that_was_abandoned_in_the_middle_is_closed_and_replaced) {
    PoolFixture f(exclusive(1));
    const auto holder = f.occupy(1).front();
    f.acquire(1);
    f.release(holder, 1ms, Disposition::must_close);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::not_reusable));
    BOOST_TEST(f.count(Kind::deliver) == 0U);
    BOOST_TEST(f.count(Kind::dial) == 1U);
    BOOST_TEST(f.first(Kind::dial).conn != f.first(Kind::close).conn);
}

// P14
BOOST_AUTO_TEST_CASE(a_foreign_or_second_release_changes_nothing) {
    PoolFixture f(exclusive(2));
    const auto leases = f.occupy(2);
    BOOST_TEST(f.release(leases[0]));
    const std::string before = f.gauges();
    BOOST_TEST(!f.release(leases[0]));
    BOOST_TEST(!f.release(kNoTicket));
    BOOST_TEST(!f.release(Ticket{99} << 32 | 4711));
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.gauges() == before);
    const auto again = f.acquire(0);
    BOOST_TEST(!f.release(leases[0], 1ms, Disposition::must_close));
    BOOST_TEST(f.release(again.lease));
}

// P15
BOOST_AUTO_TEST_CASE(a_deadline_that_has_passed_never_touches_the_queue) {
    PoolFixture f(exclusive());
    f.make_idle(1);
    const auto late = f.acquire(1, 5ms, at(4ms));
    BOOST_TEST((late.reason == PoolReason::deadline));
    BOOST_TEST(f.actions.report.idle == 1U);
    BOOST_TEST((f.acquire(2, 5ms, at(5ms)).outcome == Outcome::granted));
    BOOST_TEST((f.acquire(3, 5ms, at(5ms)).reason == PoolReason::deadline));
    BOOST_TEST(f.count(Kind::dial) == 0U);
    BOOST_TEST(f.pool.report().waiting == 0U);
}

BOOST_AUTO_TEST_CASE(a_wait_ends_at_the_deadline_or_the_acquire_timeout_whichever_is_first) {
    PoolFixture f(exclusive(1));
    f.occupy(1);
    f.acquire(1, 0ms, at(1s));
    f.acquire(2, 0ms, at(1h));
    BOOST_TEST((f.pool.next_tick() == at(1s)));
    f.tick(1s - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(1s);
    BOOST_TEST_REQUIRE(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.actions[0].reason == PoolReason::deadline));
    BOOST_TEST((f.pool.next_tick() == at(5s)));
    f.tick(5s);
    BOOST_TEST_REQUIRE(f.tags(Kind::fail) == Tags{2});
    BOOST_TEST((f.actions[0].reason == PoolReason::acquire_timeout));
    BOOST_TEST((f.actions[0].waited == 5s));
    BOOST_TEST(f.actions.report.active == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_is_never_given_to_one_whose_time_is_over) {
    PoolFixture f(exclusive(1));
    const auto holder = f.occupy(1).front();
    f.acquire(1, 0ms, at(100ms));
    f.acquire(2, 0ms, at(200ms));
    f.release(holder, 100ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST(f.tags(Kind::deliver) == Tags{2});
}

BOOST_AUTO_TEST_CASE(a_full_queue_rejects_at_once_but_not_for_those_whose_time_is_over) {
    auto settings = exclusive(1);
    settings.max_waiting = 2;
    PoolFixture f(settings);
    f.occupy(1);
    f.acquire(1, 0ms, at(10ms));
    f.acquire(2, 0ms, at(1s));
    BOOST_TEST((f.acquire(3, 9ms).reason == PoolReason::queue_full));
    BOOST_TEST(f.actions.report.waiting == 2U);
    BOOST_TEST((f.acquire(4, 10ms).outcome == Outcome::queued));
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
}

BOOST_AUTO_TEST_CASE(one_suspect_call_keeps_the_connection_and_the_second_in_a_row_closes_it) {
    PoolFixture f(exclusive(1));
    f.make_idle(1);
    const auto use = [&](Disposition disposition) {
        f.release(f.acquire(0).lease, 0ms, disposition);
        return f.count(Kind::close);
    };
    BOOST_TEST(use(Disposition::suspect) == 0U);
    BOOST_TEST(use(Disposition::reusable) == 0U);
    BOOST_TEST(use(Disposition::suspect) == 0U);
    BOOST_TEST(use(Disposition::unused) == 0U);
    BOOST_TEST(use(Disposition::suspect) == 1U);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::errors));
}

BOOST_AUTO_TEST_CASE(a_shared_connection_carries_calls_up_to_its_limit_before_another_is_dialled) {
    PoolFixture f(multiplexed(2, 3));
    f.acquire(0);
    f.dialled(f.conns(Kind::dial).front());
    const ConnId first = f.first(Kind::deliver).conn;
    BOOST_TEST(f.acquire(1).conn == first);
    BOOST_TEST(f.acquire(2).conn == first);
    BOOST_TEST((f.acquire(3).outcome == Outcome::queued));
    BOOST_TEST(f.count(Kind::dial) == 1U);
    BOOST_TEST(f.gauges() == "1 active, 0 idle, 1 connecting, 1 waiting");
}

BOOST_AUTO_TEST_CASE(one_dial_is_enough_for_as_many_waiters_as_it_will_carry) {
    PoolFixture f(multiplexed(4, 3));
    for (WaiterTag i = 0; i < 3; ++i) f.acquire(i);
    BOOST_TEST(f.pool.report().connecting == 1U);
    f.acquire(3);
    BOOST_TEST(f.pool.report().connecting == 2U);
    f.dialled(ConnId{1} << 32);
    BOOST_TEST(f.tags(Kind::deliver) == (Tags{0, 1, 2}));
}

BOOST_AUTO_TEST_CASE(the_shared_connection_used_last_that_has_room_comes_first) {
    PoolFixture f(multiplexed(2, 2));
    std::vector<Ticket> leases;
    for (WaiterTag i = 0; i < 4; ++i) {
        leases.push_back(f.acquire(i).lease);
        for (const ConnId conn : f.conns(Kind::dial)) f.dialled(conn);
    }
    const ConnId first = ConnId{1} << 32;
    const ConnId second = ConnId{2} << 32 | 1;
    f.release(leases[2], 1ms);  // of the second
    f.release(leases[0], 2ms);  // of the first
    const auto next = f.acquire(5, 3ms);
    BOOST_TEST(next.conn == first);
    BOOST_TEST(f.acquire(6, 3ms).conn == second);
    f.release(next.lease, 4ms);
    BOOST_TEST(f.acquire(7, 5ms).conn == first);
}

BOOST_AUTO_TEST_CASE(a_broken_shared_connection_takes_no_more_calls_and_closes_with_its_last) {
    PoolFixture f(multiplexed(1, 3));
    f.acquire(0);
    f.dialled(f.conns(Kind::dial).front());
    const auto a = f.first(Kind::deliver).lease;
    const auto b = f.acquire(1).lease;
    f.release(a, 0ms, Disposition::must_close);
    BOOST_TEST(f.count(Kind::close) == 0U);
    BOOST_TEST((f.acquire(2).outcome == Outcome::queued));
    BOOST_TEST(f.count(Kind::dial) == 0U);  // the maximum is one, and it is still there
    f.release(b);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

BOOST_AUTO_TEST_CASE(without_connections_the_pool_only_limits) {
    PoolSettings settings;
    settings.mode = ConnectionMode::stateless;
    settings.max_connections = 2;
    PoolFixture f(settings);
    const auto a = f.acquire(1);
    BOOST_TEST((a.outcome == Outcome::granted));
    BOOST_TEST(a.conn == kNoConn);
    BOOST_TEST((f.acquire(2).outcome == Outcome::granted));
    const auto c = f.acquire(3);
    BOOST_TEST((c.outcome == Outcome::queued));
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.pool.report().active == 2U);
    f.release(a.lease, 0ms, Disposition::must_close);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{3});
    BOOST_TEST(f.actions.size() == 1U);
    f.release(c.lease);
    BOOST_TEST(f.pool.report().active == 1U);
}

BOOST_AUTO_TEST_CASE(without_pooling_each_call_has_its_own_connection) {
    auto settings = exclusive(1);
    settings.pooling = false;
    PoolFixture f(settings);
    const auto lease = f.occupy(1).front();
    f.acquire(1);
    f.release(lease);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::unpooled));
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

BOOST_AUTO_TEST_CASE(borrowing_what_is_idle_and_giving_it_back_needs_no_heap) {
    PoolFixture f(exclusive());
    f.make_idle(5);
    const auto before = heap_allocations();
    for (int i = 0; i < 100; ++i) {
        f.release(f.acquire(0, std::chrono::milliseconds(i)).lease, std::chrono::milliseconds(i));
    }
    BOOST_TEST(heap_allocations() == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

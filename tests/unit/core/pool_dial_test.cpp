#include <boost/test/unit_test.hpp>

#include "core/outcome.hpp"
#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;

BOOST_AUTO_TEST_SUITE(pool_dial)

BOOST_AUTO_TEST_CASE(no_more_dials_run_at_once_than_allowed) {
    PoolFixture f({});
    for (WaiterTag i = 0; i < 5; ++i) f.acquire(i);
    BOOST_TEST(f.pool.report().connecting == 2U);
    f.dialled(ConnId{1} << 32);
    BOOST_TEST(f.count(Kind::dial) == 1U);
    BOOST_TEST(f.pool.report().connecting == 2U);
}

// P6
BOOST_AUTO_TEST_CASE(a_dial_whose_need_has_gone_is_not_started) {
    PoolFixture f({});
    const auto holder = f.occupy(1).front();
    std::vector<Ticket> waiting;
    for (WaiterTag i = 0; i < 4; ++i) waiting.push_back(f.acquire(i).lease);
    BOOST_TEST(f.pool.report().connecting == 2U);
    f.release(holder);
    for (const Ticket lease : waiting) f.release(lease);
    f.dialled(ConnId{2} << 32 | 1);
    f.dialled(ConnId{3} << 32 | 2);
    BOOST_TEST(f.count(Kind::dial) == 0U);
    BOOST_TEST(f.gauges() == "0 active, 3 idle, 0 connecting, 0 waiting");
}

// P11, D9
BOOST_AUTO_TEST_CASE(a_dial_outlives_the_waiter_it_began_for_and_ends_idle) {
    PoolSettings settings;
    settings.idle_timeout = 1s;  // far below the dial's time: it counts from its end
    PoolFixture f(settings);
    f.acquire(1, 0ms, at(2s));
    const ConnId conn = f.conns(Kind::dial).front();
    f.tick(2s);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST(f.count(Kind::abort_dial) == 0U);
    f.tick(9s);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.dialled(conn, 9s));
    BOOST_TEST(f.actions.empty());
    f.tick(10s - 1ns);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.acquire(2, 10s - 1ns).conn == conn);
}

BOOST_AUTO_TEST_CASE(a_stalled_dial_that_nobody_waits_for_is_aborted_after_the_grace) {
    PoolFixture f({});
    f.cancel(f.acquire(1).lease, 3s);
    const ConnId conn = ConnId{1} << 32;
    BOOST_TEST((f.pool.next_tick() == at(13s)));
    f.tick(13s - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(13s);
    BOOST_TEST(f.conns(Kind::abort_dial) == Conns{conn});
    BOOST_TEST((f.pool.next_tick() == base::kNoDeadline));
    BOOST_TEST(f.pool.report().connecting == 1U);  // until its end is reported
    f.undialled(conn, 13s);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST((f.pool.report().last_dial_error == nullptr));
    f.acquire(2, 13s);
    BOOST_TEST(f.count(Kind::dial) == 1U);  // no back-off either
}

BOOST_AUTO_TEST_CASE(a_dial_that_succeeds_although_it_was_aborted_is_as_good_as_any) {
    PoolFixture f({});
    f.cancel(f.acquire(1).lease);
    f.tick(10s);
    BOOST_TEST_REQUIRE(f.count(Kind::abort_dial) == 1U);
    f.dialled(f.actions[0].conn, 11s);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST((f.acquire(2, 11s).outcome == Pool::Outcome::granted));
}

BOOST_AUTO_TEST_CASE(somebody_who_waits_again_within_the_grace_keeps_the_dial) {
    PoolFixture f({});
    f.cancel(f.acquire(1).lease);
    const auto second = f.acquire(2, 9s).lease;
    f.tick(11s);
    BOOST_TEST(f.count(Kind::abort_dial) == 0U);
    f.cancel(second, 12s);
    f.tick(22s - 1ns);
    BOOST_TEST(f.count(Kind::abort_dial) == 0U);
    f.tick(22s);
    BOOST_TEST(f.count(Kind::abort_dial) == 1U);
}

BOOST_AUTO_TEST_CASE(an_only_dial_that_fails_fails_all_who_hoped_for_it_with_its_own_error) {
    PoolFixture f({});
    f.acquire(1);
    const ConnId conn = f.conns(Kind::dial).front();
    f.cancel(f.acquire(2).lease);
    f.undialled(ConnId{2} << 32 | 1, 1ms);
    BOOST_TEST(f.count(Kind::fail) == 0U);  // the first dial still runs
    f.undialled(conn, 5ms);
    BOOST_TEST_REQUIRE(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.actions[0].reason == PoolReason::dial_failed));
    BOOST_TEST((f.actions[0].waited == 5ms));
    const Error error = to_error(f.actions[0].reason, f.actions.report, f.actions[0].waited);
    BOOST_TEST((error.code == Code::unavailable));
    BOOST_TEST((error.scope == Scope::connection));
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.message == "Connection refused.");
}

BOOST_AUTO_TEST_CASE(a_failed_dial_fails_nobody_while_a_live_connection_may_come_back) {
    PoolFixture f({});
    const auto holder = f.occupy(1).front();
    f.acquire(1);
    f.undialled(f.conns(Kind::dial).front());
    BOOST_TEST(f.count(Kind::fail) == 0U);
    f.release(holder);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
}

BOOST_AUTO_TEST_CASE(a_connection_that_will_be_closed_is_no_hope_for_waiters) {
    PoolFixture f({});
    f.occupy(1);
    f.evict(ConnId{1} << 32);
    f.acquire(1);
    f.undialled(f.conns(Kind::dial).front());
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
}

// P19
BOOST_AUTO_TEST_CASE(who_asks_again_after_the_failure_is_not_failed_by_the_same_dial) {
    PoolSettings settings;
    settings.max_connecting = 1;
    PoolFixture f(settings);
    f.acquire(1);
    const ConnId first = f.conns(Kind::dial).front();
    f.acquire(2);  // after the dial began
    f.undialled(first, 1ms);
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    f.acquire(3, 1ms);
    BOOST_TEST(f.pool.report().waiting == 2U);
    BOOST_TEST(!f.undialled(first, 1ms));  // reported twice
    BOOST_TEST(f.pool.report().waiting == 2U);
}

// The steps of gRPC: 100 ms, 160 ms, 256 ms, each +-20 %, from the start of the dial that failed.
BOOST_AUTO_TEST_CASE(after_failures_dials_start_at_growing_distances) {
    PoolSettings settings;
    settings.acquire_timeout = 1h;
    PoolFixture f(settings);
    f.acquire(0);
    base::Duration began = 0ms;
    double expected_ms = 100;
    for (WaiterTag i = 1; i <= 12; ++i) {
        BOOST_TEST_REQUIRE(f.count(Kind::dial) == 1U);
        f.undialled(f.conns(Kind::dial).front(), began + 10ms);
        f.acquire(i, began + 10ms);
        BOOST_TEST(f.count(Kind::dial) == 0U);
        const base::Duration next = f.pool.next_tick() - at(0ms);
        const std::chrono::duration<double, std::milli> distance = next - began;
        BOOST_TEST(distance.count() >= expected_ms * 0.8);
        BOOST_TEST(distance.count() <= expected_ms * 1.2);
        f.tick(next - 1ns);
        BOOST_TEST(f.count(Kind::dial) == 0U);
        f.tick(next);
        began = next;
        expected_ms = std::min(5000.0, expected_ms * 1.6);
    }
}

BOOST_AUTO_TEST_CASE(dials_that_fail_together_count_as_one_failure) {
    PoolFixture f({});
    f.acquire(1);
    const ConnId first = f.conns(Kind::dial).front();
    f.acquire(2);
    const ConnId second = f.conns(Kind::dial).front();
    f.undialled(first);
    f.undialled(second);
    f.acquire(3);
    BOOST_TEST((f.pool.next_tick() >= at(80ms)));
    BOOST_TEST((f.pool.next_tick() <= at(120ms)));
}

BOOST_AUTO_TEST_CASE(only_an_answer_ends_the_back_off_and_not_a_connection) {
    PoolFixture f({});
    f.acquire(1);
    f.undialled(f.conns(Kind::dial).front());
    f.acquire(2);
    const auto next = f.pool.next_tick() - at(0ms);
    f.tick(next);
    f.dialled(f.conns(Kind::dial).front(), next);
    const auto lease = f.first(Kind::deliver).lease;
    f.release(lease, next, Disposition::must_close);
    f.acquire(3, next);
    f.undialled(f.conns(Kind::dial).front(), next);
    f.acquire(4, next);
    BOOST_TEST((f.pool.next_tick() >= at(next + 128ms)));  // the second step

    f.tick(f.pool.next_tick() - at(0ms));
    const auto later = next + 1s;
    f.dialled(f.conns(Kind::dial).front(), later);
    f.release(f.first(Kind::deliver).lease, later, Disposition::reusable);
    f.occupy(1, later);
    f.acquire(5, later);
    f.undialled(f.conns(Kind::dial).front(), later);
    f.acquire(6, later);
    BOOST_TEST((f.pool.next_tick() <= at(later + 120ms)));  // the first again
}

BOOST_AUTO_TEST_CASE(a_pool_keeps_its_least_connections_and_warms_up_when_it_gets_ready) {
    PoolSettings settings;
    settings.min_idle = 3;
    PoolFixture f(settings, false);
    BOOST_TEST(f.pool.report().total() == 0U);
    f.ready();
    BOOST_TEST(f.count(Kind::dial) == 2U);
    const Conns dials = f.conns(Kind::dial);
    f.dialled(dials[0]);
    BOOST_TEST(f.count(Kind::dial) == 1U);
    f.dialled(f.actions[0].conn);
    f.dialled(dials[1]);
    BOOST_TEST(f.count(Kind::dial) == 0U);
    BOOST_TEST(f.pool.report().idle == 3U);
    f.evict(dials[0]);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

BOOST_AUTO_TEST_CASE(preconnected_connections_are_made_once_and_not_kept_up) {
    PoolSettings settings;
    settings.preconnect = 2;
    PoolFixture f(settings);
    const Conns dials = f.conns(Kind::dial);
    BOOST_TEST_REQUIRE(dials.size() == 2U);
    f.dialled(dials[0]);
    f.undialled(dials[1]);
    BOOST_TEST(f.count(Kind::dial) == 0U);  // in back-off
    f.tick(200ms);
    BOOST_TEST_REQUIRE(f.count(Kind::dial) == 1U);
    f.dialled(f.actions[0].conn, 200ms);
    BOOST_TEST(f.pool.report().idle == 2U);
    f.evict(dials[0], 200ms);
    BOOST_TEST(f.count(Kind::dial) == 0U);
}

BOOST_AUTO_TEST_CASE(a_dial_for_the_least_connections_is_not_aborted_for_want_of_waiters) {
    PoolSettings settings;
    settings.min_idle = 1;
    PoolFixture f(settings, false);
    f.ready();
    const auto waiter = f.acquire(1).lease;
    f.undialled(ConnId{1} << 32);
    f.tick(1s);
    BOOST_TEST_REQUIRE(f.count(Kind::dial) == 1U);  // this one for the waiter
    f.cancel(waiter, 1s);
    f.tick(1h);
    BOOST_TEST(f.count(Kind::abort_dial) == 0U);
}

BOOST_AUTO_TEST_CASE(news_of_unknown_dials_change_nothing) {
    PoolFixture f({});
    f.acquire(1);
    const ConnId conn = f.conns(Kind::dial).front();
    BOOST_TEST(!f.dialled(kNoConn));
    BOOST_TEST(!f.dialled(conn + (ConnId{1} << 32)));
    BOOST_TEST(!f.dialled(conn + 3));
    BOOST_TEST(!f.undialled(conn + 4711));
    BOOST_TEST(!f.probed(conn, true));
    BOOST_TEST(f.dialled(conn));
    BOOST_TEST(!f.dialled(conn));
    BOOST_TEST(f.gauges() == "1 active, 0 idle, 0 connecting, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_rejection_tells_the_counts_and_says_nothing_about_the_provider) {
    PoolFixture f({});
    const auto leases = f.occupy(1);
    f.acquire(1);
    f.undialled(f.conns(Kind::dial).front());
    f.tick(5s);
    BOOST_TEST_REQUIRE(f.tags(Kind::fail) == Tags{1});
    const auto& action = f.first(Kind::fail);
    const Error error = to_error(action.reason, f.actions.report, action.waited);
    BOOST_TEST((error.code == Code::overloaded));
    BOOST_TEST((error.scope == Scope::request));
    BOOST_TEST(error.retryable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.message ==
               "The request was not sent: no connection became free within 5s (1 of 5 connections "
               "in use, 0 idle, 0 connecting; 1 requests waiting). The last attempt to connect "
               "failed: Connection refused.");
    BOOST_TEST((judge({.stop = Stop::not_admitted, .error = &error}).outcome == Outcome::ignored));
}

BOOST_AUTO_TEST_CASE(who_waits_in_vain_for_a_first_connection_blames_the_peer) {
    PoolFixture f({});
    f.acquire(1);
    f.tick(5s);  // the dial hangs
    BOOST_TEST_REQUIRE(f.tags(Kind::fail) == Tags{1});
    const auto& action = f.first(Kind::fail);
    BOOST_TEST((action.reason == PoolReason::acquire_timeout));
    BOOST_TEST(is_unreachable(action.reason, f.actions.report));
    const Error error = to_error(action.reason, f.actions.report, action.waited);
    BOOST_TEST((error.code == Code::unavailable));
    BOOST_TEST((error.scope == Scope::connection));
    BOOST_TEST(error.retryable);
    BOOST_TEST(error.not_sent);
    BOOST_TEST(error.message ==
               "The request was not sent: no connection could be made within 5s (0 of 5 "
               "connections in use, 0 idle, 1 connecting; 1 requests waiting).");
    BOOST_TEST((judge({.error = &error}).outcome == Outcome::failure));
}

BOOST_AUTO_TEST_CASE(only_a_wait_without_any_connection_blames_the_peer) {
    const auto refused = std::make_shared<const Error>(Code::unavailable, "Connection refused.");
    PoolReport dialing;
    dialing.connecting = 1;
    PoolReport backing_off;
    backing_off.last_dial_error = refused;
    for (const auto& report : {dialing, backing_off}) {
        BOOST_TEST(is_unreachable(PoolReason::dial_failed, report));
        BOOST_TEST(is_unreachable(PoolReason::acquire_timeout, report));
        BOOST_TEST(!is_unreachable(PoolReason::deadline, report));  // the caller's own
        BOOST_TEST(!is_unreachable(PoolReason::queue_full, report));
        BOOST_TEST(!is_unreachable(PoolReason::paused, report));
    }
    for (const auto gauge : {&PoolReport::active, &PoolReport::idle, &PoolReport::probing}) {
        PoolReport report = dialing;
        report.*gauge = 1;
        BOOST_TEST(!is_unreachable(PoolReason::acquire_timeout, report));
    }
    BOOST_TEST(!is_unreachable(PoolReason::acquire_timeout, PoolReport{}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

#include <boost/test/unit_test.hpp>

#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;
using Outcome = Pool::Outcome;

BOOST_AUTO_TEST_SUITE(pool_state)

BOOST_AUTO_TEST_CASE(a_pool_begins_paused_and_rejects_until_it_is_ready) {
    PoolFixture f({}, false);
    BOOST_TEST((f.acquire(1).reason == PoolReason::paused));
    BOOST_TEST(f.actions.empty());
    const Error error = to_error(PoolReason::paused, f.actions.report, 0ms);
    BOOST_TEST((error.code == Code::unavailable));
    BOOST_TEST((error.scope == Scope::request));
    BOOST_TEST(error.not_sent);
    f.ready();
    BOOST_TEST((f.acquire(1).outcome == Outcome::queued));
}

// P10
BOOST_AUTO_TEST_CASE(clear_fails_waiters_at_once_and_closes_what_is_in_use_when_it_comes_back) {
    PoolSettings settings;
    settings.max_connections = 3;
    settings.max_connecting = 1;
    PoolFixture f(settings);
    const auto leases = f.occupy(2);
    f.release(leases[1]);
    const auto generation = f.pool.generation();
    const auto again = f.acquire(5).lease;
    f.acquire(6);
    const ConnId dial = f.conns(Kind::dial).front();
    f.acquire(7);
    f.release(again, 1ms);                                                        // to 6
    f.cancel(f.tags(Kind::deliver) == Tags{6} ? f.actions[0].lease : kNoTicket);  // to 7
    f.acquire(8);

    f.clear();
    BOOST_TEST(f.tags(Kind::fail) == Tags{8});
    BOOST_TEST((f.first(Kind::fail).reason == PoolReason::paused));
    BOOST_TEST(f.conns(Kind::abort_dial) == Conns{dial});
    BOOST_TEST(f.actions.size() == 2U);
    BOOST_TEST((f.pool.state() == PoolState::paused));
    BOOST_TEST(f.pool.generation() == generation + 1);

    f.clear();
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.pool.generation() == generation + 1);

    f.release(leases[0], 2ms);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::cleared));
    f.dialled(dial, 3ms);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::cleared));
    BOOST_TEST(f.pool.report().total() == 1U);
}

BOOST_AUTO_TEST_CASE(clear_closes_what_is_idle) {
    PoolFixture f({});
    const Conns idle = f.make_idle(3);
    f.clear();
    BOOST_TEST(f.count(Kind::close) == 3U);
    BOOST_TEST(f.pool.report().total() == 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_of_before_the_clear_is_not_lent_after_it) {
    PoolSettings settings;
    settings.max_connections = 1;
    PoolFixture f(settings);
    const auto lease = f.occupy(1).front();
    f.clear();
    f.ready();
    BOOST_TEST((f.acquire(1).outcome == Outcome::queued));
    f.release(lease);
    BOOST_TEST(f.count(Kind::deliver) == 0U);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

BOOST_AUTO_TEST_CASE(a_shared_connection_of_before_the_clear_takes_no_more_calls) {
    PoolSettings settings;
    settings.mode = ConnectionMode::multiplexed;
    settings.calls_per_connection = 10;
    PoolFixture f(settings);
    const auto lease = f.occupy(1).front();
    f.clear();
    f.ready();
    BOOST_TEST((f.acquire(1).outcome == Outcome::queued));
    f.release(lease);
    BOOST_TEST(f.count(Kind::close) == 1U);
}

BOOST_AUTO_TEST_CASE(a_dial_of_before_the_clear_counts_but_is_no_hope_for_waiters) {
    PoolSettings settings;
    settings.max_connections = 2;
    PoolFixture f(settings);
    f.acquire(1);
    const ConnId old = f.conns(Kind::dial).front();
    f.clear();
    f.ready();
    f.acquire(2);
    BOOST_TEST_REQUIRE(f.count(Kind::dial) == 1U);
    const ConnId young = f.actions[0].conn;
    f.undialled(old);
    BOOST_TEST(f.actions.empty());  // nobody hoped for it
    BOOST_TEST((f.pool.report().last_dial_error == nullptr));
    f.undialled(young);
    BOOST_TEST(f.tags(Kind::fail) == Tags{2});
}

BOOST_AUTO_TEST_CASE(calls_are_interrupted_only_if_asked_and_once) {
    PoolFixture f({});
    f.make_idle(3);
    const auto a = f.acquire(1);
    const auto b = f.acquire(2);
    f.clear(false);
    BOOST_TEST(f.count(Kind::interrupt) == 0U);
    f.clear(true);
    BOOST_TEST(f.count(Kind::interrupt) == 2U);
    f.clear(true);
    BOOST_TEST(f.actions.empty());
    f.release(a.lease, 0ms, Disposition::must_close);
    f.release(b.lease, 0ms, Disposition::must_close);
    BOOST_TEST(f.pool.report().total() == 0U);
}

BOOST_AUTO_TEST_CASE(getting_ready_forgets_the_back_off) {
    PoolFixture f({});
    f.acquire(1);
    f.undialled(f.conns(Kind::dial).front());
    f.clear();
    f.ready();
    f.acquire(2);
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

// P16
BOOST_AUTO_TEST_CASE(close_fails_waiters_at_once_and_is_drained_with_the_last_check_in) {
    PoolFixture f({});
    const auto leases = f.occupy(5);
    for (WaiterTag i = 0; i < 10; ++i) f.acquire(i);
    f.close();
    BOOST_TEST(f.count(Kind::fail) == 10U);
    BOOST_TEST((f.first(Kind::fail).reason == PoolReason::closed));
    BOOST_TEST(f.actions.size() == 10U);
    BOOST_TEST((f.acquire(99).reason == PoolReason::closed));
    for (std::size_t i = 0; i < 4; ++i) {
        f.release(leases[i]);
        BOOST_TEST(f.count(Kind::close) == 1U);
        BOOST_TEST(f.count(Kind::drained) == 0U);
    }
    f.close(true);  // the grace is over
    BOOST_TEST(f.count(Kind::interrupt) == 1U);
    f.release(leases[4], 0ms, Disposition::must_close);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.count(Kind::drained) == 1U);
    BOOST_TEST(f.pool.report().total() == 0U);
    f.close(true);
    BOOST_TEST(f.actions.empty());
    f.ready();
    BOOST_TEST((f.pool.state() == PoolState::closed));
}

BOOST_AUTO_TEST_CASE(an_empty_pool_is_drained_at_once) {
    PoolFixture f({});
    f.make_idle(2);
    f.drain();
    BOOST_TEST(f.count(Kind::close) == 2U);
    BOOST_TEST_REQUIRE(f.count(Kind::drained) == 1U);
    BOOST_TEST((f.actions[2].kind == Kind::drained));
    f.drain();
    BOOST_TEST(f.actions.empty());
}

BOOST_AUTO_TEST_CASE(a_draining_pool_rejects_lets_calls_end_and_can_be_ready_again) {
    PoolFixture f({});
    const auto lease = f.occupy(1).front();
    f.acquire(1);
    const ConnId dial = f.conns(Kind::dial).front();
    f.drain();
    BOOST_TEST(f.tags(Kind::fail) == Tags{1});
    BOOST_TEST((f.first(Kind::fail).reason == PoolReason::draining));
    BOOST_TEST((f.acquire(2).reason == PoolReason::draining));
    f.undialled(dial);
    BOOST_TEST(f.count(Kind::drained) == 0U);
    f.clear();
    BOOST_TEST((f.pool.state() == PoolState::draining));
    f.release(lease);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::shut_down));
    BOOST_TEST(f.count(Kind::drained) == 1U);
    f.ready();
    BOOST_TEST((f.acquire(3).outcome == Outcome::queued));
    f.drain();
    BOOST_TEST(f.count(Kind::drained) == 0U);  // a dial runs
}

BOOST_AUTO_TEST_CASE(without_connections_a_pool_is_drained_with_its_last_call) {
    PoolSettings settings;
    settings.mode = ConnectionMode::stateless;
    PoolFixture f(settings);
    const auto lease = f.acquire(1).lease;
    f.drain();
    BOOST_TEST(f.actions.empty());
    f.release(lease);
    BOOST_TEST(f.count(Kind::drained) == 1U);
}

// P8: that the peer hung up comes from the plugin; nothing is read from a logical connection.
BOOST_AUTO_TEST_CASE(an_idle_connection_that_died_is_closed_and_not_lent) {
    PoolFixture f({});
    const Conns idle = f.make_idle(2);
    BOOST_TEST(f.evict(idle[1]));
    BOOST_TEST(f.conns(Kind::close) == Conns{idle[1]});
    BOOST_TEST(!f.evict(idle[1]));
    BOOST_TEST(f.acquire(1).conn == idle[0]);
}

BOOST_AUTO_TEST_CASE(a_connection_evicted_in_use_is_closed_when_it_comes_back) {
    PoolFixture f({});
    const auto lease = f.occupy(1).front();
    BOOST_TEST(f.evict(ConnId{1} << 32));
    BOOST_TEST(f.actions.empty());
    f.release(lease);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::evicted));
}

BOOST_AUTO_TEST_CASE(a_connection_evicted_while_it_is_dialled_is_closed_when_it_is_there) {
    PoolFixture f({});
    f.acquire(1);
    const ConnId conn = f.conns(Kind::dial).front();
    f.evict(conn);
    BOOST_TEST(f.count(Kind::dial) == 1U);  // another for the waiter
    f.dialled(conn);
    BOOST_TEST(f.conns(Kind::close) == Conns{conn});
    BOOST_TEST(f.count(Kind::deliver) == 0U);
}

BOOST_AUTO_TEST_CASE(after_a_suspension_all_that_is_idle_is_closed) {
    PoolFixture f({});
    f.make_idle(3);
    const auto used = f.acquire(1).lease;
    f.actions.clear();
    f.pool.drop_idle(at(1h), f.actions);
    BOOST_TEST(f.count(Kind::close) == 2U);
    f.release(used, 1h);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.pool.report().idle == 1U);
}

BOOST_AUTO_TEST_CASE(fewer_connections_close_the_oldest_idle_first_and_those_in_use_later) {
    PoolFixture f({});
    const Conns idle = f.make_idle(4);
    const auto used = f.acquire(1);
    BOOST_TEST(used.conn == idle[3]);
    f.resize(2);
    BOOST_TEST(f.conns(Kind::close) == (Conns{idle[0], idle[1]}));
    BOOST_TEST((f.first(Kind::close).why == CloseReason::surplus));
    const auto second = f.acquire(2);
    f.resize(1);
    BOOST_TEST(f.actions.empty());
    f.release(second.lease);
    BOOST_TEST(f.conns(Kind::close) == Conns{idle[2]});
    f.release(used.lease);
    BOOST_TEST(f.actions.empty());
}

BOOST_AUTO_TEST_CASE(more_connections_are_dialled_for_those_who_wait) {
    PoolSettings settings;
    settings.max_connections = 1;
    PoolFixture f(settings);
    f.occupy(1);
    f.acquire(1);
    f.acquire(2);
    BOOST_TEST(f.count(Kind::dial) == 0U);
    f.resize(7);
    BOOST_TEST(f.count(Kind::dial) == 2U);
    for (const ConnId conn : f.conns(Kind::dial)) f.dialled(conn);
    BOOST_TEST(f.gauges() == "3 active, 0 idle, 0 connecting, 0 waiting");
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_by_name) {
    BOOST_TEST(PoolSettings{}.validate().has_value());
    const auto message = [](auto change) {
        PoolSettings settings;
        change(settings);
        const auto valid = settings.validate();
        return valid ? std::string() : valid.error().message;
    };
    BOOST_TEST(message([](auto& s) { s.max_connections = 0; }) ==
               "max_connections is 0, but must be between 1 and 10000.");
    BOOST_TEST(message([](auto& s) { s.calls_per_connection = 2; }) ==
               "calls_per_connection is 2, but must be between 1 and 1.");
    BOOST_TEST(message([](auto& s) {
                   s.mode = ConnectionMode::multiplexed;
               }).starts_with("calls_per_connection is 1"));
    BOOST_TEST(message([](auto& s) { s.min_idle = 6; }).starts_with("min_idle is 6"));
    BOOST_TEST(message([](auto& s) { s.preconnect = 6; }).starts_with("preconnect is 6"));
    BOOST_TEST(message([](auto& s) {
                   s.pooling = false;
                   s.min_idle = 1;
               }).starts_with("min_idle is 1"));
    BOOST_TEST(message([](auto& s) { s.max_connecting = 0; }).starts_with("max_connecting is 0"));
    BOOST_TEST(message([](auto& s) { s.max_waiting = 0; }).starts_with("max_waiting is 0"));
    BOOST_TEST(message([](auto& s) { s.acquire_timeout = 0ms; }).starts_with("acquire_timeout"));
    BOOST_TEST(message([](auto& s) { s.dial_backoff_max = 99ms; }) ==
               "dial_backoff_max is 99ms, but must be between 100ms and 876000h.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

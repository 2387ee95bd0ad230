#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;
using Outcome = Pool::Outcome;

PoolSettings probing(std::chrono::milliseconds interval) {
    PoolSettings settings;
    settings.keepalive_interval = interval;
    return settings;
}

BOOST_AUTO_TEST_SUITE(pool_upkeep)

// P7
BOOST_AUTO_TEST_CASE(an_idle_connection_is_reused_just_before_its_limit) {
    PoolFixture f({});
    const Conns idle = f.make_idle(1);
    f.tick(299'999ms);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.acquire(1, 299'999ms).conn == idle[0]);
}

// P7
BOOST_AUTO_TEST_CASE(an_idle_connection_is_not_reused_at_its_limit) {
    PoolFixture f({});
    const Conns idle = f.make_idle(1);
    BOOST_TEST((f.acquire(1, 300s).outcome == Outcome::queued));
    BOOST_TEST(f.conns(Kind::close) == idle);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::idle));
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

// P7
BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_by_the_tick_at_its_limit) {
    PoolFixture f({});
    const Conns idle = f.make_idle(1);
    BOOST_TEST((f.pool.next_tick() == at(300s)));
    f.tick(300s - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(300s);
    BOOST_TEST(f.conns(Kind::close) == idle);
    BOOST_TEST((f.pool.next_tick() == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(idle_connections_retire_oldest_first_down_to_the_least) {
    PoolSettings settings;
    settings.min_idle = 2;
    PoolFixture f(settings);
    for (const ConnId conn : f.conns(Kind::dial)) f.dialled(conn);
    const Conns idle = f.make_idle(4);
    f.tick(300s);
    BOOST_TEST(f.conns(Kind::close) == (Conns{idle[0], idle[1]}));
    BOOST_TEST((f.pool.next_tick() == base::kNoDeadline));
    f.tick(24h);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.acquire(1, 24h).conn == idle[3]);
}

BOOST_AUTO_TEST_CASE(a_borrower_too_sees_the_oldest_retire_down_to_the_least) {
    PoolSettings settings;
    settings.min_idle = 1;
    PoolFixture f(settings);
    f.dialled(f.conns(Kind::dial).front());
    const Conns idle = f.make_idle(3);
    BOOST_TEST(f.acquire(1, 300s).conn == idle[2]);
    BOOST_TEST(f.conns(Kind::close) == (Conns{idle[0], idle[1]}));
}

BOOST_AUTO_TEST_CASE(without_idle_timeout_nothing_retires) {
    PoolSettings settings;
    settings.idle_timeout = 0ms;
    PoolFixture f(settings);
    f.make_idle(2);
    BOOST_TEST((f.pool.next_tick() == base::kNoDeadline));
    f.tick(24h);
    BOOST_TEST(f.actions.empty());
}

// D9
BOOST_AUTO_TEST_CASE(the_time_of_a_dial_or_a_call_is_not_idle_time) {
    PoolSettings settings;
    settings.idle_timeout = 1s;
    settings.acquire_timeout = 1h;
    settings.max_connections = 1;
    PoolFixture f(settings);
    const auto lease = f.acquire(1).lease;
    const ConnId conn = f.conns(Kind::dial).front();
    f.tick(9s);
    BOOST_TEST(f.actions.empty());
    f.dialled(conn, 9s);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
    f.tick(30s);
    BOOST_TEST(f.actions.empty());
    f.release(lease, 30s);
    f.tick(31s - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(31s);
    BOOST_TEST(f.count(Kind::close) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lease_that_was_not_used_leaves_the_idle_time_as_it_was) {
    PoolFixture f({});
    const Conns idle = f.make_idle(2);
    f.cancel(f.acquire(1, 200s).lease, 201s);
    f.tick(300s);
    BOOST_TEST(f.count(Kind::close) == 2U);
}

BOOST_AUTO_TEST_CASE(what_comes_back_unused_takes_its_old_place_behind_what_was_used) {
    PoolFixture f({});
    const Conns idle = f.make_idle(2);
    const auto first = f.acquire(1, 10s);
    const auto second = f.acquire(2, 10s);
    f.release(second.lease, 11s);
    f.cancel(first.lease, 12s);
    BOOST_TEST(f.acquire(3, 13s).conn == second.conn);
}

// P17
BOOST_AUTO_TEST_CASE(probes_do_not_postpone_the_idle_limit) {
    PoolFixture f(probing(100s));
    const Conns idle = f.make_idle(1);
    int probes = 0;
    for (auto next = f.pool.next_tick(); next < at(300s); next = f.pool.next_tick()) {
        f.tick(next - at(0s));
        BOOST_TEST_REQUIRE(f.conns(Kind::probe) == idle);
        f.probed(idle[0], true, next - at(0s) + 10ms);
        BOOST_TEST(f.actions.empty());
        ++probes;
    }
    BOOST_TEST(probes >= 2);
    BOOST_TEST((f.pool.next_tick() == at(300s)));
    f.tick(300s);
    BOOST_TEST(f.conns(Kind::close) == idle);
}

BOOST_AUTO_TEST_CASE(probes_begin_up_to_a_tenth_before_their_interval) {
    Random random(1);
    bool early = false;
    for (int i = 0; i < 50; ++i) {
        PoolFixture f(probing(100s));
        f.pool = Pool(probing(100s), Random(random.next()));
        f.ready();
        f.make_idle(1);
        BOOST_TEST((f.pool.next_tick() > at(90s)));
        BOOST_TEST((f.pool.next_tick() <= at(100s)));
        early = early || f.pool.next_tick() < at(95s);
    }
    BOOST_TEST(early);
}

// P17
BOOST_AUTO_TEST_CASE(a_failed_probe_closes_and_dials_if_somebody_waits) {
    auto settings = probing(100s);
    settings.max_connections = 1;
    PoolFixture f(settings);
    const Conns idle = f.make_idle(1);
    f.tick(100s);
    BOOST_TEST(f.conns(Kind::probe) == idle);
    BOOST_TEST((f.acquire(1, 100s).outcome == Outcome::queued));
    BOOST_TEST(f.actions.empty());  // no room for another
    f.probed(idle[0], false, 101s);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::probe_failed));
    BOOST_TEST(f.count(Kind::dial) == 1U);
    BOOST_TEST(!f.probed(idle[0], false, 101s));
}

BOOST_AUTO_TEST_CASE(a_failed_probe_that_nobody_waits_for_only_closes) {
    PoolFixture f(probing(100s));
    const Conns idle = f.make_idle(1);
    f.tick(100s);
    f.probed(idle[0], false, 101s);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.actions.size() == 1U);
}

// P20: under the owner's lock one of the three is first; the others find it taken.
BOOST_AUTO_TEST_CASE(a_connection_under_probe_is_invisible_to_borrowers_until_the_probe_ends) {
    PoolFixture f(probing(100s));
    const Conns idle = f.make_idle(1);
    f.tick(100s);
    BOOST_TEST(f.pool.report().probing == 1U);
    BOOST_TEST((f.acquire(1, 100s).outcome == Outcome::queued));
    f.tick(101s);
    BOOST_TEST(f.count(Kind::probe) == 0U);
    f.probed(idle[0], true, 102s);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
}

// P20
BOOST_AUTO_TEST_CASE(a_connection_evicted_under_probe_is_closed_once) {
    PoolFixture f(probing(100s));
    const Conns idle = f.make_idle(1);
    f.tick(100s);
    BOOST_TEST(f.evict(idle[0], 101s));
    BOOST_TEST(f.count(Kind::close) == 0U);
    f.probed(idle[0], true, 102s);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(!f.evict(idle[0], 103s));
    BOOST_TEST(f.pool.report().total() == 0U);
}

BOOST_AUTO_TEST_CASE(connections_are_probed_one_at_a_time_so_that_borrowers_keep_the_others) {
    PoolFixture f(probing(100s));
    f.make_idle(3);
    f.tick(100s);
    BOOST_TEST(f.count(Kind::probe) == 1U);
    BOOST_TEST(f.pool.report().idle == 2U);
    BOOST_TEST((f.pool.next_tick() == at(300s)));  // the others wait for the end of this one
    f.probed(f.actions[0].conn, true, 101s);
    BOOST_TEST(f.count(Kind::probe) == 1U);
}

BOOST_AUTO_TEST_CASE(traffic_makes_a_probe_needless) {
    PoolFixture f(probing(100s));
    f.make_idle(1);
    f.release(f.acquire(1, 50s).lease, 80s);
    f.tick(100s);
    BOOST_TEST(f.count(Kind::probe) == 0U);
    f.tick(180s);
    BOOST_TEST(f.count(Kind::probe) == 1U);
}

// P18
BOOST_AUTO_TEST_CASE(connections_made_together_end_over_at_least_a_hundredth_of_their_lifetime) {
    Random seeds(1);
    for (int run = 0; run < 200; ++run) {
        PoolSettings settings;
        settings.max_lifetime = 1h;
        settings.idle_timeout = 0ms;
        PoolFixture f(settings);
        f.pool = Pool(settings, Random(seeds.next()));
        f.ready();
        f.make_idle(5);
        std::vector<base::Duration> ends;
        while (f.pool.next_tick() != base::kNoDeadline) {
            const auto next = f.pool.next_tick() - at(0s);
            f.tick(next);
            BOOST_TEST((f.first(Kind::close).why == CloseReason::lifetime));
            for (std::size_t i = 0; i < f.count(Kind::close); ++i) ends.push_back(next);
        }
        BOOST_TEST_REQUIRE(ends.size() == 5U);
        BOOST_TEST_REQUIRE((ends.back() - ends.front() >= 36s), "run " << run);
        BOOST_TEST_REQUIRE((ends.back() <= 1h));
        BOOST_TEST_REQUIRE((ends.front() >= 1h - 90s));  // 2.5 %
    }
}

BOOST_AUTO_TEST_CASE(a_lifetime_never_ends_a_call_under_way) {
    PoolSettings settings;
    settings.max_lifetime = 10s;  // too short for jitter
    PoolFixture f(settings);
    const auto lease = f.occupy(1).front();
    BOOST_TEST((f.pool.next_tick() == at(10s)));
    f.tick(1min);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST((f.pool.next_tick() == base::kNoDeadline));
    f.release(lease, 2min);
    BOOST_TEST((f.first(Kind::close).why == CloseReason::lifetime));
}

BOOST_AUTO_TEST_CASE(a_connection_past_its_lifetime_is_not_lent_even_before_the_tick) {
    PoolSettings settings;
    settings.max_lifetime = 10s;
    PoolFixture f(settings);
    f.make_idle(2);
    BOOST_TEST((f.acquire(1, 10s).outcome == Outcome::queued));
    BOOST_TEST(f.count(Kind::close) == 2U);
}

BOOST_AUTO_TEST_CASE(a_shared_connection_past_its_lifetime_takes_no_more_calls) {
    PoolSettings settings;
    settings.mode = ConnectionMode::multiplexed;
    settings.calls_per_connection = 10;
    settings.max_lifetime = 10s;
    PoolFixture f(settings);
    const auto lease = f.occupy(1).front();
    BOOST_TEST((f.acquire(1, 10s).outcome == Outcome::queued));
    BOOST_TEST(f.count(Kind::close) == 0U);
    f.release(lease, 11s);
    BOOST_TEST(f.count(Kind::close) == 1U);
}

BOOST_AUTO_TEST_CASE(what_retires_is_replaced_to_keep_the_least) {
    PoolSettings settings;
    settings.max_lifetime = 10s;
    settings.min_idle = 1;
    PoolFixture f(settings);
    f.dialled(f.conns(Kind::dial).front());
    f.tick(10s);
    BOOST_TEST(f.count(Kind::close) == 1U);
    BOOST_TEST(f.count(Kind::dial) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

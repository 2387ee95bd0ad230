#include <boost/test/unit_test.hpp>

#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;

constexpr std::uint64_t kHandle = 77;

ConnId adopt(PoolFixture& f, std::uint64_t handle = kHandle, base::Duration now = {}) {
    f.actions.clear();
    return f.pool.adopt(handle, at(now), f.actions);
}

BOOST_AUTO_TEST_SUITE(pool_adopt)

BOOST_AUTO_TEST_CASE(an_adopted_connection_is_lent_like_any_other) {
    PoolFixture f({});
    const ConnId conn = adopt(f);
    BOOST_TEST(f.actions.empty());
    BOOST_TEST(f.gauges() == "0 active, 1 idle, 0 connecting, 0 waiting");
    const auto acquired = f.acquire(1);
    BOOST_TEST(acquired.conn == conn);
    BOOST_TEST(acquired.handle == kHandle);
}

BOOST_AUTO_TEST_CASE(an_adopted_connection_goes_to_who_waits) {
    PoolFixture f({});
    f.acquire(1);
    adopt(f);
    BOOST_TEST(f.tags(Kind::deliver) == Tags{1});
    BOOST_TEST(f.first(Kind::deliver).handle == kHandle);
}

BOOST_AUTO_TEST_CASE(what_is_adopted_before_the_start_is_not_dialled) {
    PoolSettings settings;
    settings.preconnect = 2;
    PoolFixture f(settings, false);
    BOOST_TEST(adopt(f) != kNoConn);
    BOOST_TEST(f.actions.empty());
    f.ready();
    BOOST_TEST(f.count(Kind::dial) == 1U);
    BOOST_TEST(f.acquire(1).handle == kHandle);
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_adopted_while_draining_belongs_to_the_next_start) {
    PoolFixture f({});
    f.drain();
    BOOST_TEST(adopt(f) != kNoConn);
    BOOST_TEST(f.actions.empty());
    f.ready();
    BOOST_TEST(f.acquire(1).handle == kHandle);
}

BOOST_AUTO_TEST_CASE(an_adopted_connection_leaves_with_its_generation) {
    PoolFixture f({});
    const ConnId conn = adopt(f);
    f.clear();
    BOOST_TEST(f.conns(Kind::close) == Conns{conn});
    BOOST_TEST(f.first(Kind::close).handle == kHandle);
}

BOOST_AUTO_TEST_CASE(idleness_of_an_adopted_connection_begins_when_it_is_adopted) {
    PoolSettings settings;
    settings.idle_timeout = 10s;
    PoolFixture f(settings);
    const ConnId conn = adopt(f, kHandle, 5s);
    f.tick(15s - 1ns);
    BOOST_TEST(f.actions.empty());
    f.tick(15s);
    BOOST_TEST(f.conns(Kind::close) == Conns{conn});
}

BOOST_AUTO_TEST_CASE(a_full_pool_adopts_nothing) {
    PoolSettings settings;
    settings.max_connections = 2;
    PoolFixture f(settings);
    f.occupy(1);
    f.acquire(1);  // the dial takes the other place
    BOOST_TEST(adopt(f) == kNoConn);
    BOOST_TEST(f.gauges() == "1 active, 0 idle, 1 connecting, 1 waiting");
}

BOOST_AUTO_TEST_CASE(a_pool_that_was_made_smaller_adopts_nothing_beyond_its_maximum) {
    PoolFixture f({});
    f.occupy(2);
    f.resize(2);
    BOOST_TEST(adopt(f) == kNoConn);
    BOOST_TEST(f.actions.empty());
}

BOOST_AUTO_TEST_CASE(a_closed_pool_adopts_nothing) {
    PoolFixture f({});
    f.close();
    BOOST_TEST(adopt(f) == kNoConn);
    BOOST_TEST(f.gauges() == "0 active, 0 idle, 0 connecting, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_stateless_pool_adopts_nothing) {
    PoolSettings settings;
    settings.mode = ConnectionMode::stateless;
    PoolFixture f(settings);
    BOOST_TEST(adopt(f) == kNoConn);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

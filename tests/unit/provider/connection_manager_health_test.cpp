#include <boost/test/unit_test.hpp>

#include "connection_manager_support.hpp"

namespace tenon::provider::test {
namespace {

BOOST_AUTO_TEST_SUITE(connection_manager_health)

/// A check every 30 s, unhealthy after the second failure.
ConnectionManagerSettings checked(ConnectionManagerSettings settings) {
    settings.connection.needs_check = true;
    settings.health.active = true;
    settings.health.unhealthy_after = 2;
    settings.health.passive_replaces = false;
    return settings;
}

/// Watched wants a result.
net::Awaitable<bool> probe(ConnectionManager& manager, base::TimePoint deadline) {
    co_await manager.probe(deadline, 0);
    co_return true;
}

BOOST_AUTO_TEST_CASE(a_sick_provider_turns_requests_away_and_a_healthy_one_takes_them_again) {
    ManagerFixture f(checked(stateless_settings()));
    f.command(Command::connect);
    f.advance(0s);
    f.operations->not_checked();
    f.settle();
    BOOST_TEST(f.state() == State::connected);
    f.advance(5s);
    f.operations->not_checked(Code::unavailable, "No route.");
    f.settle();
    BOOST_TEST(f.state() == State::unhealthy);
    Request refused = f.request();
    const Error error = refused.error();
    BOOST_TEST(error.code == Code::unavailable);
    BOOST_TEST(error.message.find("No route.") != std::string::npos);
    f.advance(30s);
    f.operations->checked("2.1");
    f.settle();
    BOOST_TEST(f.state() == State::connected);
    BOOST_TEST(f.manager->health({}).server_version == "2.1");
    BOOST_TEST(static_cast<bool>(f.lease()));
}

BOOST_AUTO_TEST_CASE(a_check_has_a_connection_of_its_own) {
    ConnectionManagerSettings settings = checked(plain_settings());
    settings.pool.max_connections = 1;
    ManagerFixture f(settings);
    const Lease lease = f.lease();
    f.advance(0s);
    BOOST_TEST(f.operations->connecting() == 1U);
    const ConnHandle conn = f.operations->connected();
    f.settle();
    BOOST_TEST(conn != lease.conn());
    BOOST_TEST(f.operations->checked_conn() == conn);
    f.operations->checked();
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
    BOOST_TEST(f.manager->health({}).healthy);
}

BOOST_AUTO_TEST_CASE(a_check_that_does_not_end_is_given_up) {
    ManagerFixture f(checked(stateless_settings()));
    f.operations->obey_cancel(false);
    f.command(Command::connect);
    f.advance(0s);
    BOOST_TEST(f.operations->checking() == 1U);
    f.advance(5s);
    BOOST_TEST(f.manager->health({}).failures_in_a_row == 1);
    f.operations->checked();  // too late to say anything
    f.settle();
    BOOST_TEST(f.manager->health({}).failures_in_a_row == 1);
}

BOOST_AUTO_TEST_CASE(a_lost_provider_is_dialled_in_cycles_until_a_check_passes) {
    ConnectionManagerSettings settings = checked(plain_settings());
    settings.connection.reconnect_attempts = 2;
    settings.health.unhealthy_after = 1;
    ManagerFixture f(settings);
    f.lease().release(Disposition::reusable);
    f.advance(0s);
    f.operations->not_connected();  // the check's
    f.settle();
    BOOST_TEST(f.state() == State::unhealthy);
    BOOST_TEST(f.operations->connecting() == 1U);  // the cycle's first
    f.operations->not_connected();
    f.settle();
    BOOST_TEST(f.operations->connecting() == 0U);
    f.advance(5s);
    BOOST_TEST(f.operations->connecting() == 1U);
    f.operations->not_connected();
    f.settle();
    f.advance(5s);
    BOOST_TEST(f.operations->connecting() == 0U);  // that was the last
    f.advance(20s);                                // the tick: a check and a new cycle
    BOOST_TEST(f.operations->connecting() == 2U);
    const ConnHandle check = f.operations->connected();
    f.settle();
    const ConnHandle spare = f.operations->connected();
    f.settle();
    BOOST_TEST(f.state() == State::unhealthy);  // until it is known to work
    f.operations->checked();
    f.settle();
    BOOST_TEST(f.state() == State::connected);
    BOOST_TEST(f.operations->times_closed(check) == 1U);
    BOOST_TEST(f.lease().conn() == spare);
}

BOOST_AUTO_TEST_CASE(refused_credentials_end_the_dials_until_a_person_acts) {
    ManagerFixture f(checked(plain_settings()));
    Request asks = f.request();
    f.settle();
    f.operations->not_connected(Code::auth, "The key is wrong.");
    BOOST_TEST(asks.error().message == "The key is wrong.");
    f.settle();
    BOOST_TEST(f.state() == State::unhealthy);
    BOOST_TEST(f.manager->report().connection.misconfigured);
    Request refused = f.request();
    BOOST_TEST(refused.error().message.find("The key is wrong.") != std::string::npos);
    f.command(Command::recover);
    BOOST_TEST(f.operations->connecting() >= 1U);
}

BOOST_AUTO_TEST_CASE(a_lost_spare_connection_does_not_join_the_pool) {
    ConnectionManagerSettings settings = checked(plain_settings());
    settings.health.unhealthy_after = 1;
    ManagerFixture f(settings);
    f.lease().release(Disposition::reusable);
    f.advance(0s);
    f.operations->not_connected();  // the check's
    f.settle();
    const ConnHandle spare = f.operations->connected();
    f.settle();
    BOOST_TEST(f.manager->connection_lost(spare));
    f.settle();
    BOOST_TEST(f.operations->times_closed(spare) == 1U);
    BOOST_TEST(!f.manager->connection_lost(spare));
}

BOOST_AUTO_TEST_CASE(whoever_probes_waits_for_the_end_of_a_check) {
    ManagerFixture f(checked(stateless_settings()));
    f.command(Command::connect);
    f.advance(0s);
    f.operations->checked();
    f.settle();
    f.advance(10s);
    Watched<bool> probing(f.io, 0, probe(*f.manager, f.clock.now() + 1h));
    f.settle();
    BOOST_TEST(f.operations->checking() == 1U);
    BOOST_TEST(!probing.ended());
    f.operations->checked("3");
    BOOST_TEST(probing.result());
    BOOST_TEST(f.manager->health({}).server_version == "3");
}

BOOST_AUTO_TEST_CASE(a_probe_right_after_a_check_waits_for_the_next) {
    ManagerFixture f(checked(stateless_settings()));
    f.command(Command::connect);
    f.advance(0s);
    f.operations->checked();
    f.settle();
    Watched<bool> probing(f.io, 0, probe(*f.manager, f.clock.now() + 1h));
    f.settle();
    BOOST_TEST(f.operations->checking() == 0U);
    BOOST_TEST(!probing.ended());
    f.advance(500ms);
    f.operations->not_checked();
    BOOST_TEST(probing.result());
}

BOOST_AUTO_TEST_CASE(a_probe_of_what_is_not_connected_ends_at_once) {
    ManagerFixture f(checked(stateless_settings()));
    Watched<bool> probing(f.io, 0, probe(*f.manager, f.clock.now() + 1h));
    BOOST_TEST(probing.result());
}

BOOST_AUTO_TEST_CASE(a_probe_ends_at_its_deadline_and_when_the_provider_goes) {
    ManagerFixture f(checked(stateless_settings()));
    f.command(Command::connect);
    f.advance(0s);
    Watched<bool> late(f.io, 0, probe(*f.manager, f.clock.now() + 1s));
    f.settle();
    f.advance(1s);
    BOOST_TEST(late.result());
    Watched<bool> gone(f.io, 0, probe(*f.manager, f.clock.now() + 1h));
    f.settle();
    BOOST_TEST(!gone.ended());
    f.command(Command::disconnect);
    BOOST_TEST(gone.result());
}

BOOST_AUTO_TEST_CASE(the_upkeep_wakes_sooner_when_a_request_has_failed) {
    ManagerFixture f(checked(stateless_settings()));
    f.command(Command::connect);
    f.advance(0s);
    f.operations->checked();
    f.settle();
    const Error error(Code::unavailable, "Connection reset.");
    Request request = f.request();
    f.settle();
    request.lease().end({.verdict = core::judge({.error = &error})});
    f.advance(5s);
    BOOST_TEST(f.operations->checking() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failed_dial_of_the_pool_brings_a_check_forward) {
    ManagerFixture f(checked(plain_settings()));
    const Lease lease = f.lease();
    f.advance(0s);
    f.operations->connected();
    f.settle();
    f.operations->checked();
    f.settle();
    f.advance(20s);
    Request asks = f.request();
    f.settle();
    f.operations->not_connected(Code::unavailable, "Too many connections.");
    // Another one serves it, when it comes back; till then it stands in line.
    f.settle();
    BOOST_TEST(f.operations->connecting() == 1U);  // the check's
    asks.cancel->cancel();
    asks.error();
}

BOOST_AUTO_TEST_CASE(idle_connections_are_probed_and_closed_if_they_are_dead) {
    ConnectionManagerSettings settings = plain_settings();
    settings.pool.keepalive_interval = 10s;
    ManagerFixture f(settings);
    Lease lease = f.lease();
    const ConnHandle conn = lease.conn();
    lease.release(Disposition::reusable);
    f.advance(10s);
    BOOST_TEST(f.operations->checked_conn() == conn);
    f.operations->not_checked();
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_dies_while_idle_is_closed_and_not_lent) {
    ManagerFixture f;
    Lease lease = f.lease();
    const ConnHandle conn = lease.conn();
    lease.release(Disposition::reusable);
    BOOST_TEST(f.manager->connection_lost(conn));
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
    BOOST_TEST(!f.manager->connection_lost(conn));
    BOOST_TEST(f.lease().conn() != conn);
}

BOOST_AUTO_TEST_CASE(a_plugin_that_brings_a_connection_twice_or_none_has_failed) {
    ManagerFixture f;
    const Lease lease = f.lease();
    Request asks = f.request();
    f.settle();
    f.operations->connected(lease.conn());
    f.settle();
    BOOST_TEST(f.operations->times_closed(lease.conn()) == 0U);
    BOOST_TEST(f.manager->report().pool.last_dial_error->message.find("in use already") !=
               std::string::npos);
    asks.cancel->cancel();
    asks.error();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider::test

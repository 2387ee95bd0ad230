#include <boost/test/unit_test.hpp>

#include "connection_manager_support.hpp"

namespace tenon::provider::test {
namespace {

BOOST_AUTO_TEST_SUITE(connection_manager_request)

ConnectionManagerSettings one_connection() {
    ConnectionManagerSettings settings = plain_settings();
    settings.pool.max_connections = 1;
    return settings;
}

ConnectionManagerSettings one_permit() {
    ConnectionManagerSettings settings = plain_settings();
    settings.permits.permits = 1;
    settings.permits.queue = 2;
    return settings;
}

BOOST_AUTO_TEST_CASE(the_first_request_connects_and_gets_that_connection) {
    ManagerFixture f;
    Request asks = f.request();
    f.settle();
    BOOST_TEST(f.state() == State::connecting);
    BOOST_TEST(f.operations->connecting() == 1U);
    const ConnHandle conn = f.operations->connected();
    Lease lease = asks.lease();
    BOOST_TEST(lease.conn() == conn);
    f.settle();
    BOOST_TEST(f.path() == "disconnected connecting connected");
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 1 active, 0 idle, 0 waiting");
    lease.release(Disposition::reusable);
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 1 idle, 0 waiting");
    BOOST_TEST(f.lease().conn() == conn);
}

BOOST_AUTO_TEST_CASE(a_stateless_provider_needs_no_connection) {
    ManagerFixture f(stateless_settings());
    Lease lease = f.lease();
    BOOST_TEST(lease.conn() == 0U);
    BOOST_TEST(f.state() == State::connected);
    BOOST_TEST(f.operations->made() == 0U);
    lease.lend();  // there is nothing that the plugin would have to give back
    lease.release(Disposition::reusable);
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(the_wait_of_a_lease_is_that_for_all_it_needs) {
    ManagerFixture f;
    Request asks = f.request();
    f.settle();
    f.advance(3s);
    f.operations->connected();
    BOOST_TEST((asks.lease().waited() == base::Duration(3s)));
}

BOOST_AUTO_TEST_CASE(all_who_wait_for_a_dial_get_its_error) {
    ManagerFixture f;
    Request first = f.request();
    Request second = f.request();
    f.settle();
    f.operations->not_connected(Code::unavailable, "Nobody listens there.");
    BOOST_TEST(first.error().message == "Nobody listens there.");
    BOOST_TEST(second.error().message == "Nobody listens there.");
    BOOST_TEST(f.manager->report().last_error.message == "Nobody listens there.");
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(who_comes_after_a_failed_dial_waits_for_the_next) {
    ManagerFixture f;
    Request first = f.request();
    f.settle();
    f.operations->not_connected();
    f.settle();
    Request second = f.request();
    f.settle();
    BOOST_TEST(!second.ended());
    f.advance(5s);
    const ConnHandle conn = f.operations->connected();
    BOOST_TEST(second.lease().conn() == conn);
}

BOOST_AUTO_TEST_CASE(a_dial_that_takes_too_long_fails_who_waits_for_it) {
    ManagerFixture f;
    f.operations->obey_cancel(false);
    Request asks = f.request();
    f.settle();
    f.advance(10s);
    const Error error = asks.error();
    BOOST_TEST(error.code == Code::deadline);
    BOOST_TEST(error.message.find("timeouts.connect") != std::string::npos);
    // Too late: it is closed, and the next request waits for the next dial.
    const ConnHandle late = f.operations->connected();
    f.settle();
    BOOST_TEST(f.operations->times_closed(late) == 1U);
    BOOST_TEST(f.state() == State::connecting);
}

BOOST_AUTO_TEST_CASE(who_wait_while_it_connects_are_served_in_the_order_in_which_they_came) {
    ManagerFixture f(one_connection());
    Request first = f.request();
    Request second = f.request();
    Request third = f.request();
    f.settle();
    f.operations->connected();
    Lease lease = first.lease();
    BOOST_TEST(!second.ended());
    lease.release(Disposition::reusable);
    lease = second.lease();
    f.settle();
    BOOST_TEST(!third.ended());
    lease.release(Disposition::reusable);
    lease = third.lease();
}

BOOST_AUTO_TEST_CASE(a_newcomer_does_not_overtake_who_waits_for_a_permit) {
    ManagerFixture f(one_permit());
    Lease lease = f.lease();
    Request first = f.request();
    f.settle();
    lease.release(Disposition::reusable);
    Request second = f.request();
    f.settle();
    lease = first.lease();
    BOOST_TEST(!second.ended());
    lease.release(Disposition::reusable);
    lease = second.lease();
}

BOOST_AUTO_TEST_CASE(the_line_is_bounded_while_it_connects) {
    ManagerFixture f(one_permit());
    Request first = f.request();
    Request second = f.request();
    Request third = f.request();
    Request fourth = f.request();
    f.settle();
    BOOST_TEST(fourth.error().code == Code::overloaded);
    BOOST_TEST(!third.ended());
    f.operations->not_connected();
}

BOOST_AUTO_TEST_CASE(a_request_is_cancelled_while_it_waits_for_a_permit) {
    ManagerFixture f(one_permit());
    Lease lease = f.lease();
    Request asks = f.request();
    f.settle();
    BOOST_TEST(f.gauges() == "1 permits, 1 in line, 1 active, 0 idle, 0 waiting");
    asks.cancel->cancel();
    BOOST_TEST(asks.error().code == Code::cancelled);
    f.settle();
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 1 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_request_is_cancelled_while_it_connects) {
    ManagerFixture f;
    Request asks = f.request();
    f.settle();
    asks.cancel->cancel();
    BOOST_TEST(asks.error().code == Code::cancelled);
    BOOST_TEST(f.state() == State::connecting);  // others want it too, as a rule
    f.operations->connected();
    f.settle();
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 1 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_request_is_cancelled_while_it_waits_for_a_connection) {
    ManagerFixture f(one_connection());
    Lease lease = f.lease();
    Request asks = f.request();
    f.settle();
    BOOST_TEST(f.gauges() == "2 permits, 0 in line, 1 active, 0 idle, 1 waiting");
    asks.cancel->cancel();
    BOOST_TEST(asks.error().code == Code::cancelled);
    f.settle();
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 1 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_request_that_is_cancelled_before_it_asks_gets_nothing) {
    ManagerFixture f(stateless_settings());
    const auto cancel = std::make_shared<CancelSignal>();
    cancel->cancel();
    Request::Leasing leasing(f.io, 0, f.manager->acquire({base::kNoDeadline}, cancel, 0));
    BOOST_TEST(leasing.result().error().code == Code::cancelled);
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_delivered_in_the_moment_of_the_cancel_comes_back) {
    ManagerFixture f(one_connection());
    Lease lease = f.lease();
    Request asks = f.request();
    f.settle();
    // Both before the request has had a chance to notice either.
    boost::asio::post(f.io.context(0), [&] {
        lease.release(Disposition::reusable);
        asks.cancel->cancel();
    });
    BOOST_TEST(asks.error().code == Code::cancelled);
    f.settle();
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 1 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(each_wait_ends_at_the_deadline) {
    ConnectionManagerSettings settings = one_permit();
    settings.permits.permits = 2;
    settings.permits.predict_wait = false;
    settings.pool.max_connections = 1;
    settings.connection.connect_timeout = 1h;
    ManagerFixture f(settings);
    Request connecting = f.request(1s);
    f.settle();
    f.advance(1s);
    BOOST_TEST(connecting.error().code == Code::deadline);
    f.operations->connected();
    f.settle();
    Lease lease = f.lease();
    Request for_connection = f.request(1s);
    Request for_permit = f.request(1s);
    f.settle();
    BOOST_TEST(f.gauges() == "2 permits, 1 in line, 1 active, 0 idle, 1 waiting");
    f.advance(1s);
    BOOST_TEST(for_connection.error().code == Code::deadline);
    BOOST_TEST(for_permit.error().code == Code::deadline);
    f.settle();
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 1 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(the_upkeep_ends_a_wait_that_takes_longer_than_the_pool_allows) {
    ManagerFixture f(one_connection());
    Lease lease = f.lease();
    Request asks = f.request(1h);
    f.settle();
    f.advance(5s);
    BOOST_TEST(asks.error().code == Code::overloaded);
}

BOOST_AUTO_TEST_CASE(when_the_provider_goes_who_waits_for_a_permit_hears_why) {
    ManagerFixture f(one_permit());
    Lease lease = f.lease();
    Request asks = f.request();
    f.settle();
    f.command(Command::disable);
    BOOST_TEST(asks.error().message.find("disabled") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_lent_comes_back_when_the_plugin_is_done_with_it) {
    ManagerFixture f;
    Lease lease = f.lease();
    const ConnHandle conn = lease.conn();
    BOOST_TEST(!f.manager->call_over(conn, Disposition::reusable));
    lease.lend();
    lease.release(Disposition::must_close);
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 1 active, 0 idle, 0 waiting");
    BOOST_TEST(f.manager->call_over(conn, Disposition::reusable));
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 1 idle, 0 waiting");
    BOOST_TEST(!f.manager->call_over(conn, Disposition::must_close));
}

BOOST_AUTO_TEST_CASE(the_plugin_may_be_done_before_the_request) {
    ManagerFixture f;
    Lease lease = f.lease();
    lease.lend();
    BOOST_TEST(f.manager->call_over(lease.conn(), Disposition::reusable));
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 0 active, 1 idle, 0 waiting");
    lease.release(Disposition::must_close);
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 1 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(a_multiplexed_connection_is_given_back_call_by_call) {
    ConnectionManagerSettings settings = one_connection();
    settings.pool.mode = core::ConnectionMode::multiplexed;
    settings.pool.calls_per_connection = 3;
    ManagerFixture f(settings);
    Lease first = f.lease();
    Lease second = f.lease();
    Lease third = f.lease();
    const ConnHandle conn = first.conn();
    BOOST_TEST(third.conn() == conn);
    first.lend();
    second.lend();
    first.release(Disposition::reusable);
    BOOST_TEST(f.manager->call_over(conn, Disposition::must_close));
    BOOST_TEST(f.manager->call_over(conn, Disposition::reusable));
    BOOST_TEST(!f.manager->call_over(conn, Disposition::reusable));
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 0U);  // under the third call
    third.release(Disposition::reusable);
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lease_that_goes_without_a_word_closes_its_connection) {
    ManagerFixture f;
    const ConnHandle conn = f.lease().conn();
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lease_that_another_takes_the_place_of_is_given_back) {
    ManagerFixture f;
    Lease lease = f.lease();
    lease = f.lease();
    BOOST_TEST(static_cast<bool>(lease));
    lease = Lease();
    BOOST_TEST(!lease);
    f.settle();
    BOOST_TEST(f.gauges() == "0 permits, 0 in line, 0 active, 0 idle, 0 waiting");
    BOOST_TEST(f.operations->all_closed_once());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider::test

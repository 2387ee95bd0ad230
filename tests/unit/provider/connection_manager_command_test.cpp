#include <boost/test/unit_test.hpp>

#include <array>

#include "connection_manager_support.hpp"

namespace tenon::provider::test {
namespace {

BOOST_AUTO_TEST_SUITE(connection_manager_command)

ConnectionManagerSettings checked_settings() {
    ConnectionManagerSettings settings = plain_settings();
    settings.connection.needs_check = true;
    settings.connection.reconnect_attempts = 1;
    settings.health.active = true;
    settings.health.unhealthy_after = 1;
    settings.health.first_within = 1h;
    settings.health.interval = 24h;
    settings.health.recheck = 24h;
    return settings;
}

/// From `disconnected` to a state, as short as can be. The lease is held in `disconnecting`.
Lease bring_to(State state, ManagerFixture& f) {
    if (state == State::disconnected) return {};
    f.command(Command::connect);
    if (state == State::connecting) return {};
    if (state == State::unhealthy) {
        f.operations->not_connected();
        f.settle();
        return {};
    }
    f.operations->connected();
    f.settle();
    if (state == State::connected) return {};
    Lease lease = f.lease();
    f.command(Command::disconnect);
    return lease;
}

BOOST_AUTO_TEST_CASE(every_command_makes_sense_in_every_state) {
    using S = State;
    constexpr std::array kStates{S::disconnected, S::connecting, S::connected, S::unhealthy,
                                 S::disconnecting};
    struct Row {
        Command command;
        std::array<State, 5> then;
    };
    constexpr std::array kRows{
        Row{Command::connect,
            {S::connecting, S::connecting, S::connected, S::unhealthy, S::disconnecting}},
        Row{Command::disconnect,
            {S::disconnected, S::disconnected, S::disconnected, S::disconnected, S::disconnecting}},
        Row{Command::disconnect_now,
            {S::disconnected, S::disconnected, S::disconnected, S::disconnected, S::disconnected}},
        Row{Command::enable,
            {S::disconnected, S::connecting, S::connected, S::unhealthy, S::disconnecting}},
        Row{Command::disable,
            {S::disconnected, S::disconnected, S::disconnected, S::disconnected, S::disconnecting}},
        Row{Command::reconnect,
            {S::connecting, S::connecting, S::connecting, S::unhealthy, S::disconnecting}},
        Row{Command::recover,
            {S::disconnected, S::connecting, S::connected, S::unhealthy, S::disconnecting}}};
    for (const Row& row : kRows) {
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            BOOST_TEST_CONTEXT(to_string(row.command) << " when " << to_string(kStates[i])) {
                ManagerFixture f(checked_settings());
                const Lease lease = bring_to(kStates[i], f);
                BOOST_TEST(f.state() == kStates[i]);
                f.command(row.command);
                BOOST_TEST(f.state() == row.then[i]);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_drain_lets_requests_end) {
    ManagerFixture f;
    Lease lease = f.lease();
    f.command(Command::disconnect);
    BOOST_TEST(f.state() == State::disconnecting);
    BOOST_TEST(!lease.interrupted());
    Request late = f.request();
    BOOST_TEST(late.error().code == Code::unavailable);
    const ConnHandle conn = lease.conn();
    lease.lend();
    lease.release(Disposition::reusable);
    f.settle();
    BOOST_TEST(f.state() == State::disconnecting);  // the plugin still has it
    f.manager->call_over(conn, Disposition::reusable);
    f.settle();
    BOOST_TEST(f.state() == State::disconnected);
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
    BOOST_TEST(f.path() == "disconnected connecting connected disconnecting disconnected");
}

class CountingWaker final : public plugin::Waker {
public:
    void wake() noexcept override { ++times; }
    std::atomic<int> times{0};
};

BOOST_AUTO_TEST_CASE(when_the_grace_is_over_requests_are_interrupted) {
    ManagerFixture f;
    Lease lease = f.lease();
    const auto waker = std::make_shared<CountingWaker>();
    lease.attach(waker);
    const ConnHandle conn = lease.conn();
    f.command(Command::disconnect);
    f.advance(10s - 1ns);
    BOOST_TEST(f.state() == State::disconnecting);
    BOOST_TEST(!lease.interrupted());
    f.advance(1ns);
    BOOST_TEST(f.state() == State::disconnected);
    BOOST_TEST(lease.interrupted());
    BOOST_TEST(waker->times == 1);
    BOOST_TEST(f.operations->times_closed(conn) == 0U);  // not under the call
    lease.release(Disposition::must_close);
    f.settle();
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_granted_but_not_noticed_is_interrupted_too) {
    ConnectionManagerSettings settings = plain_settings();
    settings.pool.max_connections = 1;
    ManagerFixture f(settings);
    Lease first = f.lease();
    Request asks = f.request();
    f.settle();
    boost::asio::post(f.io.context(0), [&] {
        first.release(Disposition::reusable);
        f.manager->command(Command::disconnect_now);
    });
    const Lease lease = asks.lease();
    BOOST_TEST(f.state() == State::disconnected);
    BOOST_TEST(lease.interrupted());
}

BOOST_AUTO_TEST_CASE(disconnecting_at_once_interrupts_stateless_calls_as_well) {
    ManagerFixture f(stateless_settings());
    Lease lease = f.lease();
    f.command(Command::disconnect);
    BOOST_TEST(f.state() == State::disconnecting);
    BOOST_TEST(!lease.interrupted());
    f.command(Command::disconnect_now);
    BOOST_TEST(f.state() == State::disconnected);
    BOOST_TEST(lease.interrupted());
}

BOOST_AUTO_TEST_CASE(what_was_never_connected_is_drained_at_once_again_and_again) {
    ManagerFixture f;
    for (int i = 0; i < 3; ++i) {
        f.command(Command::connect);
        BOOST_TEST(f.state() == State::connecting);
        f.command(Command::disconnect);
        BOOST_TEST(f.state() == State::disconnected);
    }
}

BOOST_AUTO_TEST_CASE(a_dial_that_succeeds_after_its_cancel_is_closed) {
    ManagerFixture f;
    f.operations->obey_cancel(false);
    f.command(Command::connect);
    f.command(Command::disconnect);
    f.command(Command::connect);
    BOOST_TEST(f.operations->connecting() == 2U);
    const ConnHandle late = f.operations->connected();
    f.settle();
    BOOST_TEST(f.operations->times_closed(late) == 1U);
    BOOST_TEST(f.state() == State::connecting);
    const ConnHandle conn = f.operations->connected();
    BOOST_TEST(f.lease().conn() == conn);
}

BOOST_AUTO_TEST_CASE(the_failure_of_a_cancelled_dial_is_nobodys) {
    ManagerFixture f;
    f.operations->obey_cancel(false);
    f.command(Command::connect);
    f.command(Command::disconnect);
    f.command(Command::connect);
    Request asks = f.request();
    f.settle();
    f.operations->not_connected(Code::cancelled);
    f.settle();
    BOOST_TEST(!asks.ended());
    BOOST_TEST(f.manager->report().last_error.message.empty());
    f.operations->connected();
    asks.lease();
}

BOOST_AUTO_TEST_CASE(reconnecting_lets_old_calls_end_and_gives_new_ones_a_new_connection) {
    ManagerFixture f;
    Lease old = f.lease();
    f.command(Command::reconnect);
    BOOST_TEST(f.state() == State::connecting);
    BOOST_TEST(!old.interrupted());
    Request asks = f.request();
    f.settle();
    const ConnHandle conn = f.operations->connected();
    const Lease lease = asks.lease();
    BOOST_TEST(lease.conn() == conn);
    const ConnHandle before = old.conn();
    old.release(Disposition::reusable);
    f.settle();
    BOOST_TEST(f.operations->times_closed(before) == 1U);
    BOOST_TEST(f.gauges() == "1 permits, 0 in line, 1 active, 0 idle, 0 waiting");
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_connection_waits_on_while_it_reconnects) {
    ConnectionManagerSettings settings = plain_settings();
    settings.pool.max_connections = 2;
    ManagerFixture f(settings);
    const Lease first = f.lease();
    Request one = f.request();
    Request two = f.request();
    f.settle();
    BOOST_TEST(f.manager->report().pool.waiting == 2U);
    f.command(Command::reconnect);
    BOOST_TEST(!one.ended());
    const ConnHandle conn = f.operations->connected();
    f.settle();
    BOOST_TEST(one.lease().conn() == conn);
    BOOST_TEST(!two.ended());
}

BOOST_AUTO_TEST_CASE(a_request_during_a_drain_connects_when_it_is_over) {
    ManagerFixture f;
    Lease lease = f.lease();
    f.command(Command::disconnect);
    f.command(Command::connect);
    Request asks = f.request();
    f.settle();
    BOOST_TEST(f.state() == State::disconnecting);
    lease.release(Disposition::reusable);
    f.settle();
    BOOST_TEST(f.state() == State::connecting);
    f.operations->connected();
    asks.lease();
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_end_of_a_drain_hears_when_that_is_not_wanted_any_more) {
    ManagerFixture f;
    const Lease lease = f.lease();
    f.command(Command::disconnect);
    f.command(Command::connect);
    Request asks = f.request();
    f.settle();
    f.command(Command::disconnect);
    BOOST_TEST(f.state() == State::disconnecting);
    BOOST_TEST(asks.error().code == Code::unavailable);
}

BOOST_AUTO_TEST_CASE(what_was_wanted_before_connects_at_the_start) {
    ConnectionManagerSettings settings = plain_settings();
    settings.wanted = core::WantedState::connected;
    ManagerFixture f(settings);
    f.settle();
    BOOST_TEST(f.state() == State::connecting);
    f.operations->connected();
    f.settle();
    BOOST_TEST(f.path() == "disconnected connecting connected");
}

BOOST_AUTO_TEST_CASE(the_listener_may_call_back_and_hears_everything_in_order) {
    ManagerFixture* fixture = nullptr;
    ManagerFixture f(stateless_settings(), [&](const core::ConnectionTransition& news) {
        BOOST_TEST(fixture->manager->report().connection.sequence >= news.sequence);
        if (news.sequence == 1) fixture->manager->command(Command::disconnect_now);
        if (news.sequence == 3) fixture->manager->command(Command::connect);
    });
    fixture = &f;
    f.command(Command::connect);
    f.settle();
    BOOST_TEST(f.path() == "disconnected connected disconnecting disconnected connected");
    std::uint64_t expected = 0;
    for (const auto& news : f.transitions()) BOOST_TEST(news.sequence == ++expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider::test

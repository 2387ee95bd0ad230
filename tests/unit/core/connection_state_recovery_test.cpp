#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "connection_model.hpp"
#include "core/connection_state.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using State = ConnectionState;
using Admission = ConnectionAdmission::Kind;

struct Fixture {
    explicit Fixture(ConnectionSettings settings = {}) : machine(settings, true, {}) {}

    template <class Event>
    std::string on(Event event) {
        ConnectionSteps steps;
        event(steps);
        for (const ConnectionStep& step : steps) {
            if (step.kind == ConnectionStep::Kind::start_dial) dialled_at.push_back(since_start());
        }
        return to_text(steps, now);
    }
    std::string tell(ConnectionCommand command) {
        return on([&](auto& steps) { static_cast<void>(machine.command(command, now, steps)); });
    }
    std::string succeed() {
        return on([&](auto& steps) { machine.dial_succeeded(machine.report().dial, now, steps); });
    }
    std::string fail(bool misconfigured = false) {
        return on([&](auto& steps) {
            machine.dial_failed(machine.report().dial, misconfigured, now, steps);
        });
    }
    std::string find(HealthVerdict verdict) {
        return on([&](auto& steps) { machine.health(verdict, now, steps); });
    }
    std::string health_tick() {
        return on([&](auto& steps) { machine.health_tick(now, steps); });
    }
    std::string timer() {
        if (machine.report().wake != base::kNoDeadline) now = machine.report().wake;
        return on([&](auto& steps) { machine.tick(now, steps); });
    }
    void connect() {
        tell(ConnectionCommand::connect);
        succeed();
        dialled_at.clear();
    }
    base::Duration since_start() const { return now - at(0s); }
    State state() const { return machine.report().state; }

    ConnectionMachine machine;
    base::TimePoint now = at(0s);
    std::vector<base::Duration> dialled_at;
};

ConnectionSettings stateless() {
    ConnectionSettings settings;
    settings.stateless = true;
    return settings;
}

using Times = std::vector<base::Duration>;

BOOST_AUTO_TEST_SUITE(connection_state_recovery)

// H6
BOOST_AUTO_TEST_CASE(three_dials_five_seconds_after_the_end_of_the_last_then_quiet_until_a_tick) {
    Fixture f;
    f.tell(ConnectionCommand::connect);
    f.now += 2s;  // each dial takes as long
    f.fail();
    f.timer();
    f.now += 2s;
    f.fail();
    f.timer();
    f.now += 2s;
    BOOST_TEST(f.fail() == "2 connecting>unhealthy dial_failed; ");
    BOOST_TEST((f.dialled_at == Times{0s, 7s, 14s}));

    BOOST_TEST((f.machine.report().wake == base::kNoDeadline));
    f.now = at(1h);
    BOOST_TEST(f.on([&](auto& steps) { f.machine.tick(f.now, steps); }).empty());
    BOOST_TEST(f.health_tick() == "clear g2; dial 4 attempt 1 for 10000ms g2; ");
}

// H6
BOOST_AUTO_TEST_CASE(a_tick_during_a_cycle_does_not_begin_another) {
    Fixture f;
    f.connect();
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST(f.health_tick().empty());
    f.fail();
    BOOST_TEST(f.health_tick().empty());
}

// H7
BOOST_AUTO_TEST_CASE(after_a_failed_cycle_a_dial_is_not_enough_a_check_has_to_pass) {
    Fixture f;
    f.connect();
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST(f.succeed() == "check; ");
    BOOST_TEST((f.state() == State::unhealthy));
    BOOST_TEST(f.find(HealthVerdict::healthy) == "open g2; 4 unhealthy>connected check_passed; ");
}

// H7
BOOST_AUTO_TEST_CASE(a_server_that_only_accepts_connections_is_never_connected_again) {
    Fixture f;
    f.connect();
    f.find(HealthVerdict::unhealthy);
    for (int cycle = 0; cycle < 20; ++cycle) {
        f.succeed();
        f.find(HealthVerdict::unhealthy);
        BOOST_TEST((f.state() == State::unhealthy));
        BOOST_TEST(
            (f.machine.admit() == ConnectionAdmission{Admission::no, AdmissionReason::unhealthy}));
        f.now += 30s;
        f.health_tick();
    }
    BOOST_TEST(f.dialled_at.size() == 21U);
}

BOOST_AUTO_TEST_CASE(where_there_is_no_check_a_dial_is_enough) {
    ConnectionSettings settings;
    settings.needs_check = false;
    settings.reconnect_attempts = 1;
    Fixture f(settings);
    f.tell(ConnectionCommand::connect);
    f.fail();
    f.health_tick();
    BOOST_TEST(f.succeed() == "open g2; 3 unhealthy>connected dialled; ");
}

// H8
BOOST_AUTO_TEST_CASE(unhealthy_is_published_before_the_pool_is_cleared_and_admits_nobody) {
    Fixture f(stateless());
    f.tell(ConnectionCommand::connect);
    BOOST_TEST(f.find(HealthVerdict::unhealthy) ==
               "2 connected>unhealthy check_failed; clear g2; ");
    BOOST_TEST((f.machine.admit().kind == Admission::no));
}

// H8
BOOST_AUTO_TEST_CASE(the_pool_is_open_before_anybody_sees_it_healthy) {
    Fixture f(stateless());
    f.tell(ConnectionCommand::connect);
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST(f.find(HealthVerdict::healthy) == "open g2; 3 unhealthy>connected check_passed; ");
}

BOOST_AUTO_TEST_CASE(the_same_verdict_again_changes_nothing) {
    for (const auto verdict :
         {HealthVerdict::healthy, HealthVerdict::unhealthy, HealthVerdict::misconfigured}) {
        Fixture f(stateless());
        f.tell(ConnectionCommand::connect);
        f.find(verdict);
        BOOST_TEST(f.find(verdict).empty());
    }
}

// H9
BOOST_AUTO_TEST_CASE(refused_credentials_end_the_cycle_at_once_and_no_tick_begins_another) {
    Fixture f;
    f.tell(ConnectionCommand::connect);
    BOOST_TEST(f.fail(true) == "2 connecting>unhealthy misconfigured; ");
    BOOST_TEST((f.machine.report().wake == base::kNoDeadline));
    BOOST_TEST(f.health_tick().empty());
    BOOST_TEST(f.find(HealthVerdict::unhealthy).empty());
    BOOST_TEST(f.health_tick().empty());
    BOOST_TEST(f.dialled_at.size() == 1U);
    BOOST_TEST(
        (f.machine.admit() == ConnectionAdmission{Admission::no, AdmissionReason::misconfigured}));
}

// H9
BOOST_AUTO_TEST_CASE(a_check_that_finds_credentials_refused_stops_a_dial_that_runs) {
    Fixture f;
    f.connect();
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST(f.find(HealthVerdict::misconfigured) == "cancel 2; ");
    BOOST_TEST((f.machine.report().wake == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(recover_tries_a_misconfigured_provider_again) {
    Fixture f;
    f.tell(ConnectionCommand::connect);
    f.fail(true);
    BOOST_TEST(f.tell(ConnectionCommand::recover) == "clear g2; dial 2 attempt 1 for 10000ms g2; ");
    f.succeed();
    f.find(HealthVerdict::healthy);
    BOOST_TEST((f.machine.admit().kind == Admission::yes));
}

BOOST_AUTO_TEST_CASE(recover_does_not_wait_for_the_next_attempt_and_begins_a_whole_cycle) {
    Fixture f;
    f.tell(ConnectionCommand::connect);
    f.fail();
    f.now += 1s;
    BOOST_TEST(f.tell(ConnectionCommand::recover) == "dial 2 attempt 1 for 10000ms g1; ");
    BOOST_TEST(f.tell(ConnectionCommand::recover).empty());
}

BOOST_AUTO_TEST_CASE(recover_of_a_stateless_provider_checks_it) {
    Fixture f(stateless());
    f.tell(ConnectionCommand::connect);
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST(f.tell(ConnectionCommand::recover) == "clear g3; check; ");
    BOOST_TEST((f.state() == State::unhealthy));
}

BOOST_AUTO_TEST_CASE(a_dial_that_never_reports_is_given_up_and_counts_as_an_attempt) {
    Fixture f;
    f.tell(ConnectionCommand::connect);
    BOOST_TEST(f.timer() == "cancel 1; ");
    BOOST_TEST(f.since_start() == 10s);
    BOOST_TEST(f.timer() == "dial 2 attempt 2 for 10000ms g1; ");
    BOOST_TEST(f.since_start() == 15s);
    BOOST_TEST(f.on([&](auto& steps) { f.machine.dial_failed(1, true, f.now, steps); }).empty());
    BOOST_TEST((f.state() == State::connecting));
}

BOOST_AUTO_TEST_CASE(without_auto_recovery_there_is_one_attempt_and_nothing_by_itself) {
    ConnectionSettings settings;
    settings.auto_recovery = false;
    Fixture f(settings);
    f.tell(ConnectionCommand::connect);
    BOOST_TEST(f.fail() == "2 connecting>disconnected dial_failed; ");
    f.connect();
    BOOST_TEST(f.find(HealthVerdict::unhealthy) ==
               "5 connected>unhealthy check_failed; clear g2; ");
    BOOST_TEST(f.health_tick().empty());
    f.find(HealthVerdict::healthy);
    BOOST_TEST((f.state() == State::connected));
}

BOOST_AUTO_TEST_CASE(unhealthy_providers_are_used_all_the_same_if_that_is_configured) {
    ConnectionSettings settings = stateless();
    settings.admit_when_unhealthy = true;
    Fixture f(settings);
    f.tell(ConnectionCommand::connect);
    BOOST_TEST(f.find(HealthVerdict::unhealthy) ==
               "2 connected>unhealthy check_failed; clear g2; open g2; ");
    BOOST_TEST((f.machine.admit().kind == Admission::yes));
    f.find(HealthVerdict::misconfigured);
    BOOST_TEST((f.machine.admit().kind == Admission::no));
}

BOOST_AUTO_TEST_CASE(a_dial_of_a_provider_that_checks_call_unhealthy_does_not_connect_it) {
    Fixture f;
    f.connect();
    f.tell(ConnectionCommand::reconnect);
    f.find(HealthVerdict::unhealthy);
    BOOST_TEST((f.state() == State::connecting));
    BOOST_TEST(f.succeed() == "4 connecting>unhealthy dialled; check; ");
}

BOOST_AUTO_TEST_CASE(verdicts_about_a_provider_that_is_not_connected_are_forgotten) {
    Fixture f;
    f.find(HealthVerdict::unhealthy);
    f.connect();
    BOOST_TEST((f.state() == State::connected));
    f.tell(ConnectionCommand::disconnect_now);
    f.find(HealthVerdict::misconfigured);
    f.connect();
    BOOST_TEST((f.state() == State::connected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

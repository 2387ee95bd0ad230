#include <boost/test/unit_test.hpp>

#include <string>

#include "connection_model.hpp"
#include "core/connection_state.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Command = ConnectionCommand;
using Kind = CommandReply::Kind;
using State = ConnectionState;
using Admission = ConnectionAdmission::Kind;

/// A provider with connect(), whose steps are kept in words.
struct Fixture {
    explicit Fixture(ConnectionSettings settings = {}, bool enabled = true,
                     WantedState wanted = WantedState::on_demand)
        : machine(settings, enabled, wanted) {}

    template <class Event>
    std::string on(Event event) {
        ConnectionSteps steps;
        event(steps);
        return to_text(steps, now);
    }
    CommandReply tell(Command command) {
        ConnectionSteps steps;
        const CommandReply reply = machine.command(command, now, steps);
        done = to_text(steps, now);
        return reply;
    }
    std::string dialled() {
        return on([&](auto& steps) { machine.dial_succeeded(machine.report().dial, now, steps); });
    }
    std::string drained() {
        return on([&](auto& steps) { machine.drained(machine.report().generation, now, steps); });
    }
    void connect() {
        tell(Command::connect);
        dialled();
    }
    State state() const { return machine.report().state; }
    WantedState wanted() const { return machine.report().wanted; }

    ConnectionMachine machine;
    base::TimePoint now = at(0s);
    std::string done;  // by the last command
};

ConnectionSettings stateless() {
    ConnectionSettings settings;
    settings.stateless = true;
    return settings;
}

BOOST_AUTO_TEST_SUITE(connection_state_command)

BOOST_AUTO_TEST_CASE(what_a_command_would_do_is_foreseen_and_nothing_changes_by_it) {
    Fixture f({}, true, WantedState::on_demand);
    const auto foreseen = f.machine.foresee(Command::disconnect, f.now);
    BOOST_TEST((foreseen.reply.note == ReplyNote::stays_disconnected));
    BOOST_TEST((foreseen.before == Intent{true, WantedState::on_demand}));
    BOOST_TEST((foreseen.after == Intent{true, WantedState::disconnected}));
    BOOST_TEST((f.wanted() == WantedState::on_demand));

    f.tell(Command::disable);
    const auto refused = f.machine.foresee(Command::connect, f.now);
    BOOST_TEST((refused.reply.kind() == Kind::refused));
    BOOST_TEST((refused.after == refused.before));
}

BOOST_AUTO_TEST_CASE(the_report_says_why_and_since_when_it_is_so) {
    Fixture f;
    BOOST_TEST(f.machine.report().sequence == 0U);
    f.now = at(3s);
    f.connect();
    BOOST_TEST((f.machine.report().reason == TransitionReason::dialled));
    BOOST_TEST((f.machine.report().since == at(3s)));
}

BOOST_AUTO_TEST_CASE(connect_dials_and_a_dial_that_succeeds_connects) {
    Fixture f;
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::connecting));
    BOOST_TEST(f.done ==
               "1 disconnected>connecting connect_asked; dial 1 attempt 1 for 10000ms g1; ");
    BOOST_TEST(f.dialled() == "open g1; 2 connecting>connected dialled; ");
}

BOOST_AUTO_TEST_CASE(a_stateless_provider_is_connected_as_soon_as_that_is_asked_for) {
    Fixture f(stateless());
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::now_connected));
    BOOST_TEST(f.done == "open g1; 1 disconnected>connected connect_asked; ");
}

BOOST_AUTO_TEST_CASE(commands_that_have_nothing_left_to_do_say_so_and_do_nothing) {
    for (const auto command :
         {Command::connect, Command::disconnect, Command::enable, Command::disable}) {
        Fixture f;
        f.tell(command);
        const auto reply = f.tell(command);
        BOOST_TEST((reply.kind() == Kind::already), to_string(command));
        BOOST_TEST(f.done.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_disabled_provider_refuses_to_connect_and_says_what_to_do) {
    Fixture f({}, false);
    for (const auto command : {Command::connect, Command::reconnect, Command::recover}) {
        const auto reply = f.tell(command);
        BOOST_TEST((reply.kind() == Kind::refused));
        BOOST_TEST(describe(reply, "x") == "Provider 'x' is disabled; enable it first.");
    }
    BOOST_TEST((f.wanted() == WantedState::on_demand));
}

BOOST_AUTO_TEST_CASE(disconnect_lets_requests_in_flight_end_within_the_grace_time) {
    Fixture f;
    f.connect();
    BOOST_TEST((f.tell(Command::disconnect).note == ReplyNote::draining));
    BOOST_TEST(f.done == "3 connected>disconnecting disconnect_asked; drain for 10000ms g2; ");
    BOOST_TEST(
        (f.machine.admit() == ConnectionAdmission{Admission::no, AdmissionReason::disconnecting}));
    BOOST_TEST(f.drained() == "4 disconnecting>disconnected drained; ");
}

BOOST_AUTO_TEST_CASE(when_the_grace_time_is_over_what_is_left_is_closed) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    f.now = at(10s) - 1ns;
    BOOST_TEST(f.on([&](auto& steps) { f.machine.tick(f.now, steps); }).empty());
    f.now = at(10s);
    BOOST_TEST(f.on([&](auto& steps) { f.machine.tick(f.now, steps); }) ==
               "close all; 4 disconnecting>disconnected grace_expired; ");
    BOOST_TEST((f.machine.report().wake == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(disconnect_now_does_not_wait_for_requests_not_even_for_a_drain_that_runs) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    BOOST_TEST((f.tell(Command::disconnect_now).kind() == Kind::accepted));
    BOOST_TEST(f.done == "close all; 4 disconnecting>disconnected disconnect_asked; ");
}

BOOST_AUTO_TEST_CASE(disconnect_while_connecting_cancels_the_dial) {
    Fixture f;
    f.tell(Command::connect);
    f.tell(Command::disconnect);
    BOOST_TEST(f.done ==
               "2 connecting>disconnecting disconnect_asked; cancel 1; drain for 10000ms g2; ");
}

BOOST_AUTO_TEST_CASE(connect_while_disconnecting_connects_again_when_it_is_drained) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::connects_when_drained));
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::already_waiting_for_drain));
    BOOST_TEST((f.machine.admit().kind == Admission::wait));
    BOOST_TEST(f.drained() ==
               "4 disconnecting>disconnected drained; 5 disconnected>connecting wanted; "
               "dial 2 attempt 1 for 10000ms g2; ");
}

BOOST_AUTO_TEST_CASE(disconnect_calls_off_a_connect_that_waits_for_the_drain) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    f.tell(Command::connect);
    BOOST_TEST((f.tell(Command::disconnect).note == ReplyNote::stays_disconnected));
    f.drained();
    BOOST_TEST((f.state() == State::disconnected));
}

BOOST_AUTO_TEST_CASE(a_report_of_an_earlier_drain_does_not_end_a_later_one) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    const auto earlier = f.machine.report().generation;
    f.tell(Command::disconnect_now);
    f.connect();
    f.tell(Command::disconnect);
    BOOST_TEST(f.on([&](auto& steps) { f.machine.drained(earlier, f.now, steps); }).empty());
    BOOST_TEST((f.state() == State::disconnecting));
}

BOOST_AUTO_TEST_CASE(what_is_wanted_comes_back_with_enable) {
    Fixture f;
    f.connect();
    BOOST_TEST((f.tell(Command::disable).note == ReplyNote::now_disabled));
    BOOST_TEST((f.state() == State::disconnecting));
    f.drained();
    BOOST_TEST((f.state() == State::disconnected));
    BOOST_TEST((f.wanted() == WantedState::connected));
    BOOST_TEST((f.tell(Command::enable).note == ReplyNote::connecting));
    BOOST_TEST((f.state() == State::connecting));
}

BOOST_AUTO_TEST_CASE(enable_alone_does_not_connect_what_nobody_wants) {
    Fixture f({}, false);
    BOOST_TEST((f.tell(Command::enable).note == ReplyNote::now_enabled));
    BOOST_TEST((f.state() == State::disconnected));
}

BOOST_AUTO_TEST_CASE(a_restart_connects_what_was_wanted_and_leaves_the_rest) {
    for (const auto wanted :
         {WantedState::on_demand, WantedState::connected, WantedState::disconnected}) {
        for (const bool enabled : {true, false}) {
            Fixture f({}, enabled, wanted);
            f.on([&](auto& steps) { f.machine.start(f.now, steps); });
            const bool connects = enabled && wanted == WantedState::connected;
            BOOST_TEST((f.state() == (connects ? State::connecting : State::disconnected)));
        }
    }
}

BOOST_AUTO_TEST_CASE(reconnect_makes_a_new_generation_and_leaves_requests_in_flight_alone) {
    Fixture f;
    f.connect();
    BOOST_TEST((f.tell(Command::reconnect).note == ReplyNote::recreating));
    BOOST_TEST(f.done ==
               "3 connected>connecting reconnect_asked; clear g2; "
               "dial 2 attempt 1 for 10000ms g2; ");
    BOOST_TEST(f.dialled() == "open g2; 4 connecting>connected dialled; ");
}

BOOST_AUTO_TEST_CASE(reconnect_of_a_stateless_provider_is_done_at_once) {
    Fixture f(stateless());
    f.tell(Command::connect);
    f.tell(Command::reconnect);
    BOOST_TEST(f.done ==
               "2 connected>connecting reconnect_asked; clear g2; open g2; "
               "3 connecting>connected reconnect_asked; ");
}

BOOST_AUTO_TEST_CASE(recover_does_not_connect_what_was_disconnected_on_purpose) {
    Fixture f;
    f.connect();
    f.tell(Command::disconnect);
    BOOST_TEST((f.tell(Command::recover).note == ReplyNote::is_disconnecting));
    f.drained();
    const auto reply = f.tell(Command::recover);
    BOOST_TEST((reply.kind() == Kind::refused));
    BOOST_TEST(describe(reply, "x") == "Provider 'x' is not connected; connect it instead.");
}

BOOST_AUTO_TEST_CASE(the_first_request_connects_a_provider_nobody_asked_about) {
    Fixture f;
    BOOST_TEST((f.machine.admit().kind == Admission::demand));
    f.on([&](auto& steps) { f.machine.demand(f.now, steps); });
    BOOST_TEST((f.state() == State::connecting));
    BOOST_TEST((f.machine.admit().kind == Admission::wait));
    f.dialled();
    BOOST_TEST((f.machine.admit().kind == Admission::yes));
    BOOST_TEST((f.wanted() == WantedState::on_demand));
}

BOOST_AUTO_TEST_CASE(no_request_connects_what_its_operator_has_disconnected) {
    Fixture f;
    f.tell(Command::disconnect);
    BOOST_TEST((f.machine.admit() ==
                ConnectionAdmission{Admission::no, AdmissionReason::asked_to_disconnect}));
    BOOST_TEST(f.on([&](auto& steps) { f.machine.demand(f.now, steps); }).empty());
}

BOOST_AUTO_TEST_CASE(without_connect_on_demand_a_request_is_told_to_connect_first) {
    ConnectionSettings settings;
    settings.connect_on_demand = false;
    Fixture f(settings);
    BOOST_TEST(
        (f.machine.admit() == ConnectionAdmission{Admission::no, AdmissionReason::not_connected}));
    const Error error = to_error(AdmissionReason::not_connected, "x");
    BOOST_TEST(error.message == "Provider 'x' is not connected; connect it first.");
    BOOST_TEST((error.not_sent && !error.retryable));
}

BOOST_AUTO_TEST_CASE(connect_keeps_what_a_request_has_connected) {
    Fixture f;
    f.on([&](auto& steps) { f.machine.demand(f.now, steps); });
    f.dialled();
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::now_kept_connected));
    BOOST_TEST((f.tell(Command::connect).note == ReplyNote::already_connected));
    BOOST_TEST((f.wanted() == WantedState::connected));
}

BOOST_AUTO_TEST_CASE(what_a_request_connected_does_not_come_back_with_enable) {
    Fixture f;
    f.on([&](auto& steps) { f.machine.demand(f.now, steps); });
    f.dialled();
    f.tell(Command::disable);
    f.drained();
    BOOST_TEST((f.tell(Command::enable).note == ReplyNote::now_enabled));
    BOOST_TEST((f.state() == State::disconnected));
}

BOOST_AUTO_TEST_CASE(shutting_down_drains_and_refuses_every_command) {
    Fixture f;
    f.connect();
    BOOST_TEST(f.on([&](auto& steps) { f.machine.shut_down(f.now, steps); }) ==
               "3 connected>disconnecting shutting_down; drain for 10000ms g2; ");
    for (const auto command :
         {Command::connect, Command::disconnect, Command::disconnect_now, Command::enable,
          Command::disable, Command::reconnect, Command::recover}) {
        BOOST_TEST((f.tell(command).note == ReplyNote::is_shutting_down));
    }
    BOOST_TEST(f.drained() == "4 disconnecting>disconnected drained; ");
    BOOST_TEST((f.wanted() == WantedState::connected));
}

BOOST_AUTO_TEST_CASE(a_connection_that_comes_too_late_is_closed) {
    Fixture f;
    f.tell(Command::connect);
    const auto dial = f.machine.report().dial;
    f.tell(Command::disconnect);
    BOOST_TEST(f.on([&](auto& steps) { f.machine.dial_succeeded(dial, f.now, steps); }) ==
               "close 1; ");
    BOOST_TEST((f.state() == State::disconnecting));
}

BOOST_AUTO_TEST_CASE(every_answer_is_a_sentence_that_names_the_provider) {
    for (int i = 0; i <= static_cast<int>(ReplyNote::is_shutting_down); ++i) {
        const std::string text = describe({static_cast<ReplyNote>(i)}, "gpt");
        BOOST_TEST(text.starts_with("Provider 'gpt' "));
        BOOST_TEST(text.ends_with("."));
    }
    for (int i = 1; i <= static_cast<int>(AdmissionReason::shutting_down); ++i) {
        const Error error = to_error(static_cast<AdmissionReason>(i), "gpt");
        BOOST_TEST(error.message.starts_with("Provider 'gpt' "));
        BOOST_TEST((error.code == Code::unavailable && error.scope == Scope::provider));
    }
}

BOOST_AUTO_TEST_CASE(settings_out_of_range_are_named) {
    BOOST_TEST(ConnectionSettings{}.validate().has_value());
    ConnectionSettings settings;
    settings.reconnect_attempts = 0;
    BOOST_TEST(settings.validate().error().message ==
               "reconnect_attempts is 0, but must be between 1 and 1000.");
    settings = {};
    settings.connect_timeout = 0ms;
    BOOST_TEST(settings.validate().error().message.starts_with("connect_timeout is "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core

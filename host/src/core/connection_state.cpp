#include "core/connection_state.hpp"

#include <utility>

#include "core/setting_range.hpp"

namespace tenon::core {

using State = ConnectionState;
using Reason = TransitionReason;
using Kind = ConnectionStep::Kind;

Result<void> ConnectionSettings::validate() const {
    using std::chrono::milliseconds;
    return first_failure(
        check_range("reconnect_attempts", std::int64_t{reconnect_attempts}, 1, 1000),
        check_range("reconnect_delay", reconnect_delay, milliseconds(0)),
        check_range("connect_timeout", connect_timeout, milliseconds(1)),
        check_range("drain_grace", drain_grace, milliseconds(0)));
}

// --- Commands ---

void ConnectionMachine::start(base::TimePoint now, ConnectionSteps& steps) noexcept {
    if (now_.state == State::disconnected && is_wanted())
        begin_connect(Reason::wanted, {now, steps});
}

CommandReply ConnectionMachine::command(ConnectionCommand command, base::TimePoint now,
                                        ConnectionSteps& steps) noexcept {
    if (now_.shutting_down) return {ReplyNote::is_shutting_down};
    const Event event{now, steps};
    switch (command) {
        case ConnectionCommand::connect: return connect(event);
        case ConnectionCommand::disconnect: return disconnect(event, false);
        case ConnectionCommand::disconnect_now: return disconnect(event, true);
        case ConnectionCommand::enable: return enable(event);
        case ConnectionCommand::disable: return disable(event);
        case ConnectionCommand::reconnect: return reconnect(event);
        case ConnectionCommand::recover: break;
    }
    return recover(event);
}

CommandReply ConnectionMachine::connect(Event event) noexcept {
    if (!now_.enabled) return {ReplyNote::is_disabled};
    const bool kept = now_.wanted == WantedState::connected;
    const bool waits = is_wanted();
    now_.wanted = WantedState::connected;
    switch (now_.state) {
        case State::disconnected:
            begin_connect(Reason::connect_asked, event);
            return {settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting};
        case State::disconnecting:
            return {waits ? ReplyNote::already_waiting_for_drain
                          : ReplyNote::connects_when_drained};
        default: break;
    }
    if (!kept) return {ReplyNote::now_kept_connected};
    if (now_.state == State::connected) return {ReplyNote::already_connected};
    return {now_.state == State::connecting ? ReplyNote::already_connecting
                                            : ReplyNote::already_unhealthy};
}

CommandReply ConnectionMachine::disconnect(Event event, bool at_once) noexcept {
    const bool is_news =
        std::exchange(now_.wanted, WantedState::disconnected) != WantedState::disconnected;
    now_.demanded = false;
    switch (now_.state) {
        case State::disconnected:
            return {is_news ? ReplyNote::stays_disconnected : ReplyNote::already_disconnected};
        case State::disconnecting:
            if (!at_once) {
                return {is_news ? ReplyNote::stays_disconnected : ReplyNote::already_disconnecting};
            }
            break;
        default: begin_drain(Reason::disconnect_asked, event);
    }
    if (!at_once) return {ReplyNote::draining};
    close(Reason::disconnect_asked, event);
    return {ReplyNote::now_disconnected};
}

CommandReply ConnectionMachine::enable(Event event) noexcept {
    if (std::exchange(now_.enabled, true)) return {ReplyNote::already_enabled};
    if (!is_wanted()) return {ReplyNote::now_enabled};
    if (now_.state == State::disconnecting) return {ReplyNote::connects_when_drained};
    begin_connect(Reason::enabled, event);
    return {settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting};
}

CommandReply ConnectionMachine::disable(Event event) noexcept {
    if (!std::exchange(now_.enabled, false)) return {ReplyNote::already_disabled};
    now_.demanded = false;
    if (is_active()) begin_drain(Reason::disabled, event);
    return {ReplyNote::now_disabled};
}

CommandReply ConnectionMachine::reconnect(Event event) noexcept {
    if (!now_.enabled) return {ReplyNote::is_disabled};
    const bool waits = is_wanted();
    if (!waits) now_.wanted = WantedState::connected;
    switch (now_.state) {
        case State::disconnected:
            begin_connect(Reason::reconnect_asked, event);
            return {settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting};
        case State::disconnecting:
            return {waits ? ReplyNote::already_waiting_for_drain
                          : ReplyNote::connects_when_drained};
        case State::connected:
            move(State::connecting, Reason::reconnect_asked, event);
            renew_pool(event);
            if (settings_.stateless) {
                become_connected(Reason::reconnect_asked, event);
            } else {
                start_dial(event);
            }
            return {ReplyNote::recreating};
        default: break;
    }
    return recover(event);  // what is there is as good as nothing
}

CommandReply ConnectionMachine::recover(Event event) noexcept {
    if (!now_.enabled) return {ReplyNote::is_disabled};
    if (now_.dial != 0) return {ReplyNote::already_dialling};
    switch (now_.state) {
        case State::disconnected:
            if (!is_wanted()) return {ReplyNote::is_disconnected};
            begin_connect(Reason::recover_asked, event);
            return {settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting};
        case State::connecting:
            now_.attempt = 0;
            start_dial(event);
            return {ReplyNote::dialling};
        case State::connected: return {ReplyNote::already_healthy};
        case State::disconnecting:
            return {is_wanted() ? ReplyNote::already_waiting_for_drain
                                : ReplyNote::is_disconnecting};
        case State::unhealthy: break;
    }
    now_.misconfigured = false;
    if (!settings_.stateless) {
        begin_cycle(event);
        return {ReplyNote::dialling};
    }
    renew_pool(event);
    push(Kind::start_check, event);
    return {ReplyNote::checking};
}

// --- Requests ---

ConnectionAdmission ConnectionMachine::admit() const noexcept {
    using Answer = ConnectionAdmission::Kind;
    if (now_.shutting_down) return {Answer::no, AdmissionReason::shutting_down};
    if (!now_.enabled) return {Answer::no, AdmissionReason::disabled};
    switch (now_.state) {
        case State::connected: return {Answer::yes, AdmissionReason::none};
        case State::connecting: return {Answer::wait, AdmissionReason::connecting};
        case State::unhealthy:
            if (now_.misconfigured) return {Answer::no, AdmissionReason::misconfigured};
            if (!settings_.admit_when_unhealthy) return {Answer::no, AdmissionReason::unhealthy};
            return {Answer::yes, AdmissionReason::none};
        case State::disconnecting:
            if (is_wanted()) return {Answer::wait, AdmissionReason::connecting};
            if (now_.wanted == WantedState::disconnected) {
                return {Answer::no, AdmissionReason::disconnecting};
            }
            break;
        case State::disconnected:
            if (now_.wanted == WantedState::disconnected) {
                return {Answer::no, AdmissionReason::asked_to_disconnect};
            }
            break;
    }
    if (!settings_.connect_on_demand) return {Answer::no, AdmissionReason::not_connected};
    return {Answer::demand, AdmissionReason::connecting};
}

void ConnectionMachine::demand(base::TimePoint now, ConnectionSteps& steps) noexcept {
    if (admit().kind != ConnectionAdmission::Kind::demand) return;
    now_.demanded = true;
    if (now_.state == State::disconnected) begin_connect(Reason::demanded, {now, steps});
}

// --- Dials ---

void ConnectionMachine::dial_succeeded(std::uint64_t dial, base::TimePoint now,
                                       ConnectionSteps& steps) noexcept {
    const Event event{now, steps};
    if (dial == 0 || dial != now_.dial) {
        steps.push_back({.kind = Kind::close_dialled, .generation = now_.generation, .dial = dial});
        return;
    }
    now_.dial = 0;
    end_cycle(event);
    if (!now_.sick || !settings_.needs_check) return become_connected(Reason::dialled, event);
    if (now_.state == State::connecting) become_unhealthy(Reason::dialled, event);
    push(Kind::start_check, event);
}

void ConnectionMachine::dial_failed(std::uint64_t dial, bool misconfigured, base::TimePoint now,
                                    ConnectionSteps& steps) noexcept {
    if (dial == 0 || dial != now_.dial) return;
    now_.dial = 0;
    if (misconfigured) return hold({now, steps});
    dial_ended(Reason::dial_failed, {now, steps});
}

void ConnectionMachine::dial_ended(Reason reason, Event event) noexcept {
    if (settings_.auto_recovery && now_.attempt < settings_.reconnect_attempts) {
        now_.wake = event.now + settings_.reconnect_delay;
        return;
    }
    end_cycle(event);
    if (now_.state != State::connecting) return;
    if (settings_.auto_recovery) return become_unhealthy(reason, event);
    now_.demanded = false;
    now_.sick = false;
    move(State::disconnected, reason, event);
}

void ConnectionMachine::start_dial(Event event) noexcept {
    now_.dial = ++last_dial_;
    ++now_.attempt;
    now_.wake = event.now + settings_.connect_timeout;
    push(Kind::start_dial, event);
}

/// Nobody dials any more, nor waits for a dial.
void ConnectionMachine::end_cycle(Event event) noexcept {
    if (now_.dial != 0) push(Kind::cancel_dial, event);
    now_.dial = 0;
    now_.attempt = 0;
    now_.wake = base::kNoDeadline;
}

void ConnectionMachine::begin_cycle(Event event) noexcept {
    end_cycle(event);
    renew_pool(event);
    start_dial(event);
}

/// No dial until a person acts.
void ConnectionMachine::hold(Event event) noexcept {
    if (now_.misconfigured) return;
    end_cycle(event);
    now_.misconfigured = true;
    now_.sick = true;
    const bool was_connected = now_.state == State::connected;
    if (now_.state != State::unhealthy) move(State::unhealthy, Reason::misconfigured, event);
    if (was_connected) renew_pool(event);
}

// --- Health ---

void ConnectionMachine::health(HealthVerdict verdict, base::TimePoint now,
                               ConnectionSteps& steps) noexcept {
    if (!is_active()) return;
    const Event event{now, steps};
    switch (verdict) {
        case HealthVerdict::undecided: return;
        case HealthVerdict::misconfigured: return hold(event);
        case HealthVerdict::healthy:
            now_.sick = false;
            now_.misconfigured = false;
            if (now_.state != State::unhealthy) return;
            end_cycle(event);
            return become_connected(Reason::check_passed, event);
        case HealthVerdict::unhealthy: break;
    }
    now_.sick = true;
    if (now_.state != State::connected) return;
    // First out of the pickers' sight, then the pool: nobody picks a provider without one.
    move(State::unhealthy, Reason::check_failed, event);
    if (settings_.stateless || !settings_.auto_recovery) return renew_pool(event);
    begin_cycle(event);
}

void ConnectionMachine::health_tick(base::TimePoint now, ConnectionSteps& steps) noexcept {
    if (settings_.stateless || !settings_.auto_recovery) return;
    if (now_.state != State::unhealthy || now_.misconfigured || now_.attempt != 0) return;
    begin_cycle({now, steps});
}

// --- The end of connections ---

void ConnectionMachine::drained(std::uint64_t generation, base::TimePoint now,
                                ConnectionSteps& steps) noexcept {
    if (now_.state != State::disconnecting || generation != now_.generation) return;
    arrive_disconnected(Reason::drained, {now, steps});
}

void ConnectionMachine::shut_down(base::TimePoint now, ConnectionSteps& steps) noexcept {
    now_.shutting_down = true;
    if (is_active()) begin_drain(Reason::shutting_down, {now, steps});
}

void ConnectionMachine::tick(base::TimePoint now, ConnectionSteps& steps) noexcept {
    if (now < now_.wake || now_.wake == base::kNoDeadline) return;
    const Event event{now, steps};
    if (now_.state == State::disconnecting) return close(Reason::grace_expired, event);
    if (now_.dial == 0) return start_dial(event);
    push(Kind::cancel_dial, event);
    now_.dial = 0;
    dial_ended(Reason::dial_timed_out, event);
}

// --- States ---

bool ConnectionMachine::is_wanted() const noexcept {
    if (!now_.enabled || now_.shutting_down) return false;
    return now_.wanted == WantedState::connected || now_.demanded;
}

bool ConnectionMachine::is_active() const noexcept {
    return now_.state != State::disconnected && now_.state != State::disconnecting;
}

void ConnectionMachine::move(State to, Reason reason, Event event) noexcept {
    const State from = std::exchange(now_.state, to);
    ++now_.sequence;
    now_.reason = reason;
    now_.since = event.now;
    event.steps.push_back({.kind = Kind::publish,
                           .generation = now_.generation,
                           .transition = {.sequence = now_.sequence,
                                          .from = from,
                                          .to = to,
                                          .reason = reason,
                                          .time = event.now}});
}

void ConnectionMachine::push(Kind kind, Event event) const noexcept {
    event.steps.push_back({.kind = kind,
                           .generation = now_.generation,
                           .dial = now_.dial,
                           .attempt = now_.attempt,
                           .deadline = now_.wake});
}

void ConnectionMachine::begin_connect(Reason reason, Event event) noexcept {
    if (settings_.stateless) return become_connected(reason, event);
    move(State::connecting, reason, event);
    start_dial(event);
}

void ConnectionMachine::become_connected(Reason reason, Event event) noexcept {
    now_.sick = false;
    now_.misconfigured = false;
    push(Kind::open_pool, event);
    move(State::connected, reason, event);
}

/// From connecting: the pool is paused.
void ConnectionMachine::become_unhealthy(Reason reason, Event event) noexcept {
    now_.sick = true;
    move(State::unhealthy, reason, event);
    if (settings_.admit_when_unhealthy) push(Kind::open_pool, event);
}

void ConnectionMachine::renew_pool(Event event) noexcept {
    ++now_.generation;
    push(Kind::clear_pool, event);
    const bool admits =
        now_.state == State::unhealthy && admit().kind == ConnectionAdmission::Kind::yes;
    if (admits) push(Kind::open_pool, event);
}

void ConnectionMachine::begin_drain(Reason reason, Event event) noexcept {
    move(State::disconnecting, reason, event);
    end_cycle(event);
    now_.demanded = false;
    now_.sick = false;
    now_.misconfigured = false;
    ++now_.generation;
    now_.wake = event.now + settings_.drain_grace;
    push(Kind::start_drain, event);
}

void ConnectionMachine::close(Reason reason, Event event) noexcept {
    push(Kind::close_all, event);
    arrive_disconnected(reason, event);
}

void ConnectionMachine::arrive_disconnected(Reason reason, Event event) noexcept {
    now_.wake = base::kNoDeadline;
    move(State::disconnected, reason, event);
    if (!is_wanted()) return;
    begin_connect(now_.demanded ? Reason::demanded : Reason::wanted, event);
}

}  // namespace tenon::core

#include "connection_model.hpp"

#include <array>
#include <chrono>

namespace tenon::core {
namespace {

std::string until(base::TimePoint deadline, base::TimePoint now) {
    if (deadline == base::kNoDeadline) return "never";
    return std::to_string((deadline - now) / std::chrono::milliseconds(1)) + "ms";
}

std::string note_of(ReplyNote note) {
    const int kind = note < ReplyNote::already_connected ? 0
                     : note < ReplyNote::is_disabled     ? 1
                                                         : 2;
    constexpr std::array kKinds = {"accepted ", "already ", "refused "};
    return kKinds.at(static_cast<std::size_t>(kind)) + std::to_string(static_cast<int>(note)) +
           ": ";
}

}  // namespace

ConnectionState ConnectionModel::state() const {
    switch (phase_) {
        case Phase::off: return ConnectionState::disconnected;
        case Phase::dialling:
        case Phase::pausing: return ConnectionState::connecting;
        case Phase::up: return ConnectionState::connected;
        case Phase::draining: return ConnectionState::disconnecting;
        default: return ConnectionState::unhealthy;
    }
}

std::string ConnectionModel::key(base::TimePoint now) const {
    return std::to_string(static_cast<int>(phase_)) + std::to_string(static_cast<int>(wanted_)) +
           (enabled_ ? "e" : "") + (demanded_ ? "d" : "") + (ended_ ? "x" : "") +
           (distrusted_ ? "!" : "") + std::to_string(attempt_) + until(wake_, now);
}

bool ConnectionModel::is_ill() const {
    return state() == ConnectionState::unhealthy;
}
bool ConnectionModel::is_dialling() const {
    return phase_ == Phase::dialling || phase_ == Phase::ill_dialling;
}
bool ConnectionModel::would_connect() const {
    return enabled_ && !ended_ && (demanded_ || wanted_ == WantedState::connected);
}

std::string ConnectionModel::happen(ConnectionEvent event, base::TimePoint now) {
    using Event = ConnectionEvent;
    now_ = now;
    said_.clear();
    switch (event) {
        case Event::start:
            if (phase_ == Phase::off && would_connect()) switch_on("wanted");
            break;
        case Event::demand:
            if (admit().kind != ConnectionAdmission::Kind::demand) break;
            demanded_ = true;
            if (phase_ == Phase::off) switch_on("demanded");
            break;
        case Event::dial_succeeds:
            if (!is_dialling()) {
                say("close 0");
            } else if (settings_.needs_check && (distrusted_ || is_ill())) {
                if (!is_ill()) {
                    enter(Phase::ill_idle, "dialled");
                    if (settings_.admit_when_unhealthy) say_of_generation("open");
                }
                phase_ = Phase::ill_idle;
                wake_ = base::kNoDeadline;
                say("check");
            } else {
                open_up("dialled");
            }
            break;
        case Event::dial_fails:
            if (is_dialling()) dial_over(false, "dial_failed");
            break;
        case Event::dial_refused:
            if (is_dialling()) dial_over(true, "dial_failed");
            break;
        case Event::late_dial_succeeds: say("close 1000000"); break;
        case Event::late_dial_fails:
        case Event::undecided:
        case Event::drained_before: break;
        case Event::healthy:
        case Event::unhealthy:
        case Event::misconfigured:
            if (is_running()) verdict(event);
            break;
        case Event::health_tick:
            if (phase_ != Phase::ill_idle || settings_.stateless || !settings_.auto_recovery) break;
            renew(settings_.admit_when_unhealthy);
            dial(Phase::ill_dialling, "", 1);
            break;
        case Event::drained:
            if (phase_ == Phase::draining) switch_off("drained");
            break;
        case Event::time_passes:
        case Event::timer:
            if (wake_ != base::kNoDeadline && now_ >= wake_) timer();
            break;
        case Event::shut_down:
            ended_ = true;
            if (is_running()) drain("shutting_down");
            break;
        default: {
            const std::string note = command(event);
            return note + said_;
        }
    }
    return said_;
}

std::string ConnectionModel::command(ConnectionEvent event) {
    using Event = ConnectionEvent;
    if (ended_) return note_of(ReplyNote::is_shutting_down);
    switch (event) {
        case Event::disconnect: return ask_to_disconnect(false);
        case Event::disconnect_now: return ask_to_disconnect(true);
        case Event::enable:
            if (enabled_) return note_of(ReplyNote::already_enabled);
            enabled_ = true;
            if (wanted_ != WantedState::connected) return note_of(ReplyNote::now_enabled);
            if (phase_ == Phase::draining) return note_of(ReplyNote::connects_when_drained);
            switch_on("enabled");
            return note_of(settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting);
        case Event::disable:
            if (!enabled_) return note_of(ReplyNote::already_disabled);
            enabled_ = demanded_ = false;
            if (is_running()) drain("disabled");
            return note_of(ReplyNote::now_disabled);
        default: break;
    }
    if (!enabled_) return note_of(ReplyNote::is_disabled);
    if (event == Event::connect) return ask_to_connect();
    return ask_to_try(event == Event::reconnect);
}

std::string ConnectionModel::ask_to_connect() {
    const bool first_time = wanted_ != WantedState::connected;
    const bool coming = would_connect();
    wanted_ = WantedState::connected;
    if (phase_ == Phase::off) {
        switch_on("connect_asked");
        return note_of(settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting);
    }
    if (phase_ == Phase::draining) {
        return note_of(coming ? ReplyNote::already_waiting_for_drain
                              : ReplyNote::connects_when_drained);
    }
    if (first_time) return note_of(ReplyNote::now_kept_connected);
    if (phase_ == Phase::up) return note_of(ReplyNote::already_connected);
    return note_of(is_ill() ? ReplyNote::already_unhealthy : ReplyNote::already_connecting);
}

std::string ConnectionModel::ask_to_disconnect(bool at_once) {
    const bool first_time = wanted_ != WantedState::disconnected;
    wanted_ = WantedState::disconnected;
    demanded_ = false;
    if (phase_ == Phase::off) {
        return note_of(first_time ? ReplyNote::stays_disconnected
                                  : ReplyNote::already_disconnected);
    }
    const bool was_draining = phase_ == Phase::draining;
    if (!was_draining) drain("disconnect_asked");
    if (at_once) {
        say("close all");
        switch_off("disconnect_asked");
        return note_of(ReplyNote::now_disconnected);
    }
    if (!was_draining) return note_of(ReplyNote::draining);
    return note_of(first_time ? ReplyNote::stays_disconnected : ReplyNote::already_disconnecting);
}

/// recover, or (anew) reconnect.
std::string ConnectionModel::ask_to_try(bool anew) {
    const bool coming = would_connect();
    if (anew && !coming) wanted_ = WantedState::connected;
    switch (phase_) {
        case Phase::off:
            if (!coming && !anew) return note_of(ReplyNote::is_disconnected);
            switch_on(anew ? "reconnect_asked" : "recover_asked");
            return note_of(settings_.stateless ? ReplyNote::now_connected : ReplyNote::connecting);
        case Phase::draining:
            if (coming) return note_of(ReplyNote::already_waiting_for_drain);
            return note_of(anew ? ReplyNote::connects_when_drained : ReplyNote::is_disconnecting);
        case Phase::up:
            if (!anew) return note_of(ReplyNote::already_healthy);
            enter(Phase::dialling, "reconnect_asked");
            renew(false);
            if (settings_.stateless) {
                open_up("reconnect_asked");
            } else {
                dial(Phase::dialling, "", 1);
            }
            return note_of(ReplyNote::recreating);
        case Phase::dialling:
        case Phase::ill_dialling: return note_of(ReplyNote::already_dialling);
        case Phase::pausing: dial(Phase::dialling, "", 1); return note_of(ReplyNote::dialling);
        case Phase::ill_pausing:
        case Phase::ill_idle:
        case Phase::held: break;
    }
    renew(settings_.admit_when_unhealthy);
    if (settings_.stateless) {
        phase_ = Phase::ill_idle;
        say("check");
        return note_of(ReplyNote::checking);
    }
    dial(Phase::ill_dialling, "", 1);
    return note_of(ReplyNote::dialling);
}

ConnectionAdmission ConnectionModel::admit() const {
    using Kind = ConnectionAdmission::Kind;
    using Reason = AdmissionReason;
    if (ended_) return {Kind::no, Reason::shutting_down};
    if (!enabled_) return {Kind::no, Reason::disabled};
    if (phase_ == Phase::up) return {Kind::yes, Reason::none};
    if (phase_ == Phase::held) return {Kind::no, Reason::misconfigured};
    if (is_ill()) {
        return settings_.admit_when_unhealthy ? ConnectionAdmission{Kind::yes, Reason::none}
                                              : ConnectionAdmission{Kind::no, Reason::unhealthy};
    }
    if (is_running()) return {Kind::wait, Reason::connecting};
    if (phase_ == Phase::draining && would_connect()) return {Kind::wait, Reason::connecting};
    if (wanted_ == WantedState::disconnected) {
        return {Kind::no,
                phase_ == Phase::off ? Reason::asked_to_disconnect : Reason::disconnecting};
    }
    return settings_.connect_on_demand ? ConnectionAdmission{Kind::demand, Reason::connecting}
                                       : ConnectionAdmission{Kind::no, Reason::not_connected};
}

void ConnectionModel::verdict(ConnectionEvent event) {
    if (event == ConnectionEvent::healthy) {
        distrusted_ = false;
        if (!is_ill()) return;
        drop_dial();
        open_up("check_passed");
    } else if (event == ConnectionEvent::unhealthy) {
        distrusted_ = true;
        if (phase_ != Phase::up) return;
        enter(Phase::ill_idle, "check_failed");
        renew(settings_.admit_when_unhealthy);
        if (!settings_.stateless && settings_.auto_recovery) dial(Phase::ill_dialling, "", 1);
    } else if (phase_ != Phase::held) {
        drop_dial();
        const bool was_up = phase_ == Phase::up;
        if (is_ill()) {
            phase_ = Phase::held;
        } else {
            enter(Phase::held, "misconfigured");
        }
        if (was_up) renew(false);
    }
}

void ConnectionModel::dial_over(bool refused, const char* reason) {
    wake_ = base::kNoDeadline;
    if (refused) {
        if (is_ill()) {
            phase_ = Phase::held;
        } else {
            enter(Phase::held, "misconfigured");
        }
    } else if (settings_.auto_recovery && attempt_ < settings_.reconnect_attempts) {
        phase_ = is_ill() ? Phase::ill_pausing : Phase::pausing;
        wake_ = now_ + settings_.reconnect_delay;
    } else if (is_ill()) {
        phase_ = Phase::ill_idle;
    } else if (settings_.auto_recovery) {
        enter(Phase::ill_idle, reason);
        if (settings_.admit_when_unhealthy) say_of_generation("open");
    } else {
        demanded_ = false;
        enter(Phase::off, reason);
    }
}

void ConnectionModel::timer() {
    switch (phase_) {
        case Phase::draining:
            say("close all");
            switch_off("grace_expired");
            break;
        case Phase::pausing: dial(Phase::dialling, "", attempt_ + 1); break;
        case Phase::ill_pausing: dial(Phase::ill_dialling, "", attempt_ + 1); break;
        default: say("cancel " + std::to_string(dials_)); dial_over(false, "dial_timed_out");
    }
}

void ConnectionModel::enter(Phase phase, const char* reason) {
    const ConnectionState from = state();
    phase_ = phase;
    say(std::to_string(++sequence_) + " " + std::string(to_string(from)) + ">" +
        std::string(to_string(state())) + " " + reason);
}

void ConnectionModel::dial(Phase phase, const char* reason, int attempt) {
    if (*reason != '\0') {
        enter(phase, reason);
    } else {
        phase_ = phase;
    }
    attempt_ = attempt;
    wake_ = now_ + settings_.connect_timeout;
    say_of_generation("dial " + std::to_string(++dials_) + " attempt " + std::to_string(attempt) +
                      " for " + until(wake_, now_));
}

void ConnectionModel::drop_dial() {
    if (is_dialling()) say("cancel " + std::to_string(dials_));
    wake_ = base::kNoDeadline;
}

void ConnectionModel::renew(bool open) {
    ++generation_;
    say_of_generation("clear");
    if (open) say_of_generation("open");
}

void ConnectionModel::open_up(const char* reason) {
    wake_ = base::kNoDeadline;
    distrusted_ = false;
    say_of_generation("open");
    enter(Phase::up, reason);
}

void ConnectionModel::switch_on(const char* reason) {
    distrusted_ = false;
    if (settings_.stateless) {
        open_up(reason);
    } else {
        dial(Phase::dialling, reason, 1);
    }
}

void ConnectionModel::drain(const char* reason) {
    const bool dialling = is_dialling();
    enter(Phase::draining, reason);
    if (dialling) say("cancel " + std::to_string(dials_));
    demanded_ = false;
    ++generation_;
    wake_ = now_ + settings_.drain_grace;
    say_of_generation("drain for " + until(wake_, now_));
}

void ConnectionModel::switch_off(const char* reason) {
    wake_ = base::kNoDeadline;
    enter(Phase::off, reason);
    if (would_connect()) switch_on(demanded_ ? "demanded" : "wanted");
}

}  // namespace tenon::core

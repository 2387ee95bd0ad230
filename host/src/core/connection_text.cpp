#include <string>

#include "core/connection_state.hpp"

namespace tenon::core {

std::string_view to_string(ConnectionState state) noexcept {
    switch (state) {
        case ConnectionState::disconnected: return "disconnected";
        case ConnectionState::connecting: return "connecting";
        case ConnectionState::connected: return "connected";
        case ConnectionState::unhealthy: return "unhealthy";
        case ConnectionState::disconnecting: break;
    }
    return "disconnecting";
}

std::string_view to_string(WantedState wanted) noexcept {
    switch (wanted) {
        case WantedState::on_demand: return "on_demand";
        case WantedState::connected: return "connected";
        case WantedState::disconnected: break;
    }
    return "disconnected";
}

std::string_view to_string(ConnectionCommand command) noexcept {
    switch (command) {
        case ConnectionCommand::connect: return "connect";
        case ConnectionCommand::disconnect: return "disconnect";
        case ConnectionCommand::disconnect_now: return "disconnect_now";
        case ConnectionCommand::enable: return "enable";
        case ConnectionCommand::disable: return "disable";
        case ConnectionCommand::reconnect: return "reconnect";
        case ConnectionCommand::recover: break;
    }
    return "recover";
}

std::string_view to_string(TransitionReason reason) noexcept {
    switch (reason) {
        case TransitionReason::wanted: return "wanted";
        case TransitionReason::demanded: return "demanded";
        case TransitionReason::connect_asked: return "connect_asked";
        case TransitionReason::disconnect_asked: return "disconnect_asked";
        case TransitionReason::enabled: return "enabled";
        case TransitionReason::disabled: return "disabled";
        case TransitionReason::reconnect_asked: return "reconnect_asked";
        case TransitionReason::recover_asked: return "recover_asked";
        case TransitionReason::shutting_down: return "shutting_down";
        case TransitionReason::dialled: return "dialled";
        case TransitionReason::dial_failed: return "dial_failed";
        case TransitionReason::dial_timed_out: return "dial_timed_out";
        case TransitionReason::misconfigured: return "misconfigured";
        case TransitionReason::check_passed: return "check_passed";
        case TransitionReason::check_failed: return "check_failed";
        case TransitionReason::drained: return "drained";
        case TransitionReason::grace_expired: return "grace_expired";
        case TransitionReason::reloaded: break;
    }
    return "reloaded";
}

namespace {

/// What follows "Provider 'x' ".
std::string_view predicate(ReplyNote note) noexcept {
    switch (note) {
        case ReplyNote::connecting: return "is connecting now.";
        case ReplyNote::now_connected: return "is connected now.";
        case ReplyNote::now_kept_connected:
            return "was connected on demand; from now on it is connected whenever Tenon runs.";
        case ReplyNote::connects_when_drained:
            return "still finishes requests of its old connections; then it connects again.";
        case ReplyNote::draining:
            return "takes no new requests, and is disconnected when those in flight have ended or "
                   "the grace time is over.";
        case ReplyNote::now_disconnected: return "is disconnected now.";
        case ReplyNote::stays_disconnected: return "will not be connected again until you ask.";
        case ReplyNote::now_enabled:
            return "is enabled; it connects when you ask or, if that is configured, with the first "
                   "request.";
        case ReplyNote::now_disabled: return "is disabled and takes no requests.";
        case ReplyNote::recreating:
            return "makes new connections; requests in flight end on the old ones.";
        case ReplyNote::dialling: return "is being tried now.";
        case ReplyNote::checking: return "is being checked now.";
        case ReplyNote::already_connected: return "is connected already.";
        case ReplyNote::already_connecting: return "is connecting already.";
        case ReplyNote::already_unhealthy:
            return "is to be connected already, but does not work; recover tries it at once.";
        case ReplyNote::already_waiting_for_drain:
            return "connects again already, as soon as requests of its old connections have ended.";
        case ReplyNote::already_disconnecting: return "is being disconnected already.";
        case ReplyNote::already_disconnected: return "is disconnected already.";
        case ReplyNote::already_enabled: return "is enabled already.";
        case ReplyNote::already_disabled: return "is disabled already.";
        case ReplyNote::already_dialling: return "is being tried at this moment.";
        case ReplyNote::already_healthy: return "is connected; there is nothing to recover.";
        case ReplyNote::is_disabled: return "is disabled; enable it first.";
        case ReplyNote::is_disconnected: return "is not connected; connect it instead.";
        case ReplyNote::is_disconnecting:
            return "is being disconnected; connect it if it shall come back.";
        case ReplyNote::is_shutting_down: break;
    }
    return "takes no commands any more: Tenon is shutting down.";
}

std::string_view predicate(AdmissionReason reason) noexcept {
    switch (reason) {
        case AdmissionReason::none:
        case AdmissionReason::connecting: return "is not connected yet; try again.";
        case AdmissionReason::not_connected: return "is not connected; connect it first.";
        case AdmissionReason::asked_to_disconnect:
            return "was disconnected by its operator; connect it first.";
        case AdmissionReason::disconnecting: return "is being disconnected.";
        case AdmissionReason::disabled: return "is disabled; enable it first.";
        case AdmissionReason::unhealthy:
            return "is unhealthy: it could not be reached, or its health checks fail; Tenon keeps "
                   "trying.";
        case AdmissionReason::misconfigured:
            return "refuses its credentials or configuration; correct them, then recover it.";
        case AdmissionReason::shutting_down: break;
    }
    return "takes no requests any more: Tenon is shutting down.";
}

std::string sentence(std::string_view provider, std::string_view predicate) {
    std::string text = "Provider '";
    text += provider;
    text += "' ";
    text += predicate;
    return text;
}

}  // namespace

std::string describe(CommandReply reply, std::string_view provider) {
    return sentence(provider, predicate(reply.note));
}

Error to_error(AdmissionReason reason, std::string_view provider) {
    Error error(Code::unavailable, sentence(provider, predicate(reason)));
    error.scope = Scope::provider;
    error.not_sent = true;
    error.retryable = reason == AdmissionReason::connecting || reason == AdmissionReason::unhealthy;
    return error;
}

}  // namespace tenon::core

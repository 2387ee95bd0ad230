#include "connection_model.hpp"

#include <array>
#include <chrono>

namespace tenon::core {
namespace {

std::string until(base::TimePoint deadline, base::TimePoint now) {
    if (deadline == base::kNoDeadline) return "never";
    return std::to_string((deadline - now) / std::chrono::milliseconds(1)) + "ms";
}

std::string to_text(const ConnectionStep& step, base::TimePoint now) {
    using Kind = ConnectionStep::Kind;
    const auto dial = std::to_string(step.dial);
    const auto generation = " g" + std::to_string(step.generation);
    switch (step.kind) {
        case Kind::publish:
            return std::to_string(step.transition.sequence) + " " +
                   std::string(to_string(step.transition.from)) + ">" +
                   std::string(to_string(step.transition.to)) + " " +
                   std::string(to_string(step.transition.reason)) +
                   (step.transition.time == now ? "" : " at another time");
        case Kind::start_dial:
            return "dial " + dial + " attempt " + std::to_string(step.attempt) + " for " +
                   until(step.deadline, now) + generation;
        case Kind::cancel_dial: return "cancel " + dial;
        case Kind::close_dialled: return "close " + dial;
        case Kind::open_pool: return "open" + generation;
        case Kind::clear_pool: return "clear" + generation;
        case Kind::start_drain: return "drain for " + until(step.deadline, now) + generation;
        case Kind::close_all: return "close all";
        case Kind::start_check: return "check";
    }
    return "?";
}

std::string note_of(CommandReply reply) {
    constexpr std::array kKinds = {"accepted ", "already ", "refused "};
    return kKinds.at(static_cast<std::size_t>(reply.kind())) +
           std::to_string(static_cast<int>(reply.note)) + ": ";
}

}  // namespace

std::string name_of(ConnectionEvent event) {
    constexpr std::array kNames = {
        "start",          "connect",       "disconnect",   "disconnect_now", "enable",
        "disable",        "reconnect",     "recover",      "demand",         "dial_succeeds",
        "dial_fails",     "dial_refused",  "late_success", "late_failure",   "healthy",
        "unhealthy",      "misconfigured", "undecided",    "health_tick",    "drained",
        "drained_before", "time_passes",   "timer",        "shut_down",
    };
    static_assert(kNames.size() == kConnectionEvents);
    return kNames.at(static_cast<std::size_t>(event));
}

std::string to_text(const ConnectionSteps& steps, base::TimePoint now) {
    std::string text;
    for (const ConnectionStep& step : steps) text += to_text(step, now) + "; ";
    return text;
}

std::string happen(ConnectionMachine& machine, ConnectionEvent event, base::TimePoint now) {
    using Event = ConnectionEvent;
    ConnectionSteps steps;
    std::string note;
    const auto command = [&](ConnectionCommand what) {
        note = note_of(machine.command(what, now, steps));
    };
    const std::uint64_t dial = machine.report().dial;
    constexpr std::uint64_t kNobodysDial = 1'000'000;
    switch (event) {
        case Event::start: machine.start(now, steps); break;
        case Event::connect: command(ConnectionCommand::connect); break;
        case Event::disconnect: command(ConnectionCommand::disconnect); break;
        case Event::disconnect_now: command(ConnectionCommand::disconnect_now); break;
        case Event::enable: command(ConnectionCommand::enable); break;
        case Event::disable: command(ConnectionCommand::disable); break;
        case Event::reconnect: command(ConnectionCommand::reconnect); break;
        case Event::recover: command(ConnectionCommand::recover); break;
        case Event::demand: machine.demand(now, steps); break;
        case Event::dial_succeeds: machine.dial_succeeded(dial, now, steps); break;
        case Event::dial_fails: machine.dial_failed(dial, false, now, steps); break;
        case Event::dial_refused: machine.dial_failed(dial, true, now, steps); break;
        case Event::late_dial_succeeds: machine.dial_succeeded(kNobodysDial, now, steps); break;
        case Event::late_dial_fails: machine.dial_failed(kNobodysDial, true, now, steps); break;
        case Event::healthy: machine.health(HealthVerdict::healthy, now, steps); break;
        case Event::unhealthy: machine.health(HealthVerdict::unhealthy, now, steps); break;
        case Event::misconfigured: machine.health(HealthVerdict::misconfigured, now, steps); break;
        case Event::undecided: machine.health(HealthVerdict::undecided, now, steps); break;
        case Event::health_tick: machine.health_tick(now, steps); break;
        case Event::drained: machine.drained(machine.report().generation, now, steps); break;
        case Event::drained_before:
            machine.drained(machine.report().generation - 1, now, steps);
            break;
        case Event::time_passes:
        case Event::timer: machine.tick(now, steps); break;
        case Event::shut_down: machine.shut_down(now, steps); break;
    }
    return note + to_text(steps, now);
}

}  // namespace tenon::core

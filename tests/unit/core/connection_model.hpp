#pragma once

#include <cstdint>
#include <string>

#include "core/connection_state.hpp"

namespace tenon::core {

/// What can happen to a connection machine, for tests that try everything.
enum class ConnectionEvent : std::uint8_t {
    start,
    connect,
    disconnect,
    disconnect_now,
    enable,
    disable,
    reconnect,
    recover,
    demand,
    dial_succeeds,
    dial_fails,
    dial_refused,  // wrong credentials
    late_dial_succeeds,
    late_dial_fails,
    healthy,
    unhealthy,
    misconfigured,
    undecided,
    health_tick,
    drained,
    drained_before,  // an earlier drain
    time_passes,     // 3 s
    timer,           // when it is due
    shut_down,
};
inline constexpr int kConnectionEvents = static_cast<int>(ConnectionEvent::shut_down) + 1;

[[nodiscard]] std::string name_of(ConnectionEvent event);

/// What a machine did, in words that the model writes too.
[[nodiscard]] std::string to_text(const ConnectionSteps& steps, base::TimePoint now);

/// Lets `event` happen at `now`; returns reply and steps in words.
[[nodiscard]] std::string happen(ConnectionMachine& machine, ConnectionEvent event,
                                 base::TimePoint now);

/// A second opinion on the machine, from the specification and with other means: one flat phase
/// instead of a state with circumstances, words instead of steps.
class ConnectionModel {
public:
    ConnectionModel(const ConnectionSettings& settings, bool enabled, WantedState wanted)
        : settings_(settings), enabled_(enabled), wanted_(wanted) {}

    [[nodiscard]] std::string happen(ConnectionEvent event, base::TimePoint now);
    [[nodiscard]] ConnectionAdmission admit() const;
    [[nodiscard]] base::TimePoint wake() const { return wake_; }
    [[nodiscard]] ConnectionState state() const;
    /// All that decides what happens next, at `now`.
    [[nodiscard]] std::string key(base::TimePoint now) const;

private:
    // What it is busy with. The two ill ones have a cycle running; the idle one waits for a tick.
    enum class Phase : std::uint8_t {
        off,
        dialling,
        pausing,
        up,
        ill_dialling,
        ill_pausing,
        ill_idle,
        held,
        draining,
    };

    std::string command(ConnectionEvent event);
    std::string ask_to_connect();
    std::string ask_to_disconnect(bool at_once);
    std::string ask_to_try(bool anew);
    void verdict(ConnectionEvent event);
    void dial_over(bool refused, const char* reason);
    void timer();

    [[nodiscard]] bool is_running() const {
        return phase_ != Phase::off && phase_ != Phase::draining;
    }
    [[nodiscard]] bool is_ill() const;
    [[nodiscard]] bool is_dialling() const;
    [[nodiscard]] bool would_connect() const;
    void enter(Phase phase, const char* reason);
    void say(const std::string& what) { said_ += what + "; "; }
    void say_of_generation(const std::string& what) {
        say(what + " g" + std::to_string(generation_));
    }
    void dial(Phase phase, const char* reason, int attempt);
    void drop_dial();
    void renew(bool open);
    void open_up(const char* reason);
    void switch_on(const char* reason);
    void drain(const char* reason);
    void switch_off(const char* reason);

    ConnectionSettings settings_;
    bool enabled_;
    WantedState wanted_;
    bool demanded_ = false;
    bool ended_ = false;
    bool distrusted_ = false;  // while dialling and pausing: a check has to pass first
    Phase phase_ = Phase::off;
    int attempt_ = 0;
    std::uint64_t dials_ = 0;
    std::uint64_t generation_ = 1;
    std::uint64_t sequence_ = 0;
    base::TimePoint wake_ = base::kNoDeadline;
    base::TimePoint now_{};
    std::string said_;
};

}  // namespace tenon::core

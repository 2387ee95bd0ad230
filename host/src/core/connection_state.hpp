#pragma once

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/health_verdict.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

struct ConnectionSettings {
    /// The kind has no connect(): it is connected as soon as that is wanted.
    bool stateless = false;
    /// The kind has a health check, so after "unhealthy" it must pass: a server that accepts
    /// connections may still not work. false: a dial that succeeds is enough.
    bool needs_check = true;
    bool auto_recovery = true;          ///< for kinds with connect()
    bool connect_on_demand = true;      ///< the first request connects
    bool admit_when_unhealthy = false;  ///< requests are sent to an unhealthy provider all the same

    int reconnect_attempts = 3;                         ///< dials of one cycle
    std::chrono::milliseconds reconnect_delay{5'000};   ///< from a dial's end to the next
    std::chrono::milliseconds connect_timeout{10'000};  ///< of one dial
    std::chrono::milliseconds drain_grace{10'000};      ///< for requests in flight

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const ConnectionSettings&, const ConnectionSettings&) = default;
};

enum class ConnectionState : std::uint8_t {
    disconnected,
    connecting,  ///< dials, or waits for the next dial of its cycle
    connected,
    unhealthy,      ///< it does not work; dials and checks go on
    disconnecting,  ///< requests in flight may end, new ones are not admitted
};

/// What the operator asked for, which outlives failures and restarts.
enum class WantedState : std::uint8_t {
    on_demand,  ///< nothing: the first request connects
    connected,
    disconnected,  ///< and stays so, whatever is requested
};

/// What a person has decided, as far as it is to be kept.
struct Intent {
    bool enabled = true;
    WantedState wanted = WantedState::on_demand;

    friend bool operator==(const Intent&, const Intent&) = default;
};

enum class ConnectionCommand : std::uint8_t {
    connect,
    disconnect,      ///< requests in flight have the grace time
    disconnect_now,  ///< they do not
    enable,
    disable,    ///< as disconnect, but what is wanted comes back with enable
    reconnect,  ///< new connections for new requests; those in flight end on the old ones
    recover,    ///< do not wait for the next try
};

enum class TransitionReason : std::uint8_t {
    wanted,    ///< the operator has asked for it before: in an earlier run, or while it drained
    demanded,  ///< by a request
    connect_asked,
    disconnect_asked,
    enabled,
    disabled,
    reconnect_asked,
    recover_asked,
    shutting_down,
    dialled,
    dial_failed,
    dial_timed_out,
    misconfigured,
    check_passed,
    check_failed,
    drained,
    grace_expired,
    reloaded,  ///< this one takes the place of another one
};

/// One change of state, to be published in the order of `sequence`.
struct ConnectionTransition {
    std::uint64_t sequence = 0;  ///< rises by exactly 1, from 1 on
    ConnectionState from{};
    ConnectionState to{};  ///< never `from`
    TransitionReason reason{};
    base::TimePoint time{};
};

/// What the owner has to do, in this order. "Older" connections are those of a lower generation.
struct ConnectionStep {
    enum class Kind : std::uint8_t {
        publish,        ///< the transition: pickers see it from here on
        start_dial,     ///< make one connection of `generation`; report with the id `dial`
        cancel_dial,    ///< `dial`; if it succeeds all the same its connection is to be closed
        close_dialled,  ///< `dial` succeeded too late: close its connection
        open_pool,      ///< borrowers may have connections of `generation`
        clear_pool,     ///< pause the pool; older connections close, those in use when given back
        start_drain,    ///< as clear_pool; then report drained(generation), at once if all is idle
        close_all,      ///< close every connection, in use or not
        start_check,    ///< HealthMonitor::verify()
    };
    Kind kind{};
    std::uint64_t generation = 0;
    std::uint64_t dial = 0;
    int attempt = 0;             ///< of start_dial: 1 = the cycle's first
    base::TimePoint deadline{};  ///< of start_dial and start_drain
    ConnectionTransition transition{};
};

/// The steps of one event, in order; no event needs more than five.
class ConnectionSteps {
public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const ConnectionStep* begin() const noexcept { return steps_.data(); }
    [[nodiscard]] const ConnectionStep* end() const noexcept { return begin() + size_; }
    [[nodiscard]] const ConnectionStep& operator[](std::size_t i) const noexcept {
        assert(i < size_);
        return steps_[i];
    }
    void clear() noexcept { size_ = 0; }
    void push_back(const ConnectionStep& step) noexcept {
        assert(size_ < steps_.size());
        steps_[size_++] = step;
    }

private:
    std::size_t size_ = 0;
    std::array<ConnectionStep, 5> steps_;
};

/// What becomes of a command.
enum class ReplyNote : std::uint8_t {
    // accepted
    connecting,
    now_connected,
    now_kept_connected,
    connects_when_drained,
    draining,
    now_disconnected,
    stays_disconnected,
    now_enabled,
    now_disabled,
    recreating,
    dialling,
    checking,
    // already there
    already_connected,
    already_connecting,
    already_unhealthy,
    already_waiting_for_drain,
    already_disconnecting,
    already_disconnected,
    already_enabled,
    already_disabled,
    already_dialling,
    already_healthy,
    // refused
    is_disabled,
    is_disconnected,
    is_disconnecting,
    is_shutting_down,
};

struct CommandReply {
    enum class Kind : std::uint8_t { accepted, already, refused };

    ReplyNote note;

    [[nodiscard]] constexpr Kind kind() const noexcept {
        if (note < ReplyNote::already_connected) return Kind::accepted;
        return note < ReplyNote::is_disabled ? Kind::already : Kind::refused;
    }
};

/// Why a request is not admitted at once.
enum class AdmissionReason : std::uint8_t {
    none,
    connecting,
    not_connected,  ///< and does not connect by itself
    asked_to_disconnect,
    disconnecting,
    disabled,
    unhealthy,
    misconfigured,
    shutting_down,
};

struct ConnectionAdmission {
    enum class Kind : std::uint8_t {
        yes,
        wait,    ///< a connection is being made: wait within the deadline, or ask another provider
        demand,  ///< call demand(), then wait
        no,
    };
    Kind kind;
    AdmissionReason reason;

    friend bool operator==(const ConnectionAdmission&, const ConnectionAdmission&) = default;
};

/// All of a moment, for status and persistence.
struct ConnectionReport {
    ConnectionState state = ConnectionState::disconnected;
    WantedState wanted = WantedState::on_demand;
    bool enabled = true;
    bool demanded = false;       ///< a request connected it, or will when it is drained
    bool sick = false;           ///< a check has to pass before it is connected again
    bool misconfigured = false;  ///< no dial until a person acts
    bool shutting_down = false;
    std::uint64_t generation = 1;
    std::uint64_t sequence = 0;  ///< of the last transition, 0 = there was none
    TransitionReason reason{};   ///< of that one
    base::TimePoint since{};     ///< its time
    std::uint64_t dial = 0;      ///< in flight, 0 = none
    int attempt = 0;             ///< of the cycle, 0 = no cycle
    /// When a dial is given up, the next one starts, or the grace time is over.
    base::TimePoint wake = base::kNoDeadline;

    [[nodiscard]] Intent intent() const noexcept { return {enabled, wanted}; }
};

/// What a command would come to.
struct ForeseenCommand {
    CommandReply reply;
    Intent before;
    Intent after;
};

/// Stable names for logs, metrics and JSON, e.g. "grace_expired".
[[nodiscard]] std::string_view to_string(ConnectionState state) noexcept;
[[nodiscard]] std::string_view to_string(WantedState wanted) noexcept;
[[nodiscard]] std::string_view to_string(ConnectionCommand command) noexcept;
[[nodiscard]] std::string_view to_string(TransitionReason reason) noexcept;

/// One sentence for a person.
[[nodiscard]] std::string describe(CommandReply reply, std::string_view provider);
/// Why `provider` does not take a request now; retryable where that may change by itself.
/// \par Preconditions
/// `reason` is not none.
[[nodiscard]] Error to_error(AdmissionReason reason, std::string_view provider);

/// The connection of one provider, as its operator and its requests see it: one of five states,
/// whether it is enabled, and what is wanted. Every command makes sense in every state: it is
/// accepted, has nothing left to do, or is refused with a reason.
///
/// - What is wanted survives: failures, disable and enable, a restart (the owner keeps `wanted` and
///   `enabled` of report() whenever a command was accepted).
/// - A provider with connect() is dialled in cycles: some attempts, each some time after the last
///   one ended, then quiet until the next tick of the health monitor. Credentials that are refused
///   end a cycle at once, and no other begins until a person acts or a check passes.
/// - Before a cycle has failed, a dial makes it connected. Afterwards, and after the monitor called
///   it unhealthy, only a check that passes does.
/// - Each new start of the pool is a new generation, so that nothing old comes back into it.
///
/// The health monitor runs from the transition that leaves `disconnected` to the one that enters
/// `disconnecting` or `disconnected`; verdicts outside of that are ignored.
///
/// \par Preconditions
/// `steps` has nothing in it yet.
/// \par Thread-safety
/// None. The owner guards it by a mutex, and does the steps in order: those of an earlier event
/// before those of a later one. Nothing here throws or allocates.
class ConnectionMachine {
public:
    /// \par Preconditions
    /// `settings` are valid.
    ConnectionMachine(const ConnectionSettings& settings, bool enabled, WantedState wanted) noexcept
        : settings_(settings) {
        now_.enabled = enabled;
        now_.wanted = wanted;
    }

    /// Connects what was wanted before the restart. Idempotent.
    void start(base::TimePoint now, ConnectionSteps& steps) noexcept;

    CommandReply command(ConnectionCommand command, base::TimePoint now,
                         ConnectionSteps& steps) noexcept;
    /// What command() would do now.
    [[nodiscard]] ForeseenCommand foresee(ConnectionCommand command,
                                          base::TimePoint now) const noexcept {
        ConnectionMachine tried = *this;
        ConnectionSteps steps;
        const CommandReply reply = tried.command(command, now, steps);
        return {reply, now_.intent(), tried.now_.intent()};
    }

    /// May a request go ahead?
    [[nodiscard]] ConnectionAdmission admit() const noexcept;
    /// A request wants a connection. Does nothing unless admit() says so.
    void demand(base::TimePoint now, ConnectionSteps& steps) noexcept;

    // Reports of dials; those about a dial that is no longer in flight change nothing.
    void dial_succeeded(std::uint64_t dial, base::TimePoint now, ConnectionSteps& steps) noexcept;
    /// \param misconfigured what blames_configuration() says about the error
    void dial_failed(std::uint64_t dial, bool misconfigured, base::TimePoint now,
                     ConnectionSteps& steps) noexcept;

    /// What HealthMonitor found, after each check.
    void health(HealthVerdict verdict, base::TimePoint now, ConnectionSteps& steps) noexcept;
    /// The monitor starts a periodic check: time for a new cycle.
    void health_tick(base::TimePoint now, ConnectionSteps& steps) noexcept;

    /// No connection older than `generation` is left; that of an earlier drain changes nothing.
    void drained(std::uint64_t generation, base::TimePoint now, ConnectionSteps& steps) noexcept;

    /// For a timer at report().wake; before that it does nothing.
    void tick(base::TimePoint now, ConnectionSteps& steps) noexcept;

    /// The program ends: drains, and refuses everything from now on. Idempotent.
    void shut_down(base::TimePoint now, ConnectionSteps& steps) noexcept;

    [[nodiscard]] const ConnectionReport& report() const noexcept { return now_; }

private:
    struct Event {
        base::TimePoint now;
        ConnectionSteps& steps;
    };

    CommandReply connect(Event event) noexcept;
    CommandReply disconnect(Event event, bool at_once) noexcept;
    CommandReply enable(Event event) noexcept;
    CommandReply disable(Event event) noexcept;
    CommandReply reconnect(Event event) noexcept;
    CommandReply recover(Event event) noexcept;

    [[nodiscard]] bool is_wanted() const noexcept;
    [[nodiscard]] bool is_active() const noexcept;
    void move(ConnectionState to, TransitionReason reason, Event event) noexcept;
    void push(ConnectionStep::Kind kind, Event event) const noexcept;

    void begin_connect(TransitionReason reason, Event event) noexcept;
    void begin_drain(TransitionReason reason, Event event) noexcept;
    void close(TransitionReason reason, Event event) noexcept;
    void arrive_disconnected(TransitionReason reason, Event event) noexcept;
    void become_connected(TransitionReason reason, Event event) noexcept;
    void become_unhealthy(TransitionReason reason, Event event) noexcept;

    void renew_pool(Event event) noexcept;
    void begin_cycle(Event event) noexcept;
    void start_dial(Event event) noexcept;
    void end_cycle(Event event) noexcept;
    void dial_ended(TransitionReason reason, Event event) noexcept;
    void hold(Event event) noexcept;

    ConnectionSettings settings_;
    ConnectionReport now_;
    std::uint64_t last_dial_ = 0;
};

}  // namespace tenon::core

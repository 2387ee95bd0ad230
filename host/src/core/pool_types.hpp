#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "core/action_list.hpp"
#include "core/ticket_queue.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

enum class ConnectionMode : std::uint8_t {
    stateless,    ///< no connections at all: the pool only limits
    exclusive,    ///< one call on a connection at a time
    multiplexed,  ///< up to calls_per_connection at a time
};

struct PoolSettings {
    ConnectionMode mode = ConnectionMode::exclusive;
    bool pooling = true;  ///< false: each connection carries one call and is closed
    std::uint32_t max_connections = 5;
    std::uint32_t calls_per_connection = 1;
    /// The pool does not shrink below so many connections by idleness, and dials to have them.
    std::uint32_t min_idle = 0;
    std::uint32_t preconnect = 0;      ///< how many ready() opens; not kept up later
    std::uint32_t max_connecting = 2;  ///< dials at once
    std::uint32_t max_waiting = 100;
    std::chrono::milliseconds acquire_timeout{5'000};
    std::chrono::milliseconds idle_timeout{300'000};  ///< 0 = none
    std::chrono::milliseconds max_lifetime{0};        ///< 0 = none
    std::chrono::milliseconds keepalive_interval{0};  ///< probes of idle connections, 0 = none
    /// Between the starts of two dials when the first has failed: 10 ms to 5 s in HikariCP, where
    /// the step is 1.6 in gRPC; gRPC's own 1 s to 120 s would outlast our waiters.
    std::chrono::milliseconds dial_backoff{100};
    std::chrono::milliseconds dial_backoff_max{5'000};
    /// How long a dial may outlive the demand for it (dotnet/runtime #71785: stalled dials).
    std::chrono::milliseconds surplus_dial_grace{10'000};

    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const PoolSettings&, const PoolSettings&) = default;
};

enum class PoolState : std::uint8_t {
    paused,  ///< the provider is believed down: fails at once, does not dial
    ready,
    draining,  ///< takes nobody any more, lets calls end
    closed,    ///< the same, for ever
};
[[nodiscard]] std::string_view to_string(PoolState state) noexcept;

/// Why there is no connection.
enum class PoolReason : std::uint8_t {
    none,
    queue_full,
    deadline,  ///< the caller's own
    acquire_timeout,
    dial_failed,
    paused,
    draining,
    closed,
};

/// Why a connection is closed.
enum class CloseReason : std::uint8_t {
    idle,
    lifetime,
    cleared,       ///< of a generation before clear()
    shut_down,     ///< drain() or close()
    not_reusable,  ///< its call left it in an unknown state
    errors,        ///< two suspect calls in a row
    probe_failed,
    evicted,
    surplus,   ///< resize() to fewer
    unpooled,  ///< pooling is off
};
[[nodiscard]] std::string_view to_string(CloseReason reason) noexcept;

/// How a call left its connection.
enum class Disposition : std::uint8_t {
    reusable,    ///< the call ended as it should: the peer has proved to be alive
    unused,      ///< nothing was sent: the connection is as it was before
    suspect,     ///< a transport error or time-out that it may survive; the second in a row closes
    must_close,  ///< abandoned in the middle, broken, or the peer said so
};

/// Number of a connection, from its dial on; never used again. 0 is none.
using ConnId = std::uint64_t;
inline constexpr ConnId kNoConn = 0;

/// What the owner has to do, outside its lock.
struct PoolAction {
    enum class Kind : std::uint8_t {
        dial,        ///< connect; report dial_succeeded() or dial_failed() within connect_timeout
        abort_dial,  ///< nobody needs it any more: cancel it; its end is reported all the same
        deliver,     ///< the waiter has its lease now
        fail,        ///< the waiter has left the queue without one; its ticket is stale
        close,       ///< disconnect; it is not counted any more
        probe,       ///< ask whether it is alive; report probe_ended()
        interrupt,   ///< end its calls; they are released, with must_close, as usual
        drained,     ///< draining or closed, and all are gone
    };
    Kind kind;
    PoolReason reason;      ///< of fail
    CloseReason why;        ///< of close
    WaiterTag tag;          ///< of deliver and fail
    Ticket lease;           ///< of deliver and fail
    ConnId conn;            ///< of all but fail and drained; none in stateless mode
    std::uint64_t handle;   ///< what dial_succeeded() was given; not yet known to dial, abort_dial
    base::Duration waited;  ///< of deliver and fail
};

/// Gauges of one moment.
struct PoolReport {
    std::uint32_t max = 0;
    std::uint32_t active = 0;  ///< connections that carry calls; in stateless mode, calls
    std::uint32_t idle = 0;
    std::uint32_t connecting = 0;
    std::uint32_t probing = 0;
    std::uint32_t waiting = 0;
    std::shared_ptr<const Error> last_dial_error;  ///< null if the last dial succeeded

    /// Connections that count against `max`.
    [[nodiscard]] std::uint32_t total() const noexcept {
        return active + idle + connecting + probing;
    }
};

struct PoolActions : ActionList<PoolAction, 16> {
    PoolReport report;  ///< as it was when somebody failed or was rejected; else empty

    void clear() noexcept {
        ActionList::clear();
        report = {};
    }
};

/// Whether somebody got no connection because the peer could not be reached: a dial failed, or the
/// time to wait for one ended while no connection was open at all. Such an attempt ended while
/// dialing and is judged by its error. If all dials hang, and for longer than anybody waits for a
/// connection, there is no other news of it: a breaker that heard "not admitted" would stay
/// half-open and let one request after the other wait in vain.
[[nodiscard]] bool is_unreachable(PoolReason reason, const PoolReport& report) noexcept;

/// One sentence for a person, and the code; the dial's own error if the dial failed. All but those
/// of is_unreachable() are the host's own rejections: they say nothing about the provider, so
/// attempts that end by them are judged with Stop::not_admitted.
[[nodiscard]] Error to_error(PoolReason reason, const PoolReport& report, base::Duration waited);

}  // namespace tenon::core

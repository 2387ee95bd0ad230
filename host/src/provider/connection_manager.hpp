#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "core/adaptive_limit.hpp"
#include "core/connection_state.hpp"
#include "core/health.hpp"
#include "core/permits.hpp"
#include "core/pool.hpp"
#include "net/awaitable.hpp"
#include "net/io_threads.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/connection_news.hpp"
#include "provider/connection_operations.hpp"
#include "provider/io_waker.hpp"

namespace tenon::provider {

struct ConnectionManagerSettings {
    core::ConnectionSettings connection;  ///< stateless exactly if the pool's mode is
    core::HealthSettings health;
    core::PoolSettings pool;
    core::PermitSettings permits;
    /// Moves the number of permits, and with it the most connections, up to pool.max_connections.
    core::AdaptiveLimitSettings adaptive;
    bool enabled = true;
    core::WantedState wanted = core::WantedState::on_demand;
    base::TimePoint cool_down_until = base::TimePoint::min();  ///< of an earlier run
    std::uint64_t seed = 0;                                    ///< of all jitter
    bool silent = false;                                       ///< no news until introduce()
};

/// One attempt's end, for all that learns from it.
struct LeaseEnd {
    core::Disposition disposition = core::Disposition::must_close;  ///< no meaning after lend()
    core::Verdict verdict = {};
    std::optional<std::int64_t> retry_after_ms = {};  ///< the server's hint
    core::LimitSample sample = core::LimitSample::ignored;
    std::optional<base::TimePoint> time = {};  ///< of it, if somebody knows
};

/// How an acquire() ended that brought no lease, beside its error.
struct AcquireReport {
    /// none: a dial failed, which its error blames on somebody.
    core::Stop stop = core::Stop::none;
    bool dialing = false;  ///< it ended while a connection was being made
    /// The dial's failure was told to another request too, and there it counts.
    bool echo = false;
    base::Duration waited{0};
};

/// What a pick wants to know, without a lock and no older than the last event.
struct ConnectionFace {
    core::ConnectionAdmission admission{core::ConnectionAdmission::Kind::no,
                                        core::AdmissionReason::not_connected};
    base::TimePoint cool_down_until;  ///< long ago = none
    base::TimePoint connected_since;  ///< long ago = from the start
    std::uint32_t permits = 0;        ///< the limit now
    bool permits_left = false;
    int score = 0;  ///< 0 to 100, were its breaker closed
};

/// The life of one provider's connections: who may use which, when to dial, check, drain and close.
/// The decisions are core's; this gives them a mutex, a clock and hands.
///
/// A request first gets its permit, then waits until the provider is connected, then for one of the
/// connections: so the line is bounded, and nobody overtakes in it, also while it connects.
///
/// \par Object lifetimes
/// `clock` and `io` outlive it. Between start() and the end of shut_down() it keeps itself alive.
/// \par Thread-safety
/// Any thread, a plugin's stack included. Neither the operations nor the listener are called under
/// the lock, or before the function that caused it returns.
class ConnectionManager : public std::enable_shared_from_this<ConnectionManager> {
    struct Call;

public:
    /// The right to make one call: a permit, and a connection if the provider has any. Both are
    /// given back when it goes, the connection as must_close; release() does it sooner and better.
    ///
    /// A plugin may need its connection for longer than the request lasts: lend() leaves the
    /// connection to it until call_over().
    ///
    /// \par Thread-safety
    /// One thread at a time.
    class Lease {
    public:
        Lease() noexcept = default;
        Lease(Lease&& other) noexcept;
        Lease& operator=(Lease&& other) noexcept;
        ~Lease() { release(core::Disposition::must_close); }

        /// False for a default lease and after release(), when nothing else may be called.
        explicit operator bool() const noexcept { return manager_ != nullptr; }
        /// It has its permit and its connection. Else it stands in line, or is refused; then only
        /// take_turn(), refusal() and release() make sense.
        [[nodiscard]] bool granted() const noexcept { return granted_; }
        /// Why take_turn() has brought nothing: the host's own rejections, or the error of the
        /// dial. Once. Gives its place back.
        [[nodiscard]] Error refusal(AcquireReport& report);
        [[nodiscard]] ConnHandle conn() const noexcept;
        /// For permit and connection together.
        [[nodiscard]] base::Duration waited() const noexcept;
        /// The connection has carried a call before that ended well.
        [[nodiscard]] bool reused() const noexcept;
        /// The connection is the plugin's from now on; call_over() gives it back, once for each
        /// lend(), and may come at once. Nothing if there is none.
        void lend();
        /// The call is to end now: its connection is closed, or all are.
        [[nodiscard]] bool interrupted() const noexcept;
        /// Who is woken when interrupted() becomes true; nullptr = nobody.
        void attach(std::shared_ptr<plugin::Waker> waker);
        /// Gives everything back and tells what came of it. Idempotent.
        void end(const LeaseEnd& end) noexcept;
        /// end() of an attempt that says nothing. Idempotent.
        void release(core::Disposition disposition) noexcept { end({.disposition = disposition}); }

    private:
        friend class ConnectionManager;
        std::shared_ptr<ConnectionManager> manager_;
        std::list<Call>::iterator call_;
        bool granted_ = false;
    };

    using Listener = std::function<void(const ConnectionNews&)>;

    /// Limits of the waits of one acquire().
    struct AcquireLimits {
        base::TimePoint deadline;                      ///< of everything
        base::Duration queue = base::Duration::max();  ///< for permit and connection, without dials
        base::Duration connect = base::Duration::max();  ///< until the provider is connected
    };

    struct Report {
        core::ConnectionReport connection;
        core::PoolReport pool;
        core::PermitReport permits;
        Error last_error;  ///< of the last dial or check that failed; no message = none
    };

    /// \par Preconditions
    /// All settings are valid.
    /// \param listener told of every change, in order, on one I/O thread, which it must not block;
    /// may be empty. It may call back. It does not throw.
    ConnectionManager(std::string name, std::shared_ptr<ConnectionOperations> operations,
                      const ConnectionManagerSettings& settings, const base::Clock& clock,
                      net::IoThreads& io, Listener listener);
    ConnectionManager(const ConnectionManager&) = delete;
    ConnectionManager& operator=(const ConnectionManager&) = delete;

    /// Connects what was wanted before, and starts the upkeep. Once, before anything else.
    void start();

    core::CommandReply command(core::ConnectionCommand command);
    /// What command() would do now.
    [[nodiscard]] core::ForeseenCommand foresee(core::ConnectionCommand command) const;
    /// command(), if `expected` is what it comes to; else nothing.
    std::optional<core::CommandReply> command_if(core::ConnectionCommand command,
                                                 const core::Intent& expected);

    /// No news any more; returns what the listener knows, or will in a moment.
    ConnectionNewsSeen fall_silent();
    /// News, first of all what differs from `before`, which another manager has told the listener.
    void introduce(const ConnectionNewsSeen& before);

    /// A permit and a connection for one attempt, or a place in the line for them; connects on
    /// demand.
    [[nodiscard]] Lease join(const AcquireLimits& limits, base::TimePoint now);

    /// Waits until `lease` is granted or refused, within its limits.
    /// \param cancel ends the wait
    net::Awaitable<void> take_turn(Lease& lease, std::shared_ptr<CancelSignal> cancel,
                                   std::size_t io_index);

    /// join() and take_turn().
    /// \param report filled in if there is an error; may be null
    net::Awaitable<Result<Lease>> acquire(AcquireLimits limits,
                                          std::shared_ptr<CancelSignal> cancel,
                                          std::size_t io_index, AcquireReport* report = nullptr);

    /// The plugin is done with a call on a connection that was lent to it. Which call it was does
    /// not matter, if there are several. Returns false if none was lent.
    bool call_over(ConnHandle conn, core::Disposition disposition);

    /// A connection died while no call was using it. Returns whether it is known.
    bool connection_lost(ConnHandle conn);

    /// Asks for a check right now and waits for its end, at most until `deadline`. A check that has
    /// just been asked for is good enough.
    /// \param cancel ends the wait; may be null
    net::Awaitable<void> probe(base::TimePoint deadline, std::size_t io_index,
                               std::shared_ptr<CancelSignal> cancel = nullptr);

    /// Waits until the state is neither connecting nor disconnecting, nor unhealthy while a dial or
    /// a check finds out whether it still is; at most until `deadline` or `cancel`.
    net::Awaitable<core::ConnectionReport> settled(base::TimePoint deadline,
                                                   std::shared_ptr<CancelSignal> cancel,
                                                   std::size_t io_index);

    /// A check of its own, whatever the state, which changes nothing by it. The server's version.
    net::Awaitable<Result<std::string>> check_once(std::shared_ptr<CancelSignal> cancel,
                                                   base::TimePoint deadline, std::size_t io_index);

    /// Drains, then closes everything; from now on nothing is admitted. Returns when no lease, no
    /// connection and no coroutine of this object is left, or after `limit`, which is best beyond
    /// the grace time. False: some are left, and are closed when they come back.
    /// \par Preconditions
    /// Not on an I/O thread.
    bool shut_down(base::Duration limit);

    [[nodiscard]] Report report() const;
    [[nodiscard]] core::HealthStatus health(core::BreakerState breaker) const;
    /// Lock-free.
    [[nodiscard]] ConnectionFace face() const noexcept;

private:
    friend struct ConnectionManagerTest;  // whose clock stands still until it says so
    class Section;

    /// One request, from its acquire() to the end of its lease; known by its address.
    struct Call {
        enum class Phase : std::uint8_t {
            permit,      ///< in line for a permit
            state,       ///< has it, and waits until the provider is connected
            connection,  ///< in line for a connection
            leased,
            failed,
        };
        Phase phase = Phase::permit;
        std::atomic<bool> interrupted = false;
        bool reused = false;
        core::Ticket permit = core::kNoTicket;
        core::Ticket place = core::kNoTicket;  ///< in the pool
        ConnHandle conn = 0;
        AcquireLimits limits{};
        base::TimePoint since{};
        base::TimePoint phase_since{};
        base::Duration queued{0};  ///< in queues, before this phase
        base::Duration waited{0};
        std::shared_ptr<plugin::Waker> waker = nullptr;
        Error error = {};
        AcquireReport report = {};

        [[nodiscard]] bool waits() const noexcept { return phase < Phase::leased; }
        /// When the wait of this phase ends.
        [[nodiscard]] base::TimePoint until() const noexcept;
    };
    /// Something under way that may be told to stop.
    struct Task {
        std::uint64_t id;
        std::shared_ptr<CancelSignal> cancel;
    };

    [[nodiscard]] static core::WaiterTag tag_of(Call& call) noexcept {
        return reinterpret_cast<core::WaiterTag>(&call);
    }
    [[nodiscard]] static Call& call_of(core::WaiterTag tag) noexcept {
        return *reinterpret_cast<Call*>(tag);
    }

    // What is given a Section is called under the lock.

    void tell(ConnectionNews news) {
        if (!silent_) undelivered_.push_back(std::move(news));
    }
    core::CommandReply obey(core::ConnectionCommand command, Section& section);

    // connection_requests.cpp
    void begin(Call& call, Section& section);
    void enter(Call& call, Call::Phase phase, Section& section) noexcept;
    void proceed(Call& call, Section& section);
    void late(Call& call, Section& section);
    void grant(Call& call, ConnHandle conn, Section& section);
    void fail(Call& call, Error error, core::Stop stop, Section& section);
    void reject(Call& call, core::PermitReason reason, Section& section);
    void reject(Call& call, core::PoolReason reason, const core::PoolReport& report,
                Section& section);
    void look_again(Section& section);
    void fail_who_waits_for_state(const Error& error, Section& section);
    [[nodiscard]] bool still_waits(Call& call, const CancelSignal& cancel, Section& section);
    void lend(Call& call);
    void give_back(std::list<Call>::iterator call, const LeaseEnd& end);
    void learn(const Call& call, const LeaseEnd& end, Section& section);
    void interrupt(ConnHandle conn, Section& section);
    [[nodiscard]] Error refusal(core::AdmissionReason reason) const;

    // connection_steps.cpp: what the machines decide, carried out.
    void apply(const core::ConnectionSteps& steps, Section& section);
    void apply(const core::ConnectionStep& step, Section& section);
    void apply(const core::HealthSteps& steps, Section& section);
    void apply(const core::PoolActions& actions, Section& section);
    void apply(const core::PermitActions& actions, Section& section);
    void left_line(Call& call, const core::PoolAction& action, const core::PoolReport& report,
                   Section& section);
    void publish(const core::ConnectionTransition& transition, Section& section);
    void tell_cool_down(Section& section);
    void request_ended(const core::Verdict& verdict, std::optional<std::int64_t> retry_after_ms,
                       Section& section);
    void open_pool(Section& section);
    void drained(Section& section);

    // connection_tasks.cpp: dials, checks and closes.
    void start_dial(const core::ConnectionStep& step, Section& section);
    void cancel_dial(Section& section);
    void dial_failed(const Error& error, Section& section);
    void start_pool_dial(core::ConnId id, Section& section);
    void start_probe(core::ConnId id, ConnHandle conn, Section& section);
    void start_check(const core::CheckStart& check, Section& section);
    void check_over(Section& section);
    [[nodiscard]] Result<ConnHandle> admitted(Result<ConnHandle> made);
    void close(ConnHandle conn, Section& section);
    void drop_spare(Section& section);
    net::Awaitable<void> dial(Task task, base::TimePoint deadline, std::size_t io_index);
    net::Awaitable<void> pool_dial(Task task, std::size_t io_index);
    net::Awaitable<void> probe_idle(Task task, ConnHandle conn, std::size_t io_index);
    net::Awaitable<void> check(Task task, base::TimePoint deadline, std::size_t io_index);

    net::Awaitable<void> upkeep();
    void tick(Section& section);
    void show_face() noexcept;
    [[nodiscard]] base::TimePoint next_wake() const noexcept;
    [[nodiscard]] bool is_moving(base::TimePoint now) const noexcept;  ///< see settled()
    void wake_watchers(Section& section);
    void job_ended() noexcept;

    const std::string name_;
    const std::shared_ptr<ConnectionOperations> operations_;
    const ConnectionManagerSettings settings_;
    const base::Clock& clock_;
    net::IoThreads& io_;
    const Listener listener_;
    const std::shared_ptr<IoWaker> upkeep_waker_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;  ///< while stopping_
    core::ConnectionMachine machine_;
    core::HealthMonitor health_;
    core::Pool pool_;
    core::Permits permits_;
    std::optional<core::AdaptiveLimit> limit_;  ///< none: it stays

    struct Known {
        core::ConnId id = core::kNoConn;  ///< kNoConn = not in the pool
        bool served = false;              ///< a call has ended well on it
    };

    std::list<Call> calls_;                         ///< oldest first
    std::list<Call> unused_;                        ///< room for as many as there ever were at once
    std::map<ConnHandle, Known> conns_;             ///< open connections
    std::multimap<ConnHandle, core::Ticket> lent_;  ///< places in the pool that call_over() ends
    ConnHandle spare_ = 0;                          ///< dialled, joins the pool when that opens

    bool dial_told_ = false;     ///< a waiter was told of the pool's dial that has just failed
    std::optional<Task> dial_;   ///< the machine's, unless it was given up
    std::optional<Task> check_;  ///< the monitor's, unless it was given up
    std::optional<Task> probe_;  ///< of an idle connection, whose handle is the id
    std::map<core::ConnId, std::shared_ptr<CancelSignal>> pool_dials_;
    std::uint64_t checks_over_ = 0;
    std::vector<std::shared_ptr<IoWaker>> probers_;   ///< wait for the next check to be over
    std::vector<std::shared_ptr<IoWaker>> watchers_;  ///< wait in settled()

    std::vector<ConnectionNews> undelivered_;
    bool silent_;
    bool cooling_down_ = false;                         ///< as the listener was told
    base::TimePoint told_cool_down_until_{};            ///< likewise
    base::TimePoint upkeep_until_ = base::kNoDeadline;  ///< it sleeps no longer than that
    std::uint64_t drain_generation_ = 0;
    Error last_error_;
    std::size_t running_ = 0;  ///< coroutines of this object, and closes
    bool stopping_ = false;
    base::TimePoint latest_ = base::TimePoint::min();  ///< time of the last visit

    // face(), written under the lock.
    std::atomic<core::ConnectionAdmission> face_admission_{ConnectionFace{}.admission};
    std::atomic<base::TimePoint> face_cool_down_{base::TimePoint::min()};
    std::atomic<base::TimePoint> face_connected_{base::TimePoint::min()};
    std::atomic<std::uint32_t> face_permits_{0};
    std::atomic<bool> face_permits_left_{false};
    std::atomic<int> face_score_{100};
};

}  // namespace tenon::provider

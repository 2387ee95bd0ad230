#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/handle_table.hpp"
#include "base/log.hpp"
#include "plugin/call.hpp"
#include "plugin/kind.hpp"
#include "tenon/abi/host.h"
#include "tenon/result.hpp"

namespace tenon::net {
class BlockingPool;
class IoThreads;
}  // namespace tenon::net

namespace tenon::transport {
class HttpClient;
struct HttpOptions;
}  // namespace tenon::transport

namespace tenon::plugin {

class ActiveCall;

/// What a proxy works with; everything outlives it.
struct ProxyEnvironment {
    base::Log& log;
    const base::Clock& clock;
    net::IoThreads& io;
    net::BlockingPool& blocking;
    /// Owns the above. A provider that has to be left alive (see Proxy::retire()) keeps it for
    /// ever, so that a thread of the plugin finds it whenever it wakes up; if empty, the caller
    /// sees to that.
    std::weak_ptr<const void> owner = {};
};

/// What a proxy is made from.
struct ProxyOptions {
    std::string name;         ///< the provider's name in the configuration
    std::string config_json;  ///< checked against the kind's schema
    std::map<std::string, std::string, std::less<>> secrets;  ///< by configuration name
    std::function<std::unique_ptr<transport::HttpClient>(std::size_t io_index)> make_http_client;
    /// Told about connections that died by themselves, on any thread.
    /// Returns whether the connection is known.
    std::function<bool(tenon_conn*, const Error&)> on_connection_lost;
    /// Told once for each call that was started on a connection when both the plugin and the host
    /// are done with it. `lost`: its end blames the connection. `in_plugin`: the plugin is on this
    /// stack, so that nothing of it may be called.
    std::function<void(tenon_conn*, bool lost, bool in_plugin)> on_call_over;
    base::Duration create_timeout = std::chrono::seconds(10);
    base::Duration destroy_timeout = std::chrono::seconds(10);  ///< of all disconnects and destroy
};

/// One provider behind the ABI: its host table, its calls and what they started.
///
/// Everything the plugin does wrong ends here: late, double or foreign handles are answered and
/// counted, exceptions become errors, a function that hangs in create or destroy is left behind.
///
/// \par Thread-safety
/// Any thread, except that retire() is the last call.
class Proxy : public std::enable_shared_from_this<Proxy> {
public:
    /// Creates the provider. Errors: what the plugin says, a missing service, a hanging create().
    [[nodiscard]] static Result<std::shared_ptr<Proxy>> create(std::shared_ptr<const Kind> kind,
                                                               ProxyOptions options,
                                                               const ProxyEnvironment& environment);

    /// Destroys the provider once its last call, callback and service operation has ended, waiting
    /// up to `grace`; `disconnect_all` runs right before, on a thread of its own that is left
    /// behind when the plugin hangs, so it must own what it uses. A provider that does not come to
    /// rest is left alive (and logged): destroying it under its own running code would be worse.
    /// Nothing may be started afterwards.
    static void retire(std::shared_ptr<Proxy> proxy, base::Duration grace,
                       std::function<void()> disconnect_all);

    /// Keeps the proxy from coming to rest (retire()) while it exists.
    class Hold {
    public:
        explicit Hold(std::shared_ptr<Proxy> proxy) noexcept : proxy_(std::move(proxy)) {
            proxy_->enter();
        }
        Hold(Hold&&) noexcept = default;
        Hold& operator=(Hold&&) = delete;
        ~Hold() {
            if (proxy_) proxy_->leave();
        }

    private:
        std::shared_ptr<Proxy> proxy_;
    };

    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;
    ~Proxy();

    /// Start functions. The plugin runs on this thread, or on a worker when it declared the
    /// function blocking; the call's answer may be complete when they return. \param io_index the
    /// I/O thread that serves the call's HTTP exchanges and timers.
    [[nodiscard]] ActiveCall connect(const CallRequest& request, std::size_t io_index);
    [[nodiscard]] ActiveCall health_check(tenon_conn* conn, const CallRequest& request,
                                          std::size_t io_index);
    [[nodiscard]] ActiveCall complete(tenon_conn* conn, const CallRequest& request,
                                      std::size_t io_index);
    [[nodiscard]] ActiveCall embed(tenon_conn* conn, const CallRequest& request,
                                   std::size_t io_index);
    [[nodiscard]] ActiveCall rerank(tenon_conn* conn, const CallRequest& request,
                                    std::size_t io_index);
    [[nodiscard]] ActiveCall list_models(tenon_conn* conn, const CallRequest& request,
                                         std::size_t io_index);

    /// Closes a connection that has no call any more.
    void disconnect(tenon_conn* conn) noexcept;

    [[nodiscard]] const Kind& kind() const noexcept { return *kind_; }
    [[nodiscard]] const std::string& name() const noexcept { return options_.name; }

    /// Broken rules of the ABI, counted since creation.
    [[nodiscard]] std::uint64_t misbehaviours() const noexcept {
        return misbehaviours_.load(std::memory_order_relaxed);
    }
    /// Calls that have not been finished by the plugin, callbacks and operations under way.
    [[nodiscard]] std::size_t busy() const noexcept;

private:
    friend class ActiveCall;
    friend struct ProxyAccess;
    using Operation = tenon_status (*)(tenon_provider*, tenon_conn*, const tenon_request*,
                                       tenon_call);

    Proxy(std::shared_ptr<const Kind> kind, ProxyOptions options,
          const ProxyEnvironment& environment);

    ActiveCall start_operation(const char* name, Operation operation, tenon_conn* conn,
                               const CallRequest& request, std::size_t io_index);
    template <class CallPlugin>
    ActiveCall start(const char* function, bool blocking, tenon_conn* conn,
                     const CallRequest& request, std::size_t io_index,
                     const CallPlugin& call_plugin);
    template <class CallPlugin>
    void start_on_worker(const char* function, tenon_call call, const tenon_request* in,
                         const CallPlugin& call_plugin);
    /// The host lets go of a call whose start function may still be at work.
    void give_up(WorkerJob& job) noexcept;
    template <class CallPlugin>
    void run_start(const char* function, tenon_call call, const tenon_request* in,
                   const CallPlugin& call_plugin) noexcept;
    /// Ends a call that the plugin did not accept. Returns false if it had been finished.
    bool end_by_host(tenon_call call, Error error) noexcept;
    tenon_status call_create(tenon_provider*& provider, Error& error) noexcept;
    void call_destroy() noexcept;
    /// Keeps a proxy whose plugin hangs, with all that it uses, until the process ends.
    static void leave_alive(std::shared_ptr<Proxy> proxy, std::string_view why);

    // What the plugin calls through its host table.
    tenon_status emit(tenon_call call, const tenon_delta* delta) noexcept;
    tenon_status try_emit(tenon_call call, const tenon_delta& delta) noexcept;
    tenon_status finish(tenon_call call, const tenon_result* result) noexcept;
    bool is_cancelled(tenon_call call) noexcept;

    // What the host does with a call, through ActiveCall.
    bool take(tenon_call call, DeltaBatch& into, const std::shared_ptr<Waker>& waker,
              CallOutcome* outcome) noexcept;
    void take_outcome(tenon_call call, CallOutcome& into) noexcept;
    void notify_blocked_emitters() noexcept;
    void cancel(tenon_call call) noexcept;
    void release(tenon_call call) noexcept;
    struct Parting;
    /// Under the slot's mutex. Returns whether the slot is free from now on.
    static bool let_go(CallSlot& slot, Parting& parting) noexcept;
    void let_gone(tenon_call call, const Parting& parting) noexcept;
    /// Does what follows from the end of a call for plugin and host.
    void settle(tenon_call call, const CallSlot::Over& over, bool in_plugin) noexcept;
    void remove_operation(tenon_call call, const BoundOperation* operation) noexcept;

    /// A call lives, or plugin code runs or will run, between the two.
    void enter() noexcept;
    void leave() noexcept;
    bool wait_until_idle(base::Duration grace);
    void misbehaved(std::string_view what) noexcept;

    std::shared_ptr<const Kind> kind_;
    ProxyOptions options_;
    ProxyEnvironment environment_;
    std::string component_;  ///< of its log lines: "plugin.NAME"
    tenon_host host_{};
    tenon_provider* provider_ = nullptr;
    std::vector<std::unique_ptr<transport::HttpClient>> http_;  ///< one for each I/O thread

    base::HandleTable<CallSlot> calls_;
    base::HandleTable<std::weak_ptr<BoundOperation>> operations_;
    std::atomic<std::uint64_t> misbehaviours_{0};

    /// Workers that a start function keeps although the host has given its call up.
    std::atomic<std::size_t> hanging_{0};
    /// Calls in their slots, plugin code that runs now, and operations whose last callback is still
    /// to come; and kRetiring from when somebody waits for `idle_`.
    std::atomic<std::size_t> entered_{0};
    static constexpr std::size_t kRetiring = ~(~std::size_t{0} >> 1);
    std::mutex idle_mutex_;
    std::condition_variable idle_;     ///< entered_ reached zero
    std::condition_variable drained_;  ///< a reader took deltas, or a call was cancelled
};

/// The host's end of one call. Destroying it before the end cancels the call and leaves it to the
/// plugin to finish; the slot lives on until then.
///
/// \par Thread-safety
/// One object: one thread at a time.
class ActiveCall {
public:
    ActiveCall(ActiveCall&& other) noexcept
        : proxy_(std::move(other.proxy_)), call_(std::exchange(other.call_, 0)) {}
    ActiveCall& operator=(ActiveCall&&) = delete;
    ~ActiveCall();

    /// Swaps the deltas that have arrived into `into` (cleared first). Returns whether the call is
    /// finished. If there were none and it is not, `waker` is woken once when that changes.
    /// With `outcome`, a finished call's is moved there, and the call let go: no more is due.
    bool take(DeltaBatch& into, const std::shared_ptr<Waker>& waker = nullptr,
              CallOutcome* outcome = nullptr) noexcept;

    /// REQUIRES: take() returned true. Swaps the outcome into `into`.
    void take_outcome(CallOutcome& into) noexcept;

    /// Tells the plugin that nobody wants the answer; it still has to finish.
    void cancel() noexcept;

    [[nodiscard]] tenon_call handle() const noexcept { return call_; }

private:
    friend class Proxy;
    ActiveCall(std::shared_ptr<Proxy> proxy, tenon_call call) noexcept
        : proxy_(std::move(proxy)), call_(call) {}

    std::shared_ptr<Proxy> proxy_;
    tenon_call call_;
};

}  // namespace tenon::plugin

#include "plugin/proxy.hpp"

#include <algorithm>

#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "plugin/attribution.hpp"
#include "plugin/bounded_call.hpp"
#include "plugin/host_table.hpp"
#include "plugin/services.hpp"
#include "tenon/testing/json_service.hpp"
#include "transport/http_client.hpp"

namespace tenon::plugin {
namespace {

/// Above the first mark the call's HTTP exchanges stop reading; above the second emit() answers
/// AGAIN. The distance is what one read of the transport may still deliver.
constexpr std::size_t kPauseAbove = std::size_t{64} << 10;
constexpr std::size_t kRefuseAbove = std::size_t{1} << 20;

std::string provider_prefix(const std::string& name) {
    return "provider " + name + ": ";
}

Error refusal(tenon_status status, const char* function) {
    const Code code = status > 0 ? Code::internal : code_from_status(status);
    return Error(code, code == Code::unsupported
                           ? std::string("this provider does not offer ") + function
                           : std::string("the plugin refused ") + function + " (" +
                                 std::string(to_string(code)) + ")");
}

}  // namespace

/// Plugin code runs, or will run, while one of these lives.
class Proxy::Entered {
public:
    explicit Entered(Proxy& proxy) noexcept : proxy_(proxy) { proxy_.enter(); }
    ~Entered() { proxy_.leave(); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

private:
    Proxy& proxy_;
};

Proxy::Proxy(std::shared_ptr<const Kind> kind, ProxyOptions options,
             const ProxyEnvironment& environment)
    : kind_(std::move(kind)),
      options_(std::move(options)),
      environment_(environment),
      component_("plugin." + options_.name),
      host_(HostTable::make(this)) {
    for (std::size_t i = 0; i < environment_.io.size(); ++i) {
        http_.push_back(options_.make_http_client(i));
    }
}

Proxy::~Proxy() = default;

Result<std::shared_ptr<Proxy>> Proxy::create(std::shared_ptr<const Kind> kind, ProxyOptions options,
                                             const ProxyEnvironment& environment) {
    for (const std::string& id : kind->required_services) {
        if (HostTable::find_service(id) == nullptr) {
            return Error(Code::unsupported, provider_prefix(options.name) + "the kind " + kind->id +
                                                " needs the host service " + id +
                                                ", which this host does not have; update Tenon");
        }
    }
    auto proxy =
        std::shared_ptr<Proxy>(new Proxy(std::move(kind), std::move(options), environment));
    // Shared with the thread that runs create(): it may outlive this call when create() hangs.
    struct Made {
        tenon_status status = TENON_E_INTERNAL;
        tenon_provider* provider = nullptr;
        Error error;
    };
    auto made = std::make_shared<Made>();
    const bool in_time = run_bounded(proxy->options_.setup_timeout, [made, proxy] {
        const AttributionScope scope(proxy->name().c_str(), proxy->kind().library_path.c_str(),
                                     "create");
        tenon_error error{};
        error.struct_size = sizeof error;
        error.retry_after_ms = -1;
        const tenon_str config = to_abi(proxy->options_.config_json);
        try {
            made->status =
                proxy->kind().functions.create(&proxy->host_, &config, &made->provider, &error);
            made->error = Error::from_abi(error);
        } catch (...) {
            made->error = Error(Code::internal, "create threw an exception");
        }
    });
    const std::string prefix = provider_prefix(proxy->name());
    if (!in_time) {
        return Error(Code::deadline,
                     prefix + "the plugin's create function did not return in time");
    }
    if (made->status != TENON_OK) {
        Error error = std::move(made->error);
        if (error.message.empty()) error = refusal(made->status, "create");
        error.message = prefix + error.message;
        return error;
    }
    if (made->provider == nullptr) {
        return Error(Code::internal, prefix + "create returned success without a provider");
    }
    proxy->provider_ = made->provider;
    return proxy;
}

void Proxy::retire(std::shared_ptr<Proxy> proxy, base::Duration grace,
                   const std::function<void()>& disconnect_all) {
    if (!proxy->wait_until_idle(grace)) {
        proxy->environment_.log.write(
            base::LogLevel::error, proxy->component_,
            "the provider did not finish its calls; it is left alive instead of being destroyed",
            {{"busy", std::to_string(proxy->busy())}});
        static auto& left_alive = *new std::vector<std::shared_ptr<Proxy>>;
        static auto& mutex = *new std::mutex;
        const std::lock_guard lock(mutex);
        left_alive.push_back(std::move(proxy));
        return;
    }
    disconnect_all();
    const auto timeout = proxy->options_.setup_timeout;
    const bool in_time = run_bounded(timeout, [proxy] {
        const AttributionScope scope(proxy->name().c_str(), proxy->kind().library_path.c_str(),
                                     "destroy");
        try {
            proxy->kind().functions.destroy(proxy->provider_);
        } catch (...) {
            proxy->misbehaved("destroy threw an exception");
        }
    });
    if (!in_time) {
        proxy->environment_.log.write(base::LogLevel::error, proxy->component_,
                                      "the plugin's destroy function did not return in time");
    }
}

ActiveCall Proxy::connect(const CallRequest& request, std::size_t io_index) {
    return start("connect", (kind_->blocking & TENON_BLOCKING_CONNECT) != 0, nullptr, request,
                 io_index, [this, deadline = base::to_abi_deadline(request.deadline)](auto call) {
                     return kind_->functions.connect(provider_, call, deadline);
                 });
}

ActiveCall Proxy::health_check(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start("health_check", (kind_->blocking & TENON_BLOCKING_HEALTH) != 0, conn, request,
                 io_index,
                 [this, conn, deadline = base::to_abi_deadline(request.deadline)](tenon_call call) {
                     return kind_->functions.health_check(provider_, conn, call, deadline);
                 });
}

ActiveCall Proxy::list_models(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start("list_models", (kind_->blocking & TENON_BLOCKING_CALLS) != 0, conn, request,
                 io_index,
                 [this, conn, deadline = base::to_abi_deadline(request.deadline)](tenon_call call) {
                     return kind_->functions.list_models(provider_, conn, call, deadline);
                 });
}

ActiveCall Proxy::complete(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start_operation("complete", kind_->functions.complete, conn, request, io_index);
}

ActiveCall Proxy::embed(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start_operation("embed", kind_->functions.embed, conn, request, io_index);
}

ActiveCall Proxy::rerank(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start_operation("rerank", kind_->functions.rerank, conn, request, io_index);
}

ActiveCall Proxy::start_operation(const char* name, Operation operation, tenon_conn* conn,
                                  const CallRequest& request, std::size_t io_index) {
    return start(name, (kind_->blocking & TENON_BLOCKING_CALLS) != 0, conn, request, io_index,
                 [this, operation, conn](tenon_call call) {
                     // The slot's request stays where it is until the call is freed, which needs
                     // the host's release; the host still holds the call here.
                     const tenon_request* in = nullptr;
                     calls_.with(call, [&](CallSlot& slot) { in = &slot.request; });
                     return operation(provider_, conn, in, call);
                 });
}

template <class CallPlugin>
ActiveCall Proxy::start(const char* function, bool blocking, tenon_conn* conn,
                        const CallRequest& request, std::size_t io_index,
                        const CallPlugin& call_plugin) {
    const tenon_call call = calls_.insert([&](CallSlot& slot, tenon_call) {
        slot.clear();
        slot.prepare(request, conn, io_index);
    });
    ActiveCall active(shared_from_this(), call);
    if (!blocking) {
        run_start(function, call, call_plugin);
        return active;
    }
    enter();
    const bool queued =
        environment_.blocking.post([self = shared_from_this(), function, call, call_plugin] {
            self->run_start(function, call, call_plugin);
            self->leave();
        });
    if (!queued) {
        leave();
        end_by_host(call, Error(Code::overloaded,
                                "all worker threads for blocking plugins are busy and their queue "
                                "is full; raise runtime.blocking_threads"));
    }
    return active;
}

template <class CallPlugin>
void Proxy::run_start(const char* function, tenon_call call,
                      const CallPlugin& call_plugin) noexcept {
    const Entered entered(*this);
    const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), function);
    try {
        const tenon_status status = call_plugin(call);
        if (status == TENON_OK) return;
        if (!end_by_host(call, refusal(status, function))) {
            misbehaved(std::string(function) +
                       " finished the call and then refused it; the first result stands");
        }
    } catch (const std::exception& e) {
        misbehaved(std::string(function) + " let an exception escape: " + e.what());
        end_by_host(call, Error(Code::internal, std::string("the plugin threw an exception in ") +
                                                    function + ": " + e.what()));
    } catch (...) {
        misbehaved(std::string(function) + " let an exception escape");
        end_by_host(call, Error(Code::internal,
                                std::string("the plugin threw an exception in ") + function));
    }
}

bool Proxy::end_by_host(tenon_call call, Error error) noexcept {
    bool ended = false;
    bool unused = false;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished) return;
        slot.finished = ended = true;
        slot.outcome.ok = false;
        slot.outcome.error = std::move(error);
        for (const auto& operation : slot.operations) operation->cancel();
        unused = slot.unused();
        slot.wake();
    });
    free_if_unused(call, unused);
    return ended;
}

void Proxy::disconnect(tenon_conn* conn) noexcept {
    const auto run = [this, conn] {
        const Entered entered(*this);
        const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), "disconnect");
        try {
            kind_->functions.disconnect(provider_, conn);
        } catch (...) {
            misbehaved("disconnect threw an exception");
        }
    };
    if ((kind_->blocking & TENON_BLOCKING_CONNECT) == 0) return run();
    enter();
    const bool queued = environment_.blocking.post([self = shared_from_this(), run] {
        run();
        self->leave();
    });
    if (!queued) {
        leave();
        run();
    }
}

// ---- what the plugin calls ---------------------------------------------------------------------

tenon_status Proxy::emit(tenon_call call, const tenon_delta& delta) noexcept {
    tenon_status status = try_emit(call, delta);
    if (status != TENON_AGAIN || (kind_->blocking & TENON_BLOCKING_CALLS) == 0) return status;
    // Every wake-up that matters notifies; the bound covers a deadline that passes meanwhile.
    constexpr auto kLongestWait = std::chrono::milliseconds(50);
    while (status == TENON_AGAIN) {
        {
            std::unique_lock lock(idle_mutex_);
            drained_.wait_for(lock, kLongestWait);
        }
        status = is_cancelled(call) ? TENON_CANCELLED : try_emit(call, delta);
    }
    return status;
}

tenon_status Proxy::try_emit(tenon_call call, const tenon_delta& delta) noexcept {
    tenon_status status = TENON_STALE;
    try {
        calls_.with(call, [&](CallSlot& slot) {
            if (slot.finished) return;
            if (slot.cancelled) {
                status = TENON_CANCELLED;
                return;
            }
            if (slot.deltas.bytes() > kRefuseAbove) {
                status = TENON_AGAIN;
                return;
            }
            slot.deltas.push(delta);
            if (slot.deltas.bytes() > kPauseAbove && !slot.paused) {
                slot.paused = true;
                for (const auto& operation : slot.operations) operation->set_paused(true);
            }
            slot.wake();
            status = TENON_OK;
        });
    } catch (const std::bad_alloc&) {
        return TENON_E_NOMEM;
    }
    if (status == TENON_STALE) misbehaved("emit for a call that has ended");
    return status;
}

tenon_status Proxy::finish(tenon_call call, const tenon_result& result) noexcept {
    tenon_status status = TENON_STALE;
    bool unused = false;
    bool late = false;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished) return;
        slot.finished = true;
        late = slot.released;
        status = late ? TENON_STALE : TENON_OK;
        try {
            if (!late) slot.outcome.assign(result);
        } catch (const std::bad_alloc&) {
            slot.outcome.ok = false;
            slot.outcome.error.code = Code::no_memory;
            status = TENON_E_NOMEM;
        }
        for (const auto& operation : slot.operations) operation->cancel();
        unused = slot.unused();
        slot.wake();
    });
    free_if_unused(call, unused);
    if (status == TENON_STALE && !late) misbehaved("finish for a call that has ended");
    return status;
}

bool Proxy::is_cancelled(tenon_call call) noexcept {
    bool cancelled = true;
    calls_.with(call, [&](CallSlot& slot) {
        cancelled =
            slot.finished || slot.cancelled ||
            (slot.deadline != base::kNoDeadline && environment_.clock.now() >= slot.deadline);
    });
    return cancelled;
}

// ---- what the host does with a call
// --------------------------------------------------------------

bool Proxy::take(tenon_call call, DeltaBatch& into, const std::shared_ptr<Waker>& waker) noexcept {
    into.clear();
    bool finished = true;
    bool drained = false;
    calls_.with(call, [&](CallSlot& slot) {
        std::swap(into, slot.deltas);
        finished = slot.finished;
        drained = slot.paused;
        if (slot.paused) {
            slot.paused = false;
            for (const auto& operation : slot.operations) operation->set_paused(false);
        }
        if (into.empty() && !finished && waker) {
            slot.waker = waker;
            slot.reader_waits = true;
        }
    });
    if (drained) {
        const std::lock_guard lock(idle_mutex_);
        drained_.notify_all();
    }
    return finished;
}

void Proxy::take_outcome(tenon_call call, CallOutcome& into) noexcept {
    into.reset();
    calls_.with(call, [&](CallSlot& slot) { std::swap(into, slot.outcome); });
}

void Proxy::cancel(tenon_call call) noexcept {
    bool wanted = false;
    tenon_conn* conn = nullptr;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished || slot.cancelled) return;
        slot.cancelled = wanted = true;
        conn = slot.conn;
        for (const auto& operation : slot.operations) operation->cancel();
    });
    if (!wanted) return;
    {
        const std::lock_guard lock(idle_mutex_);
        drained_.notify_all();
    }
    const Entered entered(*this);
    const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), "cancel");
    try {
        kind_->functions.cancel(provider_, conn, call);
    } catch (...) {
        misbehaved("cancel threw an exception");
    }
}

void Proxy::release(tenon_call call) noexcept {
    cancel(call);
    bool unused = false;
    calls_.with(call, [&](CallSlot& slot) {
        slot.released = true;
        slot.reader_waits = false;
        slot.waker.reset();
        unused = slot.unused();
    });
    free_if_unused(call, unused);
}

void Proxy::free_if_unused(tenon_call call, bool unused) noexcept {
    if (!unused) return;
    const tenon_json_document* json = nullptr;
    calls_.erase(call, [&](CallSlot& slot) {
        json = std::exchange(slot.json, nullptr);
        slot.clear();
    });
    json_service::release(json);
    if (calls_.size() == 0) {
        const std::lock_guard lock(idle_mutex_);
        idle_.notify_all();
    }
}

void Proxy::remove_operation(tenon_call call, const BoundOperation* operation) noexcept {
    bool unused = false;
    calls_.with(call, [&](CallSlot& slot) {
        std::erase_if(slot.operations, [&](const auto& o) { return o.get() == operation; });
        unused = slot.unused();
    });
    free_if_unused(call, unused);
}

// ---- rest
// ----------------------------------------------------------------------------------------

void Proxy::enter() noexcept {
    entered_.fetch_add(1, std::memory_order_relaxed);
}

void Proxy::leave() noexcept {
    if (entered_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::lock_guard lock(idle_mutex_);
    idle_.notify_all();
}

std::size_t Proxy::busy() const noexcept {
    return calls_.size() + entered_.load(std::memory_order_acquire);
}

bool Proxy::wait_until_idle(base::Duration grace) {
    std::unique_lock lock(idle_mutex_);
    return idle_.wait_for(lock, grace, [this] { return busy() == 0; });
}

void Proxy::misbehaved(std::string_view what) noexcept {
    constexpr std::uint64_t kLogged = 20;
    const std::uint64_t before = misbehaviours_.fetch_add(1, std::memory_order_relaxed);
    if (before >= kLogged) return;  // a plugin in a loop must not fill the disk
    environment_.log.write(
        base::LogLevel::warn, component_, what,
        {{"event", "plugin_misbehaved"}, {"kind", kind_->id}, {"library", kind_->library_path}});
}

ActiveCall::~ActiveCall() {
    if (call_ != 0) proxy_->release(call_);
}

bool ActiveCall::take(DeltaBatch& into, const std::shared_ptr<Waker>& waker) noexcept {
    return proxy_->take(call_, into, waker);
}

void ActiveCall::take_outcome(CallOutcome& into) noexcept {
    proxy_->take_outcome(call_, into);
}

void ActiveCall::cancel() noexcept {
    proxy_->cancel(call_);
}

}  // namespace tenon::plugin

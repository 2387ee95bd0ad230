#include "plugin/proxy.hpp"

#include <algorithm>

#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "plugin/attribution.hpp"
#include "plugin/bounded_call.hpp"
#include "plugin/host_table.hpp"
#include "plugin/plausible.hpp"
#include "plugin/services.hpp"
#include "tenon/json_text.hpp"
#include "transport/http_client.hpp"

namespace tenon::plugin {
namespace {

/// Workers that one provider may keep for calls that nobody waits for any more.
constexpr std::size_t kMostHanging = 4;

std::string provider_prefix(const std::string& name) {
    return "provider " + name + ": ";
}

std::string in_words(base::Duration duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

Error thrown(const char* function, const char* what) {
    std::string message = std::string("the plugin threw an exception in ") + function;
    if (what != nullptr) message += std::string(" (") + what + ")";
    return Error(Code::internal, to_valid_utf8(message) + "; report it to the plugin's author");
}

Error refusal(tenon_status status, const char* function) {
    const Code code = status > 0 ? Code::internal : code_from_status(status);
    return Error(code, code == Code::unsupported
                           ? std::string("this provider does not offer ") + function
                           : std::string("the plugin refused ") + function + " (" +
                                 std::string(to_string(code)) + ")");
}

}  // namespace

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
        std::atomic_flag settled;  // whoever comes second, the thread or the end of patience
    };
    auto made = std::make_shared<Made>();
    const bool in_time = run_bounded(proxy->options_.create_timeout, [made, proxy] {
        const AttributionScope scope(proxy->name().c_str(), proxy->kind().library_path.c_str(),
                                     "create");
        made->status = proxy->call_create(made->provider, made->error);
        if (!made->settled.test_and_set() || made->provider == nullptr) return;
        proxy->provider_ = made->provider;  // nobody waits for it any more
        proxy->call_destroy();
    });
    const std::string prefix = provider_prefix(proxy->name());
    if (!in_time && !made->settled.test_and_set()) {
        leave_alive(proxy, "the plugin's create function did not return in time");
        return Error(Code::deadline,
                     prefix + "the plugin's create function did not return within " +
                         in_words(proxy->options_.create_timeout) +
                         "; check its configuration, or report it to the plugin's author");
    }
    if (made->status != TENON_OK) {
        Error error = std::move(made->error);
        if (error.message.empty()) error = refusal(made->status, "create");
        error.message = prefix + error.message;
        return error;
    }
    if (made->provider == nullptr) {
        return Error(Code::internal, prefix +
                                         "the plugin's create function reported success but made "
                                         "no provider; report it to the plugin's author");
    }
    proxy->provider_ = made->provider;
    return proxy;
}

tenon_status Proxy::call_create(tenon_provider*& provider, Error& error) noexcept {
    tenon_error told{};
    told.struct_size = sizeof told;
    told.retry_after_ms = -1;
    const tenon_str config = to_abi(options_.config_json);
    tenon_status status = TENON_E_INTERNAL;
    try {
        status = kind_->functions.create(&host_, &config, &provider, &told);
    } catch (const std::exception& e) {
        error = thrown("create", e.what());
        return status;
    } catch (...) {
        error = thrown("create", nullptr);
        return status;
    }
    if (status == TENON_OK || !is_plausible(told)) return status;
    error = Error::from_abi(told);
    if (told.code == TENON_OK) error.code = refusal(status, "create").code;
    if (!is_valid_utf8(error.message)) error.message = to_valid_utf8(error.message);
    return status;
}

void Proxy::call_destroy() noexcept {
    const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), "destroy");
    try {
        kind_->functions.destroy(provider_);
    } catch (...) {
        misbehaved("destroy threw an exception");
    }
}

void Proxy::retire(std::shared_ptr<Proxy> proxy, base::Duration grace,
                   std::function<void()> disconnect_all) {
    if (!proxy->wait_until_idle(grace)) {
        return leave_alive(std::move(proxy), "the plugin did not finish its calls");
    }
    const auto limit = proxy->options_.destroy_timeout;
    const auto destroyed = std::make_shared<std::atomic<bool>>(false);
    const bool in_time =
        run_bounded(limit, [proxy, limit, destroyed, disconnect_all = std::move(disconnect_all)] {
            disconnect_all();
            // Blocking plugins disconnect on a worker.
            if (!proxy->wait_until_idle(limit)) return;
            proxy->call_destroy();
            *destroyed = true;
        });
    if (!in_time || !*destroyed) {
        leave_alive(std::move(proxy),
                    "the plugin's disconnect or destroy function did not return in time");
    }
}

void Proxy::leave_alive(std::shared_ptr<Proxy> proxy, std::string_view why) {
    struct Left {
        std::shared_ptr<Proxy> proxy;
        std::shared_ptr<const void> environment;
    };
    static auto& all = *new std::vector<Left>;
    static auto& mutex = *new std::mutex;
    proxy->environment_.log.write(base::LogLevel::error, proxy->component_, why,
                                  {{"event", "provider_left_alive"},
                                   {"busy", std::to_string(proxy->busy())},
                                   {"library", proxy->kind_->library_path}});
    auto environment = proxy->environment_.owner.lock();
    const std::lock_guard lock(mutex);
    all.push_back({std::move(proxy), std::move(environment)});
}

ActiveCall Proxy::connect(const CallRequest& request, std::size_t io_index) {
    CallRequest connecting = request;
    connecting.connects = true;
    return start("connect", (kind_->blocking & TENON_BLOCKING_CONNECT) != 0, nullptr, connecting,
                 io_index,
                 [this, deadline = base::to_abi_deadline(request.deadline)](tenon_call call,
                                                                            const tenon_request*) {
                     return kind_->functions.connect(provider_, call, deadline);
                 });
}

ActiveCall Proxy::health_check(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start("health_check", (kind_->blocking & TENON_BLOCKING_HEALTH) != 0, conn, request,
                 io_index,
                 [this, conn, deadline = base::to_abi_deadline(request.deadline)](
                     tenon_call call, const tenon_request*) {
                     return kind_->functions.health_check(provider_, conn, call, deadline);
                 });
}

ActiveCall Proxy::list_models(tenon_conn* conn, const CallRequest& request, std::size_t io_index) {
    return start("list_models", (kind_->blocking & TENON_BLOCKING_CALLS) != 0, conn, request,
                 io_index,
                 [this, conn, deadline = base::to_abi_deadline(request.deadline)](
                     tenon_call call, const tenon_request*) {
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
                 [this, operation, conn](tenon_call call, const tenon_request* in) {
                     return operation(provider_, conn, in, call);
                 });
}

template <class CallPlugin>
ActiveCall Proxy::start(const char* function, bool blocking, tenon_conn* conn,
                        const CallRequest& request, std::size_t io_index,
                        const CallPlugin& call_plugin) {
    // Stays where it is until the call is freed: not before the plugin has finished.
    const tenon_request* in = nullptr;
    const tenon_call call = calls_.insert([&](CallSlot& slot, tenon_call) {
        slot.prepare(request, conn, io_index);
        in = &slot.request;
        enter();
    });
    ActiveCall active(shared_from_this(), call);
    if (blocking) {
        start_on_worker(function, call, in, call_plugin);
    } else {
        run_start(function, call, in, call_plugin);
    }
    return active;
}

template <class CallPlugin>
void Proxy::start_on_worker(const char* function, tenon_call call, const tenon_request* in,
                            const CallPlugin& call_plugin) {
    if (hanging_.load(std::memory_order_relaxed) >= kMostHanging) {
        Error error(Code::unavailable, std::to_string(kMostHanging) +
                                           " earlier calls still hang in the plugin; restart this "
                                           "program, or report it to the plugin's author");
        error.scope = Scope::provider;
        end_by_host(call, std::move(error));
        return;
    }
    const auto job = std::make_shared<WorkerJob>();
    calls_.with(call, [&](CallSlot& slot) { slot.job = job; });
    enter();
    const bool queued = environment_.blocking.post(
        [self = shared_from_this(), job, function, call, in, call_plugin] {
            job->state = WorkerJob::running;
            // A storm of requests that were given up in the queue must not reach the plugin.
            if (self->is_cancelled(call)) {
                self->end_by_host(call, Error(Code::cancelled, "the request was cancelled"));
            } else {
                self->run_start(function, call, in, call_plugin);
            }
            if (job->state.exchange(WorkerJob::ended) == WorkerJob::written_off) {
                self->environment_.blocking.write_off(false);
                self->hanging_.fetch_sub(1, std::memory_order_relaxed);
            }
            self->leave();
        });
    if (queued) return;
    leave();
    end_by_host(call, Error(Code::overloaded,
                            "all worker threads for blocking plugins are busy and their queue is "
                            "full; raise runtime.blocking_threads"));
}

void Proxy::give_up(WorkerJob& job) noexcept {
    auto running = WorkerJob::running;
    if (!job.state.compare_exchange_strong(running, WorkerJob::written_off)) return;
    hanging_.fetch_add(1, std::memory_order_relaxed);
    environment_.blocking.write_off(true);
}

template <class CallPlugin>
void Proxy::run_start(const char* function, tenon_call call, const tenon_request* in,
                      const CallPlugin& call_plugin) noexcept {
    const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), function);
    Error error;
    try {
        const tenon_status status = call_plugin(call, in);
        if (status == TENON_OK) return;
        error = refusal(status, function);
    } catch (const std::exception& e) {
        error = thrown(function, e.what());
        misbehaved(error.message);
    } catch (...) {
        error = thrown(function, nullptr);
        misbehaved(error.message);
    }
    if (!end_by_host(call, std::move(error))) {
        misbehaved(std::string(function) +
                   " finished the call and then refused it; the first result stands");
    }
}

void Proxy::disconnect(tenon_conn* conn) noexcept {
    const auto run = [self = shared_from_this(), conn] {
        const AttributionScope scope(self->name().c_str(), self->kind_->library_path.c_str(),
                                     "disconnect");
        try {
            self->kind_->functions.disconnect(self->provider_, conn);
        } catch (...) {
            self->misbehaved("disconnect threw an exception");
        }
        self->leave();
    };
    enter();
    const bool blocking = (kind_->blocking & TENON_BLOCKING_CONNECT) != 0;
    if (!blocking || !environment_.blocking.post(run)) run();
}

void Proxy::enter() noexcept {
    entered_.fetch_add(1, std::memory_order_relaxed);
}

void Proxy::leave() noexcept {
    // Touches nothing after it has decremented: whoever waits for rest may then destroy this and
    // all that it uses. If somebody waits, the last one therefore decrements under the mutex.
    std::size_t count = entered_.load(std::memory_order_relaxed);
    while (count != (kRetiring | 1)) {
        if (entered_.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel)) return;
    }
    const std::lock_guard lock(idle_mutex_);
    entered_.fetch_sub(1, std::memory_order_acq_rel);
    idle_.notify_all();
}

std::size_t Proxy::busy() const noexcept {
    return entered_.load(std::memory_order_acquire) & ~kRetiring;
}

bool Proxy::wait_until_idle(base::Duration grace) {
    entered_.fetch_or(kRetiring, std::memory_order_acq_rel);
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

}  // namespace tenon::plugin

#include "provider/provider.hpp"

#include <algorithm>
#include <utility>

#include "base/redact_error.hpp"
#include "provider/call_wait.hpp"

namespace tenon::provider {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

/// Many enough for all permits, so that a connection without a limit of its own never is one.
std::uint32_t calls_per_connection(const plugin::Kind& kind) noexcept {
    if (kind.conn_mode == plugin::ConnMode::exclusive) return 1;
    constexpr std::uint32_t kUnlimited = 1'000;
    return kind.max_calls_per_conn == 0 ? kUnlimited : kind.max_calls_per_conn;
}

/// The settings with what the kind decides.
ProviderSettings for_kind(ProviderSettings settings, const plugin::Kind& kind) {
    ConnectionManagerSettings& manager = settings.connections;
    manager.connection.needs_check = manager.health.active && kind.has.health_check;
    manager.health.active = manager.connection.needs_check;
    manager.pool.calls_per_connection = calls_per_connection(kind);
    switch (kind.conn_mode) {
        case plugin::ConnMode::exclusive:
            manager.pool.mode = core::ConnectionMode::exclusive;
            break;
        case plugin::ConnMode::multiplexed:
            manager.pool.mode = core::ConnectionMode::multiplexed;
            break;
        case plugin::ConnMode::stateless:
            // Without connections, permits are the only limit.
            manager.pool.mode = core::ConnectionMode::stateless;
            manager.pool.calls_per_connection = 1;
            manager.pool.max_connections = std::max(manager.permits.permits, manager.adaptive.most);
            break;
    }
    manager.connection.stateless = kind.conn_mode == plugin::ConnMode::stateless;
    return settings;
}

core::Availability availability(const core::ConnectionAdmission& admission) noexcept {
    using Kind = core::ConnectionAdmission::Kind;
    switch (admission.kind) {
        case Kind::yes: return core::Availability::ready;
        case Kind::wait: return core::Availability::connecting;
        case Kind::demand: return core::Availability::disconnected;
        case Kind::no: break;
    }
    switch (admission.reason) {
        case core::AdmissionReason::connecting: return core::Availability::connecting;
        case core::AdmissionReason::disconnecting: return core::Availability::disconnecting;
        case core::AdmissionReason::unhealthy: return core::Availability::unhealthy;
        case core::AdmissionReason::misconfigured: return core::Availability::misconfigured;
        case core::AdmissionReason::disabled:
        case core::AdmissionReason::shutting_down: return core::Availability::disabled;
        default: return core::Availability::kept_disconnected;
    }
}

}  // namespace

Provider::Provider(const std::string& name, const ProviderSettings& settings,
                   const ProviderEnvironment& environment)
    : settings_(settings),
      environment_(environment),
      silent_(settings.connections.silent),
      clock_(environment.plugin.clock),
      counters_(std::make_shared<core::ProviderCounters>()),
      connections_(std::make_shared<PluginConnections>(environment.plugin, counters_)),
      breakers_(name, settings.breaker, clock_.now(), settings.connections.seed,
                [this](std::string_view model, const core::BreakerEvent& event) {
                    on_breaker(model, event);
                }),
      budget_(settings.retry_budget) {}

Result<std::shared_ptr<Provider>> Provider::create(std::shared_ptr<const plugin::Kind> kind,
                                                   plugin::ProxyOptions options,
                                                   const ProviderSettings& settings,
                                                   const ProviderEnvironment& environment) {
    auto provider = std::shared_ptr<Provider>(
        new Provider(options.name, for_kind(settings, *kind), environment));
    provider->watch(options);  // a thread of the plugin may report something before create() ends
    auto proxy = plugin::Proxy::create(std::move(kind), std::move(options), environment.plugin);
    if (!proxy) return std::move(proxy).error();
    provider->start(*std::move(proxy));
    return provider;
}

void Provider::watch(plugin::ProxyOptions& options) {
    manager_ = std::make_shared<ConnectionManager>(
        options.name, connections_, settings_.connections, clock_, environment_.plugin.io,
        [weak = weak_from_this()](const ConnectionNews& news) {
            if (const auto self = weak.lock()) self->on_news(news);
        });
    options.on_connection_lost = [weak = weak_from_this()](tenon_conn* conn, const Error&) {
        const auto self = weak.lock();
        return self && self->manager_->connection_lost(to_handle(conn));
    };
    options.on_call_over = [weak = weak_from_this()](tenon_conn* conn, bool lost, bool in_plugin) {
        const auto self = weak.lock();
        if (!self || conn == nullptr) return;
        const ConnHandle handle = to_handle(conn);
        if (self->connections_->check_over(handle, in_plugin)) return;
        self->manager_->call_over(
            handle, lost ? core::Disposition::must_close : core::Disposition::reusable);
    };
}

void Provider::start(std::shared_ptr<plugin::Proxy> proxy) {
    connections_->use(proxy);
    proxy_ = std::move(proxy);
    manager_->start();
}

void Provider::publish(core::EventKind kind, std::string_view from, std::string_view to,
                       std::string reason) {
    if (environment_.events == nullptr || !environment_.events->wanted()) return;
    environment_.events->publish(kind, name(), from, to, std::move(reason));
}

void Provider::on_news(const ConnectionNews& news) {
    std::visit(
        Overloaded{
            [this](const core::ConnectionTransition& change) {
                publish(core::EventKind::connection_state, to_string(change.from),
                        to_string(change.to), std::string(to_string(change.reason)));
            },
            [this](const core::HealthTransition& change) {
                const bool is_well = change.to == core::HealthState::healthy ||
                                     change.to == core::HealthState::unknown;
                const auto status = manager_->health(core::BreakerState::closed);
                publish(core::EventKind::health, to_string(change.from), to_string(change.to),
                        is_well ? std::string() : redacted(status.last_error));
            },
            [this](const EnabledChange& change) {
                if (change.enabled) usable_since_ = clock_.now();
                publish(core::EventKind::enabled, change.enabled ? "disabled" : "enabled",
                        change.enabled ? "enabled" : "disabled", "by_hand");
            },
            [this](const CoolDown& change) {
                constexpr std::string_view kNames[] = {"none", "cooling_down"};
                publish(core::EventKind::cool_down,
                        kNames[change.begins && !change.goes_on ? 0 : 1],
                        kNames[change.begins ? 1 : 0],
                        change.begins ? "the provider limits the rate" : "");
            },
            [this](const PoolCleared&) { publish(core::EventKind::pool_cleared, "", "", ""); },
        },
        news);
    if (environment_.on_change) environment_.on_change();
}

ProviderSeen Provider::fall_silent() {
    silent_.store(true, std::memory_order_release);
    return {manager_->fall_silent(), breakers_.snapshot(clock_.now()).provider.state};
}

void Provider::announce(const ProviderSeen& before) {
    silent_.store(false, std::memory_order_release);
    const core::BreakerState now = breakers_.snapshot(clock_.now()).provider.state;
    if (before.breaker != now) {
        publish(core::EventKind::breaker, to_string(before.breaker), to_string(now), "reloaded");
    }
    manager_->introduce(before.connections);
}

void Provider::on_breaker(std::string_view model, const core::BreakerEvent& event) {
    if (event.from == core::BreakerState::closed && event.to == core::BreakerState::open) {
        counters_->add(core::Tally::breaker_trips);
    }
    if (event.from == core::BreakerState::half_open && event.to == core::BreakerState::closed) {
        counters_->add(core::Tally::repairs);
        if (model.empty()) usable_since_ = clock_.now();
    }
    if (!silent_.load(std::memory_order_acquire)) {
        std::string reason(to_string(event.cause));
        if (!model.empty()) reason += ", model " + std::string(model);
        publish(core::EventKind::breaker, to_string(event.from), to_string(event.to),
                std::move(reason));
    }
    if (environment_.on_change) environment_.on_change();
}

core::ProviderState Provider::state(std::string_view model) const noexcept {
    const ConnectionFace face = manager_->face();
    core::ProviderState out;
    out.availability = availability(face.admission);
    // Connecting costs nothing without connections: no reason to prefer who is connected already.
    if (settings_.connections.connection.stateless &&
        out.availability == core::Availability::disconnected) {
        out.availability = core::Availability::ready;
    }
    const auto now = clock_.now();
    out.on_probation = !breakers_.lets_all_through(model);
    // The states stand in the order of how bad they are: a request that connects is held up by
    // these, too.
    if (out.availability < core::Availability::cooling_down) {
        if (face.cool_down_until > now) {
            out.availability = core::Availability::cooling_down;
            out.available_at = face.cool_down_until;
        }
        const auto at = out.on_probation ? breakers_.ready_at(model, now) : now;
        if (at > now) {
            out.availability = core::Availability::breaker_open;
            out.available_at = std::max(at, face.cool_down_until);
        }
    }
    out.load.no_free_slot = !face.permits_left;
    out.load.in_flight = in_flight_.count();
    out.load.capacity = face.permits;
    out.load.cost_ms = cost_.cost_ms(now, settings_.latency);
    out.load.health = face.score / 100.0;
    out.load.since = std::max(face.connected_since, usable_since_.load());
    return out;
}

std::string Provider::reason(std::string_view model) const {
    switch (state(model).availability) {
        case core::Availability::ready:
        case core::Availability::disconnecting:
        case core::Availability::kept_disconnected:
        case core::Availability::disabled: return {};
        case core::Availability::cooling_down:
        case core::Availability::breaker_open: {
            const std::lock_guard lock(notes_mutex_);
            return last_error_;  // of an attempt
        }
        default: break;
    }
    return redacted(manager_->report().last_error.message);
}

std::string Provider::redacted(std::string_view text) const {
    return environment_.plugin.log.redactor().redact(text);
}

core::Limits Provider::limits(core::OperationClass operation,
                              const core::PhaseLimits& request) const noexcept {
    return core::resolve_limits(operation, {&settings_.deadlines}, request);
}

bool Provider::retries_internally() const noexcept {
    return (kind().options & TENON_OPTION_RETRIES_INTERNALLY) != 0;
}

core::CommandReply Provider::command(core::ConnectionCommand command) {
    return obeyed(command, manager_->command(command));
}

std::optional<core::CommandReply> Provider::command_if(core::ConnectionCommand command,
                                                       const core::Intent& expected) {
    const auto reply = manager_->command_if(command, expected);
    if (!reply) return std::nullopt;
    return obeyed(command, *reply);
}

core::CommandReply Provider::obeyed(core::ConnectionCommand command, core::CommandReply reply) {
    if (command == core::ConnectionCommand::recover &&
        reply.kind() != core::CommandReply::Kind::refused) {
        try_breakers();
    }
    return reply;
}

/// "Try now" is meant for requests, too. What was opened by hand stays so.
void Provider::try_breakers() {
    const auto waits = [](const core::BreakerSnapshot& breaker) {
        return breaker.state == core::BreakerState::open ||
               breaker.state == core::BreakerState::half_open;
    };
    const auto now = clock_.now();
    const Breakers::Snapshot all = breakers_.snapshot(now);
    if (waits(all.provider)) return breakers_.reset({}, now);
    for (const auto& [model, breaker] : all.models) {
        if (waits(breaker)) breakers_.reset(model, now);
    }
}

ProviderReport Provider::report() const {
    const auto now = clock_.now();
    ProviderReport out;
    out.breakers = breakers_.snapshot(now);
    out.connections = manager_->report();
    const base::Redactor& redactor = environment_.plugin.log.redactor();
    out.connections.last_error = base::redact(redactor, std::move(out.connections.last_error));
    out.health = manager_->health(out.breakers.provider.state);
    out.health.last_error = redacted(out.health.last_error);
    out.misbehaviours = proxy_->misbehaviours();
    out.unfinished = proxy_->busy();
    const std::lock_guard lock(notes_mutex_);
    out.last_error = last_error_;
    if (const Error& dial = out.connections.last_error; out.last_error.empty()) {
        if (!dial.message.empty()) out.last_error = named(dial).message;
    }
    if (out.health.state == core::HealthState::unknown && checked_) {
        out.health.healthy = checked_->health.has_value();
        out.health.state =
            out.health.healthy ? core::HealthState::healthy : core::HealthState::unhealthy;
        out.health.last_check = checked_->time;
        if (checked_->health) {
            out.health.server_version = checked_->health->server_version;
            out.health.response_time = checked_->health->response_time;
        }
    }
    out.health.server_version = redactor.redact(out.health.server_version);
    return out;
}

void Provider::note_failure(const Error& named) {
    const std::lock_guard lock(notes_mutex_);
    last_error_ = named.message;
}

void Provider::shut_down(base::Duration grace) {
    const auto until = clock_.now() + grace;
    manager_->shut_down(grace);
    const auto left = std::max<base::Duration>(until - clock_.now(), base::Duration::zero());
    plugin::Proxy::retire(proxy_, left,
                          [connections = connections_] { connections->disconnect_all(); });
}

}  // namespace tenon::provider

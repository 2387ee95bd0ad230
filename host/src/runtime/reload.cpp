// The configuration is read again.

#include <utility>

#include "config/routes.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/settings.hpp"

namespace tenon::runtime {
namespace {

using Paths = std::vector<std::string>;

/// What cannot change while the host runs stays as it is.
template <class T>
void keep(const char* path, const T& running, T& read, Paths& needs_restart) {
    if (running == read) return;
    needs_restart.emplace_back(path);
    read = running;
}

void keep_all(const config::Config& running, config::Config& read, Paths& needs_restart) {
    keep("runtime.io_threads", running.runtime.io_threads, read.runtime.io_threads, needs_restart);
    keep("runtime.blocking_threads", running.runtime.blocking_threads,
         read.runtime.blocking_threads, needs_restart);
    keep("plugins.directories", running.plugins.directories, read.plugins.directories,
         needs_restart);
    keep("log.format", running.log.format, read.log.format, needs_restart);
    keep("gateway.listen", running.gateway.listen, read.gateway.listen, needs_restart);
    keep("gateway.tls", running.gateway.tls, read.gateway.tls, needs_restart);
    keep("gateway.allow_public", running.gateway.allow_public, read.gateway.allow_public,
         needs_restart);
    keep("gateway.admin_key", running.gateway.admin_key, read.gateway.admin_key, needs_restart);
    keep("gateway.max_connections", running.gateway.max_connections, read.gateway.max_connections,
         needs_restart);
    keep("gateway.max_body_bytes", running.gateway.max_body_bytes, read.gateway.max_body_bytes,
         needs_restart);
    keep("gateway.write_timeout", running.gateway.write_timeout, read.gateway.write_timeout,
         needs_restart);
    keep("gateway.offline", running.gateway.offline, read.gateway.offline, needs_restart);
    keep("telemetry", running.telemetry, read.telemetry, needs_restart);
    keep("daemon", running.daemon, read.daemon, needs_restart);
}

/// All but the providers.
Paths changes(const config::Config& before, const config::Config& now) {
    Paths out;
    const auto compare = [&](const char* path, const auto& a, const auto& b) {
        if (!(a == b)) out.emplace_back(path);
    };
    compare("default_model", before.default_model, now.default_model);
    compare("default_provider", before.default_provider, now.default_provider);
    compare("failover", before.failover, now.failover);
    compare("balancer", before.balancer, now.balancer);
    compare("gateway", before.gateway, now.gateway);
    compare("log", before.log, now.log);
    compare("nested_fallbacks", before.nested_fallbacks, now.nested_fallbacks);
    compare("plugins.allow", before.plugins.allow, now.plugins.allow);
    compare("retry", before.retry, now.retry);
    compare("routes", before.routes, now.routes);
    return out;
}

}  // namespace

/// What is to take the place of what there is.
struct HostImpl::Reload {
    struct Made {
        std::shared_ptr<ProviderEntry> before;  ///< nullptr: there was none
        std::shared_ptr<ProviderEntry> now;
    };

    std::shared_ptr<const config::Config> config;
    Providers old_providers;
    Providers providers;
    std::vector<Made> made;
    std::vector<std::shared_ptr<ProviderEntry>> removed;
    std::vector<std::shared_ptr<ProviderEntry>> gone;  ///< those, and the replaced ones
    std::shared_ptr<const core::RouteTable> table;
    std::vector<std::shared_ptr<provider::Upstream>> upstreams;
    Paths changed;
    std::vector<host::ReloadReport::Misconfigured> misconfigured;
};

Result<host::ReloadReport> HostImpl::reload() {
    const std::lock_guard adding(adding_);
    std::vector<config::Problem> warnings;
    auto read = source_.read(warnings);
    if (!read) return std::move(read).error();
    host::ReloadReport report;
    const auto running = config();
    keep_all(*running, *read, report.needs_restart);
    Reload next;
    next.changed = changes(*running, *read);
    next.config = std::make_shared<const config::Config>(*std::move(read));
    if (auto made = make_reloaded(next); !made) {
        for (const Reload::Made& each : next.made) retire(each.now);
        return std::move(made).error();
    }
    for (const config::Problem& warning : warnings) {
        log_.write(base::LogLevel::warn, "config", config::format(warning));
    }
    commit(next);
    report.changed = std::move(next.changed);
    report.misconfigured = std::move(next.misconfigured);
    std::string what;
    for (const std::string& path : report.changed) what += (what.empty() ? "" : ", ") + path;
    events_.publish(core::EventKind::reloaded, {}, {}, {}, what.empty() ? "nothing changed" : what);
    return report;
}

Result<void> HostImpl::make_reloaded(Reload& next) {
    {
        const std::lock_guard lock(mutex_);
        next.old_providers = providers_;
    }
    for (const auto& [name, entry] : next.old_providers) {
        const bool configured = next.config->providers.contains(name);
        if (entry->origin == ProviderEntry::Origin::added && configured) {
            return Error(Code::invalid, "providers." + name +
                                            ": the program itself has added a provider of this "
                                            "name; choose another one");
        }
        if (configured) continue;
        if (entry->origin == ProviderEntry::Origin::configured) {
            next.removed.push_back(entry);
            next.gone.push_back(entry);
            next.changed.push_back("providers." + name);
        } else {
            keep_entry(next, entry);
        }
    }
    for (const auto& [name, own] : next.config->providers) make_entry(next, name, own);

    std::vector<config::RoutedProvider> routed;
    for (const auto& [name, entry] : next.providers) {
        routed.push_back({name, &entry->config});
        next.upstreams.push_back(entry->upstream);
    }
    auto table = core::RouteTable::build(config::route_spec(*next.config, routed));
    if (!table) return std::move(table).error();
    next.table = std::make_shared<const core::RouteTable>(*std::move(table));
    return {};
}

/// The same provider; its routes may be called otherwise.
void HostImpl::keep_entry(Reload& next, const std::shared_ptr<ProviderEntry>& entry) {
    auto same = std::make_shared<ProviderEntry>(*entry);
    same->direct_prefix = config::direct_prefix(*next.config, entry->name);
    next.providers.emplace(entry->name, std::move(same));
}

void HostImpl::make_entry(Reload& next, const std::string& name,
                          const config::ProviderConfig& own) {
    const auto found = next.old_providers.find(name);
    const auto before = found == next.old_providers.end() ? nullptr : found->second;
    if (before && before->origin == ProviderEntry::Origin::configured && before->provider &&
        before->config == own && is_allowed(next.config->plugins, own.kind)) {
        return keep_entry(next, before);
    }
    const bool replaces = before != nullptr && before->provider != nullptr;
    const auto now = make_provider(name, own, *next.config, replaces);
    if (!now->provider && own.enabled) {
        log_.write(base::LogLevel::error, "provider." + name, now->problem.message);
        next.misconfigured.push_back({name, now->problem.message});
    }
    // One that could not be made before is tried again, whatever has changed.
    const bool same = before && before->config == own && !before->provider && !now->provider;
    if (!same) next.changed.push_back("providers." + name);
    next.made.push_back({before, now});
    next.providers.emplace(name, now);
}

void HostImpl::commit(Reload& next) {
    log_.set_levels(next.config->log.level, next.config->log.components);
    const router::RouterSettings settings = to_router_settings(*next.config, seed_);
    {
        const std::lock_guard deciding(deciding_);
        for (const Reload::Made& made : next.made) catch_up(*made.now);
        {
            const std::lock_guard lock(mutex_);
            config_ = next.config;
            providers_ = next.providers;
            table_ = next.table;
        }
        router_.set_routing(next.table, next.upstreams, &settings);
        if (keeper_) wake_pins(std::exchange(dormant_pins_, {}));
    }
    for (const auto& [before, now] : next.made) {
        const bool replaces = before && before->provider;
        if (replaces && now->provider) {
            now->provider->announce(before->provider->fall_silent());
        }
        note_standing(*now);
        if (replaces) next.gone.push_back(before);
    }
    router_.providers_changed();
    next.old_providers.clear();
    for (const auto& entry : next.removed) tell_removed(*entry);
    for (const auto& entry : next.gone) retire(entry);
}

/// A command may have come while the provider was made.
void HostImpl::catch_up(const ProviderEntry& entry) {
    const auto found = wishes_.find(entry.name);
    if (found == wishes_.end() || !entry.provider) return;
    const auto& [enabled, wanted] = found->second;
    const auto tell = [&](core::ConnectionCommand command) {
        static_cast<void>(entry.provider->command(command));
    };
    const core::Intent is = entry.provider->foresee(core::ConnectionCommand::recover).before;
    const bool other_enabled = enabled && *enabled != is.enabled;
    // While it is disabled nobody can ask for connections.
    if (other_enabled && *enabled) tell(core::ConnectionCommand::enable);
    if (wanted && *wanted != is.wanted) {
        if (*wanted == core::WantedState::connected) tell(core::ConnectionCommand::connect);
        if (*wanted == core::WantedState::disconnected) tell(core::ConnectionCommand::disconnect);
    }
    if (other_enabled && !*enabled) tell(core::ConnectionCommand::disable);
}

/// The last event of it: there may be another one of that name before it has ended.
void HostImpl::tell_removed(const ProviderEntry& entry) {
    if (!entry.provider) return;
    const core::ConnectionState state = entry.provider->fall_silent().connections.state;
    if (state == core::ConnectionState::disconnected) return;
    events_.publish(core::EventKind::connection_state, entry.name, to_string(state),
                    to_string(core::ConnectionState::disconnected), "removed");
}

void HostImpl::retire(const std::shared_ptr<ProviderEntry>& entry) {
    if (!entry->provider) return;
    retirement_.add(entry->provider, entry->upstream, entry->config.connection.drain_grace);
}

}  // namespace tenon::runtime

#include <utility>

#include "plugin/descriptor_check.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/spawn.hpp"

namespace tenon::runtime {
namespace {

std::vector<std::string> operations(const plugin::Kind& kind) {
    std::vector<std::string> out;
    const std::pair<bool, const char*> all[] = {{kind.has.complete, "complete"},
                                                {kind.has.embed, "embed"},
                                                {kind.has.rerank, "rerank"},
                                                {kind.has.list_models, "list_models"},
                                                {kind.has.health_check, "health_check"},
                                                {kind.has.connect, "connect"}};
    for (const auto& [has, name] : all) {
        if (has) out.emplace_back(name);
    }
    return out;
}

std::vector<std::string> features(const plugin::Kind& kind) {
    std::vector<std::string> out;
    const std::pair<std::uint64_t, const char*> all[] = {{TENON_FEATURE_STREAM, "stream"},
                                                         {TENON_FEATURE_TOOLS, "tools"},
                                                         {TENON_FEATURE_JSON_SCHEMA, "json_schema"},
                                                         {TENON_FEATURE_IMAGES, "images"},
                                                         {TENON_FEATURE_REASONING, "reasoning"}};
    for (const auto& [bit, name] : all) {
        if ((kind.features & bit) != 0) out.emplace_back(name);
    }
    return out;
}

}  // namespace

std::vector<host::KindInfo> HostImpl::kinds() const {
    const std::lock_guard lock(mutex_);
    std::vector<host::KindInfo> out;
    for (const auto& kind : registry_.kinds()) {
        out.push_back({kind->id, kind->name, kind->version, kind->description, kind->license,
                       kind->library_path, plugin::format_abi(kind->abi_built),
                       std::string(to_string(kind->conn_mode)), operations(*kind), features(*kind),
                       kind->config_schema});
    }
    return out;
}

std::vector<host::PluginProblem> HostImpl::plugin_problems() const {
    const std::lock_guard lock(mutex_);
    std::vector<host::PluginProblem> out = directory_problems_;
    for (const plugin::LoadError& error : registry_.errors()) {
        out.push_back({error.path, std::string(to_string(error.stage)), error.message});
    }
    return out;
}

host::ProviderStatus HostImpl::describe(const ProviderEntry& entry) const {
    host::ProviderStatus out;
    out.name = entry.name;
    out.kind = entry.config.kind;
    out.enabled = entry.config.enabled;
    out.default_model = entry.config.default_model;
    out.last_error = entry.last_error;
    if (!entry.provider) {
        out.state = entry.config.enabled ? "misconfigured" : "disabled";
        if (entry.config.enabled) out.last_error = entry.problem.message;
        return out;
    }
    const provider::Provider& provider = *entry.provider;
    const provider::Counters counters = provider.counters();
    out.state = "ready";
    out.library = provider.kind().library_path;
    out.requests = counters.requests;
    out.failures = counters.failures;
    out.in_flight = counters.in_flight;
    out.connections = provider.connections();
    out.unfinished = provider.unfinished();
    out.misbehaviours = provider.misbehaviours();
    return out;
}

std::vector<host::ProviderStatus> HostImpl::status(bool probe) {
    std::vector<std::shared_ptr<ProviderEntry>> entries;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, entry] : providers_) entries.push_back(entry);
    }
    // All checks run at once; each is bounded by timeouts.health_check.
    struct Probes {
        std::mutex mutex;
        std::condition_variable changed;
        std::size_t missing = 0;
        std::map<std::string, Result<provider::Health>> results;
    };
    const auto probes = std::make_shared<Probes>();
    for (const auto& entry : entries) {
        if (!probe || !entry->provider || !entry->provider->kind().has.health_check) continue;
        {
            const std::lock_guard lock(probes->mutex);
            ++probes->missing;
        }
        spawn<provider::Health>(
            [provider = entry->provider](auto cancel, std::size_t io_index) {
                return provider->check_health(std::move(cancel), io_index);
            },
            [probes, name = entry->name](Result<provider::Health> result) {
                const std::lock_guard lock(probes->mutex);
                probes->results.emplace(name, std::move(result));
                --probes->missing;
                probes->changed.notify_all();
            });
    }
    std::unique_lock lock(probes->mutex);
    probes->changed.wait(lock, [&] { return probes->missing == 0; });
    lock.unlock();

    std::vector<host::ProviderStatus> out;
    for (const auto& entry : entries) {
        const auto checked = probes->results.find(entry->name);
        if (checked != probes->results.end() && !checked->second) {
            note_failure(entry->name, checked->second.error());
        }
        const std::lock_guard state_lock(mutex_);
        host::ProviderStatus status = describe(*entry);
        if (checked != probes->results.end()) {
            status.state = checked->second ? "healthy" : "unhealthy";
            if (checked->second) {
                status.server_version = checked->second->server_version;
                status.response_time = checked->second->response_time;
            }
        }
        out.push_back(std::move(status));
    }
    return out;
}

}  // namespace tenon::runtime

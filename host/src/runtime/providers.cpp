// The providers of a host: how they are made and found.

#include <algorithm>
#include <utility>

#include "base/redact_error.hpp"
#include "config/load.hpp"
#include "config/routes.hpp"
#include "core/stable_hash.hpp"
#include "plugin/descriptor_check.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/missing_provider.hpp"
#include "runtime/settings.hpp"
#include "transport/http_client.hpp"

namespace tenon::runtime {

void HostImpl::make_configured_providers() {
    const auto config = this->config();
    for (const auto& [name, own] : config->providers) {
        auto entry = make_provider(name, own, *config);
        if (!entry->provider && own.enabled) {
            log_.write(base::LogLevel::error, "provider." + name, entry->problem.message);
        }
        const std::lock_guard lock(mutex_);
        providers_.emplace(name, std::move(entry));
    }
}

std::shared_ptr<ProviderEntry> HostImpl::make_provider(const std::string& name,
                                                       const config::ProviderConfig& own,
                                                       const config::Config& config, bool silent) {
    auto entry = std::make_shared<ProviderEntry>();
    entry->name = name;
    entry->config = own;
    entry->direct_prefix = config::direct_prefix(config, name);
    const auto refuse = [&](Error error) {
        if (error.message.find("provider " + name) == std::string::npos) {
            error.message = "provider " + name + ": " + error.message;
        }
        entry->problem = base::redact(log_.redactor(), std::move(error));
        entry->upstream = std::make_shared<MissingProvider>(name, entry->problem);
        return entry;
    };
    if (own.unusable) return refuse(*own.unusable);
    std::shared_ptr<const plugin::Kind> kind;
    {
        const std::lock_guard lock(mutex_);
        kind = registry_.find(own.kind);
    }
    if (!kind) return refuse(unknown_kind(own.kind));
    if (!is_allowed(config.plugins, kind->id)) {
        return refuse(Error(Code::forbidden, "the kind " + kind->id +
                                                 " is not in plugins.allow of the configuration"));
    }
    auto options = to_proxy_options(name, own, *kind);
    if (!options) return refuse(std::move(options).error());
    for (const auto& [key, secret] : options->secrets) log_.redactor().add(secret);
    options->make_http_client =
        [this, http = to_http_options(own.http, own.timeouts, io_.size())](std::size_t io_index) {
            return std::make_unique<transport::HttpClient>(io_.context(io_index), http);
        };
    auto settings = to_provider_settings(own, seed_ ^ core::stable_hash(name));
    settings.connections.health.active = settings.connections.health.active && active_checks_;
    settings.connections.silent = silent;
    apply_wish(name, settings.connections);
    auto made = provider::Provider::create(kind, *std::move(options), settings, environment_);
    if (!made) return refuse(std::move(made).error());
    entry->provider = *std::move(made);
    entry->upstream = retirement_.for_use(entry->provider);
    return entry;
}

void HostImpl::publish_routes() {
    std::vector<config::RoutedProvider> routed;
    std::vector<std::shared_ptr<provider::Upstream>> upstreams;
    for (const auto& [name, entry] : providers_) {
        routed.push_back({name, &entry->config});
        upstreams.push_back(entry->upstream);
    }
    auto table = core::RouteTable::build(config::route_spec(*config_, routed));
    if (!table) {  // those of the configuration were checked: never
        log_.write(base::LogLevel::error, "router", table.error().message);
        return;
    }
    table_ = std::make_shared<const core::RouteTable>(*std::move(table));
    router_.set_routing(table_, std::move(upstreams));
}

Result<void> HostImpl::add_provider(const host::ProviderOptions& options) {
    const std::lock_guard adding(adding_);
    return add_one(options, ProviderEntry::Origin::added);
}

Result<void> HostImpl::add_one(const host::ProviderOptions& options, ProviderEntry::Origin origin) {
    if (!plugin::is_kind_id(options.name)) {
        return Error(Code::invalid, "'" + options.name +
                                        "' is not a provider name: use 1 to 64 of a-z, 0-9, '.', "
                                        "'_' and '-', beginning with a letter or digit");
    }
    {
        const std::lock_guard lock(mutex_);
        if (providers_.contains(options.name)) {
            return Error(Code::invalid, "a provider named " + options.name + " exists already");
        }
    }
    const auto whole = this->config();
    config::ProviderConfig config = config::provider_prototype(*whole);
    auto settings =
        config::parse_settings(options.settings_json, config, config::process_environment());
    if (!settings) return std::move(settings).error();
    static_cast<config::ProviderSettings&>(config) = *std::move(settings);
    config.kind = options.kind;
    config.default_model = options.default_model;
    config.config.json = config::Secret(options.config_json);
    config.config.path = "config";
    auto entry = make_provider(options.name, config, *whole);
    entry->origin = origin;
    if (!entry->provider) return entry->problem;
    {
        const std::lock_guard lock(mutex_);
        providers_.emplace(options.name, entry);
        publish_routes();
    }
    note_standing(*entry);
    return {};
}

}  // namespace tenon::runtime

#include "runtime/host_impl.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>

#include "base/text.hpp"
#include "config/load.hpp"
#include "config/routes.hpp"
#include "core/stable_hash.hpp"
#include "plugin/descriptor_check.hpp"
#include "runtime/from_now.hpp"
#include "runtime/missing_provider.hpp"
#include "runtime/plugin_directories.hpp"
#include "runtime/settings.hpp"
#include "runtime/spawn.hpp"
#include "transport/http_client.hpp"

namespace tenon::runtime {

namespace {

base::LogOptions log_options(const config::LogConfig& config,
                             const std::shared_ptr<LogSink>& sink) {
    base::LogOptions out = to_log_options(config);
    if (sink) out.sink = [sink](base::LogLevel, std::string_view line) { sink->write(line); };
    return out;
}

std::shared_ptr<LogSink> log_sink(const host::HostOptions& options) {
    return options.log_sink ? std::make_shared<LogSink>(options.log_sink) : nullptr;
}

std::uint64_t random_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

router::RouterSettings router_settings(const config::Config& config, std::uint64_t seed) {
    router::RouterSettings settings;
    settings.retry = config.retry;
    settings.failover = config.failover;
    settings.balancer = config.balancer;
    settings.seed = seed;
    return settings;
}

}  // namespace

Machinery::Machinery(const config::Config& config, const std::shared_ptr<LogSink>& sink)
    : log(log_options(config.log, sink)),
      io(static_cast<std::size_t>(config.runtime.io_threads)),
      blocking(static_cast<std::size_t>(config.runtime.blocking_threads)) {}

HostImpl::HostImpl(config::Config config, const std::vector<config::Problem>& warnings,
                   const host::HostOptions& options)
    : config_(std::move(config)),
      shutdown_grace_(options.shutdown_grace),
      log_sink_(log_sink(options)),
      machinery_(std::make_shared<Machinery>(config_, log_sink_)),
      log_(machinery_->log),
      io_(machinery_->io),
      events_(base::steady_clock(), io_, log_),
      seed_(random_seed()),
      router_(router_settings(config_, seed_), base::steady_clock(), io_, &events_),
      environment_{{log_, base::steady_clock(), io_, machinery_->blocking, machinery_},
                   &events_,
                   [this] { router_.providers_changed(); }},
      active_checks_(options.active_checks) {
    for (const config::Problem& warning : warnings) {
        log_.write(base::LogLevel::warn, "config", config::format(warning));
    }
}

Result<void> HostImpl::start(const host::HostOptions& options) {
    if (!options.state_file.empty()) {
        if (auto opened = open_state(options.state_file); !opened) return opened;
    }
    for (const std::filesystem::path& directory : options.plugin_directories) {
        if (auto loaded = load_plugins(directory); !loaded) return loaded;
    }
    for (const std::string& directory : config_.plugins.directories) {
        if (const auto loaded = load_plugins(directory); !loaded) {
            log_.write(base::LogLevel::error, "plugin", loaded.error().message);
        }
    }
    if (options.load_installed_plugins) {
        for (const std::filesystem::path& directory : built_in_plugin_directories()) {
            static_cast<void>(load_plugins(directory));
        }
    }
    make_configured_providers();
    {
        const std::lock_guard lock(mutex_);
        publish_routes();
    }
    restore_pins();
    // What has happened to a provider before it had its place was not noted.
    for (const auto& entry : entries()) note_standing(*entry);
    return {};
}

HostImpl::~HostImpl() {
    std::unique_lock lock(mutex_);
    closing_ = true;
    const auto running = running_;
    lock.unlock();
    for (const auto& [id, cancel] : running) cancel->cancel();
    lock.lock();
    idle_.wait(lock, [this] { return running_.empty(); });
    const auto providers = providers_;
    lock.unlock();
    // One grace for all: their calls were cancelled at the same moment.
    const auto patience = from_now(shutdown_grace_);
    for (const auto& [name, entry] : providers) {
        if (!entry->provider) continue;
        const auto rest = patience - base::steady_clock().now();
        entry->provider->shut_down(std::max<base::Duration>(rest, base::Duration::zero()));
    }
    close_state();
    if (log_sink_) log_sink_->close();
}

Result<void> HostImpl::load_plugins(const std::filesystem::path& path) {
    // Runs code of the plugins, thus without the lock.
    plugin::Registry loading;
    Result<void> loaded;
    std::error_code ignored;
    if (path.extension() == ".so" && !std::filesystem::is_directory(path, ignored)) {
        if (!loading.load_file(path)) loaded = loading.errors().front().to_error();
    } else {
        loaded = loading.load_directory(path);
    }
    for (const plugin::LoadError& error : loading.errors()) {
        log_.write(base::LogLevel::warn, "plugin", error.message,
                   {{"library", error.path}, {"stage", to_string(error.stage)}});
    }
    const std::lock_guard lock(mutex_);
    if (!loaded && loading.errors().empty()) {
        directory_problems_.push_back({path.string(), "directory", loaded.error().message});
    }
    registry_.merge(std::move(loading));
    return loaded;
}

void HostImpl::make_configured_providers() {
    for (const auto& [name, config] : config_.providers) {
        auto entry = make_provider(name, config);
        if (!entry->provider && config.enabled) {
            log_.write(base::LogLevel::error, "provider." + name, entry->problem.message);
        }
        const std::lock_guard lock(mutex_);
        providers_.emplace(name, std::move(entry));
    }
}

std::shared_ptr<ProviderEntry> HostImpl::make_provider(const std::string& name,
                                                       const config::ProviderConfig& config) {
    auto entry = std::make_shared<ProviderEntry>();
    entry->name = name;
    entry->config = config;
    entry->direct_prefix = config::direct_prefix(config_, name);
    const auto refuse = [&](Error error) {
        if (error.message.find("provider " + name) == std::string::npos) {
            error.message = "provider " + name + ": " + error.message;
        }
        error.message = log_.redactor().redact(error.message);
        entry->problem = std::move(error);
        entry->upstream = std::make_shared<MissingProvider>(name, entry->problem);
        return entry;
    };
    if (config.unusable) return refuse(*config.unusable);
    std::shared_ptr<const plugin::Kind> kind;
    {
        const std::lock_guard lock(mutex_);
        kind = registry_.find(config.kind);
    }
    if (!kind) return refuse(unknown_kind(config.kind));
    const auto& allowed = config_.plugins.allow;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), kind->id) == allowed.end()) {
        return refuse(Error(Code::forbidden, "the kind " + kind->id +
                                                 " is not in plugins.allow of the configuration"));
    }
    auto options = to_proxy_options(name, config, *kind);
    if (!options) return refuse(std::move(options).error());
    for (const auto& [key, secret] : options->secrets) log_.redactor().add(secret);
    options->make_http_client = [this, http = to_http_options(config.http, config.timeouts,
                                                              io_.size())](std::size_t io_index) {
        return std::make_unique<transport::HttpClient>(io_.context(io_index), http);
    };
    auto settings = to_provider_settings(config, seed_ ^ core::stable_hash(name));
    settings.connections.health.active = settings.connections.health.active && active_checks_;
    apply_wish(name, settings.connections);
    auto made = provider::Provider::create(kind, *std::move(options), settings, environment_);
    if (!made) return refuse(std::move(made).error());
    entry->provider = *std::move(made);
    entry->upstream = entry->provider;
    return entry;
}

void HostImpl::publish_routes() {
    std::vector<config::RoutedProvider> routed;
    std::vector<std::shared_ptr<provider::Upstream>> upstreams;
    for (const auto& [name, entry] : providers_) {
        routed.push_back({name, &entry->config});
        upstreams.push_back(entry->upstream);
    }
    auto table = core::RouteTable::build(config::route_spec(config_, routed));
    if (!table) {  // those of the configuration were checked: never
        log_.write(base::LogLevel::error, "router", table.error().message);
        return;
    }
    table_ = std::make_shared<const core::RouteTable>(*std::move(table));
    router_.set_routing(table_, std::move(upstreams));
}

Error HostImpl::unknown_kind(const std::string& kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string_view> loaded;
    for (const auto& known : registry_.kinds()) loaded.push_back(known->id);
    std::string message = "no loaded plugin offers the kind '" + kind + "'";
    if (loaded.empty()) {
        message += "; no plugin is loaded at all, see 'tenon plugins list'";
    } else if (const std::string meant = base::did_you_mean(kind, loaded); !meant.empty()) {
        message += meant;
    } else {
        message += "; loaded are: " + base::join(loaded, ", ");
    }
    return Error(Code::not_found, message);
}

Result<void> HostImpl::add_provider(const host::ProviderOptions& options) {
    const std::lock_guard adding(adding_);
    return add_one(options);
}

Result<void> HostImpl::add_one(const host::ProviderOptions& options) {
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
    config::ProviderConfig config = config::provider_prototype(config_);
    auto settings =
        config::parse_settings(options.settings_json, config, config::process_environment());
    if (!settings) return std::move(settings).error();
    static_cast<config::ProviderSettings&>(config) = *std::move(settings);
    config.kind = options.kind;
    config.default_model = options.default_model;
    config.config.json = config::Secret(options.config_json);
    config.config.path = "config";
    auto entry = make_provider(options.name, config);
    if (!entry->provider) return entry->problem;
    {
        const std::lock_guard lock(mutex_);
        providers_.emplace(options.name, entry);
        publish_routes();
    }
    note_standing(*entry);
    return {};
}

Result<std::shared_ptr<ProviderEntry>> HostImpl::find_entry(std::string_view name) {
    const auto look = [&]() -> Result<std::shared_ptr<ProviderEntry>> {
        const std::lock_guard lock(mutex_);
        const auto found = providers_.find(name);
        if (found != providers_.end()) return found->second;
        if (!registry_.find(name)) return unknown_provider(name);
        return std::shared_ptr<ProviderEntry>();
    };
    if (auto known = look(); !known || *known) return known;
    const std::lock_guard adding(adding_);
    if (auto known = look(); !known || *known) return known;  // somebody was faster
    if (auto added = add_one({std::string(name), std::string(name), "{}", {}, "{}"}); !added) {
        return std::move(added).error();
    }
    return look();
}

Result<std::shared_ptr<ProviderEntry>> HostImpl::find(std::string_view name) {
    auto entry = find_entry(name);
    if (entry && !(*entry)->provider) return (*entry)->problem;
    return entry;
}

Result<std::shared_ptr<ProviderEntry>> HostImpl::known_entry(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = providers_.find(name);
    if (found == providers_.end()) return unknown_provider(name);
    return found->second;
}

std::shared_ptr<const core::RouteTable> HostImpl::table() const {
    const std::lock_guard lock(mutex_);
    return table_;
}

std::vector<std::shared_ptr<ProviderEntry>> HostImpl::entries() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<ProviderEntry>> out;
    out.reserve(providers_.size());
    for (const auto& [name, entry] : providers_) out.push_back(entry);
    return out;
}

Error HostImpl::unknown_provider(std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto& [other, entry] : providers_) known.push_back(other);
    for (const auto& kind : registry_.kinds()) known.push_back(kind->id);
    std::string message = "there is no provider '" + std::string(name) + "'";
    if (const auto near = base::nearest_name(name, known)) {
        message += "; did you mean '" + std::string(*near) + "'?";
    } else {
        message += "; configure it, or use the name of a loaded kind (see 'tenon plugins list')";
    }
    return Error(Code::not_found, message);
}

}  // namespace tenon::runtime

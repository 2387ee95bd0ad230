#include "runtime/host_impl.hpp"

#include <algorithm>
#include <cstdlib>
#include <future>
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

}  // namespace

Machinery::Machinery(const config::Config& config, const std::shared_ptr<LogSink>& sink)
    : log(log_options(config.log, sink)),
      io(static_cast<std::size_t>(config.runtime.io_threads)),
      blocking(static_cast<std::size_t>(config.runtime.blocking_threads)) {}

HostImpl::HostImpl(ConfigSource source, config::Config config,
                   const std::vector<config::Problem>& warnings, const host::HostOptions& options)
    : source_(std::move(source)),
      shutdown_grace_(options.shutdown_grace),
      log_sink_(log_sink(options)),
      machinery_(std::make_shared<Machinery>(config, log_sink_)),
      log_(machinery_->log),
      io_(machinery_->io),
      events_(base::steady_clock(), io_, log_),
      seed_(random_seed()),
      router_(to_router_settings(config, seed_), base::steady_clock(), io_, &events_),
      environment_{{log_, base::steady_clock(), io_, machinery_->blocking, machinery_},
                   &events_,
                   [this] { router_.providers_changed(); }},
      active_checks_(options.active_checks),
      retirement_(options.shutdown_grace),
      config_(std::make_shared<const config::Config>(std::move(config))) {
    for (const config::Problem& warning : warnings) {
        log_.write(base::LogLevel::warn, "config", config::format(warning));
    }
}

Result<void> HostImpl::start(const host::HostOptions& options) {
    // A disk takes its time to have something, so that plugins are loaded meanwhile.
    std::future<Result<void>> opened;
    if (!options.state_file.empty()) {
        opened = std::async(std::launch::async, [&] { return open_state(options.state_file); });
    }
    for (const std::filesystem::path& directory : options.plugin_directories) {
        if (auto loaded = load_plugins(directory); !loaded) return loaded;
    }
    for (const std::string& directory : config()->plugins.directories) {
        if (const auto loaded = load_plugins(directory); !loaded) {
            log_.write(base::LogLevel::error, "plugin", loaded.error().message);
        }
    }
    if (options.load_installed_plugins) {
        for (const std::filesystem::path& directory : built_in_plugin_directories()) {
            static_cast<void>(load_plugins(directory));
        }
    }
    if (opened.valid()) {
        if (auto state = opened.get(); !state) return state;
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
    retirement_.hurry(patience);
    for (const auto& [name, entry] : providers) {
        if (!entry->provider) continue;
        const auto rest = patience - base::steady_clock().now();
        entry->provider->shut_down(std::max<base::Duration>(rest, base::Duration::zero()));
    }
    retirement_.wait();
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
    if (auto added = add_one({std::string(name), std::string(name), "{}", {}, "{}"},
                             ProviderEntry::Origin::implied);
        !added) {
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

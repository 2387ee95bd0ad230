#include "gateway/daemon/daemon.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <utility>

#include "config/check_gateway.hpp"
#include "config/environment.hpp"
#include "config/listen_address.hpp"
#include "config/load.hpp"
#include "gateway/admin/admin_api.hpp"
#include "gateway/admin/recent_times.hpp"
#include "gateway/api/api_context.hpp"
#include "gateway/api/ids.hpp"
#include "gateway/daemon/control_handler.hpp"
#include "gateway/daemon/gateway_handler.hpp"
#include "gateway/daemon/readiness.hpp"
#include "gateway/offline/offline_queue.hpp"
#include "gateway/telemetry/telemetry.hpp"
#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/provider_text.hpp"
#include "store/state_path.hpp"
#include "tenon/abi/version.h"
#include "transport/http_server.hpp"

namespace tenon::gateway {
namespace {

namespace fs = std::filesystem;

/// Commands wait for providers; that is what the control socket is for.
constexpr auto kControlWait = std::chrono::minutes(10);

/// Whoever follows the events takes a longer silence for a dead connection
/// (cli/control_client.hpp).
constexpr std::chrono::milliseconds kEventsAlive = std::chrono::seconds(20);

/// For the last traces to reach the collector.
constexpr auto kExportGrace = std::chrono::seconds(2);

Result<std::vector<net::ListenEndpoint>> endpoints_of(const std::vector<std::string>& listen,
                                                      const config::GatewayConfig& gateway) {
    std::vector<net::ListenEndpoint> out;
    for (const std::string& text : listen) {
        auto address = config::parse_listen_address(text);
        if (!address) return std::move(address).error();
        if (auto may = config::may_listen(*address, gateway); !may) {
            return Error(Code::invalid, "'" + text + "': " + may.error().message);
        }
        out.push_back({address->host, address->port, address->unix_path, address->tls});
    }
    return out;
}

std::string url_of(const net::ListenEndpoint& endpoint) {
    if (!endpoint.unix_path.empty()) return endpoint.name();
    return (endpoint.tls ? "https://" : "http://") + endpoint.name();
}

transport::HttpServerOptions server_options(const config::GatewayConfig& config) {
    transport::HttpServerOptions options;
    options.max_connections = static_cast<std::size_t>(config.max_connections);
    options.max_body_bytes = static_cast<std::uint64_t>(config.max_body_bytes);
    options.write_timeout = config.write_timeout;
    options.tls.certificate_file = config.tls.certificate_file;
    options.tls.key_file = config.tls.key_file;
    return options;
}

/// Where the state is; found before the host is opened, which owns the file from then on.
Result<fs::path> state_file_of(const DaemonOptions& options) {
    if (!options.host.state_file.empty()) return options.host.state_file;
    const auto environment = config::process_environment();
    if (!options.host.config_file.empty()) {
        const auto loaded = config::load(options.host.config_file, environment);
        if (loaded.config && !loaded.config->daemon.state_file.empty()) {
            return fs::path(loaded.config->daemon.state_file);
        }
    }
    return store::default_state_path(environment);
}

std::vector<OfflineRequest> to_offline_requests(const std::vector<store::QueueEntry>& entries) {
    std::vector<OfflineRequest> out;
    for (const store::QueueEntry& entry : entries) {
        if (entry.state == store::QueueState::finished) continue;
        out.push_back({entry.id, entry.model, host::Time(std::chrono::milliseconds(entry.queued))});
    }
    return out;
}

}  // namespace

class Daemon::Impl {
public:
    Impl(std::unique_ptr<runtime::HostImpl> host, const DaemonOptions& options)
        : options_(options), host_(std::move(host)), api_(*host_, host_->config()->gateway) {}
    ~Impl() { stop({}); }

    Result<void> start();
    Result<ReloadReport> reload();
    void stop(std::chrono::milliseconds grace);

    std::vector<std::string> urls;
    fs::path control_socket;
    const DaemonOptions options_;
    const std::unique_ptr<runtime::HostImpl> host_;
    ApiContext api_;

private:
    [[nodiscard]] AdminContext admin_context();
    [[nodiscard]] MetricsSources metrics_sources();
    Result<void> open_offline_queue();
    void start_reload(AdminContext::OnDone<ReloadReport> on_done);
    [[nodiscard]] std::vector<std::string> listening() const;
    [[nodiscard]] bool is_public() const;
    Result<void> listen_for_commands();

    std::atomic<bool> is_complete_ = false;
    std::string admin_key_;
    std::mutex reloading_;  ///< held during a reload
    std::unique_ptr<Telemetry> telemetry_;
    std::unique_ptr<OfflineQueue> offline_;
    std::optional<AdminApi> admin_;
    std::optional<ControlHandler> control_handler_;
    std::optional<GatewayHandler> gateway_handler_;
    // Last, so that they end first.
    std::optional<transport::HttpServer> control_;
    std::optional<transport::HttpServer> gateway_;
    net::BlockingPool reloads_{1, 16};  ///< those that were asked for over HTTP
};

std::vector<std::string> Daemon::Impl::listening() const {
    std::vector<std::string> out;
    for (const net::ListenEndpoint& endpoint : gateway_->endpoints()) {
        out.push_back(url_of(endpoint));
    }
    return out;
}

/// Can other machines reach it?
bool Daemon::Impl::is_public() const {
    const auto endpoints = gateway_->endpoints();
    return std::any_of(endpoints.begin(), endpoints.end(), [](const net::ListenEndpoint& endpoint) {
        return !config::ListenAddress{endpoint.host, endpoint.port, endpoint.unix_path, false}
                    .is_loopback();
    });
}

AdminContext Daemon::Impl::admin_context() {
    AdminContext context{.host = *host_, .io = host_->io()};
    context.daemon.version = TENON_VERSION_STRING;
    context.daemon.pid = getpid();
    context.daemon.started = std::chrono::system_clock::now();
    context.daemon.up_since = base::steady_clock().now();
    context.daemon.config_file = options_.host.config_file.string();
    context.daemon.state_file = options_.host.state_file.string();
    context.listen = [this] { return listening(); };
    context.ready = [this] { return is_ready(*host_); };
    context.request_counts = [this] {
        RequestCounts counts;
        counts.in_flight = api_.requests().size();
        counts.total = api_.requests().total();
        for (const host::ProviderStatus& status : host_->status(false)) {
            counts.waiting += status.permits.waiting + status.pool.waiting;
        }
        return counts;
    };
    context.requests = [this] { return api_.requests().list(api_.clock().now()); };
    context.keys = [this] { return api_.settings()->keys.usage(); };
    context.cancel_request = [this](std::string_view id) { return api_.requests().cancel(id); };
    context.recent_statistics = [this, recent = std::make_shared<RecentTimes>()] {
        std::vector<host::ProviderStatistics> out;
        host_->for_each_provider(
            [&](const host::ProviderStatus& status, const core::ProviderSnapshot& snapshot) {
                out.push_back(runtime::to_statistics(status.name, snapshot));
                out.back().attempt_time = recent->take(status.name, snapshot.duration);
            });
        return out;
    };
    context.traces = [this](std::size_t limit) {
        const auto traces = telemetry_->traces().list(limit);
        return traces_to_json(traces);
    };
    context.trace = [this](std::string_view id) -> Result<std::string> {
        auto trace = telemetry_->traces().find(id);
        if (!trace) return std::move(trace).error();
        return to_json(**trace);
    };
    if (!options_.host.config_file.empty()) {
        context.start_reload = [this](auto on_done) { start_reload(std::move(on_done)); };
    }
    if (offline_) {
        context.offline_enabled = true;
        context.offline_queued = [this] { return offline_->queued(); };
        context.start_offline_list = [this](auto on_done) {
            offline_->list([on_done](Result<std::vector<store::QueueEntry>> entries) {
                if (!entries) return on_done(std::move(entries).error());
                on_done(to_offline_requests(*entries));
            });
        };
    }
    context.keep_alive = std::min(kEventsAlive, api_.settings()->config.keep_alive);
    return context;
}

MetricsSources Daemon::Impl::metrics_sources() {
    MetricsSources sources;
    sources.providers = [this](const MetricsSources::Provider& tell) {
        host_->for_each_provider(tell);
    };
    sources.servers = [this] {
        std::vector<MetricsSources::Server> servers;
        if (gateway_) servers.push_back({"public", gateway_->counts()});
        // The first clients may ask while the control socket is being made.
        if (is_complete_) servers.push_back({"control", control_->counts()});
        return servers;
    };
    if (offline_) sources.offline_queued = [this] { return offline_->queued(); };
    return sources;
}

Result<void> Daemon::Impl::open_offline_queue() {
    const auto config = host_->config();
    if (!config->gateway.offline.enabled) return {};
    const fs::path file = options_.host.state_file.parent_path() / "queue.db";
    auto queue = OfflineQueue::open(api_, config->gateway.offline, file);
    if (!queue) return std::move(queue).error();
    offline_ = *std::move(queue);
    api_.set_offline(offline_.get());
    return {};
}

Result<void> Daemon::Impl::listen_for_commands() {
    const auto config = host_->config();
    auto path =
        options_.control_socket.empty()
            ? store::control_socket_path(config->daemon.control_socket, options_.host.state_file,
                                         config::process_environment())
            : Result<fs::path>(options_.control_socket);
    if (!path) return std::move(path).error();
    control_socket = *std::move(path);
    std::error_code failed;
    fs::create_directories(control_socket.parent_path(), failed);  // listening tells why not
    transport::HttpServerOptions options;
    options.max_connections = 256;
    options.write_timeout = kControlWait;
    control_.emplace(host_->io(), *control_handler_, options);
    net::ListenEndpoint endpoint;
    endpoint.unix_path = control_socket.string();
    return control_->start({endpoint});
}

Result<void> Daemon::Impl::start() {
    const auto config = host_->config();
    const auto& listen = options_.listen.empty() ? config->gateway.listen : options_.listen;
    const bool nowhere = listen.size() == 1 && listen.front() == "none";
    auto endpoints = endpoints_of(nowhere ? std::vector<std::string>() : listen, config->gateway);
    if (!endpoints) return std::move(endpoints).error();
    admin_key_ = std::string(config->gateway.admin_key.reveal());
    if (admin_key_.empty()) {
        auto made = new_secret_id();
        if (!made) return std::move(made).error();
        admin_key_ = *std::move(made);
    }
    host_->log().redactor().add(admin_key_);
    for (const auto& [name, key] : config->gateway.keys) {
        host_->log().redactor().add(key.key.reveal());
    }
    if (auto opened = open_offline_queue(); !opened) return opened;
    auto telemetry = Telemetry::open(*host_, config->telemetry, metrics_sources());
    if (!telemetry) return std::move(telemetry).error();
    telemetry_ = *std::move(telemetry);
    api_.set_followers(telemetry_.get());
    admin_.emplace(admin_context());
    GatewayPages pages;
    pages.metrics = [this] { return telemetry_->metrics().render(); };
    pages.admin = &*admin_;
    pages.ready = [this] { return is_ready(*host_); };
    gateway_handler_.emplace(api_, std::move(pages), admin_key_);
    gateway_.emplace(host_->io(), *gateway_handler_, server_options(config->gateway));
    if (auto started = gateway_->start(*endpoints); !started) return started;
    urls = listening();
    const std::string page = urls.empty() ? std::string() : urls.front() + "/#key=" + admin_key_;
    control_handler_.emplace(*admin_, page);
    if (auto control = listen_for_commands(); !control) return control;
    is_complete_ = true;
    return {};
}

/// Reads files and makes providers: nothing for an I/O thread.
void Daemon::Impl::start_reload(AdminContext::OnDone<ReloadReport> on_done) {
    if (reloads_.post([this, on_done] { on_done(reload()); })) return;
    boost::asio::post(host_->io().context(0), [on_done] {
        on_done(Error(Code::overloaded, "too many reloads are under way; try again later"));
    });
}

Result<ReloadReport> Daemon::Impl::reload() {
    const std::lock_guard lock(reloading_);
    auto report = host_->reload();
    if (!report) {
        host_->log().write(base::LogLevel::error, "config",
                           "the configuration stays as it was: " + report.error().message);
        return report;
    }
    auto gateway = host_->config()->gateway;
    if (gateway.keys.empty() && !gateway.allow_public && is_public()) {
        // Where it listens does not change before the next start: nor does who gets in.
        gateway.keys = api_.settings()->config.keys;
        report->needs_restart.emplace_back("gateway.keys");
    }
    for (const auto& [name, key] : gateway.keys) host_->log().redactor().add(key.key.reveal());
    api_.set(std::move(gateway));
    gateway_handler_->reloaded();
    telemetry_->reloaded();
    return report;
}

void Daemon::Impl::stop(std::chrono::milliseconds grace) {
    if (admin_) admin_->stop();
    if (gateway_) gateway_->stop(grace);
    if (control_) control_->stop({});
    if (offline_) offline_->stop();
    if (telemetry_) telemetry_->stop(kExportGrace);
}

Daemon::Daemon(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(const DaemonOptions& options) {
    DaemonOptions complete = options;
    auto state_file = state_file_of(options);
    if (!state_file) return std::move(state_file).error();
    complete.host.state_file = *std::move(state_file);
    auto host = runtime::HostImpl::open(complete.host);
    if (!host) return std::move(host).error();
    auto impl = std::make_unique<Impl>(*std::move(host), complete);
    if (auto started = impl->start(); !started) return std::move(started).error();
    return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

const std::vector<std::string>& Daemon::urls() const noexcept {
    return impl_->urls;
}
const fs::path& Daemon::control_socket() const noexcept {
    return impl_->control_socket;
}
const fs::path& Daemon::config_file() const noexcept {
    return impl_->options_.host.config_file;
}
bool Daemon::watches_config() const noexcept {
    return impl_->host_->config()->daemon.watch_config;
}
host::Host& Daemon::host() noexcept {
    return *impl_->host_;
}
Result<ReloadReport> Daemon::reload() {
    return impl_->reload();
}
void Daemon::stop() {
    impl_->stop(impl_->host_->config()->gateway.drain_grace);
}

}  // namespace tenon::gateway

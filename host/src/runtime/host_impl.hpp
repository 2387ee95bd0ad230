#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/log.hpp"
#include "config/config.hpp"
#include "config/problem.hpp"
#include "net/awaitable.hpp"
#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "plugin/registry.hpp"
#include "provider/event_hub.hpp"
#include "provider/provider.hpp"
#include "router/router.hpp"
#include "runtime/canonical.hpp"
#include "runtime/retirement.hpp"
#include "runtime/state_keeper.hpp"
#include "tenon/host/host.hpp"

namespace tenon::runtime {

/// One provider of the configuration, whether or not it could be made.
struct ProviderEntry {
    enum class Origin : std::uint8_t { configured, added, implied };

    std::string name;
    Origin origin = Origin::configured;
    config::ProviderConfig config;
    std::string direct_prefix;                     ///< config::direct_prefix()
    std::shared_ptr<provider::Provider> provider;  ///< nullptr: see `problem`
    Error problem;
    std::shared_ptr<provider::Upstream> upstream;  ///< never nullptr
};

/// The application's log sink, until the host ends: what is left alive after that may go on
/// logging.
///
/// \par Thread-safety
/// Any thread.
class LogSink {
public:
    explicit LogSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

    void write(std::string_view line) {
        const std::lock_guard lock(mutex_);
        if (write_) write_(line);
    }
    void close() {
        const std::lock_guard lock(mutex_);
        write_ = nullptr;
    }

private:
    std::mutex mutex_;
    std::function<void(std::string_view)> write_;
};

/// Where the configuration comes from, again with each reload.
struct ConfigSource {
    std::filesystem::path file;  ///< empty: the defaults
    config::Profile usual = config::Profile::production;
    std::optional<base::LogLevel> log_level;  ///< whatever the file says

    /// Errors: `options` are wrong.
    [[nodiscard]] static Result<ConfigSource> of(const host::HostOptions& options);
    /// \param warnings that are no errors
    /// Errors: every problem, one per line.
    [[nodiscard]] Result<config::Config> read(std::vector<config::Problem>& warnings) const;
};

/// What the providers run on. One that has to be left alive keeps it (plugin::Proxy::retire()).
struct Machinery {
    Machinery(const config::Config& config, const std::shared_ptr<LogSink>& sink);

    base::Log log;
    net::IoThreads io;
    net::BlockingPool blocking;
};

/// tenon::host::Host: plugins, providers and threads under one roof.
class HostImpl final : public host::Host {
public:
    /// A coroutine; the object lives until it has ended.
    using AnyTask = std::function<net::Awaitable<void>(
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index)>;

    /// As Host::open().
    [[nodiscard]] static Result<std::unique_ptr<HostImpl>> open(const host::HostOptions& options);

    /// \param warnings about the configuration, for the log.
    HostImpl(ConfigSource source, config::Config config,
             const std::vector<config::Problem>& warnings, const host::HostOptions& options);
    ~HostImpl() override;

    /// Loads the plugins and makes the configured providers. Once, before anything else.
    /// Errors: a directory or file of `options` cannot be loaded.
    Result<void> start(const host::HostOptions& options);

    Result<void> load_plugins(const std::filesystem::path& path) override;
    Result<void> add_provider(const host::ProviderOptions& options) override;
    std::vector<host::KindInfo> kinds() const override;
    std::vector<host::PluginProblem> plugin_problems() const override;
    std::vector<host::ProviderStatus> status(bool probe) override;
    std::vector<host::ProviderStatistics> statistics() const override;
    std::shared_ptr<host::Operation> start_check(
        std::string_view provider, std::function<void(Result<host::CheckReply>)> on_done) override;
    /// Both of them at once, with whole histograms; the callback runs in place, for one after the
    /// other.
    void for_each_provider(const std::function<void(const host::ProviderStatus&,
                                                    const core::ProviderSnapshot&)>& use) const;
    std::unique_ptr<host::Subscription> subscribe(std::function<void(const host::Event&)> on_event,
                                                  std::size_t capacity) override;

    // reload.cpp
    Result<host::ReloadReport> reload() override;

    // control.cpp
    Result<host::CommandReply> command(std::string_view provider, host::Command command,
                                       std::chrono::milliseconds patience,
                                       std::stop_token stop) override;
    std::vector<host::CommandReply> command_all(host::Command command,
                                                std::chrono::milliseconds patience,
                                                std::stop_token stop) override;
    std::shared_ptr<host::Operation> start_command(
        std::string_view provider, host::Command command, std::chrono::milliseconds patience,
        std::function<void(Result<host::CommandReply>)> on_done) override;
    Result<void> set_breaker(std::string_view provider, std::string_view model,
                             host::BreakerCommand command) override;
    std::vector<host::RouteInfo> routes() const override;
    Result<void> pin_route(const host::RoutePin& pin) override;
    Result<bool> unpin_route(std::string_view model) override;
    void start_pin_route(const host::RoutePin& pin,
                         std::function<void(Result<void>)> on_done) override;
    void start_unpin_route(std::string_view model,
                           std::function<void(Result<bool>)> on_done) override;

    // chat.cpp
    Result<host::ChatAnswer> complete(const host::ChatRequest& request,
                                      const host::OnDelta& on_delta, std::stop_token stop) override;
    std::shared_ptr<host::Operation> start_complete(
        host::ChatRequest request, host::OnDelta on_delta,
        std::function<void(Result<host::ChatAnswer>)> on_done) override;

    // requests.cpp
    Result<host::EmbeddingAnswer> embed(const host::EmbeddingRequest& request,
                                        std::stop_token stop) override;
    Result<host::RerankAnswer> rerank(const host::RerankRequest& request,
                                      std::stop_token stop) override;
    Result<std::vector<std::string>> models(std::string_view provider,
                                            std::stop_token stop) override;
    std::shared_ptr<host::Operation> start_embed(
        host::EmbeddingRequest request,
        std::function<void(Result<host::EmbeddingAnswer>)> on_done) override;
    std::shared_ptr<host::Operation> start_rerank(
        host::RerankRequest request,
        std::function<void(Result<host::RerankAnswer>)> on_done) override;
    std::shared_ptr<host::Operation> start_models(
        std::string_view provider,
        std::function<void(Result<std::vector<std::string>>)> on_done) override;

    /// One request with a canonical body, for those who serve others. Deltas of a stream go to
    /// `sink`, which is not null then, also if the provider answers with one body.
    /// Knows the configured providers only: nothing is made on an I/O thread.
    /// Errors: as Router::run().
    /// \par Preconditions
    /// Runs on the I/O thread `io_index`; has ended before the host goes.
    net::Awaitable<Result<CanonicalAnswer>> answer(const CanonicalRequest& request,
                                                   provider::DeltaSink* sink,
                                                   std::shared_ptr<provider::CancelSignal> cancel,
                                                   std::size_t io_index);
    /// As last read; what cannot change while the host runs is as at its start.
    [[nodiscard]] std::shared_ptr<const config::Config> config() const {
        const std::lock_guard lock(mutex_);
        return config_;
    }
    [[nodiscard]] net::IoThreads& io() noexcept { return io_; }
    [[nodiscard]] net::BlockingPool& blocking() noexcept { return machinery_->blocking; }
    [[nodiscard]] base::Log& log() noexcept { return log_; }

private:
    void make_configured_providers();
    /// REQUIRES: adding_ is held
    Result<void> add_one(const host::ProviderOptions& options, ProviderEntry::Origin origin);
    /// \param silent no events until announce()
    std::shared_ptr<ProviderEntry> make_provider(const std::string& name,
                                                 const config::ProviderConfig& own,
                                                 const config::Config& config, bool silent = false);
    net::Awaitable<Result<host::CheckReply>> look_at(std::shared_ptr<ProviderEntry> entry,
                                                     std::shared_ptr<provider::CancelSignal> cancel,
                                                     std::size_t io_index);
    void probe_all(std::vector<std::shared_ptr<ProviderEntry>> all);
    using Providers = std::map<std::string, std::shared_ptr<ProviderEntry>, std::less<>>;
    void publish_routes();  ///< REQUIRES: mutex_ is held

    // reload.cpp
    struct Reload;
    Result<void> make_reloaded(Reload& next);
    void keep_entry(Reload& next, const std::shared_ptr<ProviderEntry>& entry);
    void make_entry(Reload& next, const std::string& name, const config::ProviderConfig& own);
    void commit(Reload& next);
    void catch_up(const ProviderEntry& entry);  ///< REQUIRES: deciding_ is held
    void tell_removed(const ProviderEntry& entry);
    void retire(const std::shared_ptr<ProviderEntry>& entry);
    Error unknown_kind(const std::string& kind) const;
    Error unknown_provider(std::string_view name) const;  ///< REQUIRES: mutex_ is held
    /// One that is there by now. Does not wait.
    Result<std::shared_ptr<ProviderEntry>> known_entry(std::string_view name) const;
    /// Also one that could not be made. A kind's name stands for a provider with its defaults.
    Result<std::shared_ptr<ProviderEntry>> find_entry(std::string_view name);
    Result<std::shared_ptr<ProviderEntry>> find(std::string_view name);
    [[nodiscard]] std::vector<std::shared_ptr<ProviderEntry>> entries() const;
    [[nodiscard]] std::shared_ptr<const core::RouteTable> table() const;

    // route_names.cpp
    Result<std::string> default_provider() const;
    struct Asked {
        std::string route;     ///< empty: whatever leads to
        std::string provider;  ///< this one alone
    };
    [[nodiscard]] Result<Asked> asked(std::string_view provider, std::string_view model) const;
    /// The route that a request for `model` at `provider` takes; either may be empty.
    Result<std::string> route(std::string_view provider, std::string_view model);
    /// Likewise, among the providers that there are. Does not wait.
    Result<std::string> known_route(std::string_view provider, std::string_view model) const;

    /// Runs a task on an I/O thread; `on_done` is called there, with what has escaped or null.
    std::shared_ptr<provider::CancelSignal> spawn_any(
        AnyTask task, std::function<void(const std::exception_ptr&)> on_done);
    /// Runs `task(cancel, io_index)`, an Awaitable<Result<T>>, on an I/O thread; `on_done` gets its
    /// result there.
    template <class T, class Task>
    std::shared_ptr<provider::CancelSignal> spawn(Task task,
                                                  std::function<void(Result<T>)> on_done);
    /// spawn() for a caller who may cancel it.
    template <class T, class Task>
    std::shared_ptr<host::Operation> start_operation(Task task,
                                                     std::function<void(Result<T>)> on_done);
    /// spawn() and wait.
    template <class T, class Task>
    Result<T> wait_for(Task task, std::stop_token stop);
    /// spawn() of `task(each, cancel, io_index)` for all at once, and wait; in the order of `all`.
    template <class T, class Task>
    std::vector<Result<T>> wait_for_all(const std::vector<std::shared_ptr<ProviderEntry>>& all,
                                        Task task, std::stop_token stop);

    // The coroutines behind the public functions. What may make a provider, route() and find(), is
    // asked before: it waits for a plugin, which no I/O thread may.
    net::Awaitable<Result<host::ChatAnswer>> chat(std::string asked, host::ChatRequest request,
                                                  provider::DeltaSink* sink,
                                                  std::shared_ptr<provider::CancelSignal> cancel,
                                                  std::size_t io_index);
    net::Awaitable<Result<host::EmbeddingAnswer>> embedding(
        Result<std::string> asked, host::EmbeddingRequest request,
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    net::Awaitable<Result<host::RerankAnswer>> ranking(
        Result<std::string> asked, host::RerankRequest request,
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    net::Awaitable<Result<std::vector<std::string>>> listing(
        Result<std::shared_ptr<ProviderEntry>> entry,
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);
    net::Awaitable<Result<host::CommandReply>> carry_out(
        std::string name, host::Command command, std::chrono::milliseconds patience,
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index);

    // persistence.cpp
    /// What a person wants of a provider; nothing: as configured.
    struct Wish {
        std::optional<bool> enabled;
        std::optional<core::WantedState> wanted;
        friend bool operator==(const Wish&, const Wish&) = default;
    };
    /// What has become of a command.
    struct Decided {
        std::shared_ptr<ProviderEntry> entry;
        std::optional<core::CommandReply> reply;  ///< nothing: it could not be made
    };
    /// With the file to write to first; nullptr if nothing is kept.
    template <class T>
    using StateJob = std::function<Result<T>(store::StateStore*)>;

    Result<void> open_state(const std::filesystem::path& file);
    void close_state();
    void restore_pins();
    /// REQUIRES: deciding_ is held.
    void wake_pins(std::vector<store::PinRecord> pins);
    void apply_wish(const std::string& name, provider::ConnectionManagerSettings& settings);
    void note_standing(const ProviderEntry& entry);
    /// Runs `job` where the disk may be waited for, at present.
    template <class T>
    Result<T> with_state(StateJob<T> job);
    /// The command's wish is kept, then obeyed. REQUIRES: runs as a StateJob.
    Result<Decided> decide(const std::string& name, core::ConnectionCommand command,
                           store::StateStore* store);
    /// Likewise, on an I/O thread.
    template <class T>
    net::Awaitable<Result<T>> with_state(StateJob<T> job, std::size_t io_index);
    template <class T>
    void start_with_state(StateJob<T> job, std::function<void(Result<T>)> on_done);
    net::Awaitable<Result<Decided>> decided(std::string name, core::ConnectionCommand command,
                                            std::size_t io_index);
    Result<void> keep_wish(const std::string& name, const Wish& wish, store::StateStore* store);
    [[nodiscard]] StateJob<void> pinning(const host::RoutePin& pin);
    [[nodiscard]] StateJob<bool> unpinning(std::string_view model);
    Result<void> pin_kept(const core::Pin& pin, store::StateStore* store);
    Result<bool> unpin_kept(std::string_view model, store::StateStore* store);

    const ConfigSource source_;
    const std::chrono::milliseconds shutdown_grace_;
    const std::shared_ptr<LogSink> log_sink_;  ///< nullptr: standard error
    const std::shared_ptr<Machinery> machinery_;
    base::Log& log_;
    net::IoThreads& io_;
    provider::EventHub events_;
    const std::uint64_t seed_;  ///< of all jitter
    router::Router router_;
    const provider::ProviderEnvironment environment_;
    const bool active_checks_;

    Retirement retirement_;
    std::unique_ptr<StateKeeper> keeper_;                          ///< nullptr: nothing is kept
    std::unique_ptr<provider::EventHub::Subscription> standings_;  ///< for the keeper

    std::mutex adding_;    ///< while providers are made and added, or reloaded; before deciding_
    std::mutex deciding_;  ///< from a wish to what comes of it, so over a write; before mutex_
    std::map<std::string, Wish, std::less<>> wishes_;                   ///< guarded by deciding_
    std::map<std::string, base::TimePoint, std::less<>> cooling_down_;  ///< until when; likewise
    std::vector<store::PinRecord> dormant_pins_;  ///< whose routes are missing; likewise
    mutable std::mutex mutex_;
    plugin::Registry registry_;
    std::vector<host::PluginProblem> directory_problems_;
    std::shared_ptr<const config::Config> config_;  ///< never nullptr
    Providers providers_;
    std::shared_ptr<const core::RouteTable> table_;  ///< never nullptr after start()

    std::condition_variable idle_;
    std::map<std::uint64_t, std::shared_ptr<provider::CancelSignal>> running_;
    std::uint64_t next_running_ = 1;
    bool closing_ = false;
};

}  // namespace tenon::runtime

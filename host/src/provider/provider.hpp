#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/ewma.hpp"
#include "core/retry_budget.hpp"
#include "net/awaitable.hpp"
#include "plugin/proxy.hpp"
#include "provider/breakers.hpp"
#include "provider/call_wait.hpp"
#include "provider/connection_manager.hpp"
#include "provider/event_hub.hpp"
#include "provider/plugin_connections.hpp"
#include "provider/upstream.hpp"
#include "tenon/result.hpp"

namespace tenon::provider {

/// All valid.
struct ProviderSettings {
    core::DeadlineSettings deadlines;
    /// What follows from the kind is filled in: modes, calls per connection, whether there is a
    /// check.
    ConnectionManagerSettings connections;
    core::BreakerSettings breaker;
    core::RetrySettings retry;
    core::RetryBudgetSettings retry_budget;
    core::EwmaSettings latency;
};

/// What those know who hear a provider's events.
struct ProviderSeen {
    ConnectionNewsSeen connections;
    core::BreakerState breaker = core::BreakerState::closed;
};

/// What a provider works with; everything outlives it.
struct ProviderEnvironment {
    plugin::ProxyEnvironment plugin;
    EventHub* events = nullptr;  ///< null = nobody wants to know
    /// Something has changed that a pick goes by. Any thread, outside locks; returns promptly.
    std::function<void()> on_change = {};
};

/// What a health check found.
struct Health {
    std::string server_version;
    std::chrono::microseconds response_time{0};
};

/// How a provider stands.
struct ProviderReport {
    ConnectionManager::Report connections;
    core::HealthStatus health;
    Breakers::Snapshot breakers;
    std::string last_error;  ///< of an attempt, a check or a dial; may be empty
    std::uint64_t misbehaviours = 0;
    std::size_t unfinished = 0;  ///< calls of the plugin, whether or not somebody waits for them
};

/// One provider that the host runs: the plugin, and around it connections, permits, breakers,
/// health checks, limits and statistics.
///
/// \par Thread-safety
/// Any thread; the coroutines run on the I/O thread whose index they are given.
class Provider final : public Upstream, public std::enable_shared_from_this<Provider> {
public:
    /// Connects if that is wanted; until it works the provider is there all the same.
    /// Errors: what Proxy::create() reports.
    [[nodiscard]] static Result<std::shared_ptr<Provider>> create(
        std::shared_ptr<const plugin::Kind> kind, plugin::ProxyOptions options,
        const ProviderSettings& settings, const ProviderEnvironment& environment);

    // Upstream.
    const std::string& name() const noexcept override { return proxy_->name(); }
    core::ProviderState state(std::string_view model) const noexcept override;
    std::string reason(std::string_view model) const override;
    core::Limits limits(core::OperationClass operation,
                        const core::PhaseLimits& request) const noexcept override;
    const core::RetrySettings* retry() const noexcept override { return &settings_.retry; }
    bool retries_internally() const noexcept override;
    core::InFlight& in_flight() noexcept override { return in_flight_; }
    core::RetryBudget& retry_budget() noexcept override { return budget_; }
    core::ProviderCounters& counters() noexcept override { return *counters_; }
    net::Awaitable<Result<plugin::CallOutcome>> attempt(const AttemptRequest& request,
                                                        DeltaSink* sink,
                                                        std::shared_ptr<CancelSignal> cancel,
                                                        std::size_t io_index,
                                                        AttemptReport& report) override;

    /// The plugin's {"data":[...]}. Errors: Code::unsupported if it cannot list.
    net::Awaitable<Result<std::string>> list_models(std::shared_ptr<CancelSignal> cancel,
                                                    std::size_t io_index);

    /// Checks right now. If the provider is not connected, over a connection of its own, and
    /// nothing changes by it. Errors: why it is not healthy; Code::unsupported if it has no check.
    net::Awaitable<Result<Health>> check_health(std::shared_ptr<CancelSignal> cancel,
                                                std::size_t io_index);

    core::CommandReply command(core::ConnectionCommand command);
    /// What command() would do now.
    [[nodiscard]] core::ForeseenCommand foresee(core::ConnectionCommand command) const {
        return manager_->foresee(command);
    }
    /// command(), if `expected` is what it comes to; else nothing.
    std::optional<core::CommandReply> command_if(core::ConnectionCommand command,
                                                 const core::Intent& expected);
    /// Waits until the connection is neither being made nor being closed.
    net::Awaitable<core::ConnectionReport> settled(base::TimePoint deadline,
                                                   std::shared_ptr<CancelSignal> cancel,
                                                   std::size_t io_index) {
        return manager_->settled(deadline, std::move(cancel), io_index);
    }
    [[nodiscard]] Breakers& breakers() noexcept { return breakers_; }
    [[nodiscard]] ProviderReport report() const;

    /// Its events end.
    ProviderSeen fall_silent();
    /// The events begin of one that was made silent (ConnectionManagerSettings), with what differs
    /// from `before`, another provider of that name.
    void announce(const ProviderSeen& before);

    /// Closes the connections and destroys the plugin's provider; waits up to `grace` for calls
    /// that the plugin has not finished. Requests and checks are refused from now on.
    void shut_down(base::Duration grace);

    [[nodiscard]] const plugin::Kind& kind() const noexcept { return proxy_->kind(); }

private:
    struct Job;
    struct Attempt;

    Provider(const std::string& name, const ProviderSettings& settings,
             const ProviderEnvironment& environment);

    void watch(plugin::ProxyOptions& options);
    void start(std::shared_ptr<plugin::Proxy> proxy);
    core::CommandReply obeyed(core::ConnectionCommand command, core::CommandReply reply);
    void try_breakers();
    [[nodiscard]] std::string redacted(std::string_view text) const;
    void on_news(const ConnectionNews& news);
    void on_breaker(std::string_view model, const core::BreakerEvent& event);
    void publish(core::EventKind kind, std::string_view from, std::string_view to,
                 std::string reason);

    // provider_calls.cpp
    net::Awaitable<Result<plugin::CallOutcome>> perform(Job job);
    [[nodiscard]] bool admit(Attempt& attempt);
    [[nodiscard]] bool has_turn(Attempt& attempt);
    [[nodiscard]] plugin::ActiveCall begin(Attempt& attempt);
    [[nodiscard]] CallWait wait_of(Attempt& attempt) const noexcept;
    net::Awaitable<void> read(plugin::ActiveCall& active, Attempt& attempt) const;
    void settle(Attempt& attempt);
    [[nodiscard]] bool is_impatient(const Attempt& attempt) const noexcept;
    void count(const Attempt& attempt, const core::Verdict& verdict, base::TimePoint now);
    [[nodiscard]] Result<plugin::CallOutcome> conclude(Attempt& attempt);
    [[nodiscard]] core::Deadline deadline_of(const AttemptRequest& request) const noexcept;
    [[nodiscard]] std::optional<Result<Health>> found_since(base::TimePoint time) const;
    [[nodiscard]] Error named(Error error) const;
    void note_failure(const Error& named);

    const ProviderSettings settings_;
    const ProviderEnvironment environment_;
    std::atomic<bool> silent_;  ///< for events that the manager does not tell
    const base::Clock& clock_;
    const std::shared_ptr<core::ProviderCounters> counters_;
    const std::shared_ptr<PluginConnections> connections_;
    std::shared_ptr<plugin::Proxy> proxy_;
    std::shared_ptr<ConnectionManager> manager_;
    Breakers breakers_;
    core::RetryBudget budget_;
    core::InFlight in_flight_;
    core::PeakEwma cost_;
    /// By being enabled, or because its breaker has closed.
    std::atomic<base::TimePoint> usable_since_{base::TimePoint::min()};

    /// What check_health() found when there was no monitor at work.
    struct Checked {
        base::TimePoint time;
        std::optional<Health> health;  ///< nullopt: it failed
    };
    mutable std::mutex notes_mutex_;
    std::string last_error_;
    std::optional<Checked> checked_;
};

}  // namespace tenon::provider

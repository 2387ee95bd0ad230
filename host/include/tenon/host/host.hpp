#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/host/control.hpp"
#include "tenon/host/status.hpp"
#include "tenon/host/types.hpp"

namespace tenon::host {

/// How a host is set up. Everything may stay as it is.
struct HostOptions {
    /// Directories (or single plugin files), loaded in order before those of the configuration file
    /// and the installation.
    std::vector<std::filesystem::path> plugin_directories = {};
    /// Whether the plugins of $TENON_PLUGIN_PATH and of the installation are loaded too.
    bool load_installed_plugins = true;
    /// A configuration file (docs/configuration.md); empty = built-in defaults, no file is read.
    std::filesystem::path config_file = {};
    /// "trace", "debug", "info", "warn", "error" or "off"; empty = as configured, else "warn".
    std::string log_level = {};
    /// Receives every log line instead of standard error, one at a time, on any thread. Must not
    /// call back into the host.
    std::function<void(std::string_view line)> log_sink = {};
    /// "development", "production" or "high_latency": defaults under those of the configuration
    /// file (docs/configuration.md); empty = as the file says, else "production".
    std::string profile = {};
    /// false: nothing is checked at intervals. For programs that end soon.
    bool active_checks = true;
    /// How long the host's end waits for calls that plugins do not finish although they were
    /// cancelled. Providers that still have one then are left alive instead of being destroyed.
    std::chrono::milliseconds shutdown_grace = std::chrono::seconds(10);
    /// Where what people have decided outlives the program: which providers are enabled, which are
    /// to be connected, pins; and how providers were, and until when they want to be left alone.
    /// It goes before the configuration. Made if missing; the host owns it while it lives. Empty =
    /// nothing is kept.
    std::filesystem::path state_file = {};
};

/// One provider to add at run time.
struct ProviderOptions {
    std::string name;
    std::string kind;
    /// The provider's configuration, a JSON object that fits the kind's schema.
    std::string config_json = "{}";
    std::string default_model = {};
    /// What else may stand under providers.NAME in a configuration file: "pool", "breaker",
    /// "retry", "timeouts", ... as a JSON object.
    std::string settings_json = "{}";
};

/// A request under way. Dropping it does not cancel.
///
/// \par Thread-safety
/// Any thread.
class Operation {
public:
    virtual ~Operation() = default;
    /// Ends the request with Code::cancelled unless it has ended. Returns at once.
    virtual void cancel() noexcept = 0;
};

/// Receives a streamed answer's deltas.
using OnDelta = std::function<void(const StreamDelta&)>;

/// Somebody who is told of events, until it is destroyed.
///
/// \par Thread-safety
/// Any thread. Destroying it waits for a callback that runs, unless that is where it is destroyed.
class Subscription {
public:
    virtual ~Subscription() = default;
    /// The newest event when it began: what status() says afterwards is at least as new.
    [[nodiscard]] virtual std::uint64_t began_after() const noexcept = 0;
    /// Events that were dropped because the callback was too slow. The newest state of each
    /// provider never is.
    [[nodiscard]] virtual std::uint64_t lost() const noexcept = 0;
};

/// Loads provider plugins and completes prompts through them.
///
/// \par Errors
/// Every failure is an Error whose message names the provider, the cause and what to do. Nothing
/// throws except for lack of memory.
/// \par Thread-safety
/// All functions may be called from any thread, except that construction and destruction are
/// exclusive. Do not call blocking functions from a callback of the host.
/// \par Object lifetimes
/// The destructor cancels what is under way, waits for it, and destroys the providers. Plugins stay
/// mapped until the process ends.
class Host {
public:
    /// Reads the configuration, starts the I/O threads, loads the plugins, makes the configured
    /// providers. A broken plugin or provider does not fail the host: see plugin_problems() and
    /// status().
    /// Errors: an unusable configuration (every problem, one per line); one of
    /// HostOptions::plugin_directories cannot be read; the state file is damaged, or another
    /// process owns it.
    [[nodiscard]] static Result<std::unique_ptr<Host>> open(const HostOptions& options = {});

    virtual ~Host() = default;

    /// Loads every plugin of a directory, or one file. Errors: the directory cannot be read, the
    /// file cannot be loaded; broken files in a directory are reported by plugin_problems().
    virtual Result<void> load_plugins(const std::filesystem::path& path) = 0;
    virtual Result<void> add_provider(const ProviderOptions& options) = 0;

    /// Reads the configuration file again; takes all of it over or, if there is any error in it,
    /// nothing. Providers that have not changed keep their connections; those that have are made
    /// anew for new requests, while the requests of the old ones may end within their
    /// connection.drain_grace. One that cannot be made fails nothing: see status(). What was added
    /// by add_provider() stays, and so does what commands have decided. Errors: every problem, one
    /// per line.
    virtual Result<ReloadReport> reload() = 0;

    [[nodiscard]] virtual std::vector<KindInfo> kinds() const = 0;
    [[nodiscard]] virtual std::vector<PluginProblem> plugin_problems() const = 0;

    /// How every configured provider stands.
    /// \param probe run the health checks first (they cost no tokens), all at once, each bounded by
    /// timeouts.health_check.
    [[nodiscard]] virtual std::vector<ProviderStatus> status(bool probe = false) = 0;
    [[nodiscard]] virtual std::vector<ProviderStatistics> statistics() const = 0;

    /// Tells `on_event` of every event from now on, in order, one at a time, on an I/O thread; it
    /// must return promptly. `capacity` events wait for it at most. What it throws ends the
    /// subscription. The host must outlive the subscription.
    [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(
        std::function<void(const Event&)> on_event, std::size_t capacity = 256) = 0;

    /// Gives a command and waits until the provider has settled: connected, disconnected or
    /// unhealthy; at most for `patience` (0 = do not wait). The reply says which.
    /// What a command decides has been written to the state file, if there is one, when the reply
    /// comes. Errors: there is no such provider; the state file cannot be written to, and nothing
    /// has changed.
    virtual Result<CommandReply> command(std::string_view provider, Command command,
                                         std::chrono::milliseconds patience = {},
                                         std::stop_token stop = {}) = 0;
    /// The same for all providers at once, in the order of their names. What would be an error is
    /// a refusal.
    virtual std::vector<CommandReply> command_all(Command command,
                                                  std::chrono::milliseconds patience = {},
                                                  std::stop_token stop = {}) = 0;
    /// Starts a command; the callback runs on an I/O thread, once, when the provider has settled.
    /// Cancelling the operation ends the wait, not the command. Errors: as for command().
    virtual std::shared_ptr<Operation> start_command(
        std::string_view provider, Command command, std::chrono::milliseconds patience,
        std::function<void(Result<CommandReply>)> on_done) = 0;

    /// Checks a provider's health now; costs no tokens, and takes timeouts.health_check at most.
    /// The callback runs on an I/O thread, once. Errors: there is no such provider; cancelled.
    virtual std::shared_ptr<Operation> start_check(
        std::string_view provider, std::function<void(Result<CheckReply>)> on_done) = 0;

    /// Holds until another command or the host's end; it is not kept in the state file.
    /// \param model empty = the breaker of the whole provider
    /// Errors: there is no such provider, or it could not be made.
    virtual Result<void> set_breaker(std::string_view provider, std::string_view model,
                                     BreakerCommand command) = 0;

    [[nodiscard]] virtual std::vector<RouteInfo> routes() const = 0;
    /// Replaces an older pin of the route. Errors: no such route or provider, with the nearest
    /// name; as for command().
    virtual Result<void> pin_route(const RoutePin& pin) = 0;
    /// Returns whether the route was pinned. Errors: as for command().
    virtual Result<bool> unpin_route(std::string_view model) = 0;
    /// \name The same without waiting for the disk; the callback runs on an I/O thread, once
    /// @{
    virtual void start_pin_route(const RoutePin& pin,
                                 std::function<void(Result<void>)> on_done) = 0;
    virtual void start_unpin_route(std::string_view model,
                                   std::function<void(Result<bool>)> on_done) = 0;
    /// @}

    /// Completes a chat request and waits for the answer.
    /// \param on_delta if set, the answer is streamed to it on this thread; the whole answer is
    /// returned all the same. After the first delta an error means that the answer broke off.
    /// \param stop ends the request with Code::cancelled when stop is requested.
    [[nodiscard]] virtual Result<ChatAnswer> complete(const ChatRequest& request,
                                                      const OnDelta& on_delta = {},
                                                      std::stop_token stop = {}) = 0;
    /// Completes the text as one user message, with the default provider and model.
    [[nodiscard]] Result<ChatAnswer> complete(std::string_view prompt) {
        ChatRequest request;
        request.messages.push_back({"user", std::string(prompt)});
        return complete(request);
    }

    /// Starts a chat request. The callbacks run on an I/O thread, never inside this function, one
    /// at a time, `on_done` once and last; they must return promptly. What `on_delta` throws ends
    /// the request, what `on_done` throws is logged.
    virtual std::shared_ptr<Operation> start_complete(
        ChatRequest request, OnDelta on_delta, std::function<void(Result<ChatAnswer>)> on_done) = 0;

    virtual std::shared_ptr<Operation> start_embed(
        EmbeddingRequest request, std::function<void(Result<EmbeddingAnswer>)> on_done) = 0;
    virtual std::shared_ptr<Operation> start_rerank(
        RerankRequest request, std::function<void(Result<RerankAnswer>)> on_done) = 0;
    virtual std::shared_ptr<Operation> start_models(
        std::string_view provider,
        std::function<void(Result<std::vector<std::string>>)> on_done) = 0;

    [[nodiscard]] virtual Result<EmbeddingAnswer> embed(const EmbeddingRequest& request,
                                                        std::stop_token stop = {}) = 0;
    [[nodiscard]] virtual Result<RerankAnswer> rerank(const RerankRequest& request,
                                                      std::stop_token stop = {}) = 0;
    /// The models of one provider; the configured ones if it cannot list.
    [[nodiscard]] virtual Result<std::vector<std::string>> models(std::string_view provider,
                                                                  std::stop_token stop = {}) = 0;
};

}  // namespace tenon::host

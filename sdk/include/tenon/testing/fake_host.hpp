#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/entry.h"
#include "tenon/plugin/host.hpp"
#include "tenon/plugin/kind.hpp"
#include "tenon/testing/fake_http.hpp"
#include "tenon/testing/outcome.hpp"

/// Unit tests of a plugin without a host. Nothing here knows a test framework.
///
///     tenon::testing::FakeHost host;
///     tenon::testing::FakeProvider provider(host, *tenon_plugin_entry_v1(TENON_ABI_CURRENT),
///                                           "acme", R"({"region":"eu"})");
///     host.http().expect("POST", "https://eu.acme.example/chat",
///                        {.body = "data: {\"text\":\"hi\"}\n\n", .chunk_size = 1});
///     const auto outcome = provider.complete(
///         R"({"model":"m","messages":[{"role":"user","content":"hello"}]})", {.stream = true});
///     CHECK(outcome.text() == "hi");
///     CHECK(host.violations().empty());
namespace tenon::testing {

class FakeProvider;

struct LogLine {
    LogLevel level = LogLevel::info;
    std::string message;
    std::string fields_json;
};

struct LostConnection {
    tenon_conn* connection = nullptr;
    Error error;
};

/// A host for one test: strict about the ABI's contract, and deterministic. Callbacks wait in a
/// queue until the test runs it and time stands still until the test lets it pass, so a plugin
/// without threads of its own behaves the same in every run.
///
/// What the contract forbids (finishing twice, emitting after the end, finishing what was refused,
/// an answer that is no JSON, a leaked document, ...) is answered as the real host answers it and
/// kept in violations(). Memory that the contract takes back is overwritten and freed at once, so
/// that a use after the end shows, at the latest under the address sanitizer.
///
/// \par Object lifetimes
/// Outlives its providers and calls.
/// \par Thread-safety
/// The plugin may call the host from any thread. The functions of this class that run plugin code
/// (step, run, run_until_idle, advance) belong to one thread, as do FakeProvider and FakeCall; the
/// others may be called from any.
class FakeHost {
public:
    FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;
    /// Aborts if there are violations that violations() or check() never showed: a test cannot
    /// overlook them.
    ~FakeHost();

    /// What create() gets. Also for tests of code that only needs a HostRef.
    [[nodiscard]] const tenon_host* table() const noexcept;
    [[nodiscard]] HostRef ref() const noexcept { return HostRef(table()); }

    [[nodiscard]] FakeHttp http() noexcept;
    /// Makes get_service() answer NULL for this id from now on.
    void hide_service(std::string_view id);

    /// Runs the oldest waiting callback; if none is waiting, time passes up to the next timer.
    /// Returns false if there is neither.
    bool step();
    /// Runs callbacks until none is waiting. Time does not pass.
    void run();
    /// As run(), and lets time pass from timer to timer until no timer is left.
    /// \throws std::runtime_error after a million steps: the plugin goes round in circles
    void run_until_idle();
    /// Lets time pass: timers, limits of exchanges and deadlines come in their order.
    void advance(std::chrono::nanoseconds time);
    /// Since an arbitrary start; the clock of every deadline.
    [[nodiscard]] std::chrono::nanoseconds now() const;

    /// How long the blocking forms (FakeProvider::complete, ...) wait for a plugin that works on a
    /// thread of its own, in real time. A call that is still open then has been lost.
    void set_patience(std::chrono::milliseconds patience);

    /// What the plugin logged. Everything down to `level` is enabled; default: all.
    [[nodiscard]] std::vector<LogLine> logs() const;
    void set_log_level(LogLevel level);
    /// What the plugin reported with conn_lost.
    [[nodiscard]] std::vector<LostConnection> lost_connections() const;

    /// One sentence for each breach of the contract, in order of time. Empty is good.
    [[nodiscard]] std::vector<std::string> violations() const;
    /// \throws std::logic_error that names all violations, if there are any
    void check() const;

private:
    friend class FakeProvider;

    std::unique_ptr<FakeState> state_;
};

/// How to start an operation.
struct CallOptions {
    std::string model = {};              ///< empty = the request's "model"
    std::optional<bool> stream = {};     ///< default: the request's "stream"
    std::chrono::nanoseconds timeout{};  ///< until the deadline, from now; 0 = none
    std::string idempotency_key = {};
    std::string trace_parent = {};
    /// Default for providers that have connections: one that is free, or a new one.
    tenon_conn* connection = nullptr;

    /// What emit() answers, one for each time it is called, then TENON_OK: TENON_AGAIN to play a
    /// slow reader, TENON_CANCELLED to cancel the call there.
    std::vector<tenon_status> emit_answers = {};
    /// Cancel before the start function is called: it meets a call that nobody wants any more.
    bool cancelled_from_the_start = false;
};

/// The host's end of one operation.
///
/// To cancel in each phase of an operation, cancel after 0, 1, 2, ... steps of the queue:
///
///     for (int steps = 0;; ++steps) {
///         FakeHost host; ...
///         FakeCall call = provider.start_complete(request);
///         int done = 0;
///         while (done < steps && host.step()) ++done;
///         if (call.finished()) break;
///         call.cancel();
///         host.run_until_idle();
///         CHECK(call.finished());
///     }
///
/// \par Object lifetimes
/// A handle, copyable; valid as long as its FakeHost.
class FakeCall {
public:
    [[nodiscard]] tenon_call handle() const noexcept { return handle_; }
    /// Has the plugin finished or refused it?
    [[nodiscard]] bool finished() const;
    /// What there is so far.
    [[nodiscard]] Outcome outcome() const;
    /// As the host does when nobody wants the answer any more: ends the call's exchanges and timers
    /// and tells the plugin. Does nothing on a call that has ended.
    void cancel();

private:
    friend class FakeProvider;
    FakeCall(FakeState& state, tenon_call handle) noexcept : state_(&state), handle_(handle) {}

    FakeState* state_;
    tenon_call handle_;
};

/// One provider of the plugin under test, used as the host uses it: functions that it leaves out
/// get the defaults of tenon/abi/provider.h.
///
/// Each operation has two forms. The short one runs the host until the operation has finished (or
/// only a held exchange could let it go on: Outcome::finished is false then), letting time pass as
/// needed. The one named start_ returns at once.
class FakeProvider {
public:
    /// Calls create(). Whether that worked says ok().
    /// \throws std::invalid_argument if the plugin has no such kind, or the kind's descriptor or
    /// table is not what a host accepts
    FakeProvider(FakeHost& host, const tenon_plugin& plugin, std::string_view kind,
                 std::string_view config_json = "{}");
    FakeProvider(FakeHost& host, const Kind& kind, std::string_view config_json = "{}");
    FakeProvider(FakeHost& host, const tenon_descriptor& descriptor, const tenon_vtable& vtable,
                 std::string_view config_json = "{}");
    FakeProvider(const FakeProvider&) = delete;
    FakeProvider& operator=(const FakeProvider&) = delete;
    /// Cancels what is open, runs until idle, disconnects and destroys. A call that is open even
    /// then is a violation, and the provider is left alive.
    ~FakeProvider();

    /// Did create() make a provider? Without one, the operations throw std::logic_error.
    [[nodiscard]] bool ok() const noexcept;
    /// Why create() failed.
    [[nodiscard]] const std::optional<Error>& error() const noexcept;
    [[nodiscard]] tenon_provider* handle() const noexcept;

    Outcome complete(std::string_view request_json, const CallOptions& options = {});
    Outcome embed(std::string_view request_json, const CallOptions& options = {});
    Outcome rerank(std::string_view request_json, const CallOptions& options = {});
    Outcome list_models(const CallOptions& options = {});
    Outcome health_check(const CallOptions& options = {});
    /// Outcome::connection is the new connection; NULL for stateless providers.
    Outcome connect(const CallOptions& options = {});

    FakeCall start_complete(std::string_view request_json, const CallOptions& options = {});
    FakeCall start_embed(std::string_view request_json, const CallOptions& options = {});
    FakeCall start_rerank(std::string_view request_json, const CallOptions& options = {});
    FakeCall start_list_models(const CallOptions& options = {});
    FakeCall start_health_check(const CallOptions& options = {});
    FakeCall start_connect(const CallOptions& options = {});

    /// Closes one connection.
    /// \throws std::logic_error if it is not open or has a call
    void disconnect(tenon_conn* connection);
    /// How many connections are open.
    [[nodiscard]] std::size_t connections() const;

    [[nodiscard]] const void* get_extension(const char* id) const;

private:
    Outcome wait(const FakeCall& call);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::testing

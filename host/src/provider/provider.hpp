#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/awaitable.hpp"
#include "plugin/proxy.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/connections.hpp"
#include "tenon/result.hpp"

namespace tenon::provider {

/// Limits of one provider's operations. All above zero.
struct Timeouts {
    std::chrono::milliseconds connect{10'000};
    std::chrono::milliseconds first_byte{30'000};  ///< of a stream: until its first delta
    std::chrono::milliseconds idle{60'000};        ///< of a stream: between two deltas
    std::chrono::milliseconds health_check{5'000};
    std::chrono::milliseconds request{30'000};  ///< a request without stream, as a whole
    std::chrono::milliseconds stream{600'000};  ///< a streamed request, as a whole
};

enum class Operation { complete, embed, rerank };

/// One operation for a provider.
struct OperationRequest {
    Operation operation = Operation::complete;
    std::string model;
    std::string body;
    std::string idempotency_key;
    bool stream = false;
    std::chrono::milliseconds timeout{0};  ///< 0 = the provider's timeouts
};

/// Receives a stream's deltas in order, on the request's I/O thread.
class DeltaSink {
public:
    virtual void on_deltas(const plugin::DeltaBatch& batch) = 0;
    /// Is there room for more? If not, `waker` is to be woken once when there is; until then the
    /// provider is slowed down.
    [[nodiscard]] virtual bool ready(const std::shared_ptr<plugin::Waker>& waker) = 0;

protected:
    ~DeltaSink() = default;
};

/// What a health check found.
struct Health {
    std::string server_version;
    std::chrono::microseconds response_time{0};
};

/// Counters of one provider.
struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    std::uint64_t in_flight = 0;
};

/// One provider that the host runs: its connections, time limits and counters around the plugin.
///
/// \par Thread-safety
/// Any thread; the coroutines run on the I/O thread whose index they are given.
class Provider : public std::enable_shared_from_this<Provider> {
public:
    /// Errors: what Proxy::create() reports.
    [[nodiscard]] static Result<std::shared_ptr<Provider>> create(
        std::shared_ptr<const plugin::Kind> kind, plugin::ProxyOptions options,
        const Timeouts& timeouts, const plugin::ProxyEnvironment& environment);

    /// Runs one operation. Deltas go to `sink` (nullptr = nobody; must live until the end) as they
    /// come; the outcome is the plugin's own.
    /// Errors name the provider. Once the caller's time is up or `cancel` was raised the answer
    /// comes at once; the connection is used again when the plugin has finished the call too.
    net::Awaitable<Result<plugin::CallOutcome>> run(OperationRequest request, DeltaSink* sink,
                                                    std::shared_ptr<CancelSignal> cancel,
                                                    std::size_t io_index);

    /// Errors: why the provider is not healthy; Code::unsupported if it has no health check.
    net::Awaitable<Result<Health>> check_health(std::shared_ptr<CancelSignal> cancel,
                                                std::size_t io_index);

    /// The plugin's {"data":[...]}. Errors: Code::unsupported if it cannot list.
    net::Awaitable<Result<std::string>> list_models(std::shared_ptr<CancelSignal> cancel,
                                                    std::size_t io_index);

    /// Closes the connections and destroys the plugin's provider; waits up to `grace` for calls
    /// that the plugin has not finished. REQUIRES: no coroutine of this object runs any more.
    void shut_down(base::Duration grace);

    [[nodiscard]] const plugin::Kind& kind() const noexcept { return proxy_->kind(); }
    [[nodiscard]] const std::string& name() const noexcept { return proxy_->name(); }
    [[nodiscard]] const Timeouts& timeouts() const noexcept { return timeouts_; }
    [[nodiscard]] Counters counters() const noexcept;
    [[nodiscard]] std::size_t connections() const { return connections_.size(); }
    [[nodiscard]] std::uint64_t misbehaviours() const noexcept { return proxy_->misbehaviours(); }
    /// What the plugin has not finished, whether or not somebody still waits for it.
    [[nodiscard]] std::size_t unfinished() const noexcept { return proxy_->busy(); }

private:
    Provider(const Timeouts& timeouts, const plugin::ProxyEnvironment& environment,
             std::size_t most_calls)
        : timeouts_(timeouts), environment_(environment), connections_(most_calls) {}

    /// When a wait ends and what to say then.
    struct Limits {
        base::TimePoint total = base::kNoDeadline;
        std::chrono::milliseconds total_of{0};
        std::chrono::milliseconds first_delta{0};  ///< 0 = none
        std::chrono::milliseconds idle{0};         ///< 0 = none
    };
    using Starter = std::function<plugin::ActiveCall(tenon_conn*)>;

    net::Awaitable<Result<plugin::CallOutcome>> call(Starter start, Limits limits, DeltaSink* sink,
                                                     std::shared_ptr<CancelSignal> cancel,
                                                     std::size_t io_index);
    net::Awaitable<Result<tenon_conn*>> connection(std::shared_ptr<CancelSignal> cancel,
                                                   base::TimePoint deadline, std::size_t io_index);
    /// Waits for the end of a call. Success: `outcome` is set. Error: time limit or cancel, the
    /// call is not finished.
    net::Awaitable<Result<void>> drive(plugin::ActiveCall& active, const Limits& limits,
                                       DeltaSink* sink, CancelSignal& cancel,
                                       plugin::CallOutcome& outcome, std::size_t io_index);
    plugin::ActiveCall begin(const Starter& start, tenon_conn* conn);
    static Error out_of_time(const Limits& limits);
    static Error too_quiet(std::chrono::milliseconds patience);
    void give_back(tenon_conn* conn, bool lost);
    Error named(Error error) const;

    std::shared_ptr<plugin::Proxy> proxy_;
    const Timeouts timeouts_;
    const plugin::ProxyEnvironment environment_;
    Connections connections_;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> in_flight_{0};
};

}  // namespace tenon::provider

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/counters.hpp"
#include "core/deadline.hpp"
#include "core/failover.hpp"
#include "core/in_flight.hpp"
#include "core/outcome.hpp"
#include "core/retry.hpp"
#include "core/retry_budget.hpp"
#include "net/awaitable.hpp"
#include "plugin/call.hpp"
#include "provider/cancel_signal.hpp"
#include "tenon/result.hpp"

namespace tenon::provider {

enum class Operation { complete, embed, rerank };

/// Receives a stream's deltas in order, on the request's I/O thread.
class DeltaSink {
public:
    virtual void on_deltas(const plugin::DeltaBatch& batch) = 0;
    /// Is there room for more? If not, `waker` is to be woken once when there is (null: nobody
    /// waits yet); until then the provider is slowed down.
    [[nodiscard]] virtual bool ready(const std::shared_ptr<plugin::Waker>& waker) = 0;

protected:
    ~DeltaSink() = default;
};

/// One attempt of a logical request at one provider. Everything is borrowed until it has ended.
struct AttemptRequest {
    Operation operation = Operation::complete;
    std::string_view model = {};  ///< as the provider names it
    std::string_view body = {};
    /// Where `body` is, if the attempt may take it over: then it leaves nullopt.
    std::optional<std::string>* own_body = nullptr;
    std::string_view idempotency_key = {};
    std::string_view trace_parent = {};
    bool stream = false;
    /// Its breakers are passed by: somebody insists, or it is the last resort.
    bool in_spite = false;
    base::TimePoint started = {};                  ///< the logical request
    base::TimePoint deadline = base::kNoDeadline;  ///< of it
    /// What the caller asked for; it goes before the provider's own limits.
    core::PhaseLimits limits = {};

    [[nodiscard]] core::OperationClass operation_class() const noexcept {
        switch (operation) {
            case Operation::embed: return core::OperationClass::embed;
            case Operation::rerank: return core::OperationClass::rerank;
            case Operation::complete: break;
        }
        return stream ? core::OperationClass::stream : core::OperationClass::chat;
    }
};

/// What the host knows of an attempt beside its answer or error.
struct AttemptReport {
    core::Stop stop = core::Stop::none;
    bool dialing = false;                      ///< it ended while a connection was being made
    bool stale_connection = false;             ///< as in core::FailedTry
    base::Duration queue_wait{0};              ///< for permit and connection
    std::optional<base::Duration> first_byte;  ///< from the start of the call
};

/// One provider as the router sees it: who can be asked, and an attempt with all that surrounds
/// one: breakers, permit, connection, phase limits, verdict, statistics of attempts.
///
/// \par Thread-safety
/// Any thread.
class Upstream {
public:
    virtual ~Upstream() = default;

    [[nodiscard]] virtual const std::string& name() const noexcept = 0;

    /// For picks; member `load.in_flight` is in_flight().count(). Cheap, and no older than the last
    /// event.
    [[nodiscard]] virtual core::ProviderState state(std::string_view model) const noexcept = 0;
    /// What is known about why it cannot be asked; may be empty.
    [[nodiscard]] virtual std::string reason(std::string_view model) const = 0;

    /// The limits in effect for an operation here. `request` is what the caller asked for.
    [[nodiscard]] virtual core::Limits limits(core::OperationClass operation,
                                              const core::PhaseLimits& request) const noexcept = 0;
    /// How requests are repeated that ask it first; null = as all are. Lives as long as this.
    [[nodiscard]] virtual const core::RetrySettings* retry() const noexcept { return nullptr; }
    /// The plugin retries by itself.
    [[nodiscard]] virtual bool retries_internally() const noexcept = 0;

    /// Requests that have picked it; taken in the same step as the pick.
    [[nodiscard]] virtual core::InFlight& in_flight() noexcept = 0;
    [[nodiscard]] virtual core::RetryBudget& retry_budget() noexcept = 0;
    /// Requests and tallies are the router's to count, attempts and times the provider's.
    [[nodiscard]] virtual core::ProviderCounters& counters() noexcept = 0;

    /// One attempt. Deltas go to `sink` (nullptr = nobody) as they come. Ends at the deadline or
    /// once `cancel` is raised, whatever the plugin does; holds nothing afterwards. Errors name the
    /// provider. `report` is complete when it has ended, whatever the result.
    /// \par Object lifetimes
    /// `request`, `sink` and `report` live until the end.
    virtual net::Awaitable<Result<plugin::CallOutcome>> attempt(
        const AttemptRequest& request, DeltaSink* sink, std::shared_ptr<CancelSignal> cancel,
        std::size_t io_index, AttemptReport& report) = 0;
};

}  // namespace tenon::provider

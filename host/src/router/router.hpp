#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/balancer.hpp"
#include "core/counters.hpp"
#include "core/failover.hpp"
#include "core/random.hpp"
#include "core/retry.hpp"
#include "core/route_pins.hpp"
#include "core/route_table.hpp"
#include "net/awaitable.hpp"
#include "net/io_threads.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/event_hub.hpp"
#include "provider/upstream.hpp"
#include "router/change_waits.hpp"
#include "router/request.hpp"
#include "router/request_run.hpp"
#include "router/routing.hpp"
#include "tenon/result.hpp"

namespace tenon::router {

struct RouterSettings {
    core::RetrySettings retry;
    core::FailoverSettings failover;
    core::BalancerSettings balancer;

    /// For back-offs, picks and idempotency keys: must differ from host to host and from start to
    /// start.
    std::uint64_t seed = 0;

    [[nodiscard]] Result<void> validate() const;
};

/// Runs each request over the providers of its model: picks one, repeats, fails over, waits, all
/// within one deadline.
///
/// \par Object lifetimes
/// Outlives the coroutines of run(). The I/O threads, the clock and the events outlive it.
/// \par Thread-safety
/// Any thread.
class Router {
public:
    /// \par Preconditions
    /// `settings` are valid.
    /// \param events where fail-overs and the like are told; nullptr = nowhere.
    Router(const RouterSettings& settings, const base::Clock& clock, net::IoThreads& io,
           provider::EventHub* events = nullptr);

    /// What requests that begin from now on are routed by; those that run keep what they have. Pins
    /// stay, as far as their routes do. One call at a time.
    /// \par Preconditions
    /// Every provider of `table` is among `upstreams`, in whatever order.
    /// \param settings valid; nullptr = those of before. The seed stays.
    void set_routing(std::shared_ptr<const core::RouteTable> table,
                     const std::vector<std::shared_ptr<provider::Upstream>>& upstreams,
                     const RouterSettings* settings = nullptr);

    /// As core::RoutePins; for requests that begin from now on.
    [[nodiscard]] Result<void> pin(const core::Pin& pin);
    /// \return whether the route was pinned.
    bool unpin(std::string_view model);
    [[nodiscard]] core::RoutePins pins() const;

    /// A provider's state has changed: those who wait for somebody look again.
    void providers_changed() noexcept { changes_.changed(); }
    /// How many requests wait for somebody to come back.
    [[nodiscard]] std::size_t waiting() const noexcept { return changes_.size(); }

    /// Runs one request. Deltas go to `sink` (nullptr = nobody), from one provider only: what an
    /// attempt brings before its first real output is held back, and after that an error is final.
    /// Ends at the deadline, the longest total of the model's providers or what the request says,
    /// or once `cancel` is raised, which is not null.
    ///
    /// Errors: Code::not_found for an unknown model; Code::cancelled; otherwise the last attempt's,
    /// or why nobody can be asked, and in its message what every provider said. What body or sink
    /// throw becomes an error and ends the request.
    /// \par Preconditions
    /// Runs on the I/O thread `io_index`.
    /// \par Object lifetimes
    /// `request` and `sink` live until the end.
    net::Awaitable<Result<Routed>> run(const LogicalRequest& request, provider::DeltaSink* sink,
                                       std::shared_ptr<provider::CancelSignal> cancel,
                                       std::size_t io_index);

private:
    struct alignas(core::kCacheLine) ThreadState {
        core::Random random;
    };

    net::Awaitable<void> pause(RequestRun::Pause pause, provider::CancelSignal& cancel,
                               std::size_t io_index);
    [[nodiscard]] std::shared_ptr<const Published> published() const noexcept;

    const base::Clock& clock_;
    net::IoThreads& io_;
    provider::EventHub* const events_;
    std::vector<ThreadState> threads_;  ///< by I/O thread, each used by that one only
    ChangeWaits changes_;
    mutable std::mutex mutex_;
    std::shared_ptr<const RequestSettings> settings_;  ///< of the next set_routing(), unless it says
    core::BalancerSettings balancer_;                  ///< likewise
    std::shared_ptr<const Published> published_;  ///< nullptr until set_routing()
};

}  // namespace tenon::router

#include "router/router.hpp"

#include <optional>
#include <utility>

#include "provider/io_waker.hpp"
#include "router/hold_back.hpp"
#include "router/observation.hpp"
#include "router/thrown.hpp"

namespace tenon::router {
namespace {

/// Connects a request's wish to end with who sleeps. The signal may outlive the I/O threads, the
/// waker must not.
class Attached {
public:
    Attached(provider::CancelSignal& cancel, std::shared_ptr<plugin::Waker> waker) noexcept
        : cancel_(cancel) {
        cancel_.attach(std::move(waker));
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;
    ~Attached() { cancel_.attach(nullptr); }

private:
    provider::CancelSignal& cancel_;
};

Error no_routes() {
    Error error(Code::unavailable,
                "No routes are configured; configure a provider and its models.");
    error.scope = Scope::request;
    error.retryable = false;
    error.not_sent = true;
    return error;
}

/// The end of a request that never began.
Error refused(const LogicalRequest& request, Error error, const base::Clock& clock) {
    Observation(request.observer, clock).request_ended({.error = &error});
    return error;
}

}  // namespace

Result<void> RouterSettings::validate() const {
    if (auto checked = retry.validate(); !checked) return checked;
    if (auto checked = failover.validate(); !checked) return checked;
    return balancer.validate();
}

Router::Router(const RouterSettings& settings, const base::Clock& clock, net::IoThreads& io,
               provider::EventHub* events)
    : clock_(clock),
      io_(io),
      events_(events),
      settings_(std::make_shared<const RequestSettings>(
          RequestSettings{settings.retry, settings.failover})),
      balancer_(settings.balancer) {
    core::Random seeds(settings.seed);
    for (std::size_t i = 0; i < io.size(); ++i) {
        threads_.push_back({.random = core::Random(seeds.next())});
    }
}

void Router::set_routing(std::shared_ptr<const core::RouteTable> table,
                         const std::vector<std::shared_ptr<provider::Upstream>>& upstreams,
                         const RouterSettings* settings) {
    std::shared_ptr<const RequestSettings> requests;
    core::BalancerSettings balancer;
    {
        const std::lock_guard lock(mutex_);
        requests = settings_;
        balancer = balancer_;
    }
    if (settings != nullptr) {
        requests = std::make_shared<const RequestSettings>(
            RequestSettings{settings->retry, settings->failover});
        balancer = settings->balancer;
    }
    // Without the lock, which every request takes.
    auto next = std::make_shared<Published>();
    next->settings = requests;
    next->routing =
        std::make_shared<const Routing>(std::move(table), upstreams, balancer, io_.size());
    std::shared_ptr<const Published> old;  // goes outside the lock: it may be the last to hold it
    const std::lock_guard lock(mutex_);
    settings_ = std::move(requests);
    balancer_ = balancer;
    if (published_) next->pins = published_->pins;
    next->pins.expire(clock_.now());
    old = std::exchange(published_, std::move(next));
}

Result<void> Router::pin(const core::Pin& pin) {
    std::shared_ptr<const Published> old;
    const std::lock_guard lock(mutex_);
    if (!published_) return no_routes();
    auto next = std::make_shared<Published>(*published_);
    auto pinned = next->pins.pin(next->routing->table(), pin, clock_.now());
    if (pinned) old = std::exchange(published_, std::move(next));
    return pinned;
}

bool Router::unpin(std::string_view model) {
    std::shared_ptr<const Published> old;
    const std::lock_guard lock(mutex_);
    if (!published_) return false;
    auto next = std::make_shared<Published>(*published_);
    if (!next->pins.unpin(next->routing->table(), model)) return false;
    old = std::exchange(published_, std::move(next));
    return true;
}

core::RoutePins Router::pins() const {
    const auto now = published();
    core::RoutePins pins = now ? now->pins : core::RoutePins();
    pins.expire(clock_.now());
    return pins;
}

std::shared_ptr<const Published> Router::published() const noexcept {
    const std::lock_guard lock(mutex_);
    return published_;
}

net::Awaitable<Result<Routed>> Router::run(const LogicalRequest& request, provider::DeltaSink* sink,
                                           std::shared_ptr<provider::CancelSignal> cancel,
                                           std::size_t io_index) {
    const auto published = this->published();
    if (!published) co_return refused(request, no_routes(), clock_);
    const core::RouteTable& table = published->routing->table();
    const auto asked = table.find(request.model);
    if (!asked) co_return refused(request, table.unknown_model(request.model), clock_);

    const RequestSettings& settings = *published->settings;  // the run keeps the snapshot
    const RunContext context{settings.retry, settings.failover,         clock_,  changes_,
                             events_,        threads_[io_index].random, io_index};
    std::optional<HoldBack> hold;
    if (sink != nullptr) hold.emplace(*sink, *cancel);
    RequestRun run(context, published, *asked, request, hold ? &*hold : nullptr, *cancel);
    try {
        for (auto next = run.next(); next != RequestRun::Next::end; next = run.next()) {
            if (next == RequestRun::Next::pause) {
                const base::TimePoint began = clock_.now();
                co_await pause(run.take_pause(), *cancel, io_index);
                run.paused(clock_.now() - began);
                continue;
            }
            auto outcome = co_await run.upstream().attempt(run.attempt(), hold ? &*hold : nullptr,
                                                           cancel, io_index, run.report());
            run.ended(std::move(outcome));
        }
    } catch (...) {
        run.broken(thrown("The request"));
    }
    co_return run.take_result();
}

net::Awaitable<void> Router::pause(RequestRun::Pause pause, provider::CancelSignal& cancel,
                                   std::size_t io_index) {
    const auto waker = std::make_shared<provider::IoWaker>(io_.context(io_index));
    const Attached attached(cancel, waker);
    std::optional<ChangeWaits::Place> place;
    if (pause.unless_after) place.emplace(changes_, waker);
    const auto over = [&] {
        return cancel.cancelled() || clock_.now() >= pause.until ||
               (pause.unless_after && changes_.last() != *pause.unless_after);
    };
    // Not as one condition: GCC 12 begins the wait whatever stands before it.
    while (!over()) {
        if (!co_await waker->wait(pause.until)) break;
    }
}

}  // namespace tenon::router

#include "world.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <utility>
#include <variant>

namespace tenon::simulation {
namespace {

constexpr std::string_view kModel = "chat";

/// The primary, and below it the two others.
core::RouteTable route_table() {
    core::RouteTableSpec spec;
    spec.providers.assign(kProviderNames.begin(), kProviderNames.end());
    core::RouteSpec route;
    route.model = kModel;
    const auto target = [](std::size_t i) {
        return core::TargetSpec{.provider = std::string(kProviderNames[i]), .model = {}};
    };
    route.tiers = {{target(kPrimary)}, {target(kFlaky), target(2)}};
    spec.routes.push_back(std::move(route));
    auto table = core::RouteTable::build(spec);
    assert(table);
    return std::move(*table);
}

core::FailoverRequest failover_request(const core::Deadline& deadline) {
    core::FailoverRequest request;
    request.deadline = deadline.total();
    return request;
}

}  // namespace

World::World(const Scenario& scenario)
    : scenario_(scenario),
      hole_{Timeline::start() + scenario.outage_begins, Timeline::start() + scenario.outage_ends},
      table_(route_table()),
      balancers_(balancers_for(table_, scenario_.balancer)),
      limits_(core::resolve_limits(core::OperationClass::chat, {&scenario_.limits})),
      random_(scenario.seed),
      clients_(scenario.clients) {
    for (std::size_t i = 0; i < kProviders; ++i) {
        const BlackHole& hole = i == kPrimary ? hole_ : none_;
        providers_[i] = std::make_unique<Provider>(i, scenario_, hole, timeline_, records_);
    }
}

void World::run() {
    for (const auto& provider : providers_) provider->start();
    for (Client& client : clients_) think(client);
    if (scenario_.herd_period.count() > 0) herd();
    timeline_.after(scenario_.length, [this] {
        for (Client& client : clients_) timeline_.cancel(client.next);
        for (const auto& provider : providers_) provider->stop();
    });
    timeline_.run();
}

// --- Clients -------------------------------------------------------------------------------------

void World::think(Client& client) {
    const std::chrono::duration<double, std::milli> mean = scenario_.mean_think;
    const auto time =
        std::chrono::duration_cast<base::Duration>(mean * -std::log(1 - random_.unit()));
    if (timeline_.since_start() + time >= scenario_.length) return;
    client.next = timeline_.after(time, [this, &client] { ask(client); });
}

/// Everybody who thinks asks now.
void World::herd() {
    timeline_.after(scenario_.herd_period, [this] {
        if (timeline_.since_start() >= scenario_.length) return;
        for (Client& client : clients_) {
            if (client.request) continue;
            timeline_.cancel(client.next);
            ask(client);
        }
        herd();
    });
}

void World::ask(Client& client) {
    const core::Deadline deadline(limits_, timeline_.now());
    client.request = std::make_unique<Request>(*this, table_.find(kModel).value(), deadline);
    if (random_.unit() < scenario_.cancelled) {
        const std::chrono::milliseconds patience(random_.below(4'000));
        client.cancel = timeline_.after(patience, [&client] { client.request->cancel(); });
    }
    client.request->begin();
}

void World::request_ended(const Request& request) {
    const auto owner = std::find_if(clients_.begin(), clients_.end(), [&](const Client& client) {
        return client.request.get() == &request;
    });
    assert(owner != clients_.end());
    timeline_.cancel(owner->cancel);
    // It is one of the request's own functions that has called.
    timeline_.soon([this, &client = *owner] {
        client.request.reset();
        think(client);
    });
}

// --- A request -----------------------------------------------------------------------------------

Request::Request(World& world, const core::Match& model, const core::Deadline& deadline)
    : world_(world),
      deadline_(deadline),
      failover_(world.table_, world.scenario_.failover, model, failover_request(deadline)),
      retry_(world.scenario_.retry, deadline.total()),
      began_(world.timeline_.now()),
      stage_(world.scenario_.stage_at(world.timeline_.since_start())) {}

void Request::begin() {
    world_.records_.requests[static_cast<std::size_t>(stage_)].start();
    world_.records_.asked.add(world_.timeline_.since_start());
    ask();
}

/// Whom to ask next.
void Request::ask() {
    const int left = world_.scenario_.retry.max_attempts - retry_.attempts();
    const auto step =
        failover_.next(world_.timeline_.now(), left, world_, world_.balancers_, world_.random_);
    if (const auto* where = std::get_if<core::Attempt>(&step)) return attempt_at(*where);
    if (const auto* wait = std::get_if<core::WaitUntil>(&step)) {
        pause_ = world_.timeline_.at(wait->time, [this] { ask(); });
        return;
    }
    const bool asked = retry_.attempts() > 0;
    end(asked ? core::Ending::failed : core::Ending::rejected, std::get<Error>(step).code);
}

void Request::attempt_at(const core::Attempt& where) {
    if (!retry_.attempt_started(world_.timeline_.now())) {
        return end(core::Ending::failed, Code::deadline);
    }
    Provider& provider = *world_.providers_[where.target->provider];
    if (!first_) {
        first_ = where.target->provider;
        provider.records().of(stage_).requests.start();
    }
    attempt_ = std::make_unique<Attempt>(
        provider, deadline_, [this, where](const Attempt::End& end) { attempt_ended(where, end); });
    attempt_->begin();
}

void Request::attempt_ended(const core::Attempt& where, const Attempt::End& end) {
    Provider& provider = attempt_->provider();
    if (!end.error) {
        retry_.attempt_succeeded(&provider.budget());
        return this->end(core::Ending::succeeded);
    }
    const Error& error = *end.error;
    const auto after = failover_.failed(where, error);
    if (after.onward == core::AfterFailure::Onward::nowhere) {
        return this->end(core::Ending::failed, error.code);
    }
    const base::TimePoint now = world_.timeline_.now();
    const auto outlook = failover_.outlook(where, now, world_);
    const core::FailedTry failed{
        .stop = end.stop,
        .error = &error,
        .dialing = end.dialing,
        .admits = outlook.admits,
        .alternatives = outlook.alternatives,
        .counts = after.counts,
        .budget = &provider.budget(),
    };
    const auto decision = retry_.attempt_failed(failed, now, world_.random_);
    provider.records().of(attempt_->stage()).count(decision);
    follow(where, decision, error);
}

void Request::follow(const core::Attempt& where, const core::RetryDecision& decision,
                     const Error& error) {
    const auto again = [this, where] {
        world_.records_.retries.add(world_.timeline_.since_start());
        attempt_at(where);
    };
    switch (decision.action) {
        case core::RetryAction::retry_here:
            pause_ = world_.timeline_.after(decision.wait, again);
            return;
        case core::RetryAction::transparent_retry: return again();
        case core::RetryAction::fail_over:
            world_.records_.failovers.add(world_.timeline_.since_start());
            return ask();
        case core::RetryAction::give_up: break;
    }
    end(retry_.attempts() > 0 ? core::Ending::failed : core::Ending::rejected, error.code);
}

void Request::cancel() {
    if (over_) return;
    retry_.cancel();
    world_.timeline_.cancel(pause_);
    if (attempt_) attempt_->cancel();
    end(core::Ending::cancelled);
}

void Request::end(core::Ending ending, Code code) {
    assert(!over_);
    over_ = true;
    const auto stage = static_cast<std::size_t>(stage_);
    Records& records = world_.records_;
    records.requests[stage].end(ending, code);
    if (first_) records.providers[*first_].of(stage_).requests.end(ending, code);
    if (ending == core::Ending::succeeded) {
        records.latency[stage].record(world_.timeline_.now() - began_);
        records.requests_succeeded.add(world_.timeline_.since_start());
    } else if (ending != core::Ending::cancelled) {
        records.requests_failed.add(world_.timeline_.since_start());
    }
    world_.request_ended(*this);
}

}  // namespace tenon::simulation

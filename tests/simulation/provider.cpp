#include "provider.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

namespace tenon::simulation {
namespace {

constexpr std::uint64_t kSpread = 0x9e37'79b9;  // between the seeds of providers

core::HealthSettings health_settings(const Scenario& scenario) {
    core::HealthSettings settings = scenario.health;
    settings.active = scenario.checks;
    return settings;
}

Error dial_error(const char* message) {
    Error error(Code::unavailable, message);
    error.not_sent = true;
    return error;
}

}  // namespace

Provider::Provider(std::size_t index, const Scenario& scenario, const BlackHole& hole,
                   Timeline& timeline, Records& records)
    : index_(index),
      scenario_(scenario),
      health_settings_(health_settings(scenario)),
      timeline_(timeline),
      all_records_(records),
      records_(records.providers[index]),
      remote_(scenario.remotes[index], hole, core::Random(scenario.seed + index * kSpread + 1)),
      breaker_(scenario.breaker, timeline.now(), scenario.seed + index * kSpread),
      permits_(scenario.permits),
      pool_(scenario.pool, core::Random(scenario.seed + index * kSpread + 2)),
      budget_(scenario.budget),
      health_(health_settings_, scenario.seed + index * kSpread + 3) {}

void Provider::start() {
    core::PoolActions actions;
    pool_.ready(timeline_.now(), actions);
    carry_out(actions);
    carry_out(health_.start(timeline_.now()));
    settle();
}

void Provider::stop() {
    carry_out(health_.stop(timeline_.now()));
    core::PoolActions actions;
    pool_.close(false, timeline_.now(), actions);
    carry_out(actions);
    settle();
}

core::ProviderState Provider::state() const noexcept {
    const base::TimePoint now = timeline_.now();
    core::ProviderState state;
    const auto permits = permits_.report();
    state.load.in_flight = in_flight_.count();
    state.load.capacity = permits.limit;
    state.load.no_free_slot = permits.held >= permits.limit;
    state.load.cost_ms = cost_.cost_ms(now, scenario_.ewma);
    state.load.since = usable_since_;
    if (health_.state() == core::HealthState::unhealthy) {
        state.availability = core::Availability::unhealthy;
        return state;
    }
    const core::BreakerSnapshot breaker = breaker_.snapshot(now);
    state.on_probation = breaker.state != core::BreakerState::closed;
    if (breaker.retry_after > base::Duration(0)) {
        state.availability = core::Availability::breaker_open;
        state.available_at = now + breaker.retry_after;
    }
    return state;
}

// --- For attempts --------------------------------------------------------------------------------

core::WaiterTag Provider::enter(Attempt& attempt) {
    attempts_.emplace(++last_tag_, &attempt);
    return last_tag_;
}

core::Admission Provider::admit() {
    auto admission = breaker_.admit(timeline_.now());
    note(admission.event);
    return admission;
}

void Provider::record(core::BreakerPermit permit, const core::Verdict& verdict,
                      const Attempt::End& end) {
    const base::TimePoint now = timeline_.now();
    note(breaker_.record(std::move(permit), verdict.outcome, now));
    health_.request_ended(verdict, end.error ? end.error->retry_after_ms : std::nullopt, now);
    settle();
}

void Provider::took(base::Duration time, bool well) noexcept {
    const base::TimePoint now = timeline_.now();
    well ? cost_.succeeded(time, now, scenario_.ewma) : cost_.failed(time, now, scenario_.ewma);
}

core::Permits::Admission Provider::acquire_permit(core::WaiterTag tag, base::TimePoint deadline) {
    core::PermitActions actions;
    const auto admission = permits_.acquire(tag, deadline, timeline_.now(), actions);
    carry_out(actions);
    settle();
    return admission;
}

void Provider::release_permit(core::Ticket permit) {
    core::PermitActions actions;
    [[maybe_unused]] const bool released = permits_.release(permit, timeline_.now(), actions);
    assert(released);
    carry_out(actions);
    settle();
}

core::Pool::Acquired Provider::acquire_connection(core::WaiterTag tag, base::TimePoint deadline,
                                                  core::PoolReport& report) {
    core::PoolActions actions;
    const auto acquired = pool_.acquire(tag, deadline, timeline_.now(), actions);
    report = actions.report;
    carry_out(actions);
    settle();
    return acquired;
}

void Provider::release_connection(core::Ticket lease, core::Disposition disposition) {
    core::PoolActions actions;
    [[maybe_unused]] const bool released =
        pool_.release(lease, disposition, timeline_.now(), actions);
    assert(released);
    carry_out(actions);
    settle();
}

// --- What the machines want done -----------------------------------------------------------------

void Provider::note(const std::optional<core::BreakerEvent>& event) {
    if (!event) return;
    const base::TimePoint now = timeline_.now();
    records_.breaker.push_back({now, *event});
    if (event->cause == core::BreakerCause::too_many_failures) {
        const Stage stage = scenario_.stage_at(timeline_.since_start());
        records_.of(stage).add(core::Tally::breaker_trips);
    }
    if (event->to == core::BreakerState::closed) usable_since_ = now;
}

/// Later at the same moment, as the host would: outside the machines' lock, on the waiter's thread.
/// Until then the waiter may have been cancelled.
template <class Action>
void Provider::tell(core::WaiterTag tag, Action action) {
    timeline_.soon([this, tag, action] {
        if (const auto found = attempts_.find(tag); found != attempts_.end()) {
            action(*found->second);
        }
    });
}

void Provider::carry_out(const core::PermitActions& actions) {
    for (const core::PermitAction& action : actions) {
        if (action.kind == core::PermitAction::Kind::grant) {
            tell(action.tag, [](Attempt& attempt) { attempt.permit_granted(); });
        } else {
            const Error error = to_error(action.reason, permits_.report(), action.waited);
            tell(action.tag, [error](Attempt& attempt) { attempt.permit_failed(error); });
        }
    }
}

void Provider::carry_out(const core::PoolActions& actions) {
    for (const core::PoolAction& action : actions) {
        switch (action.kind) {
            case core::PoolAction::Kind::dial: dial(action.conn); break;
            case core::PoolAction::Kind::abort_dial:
                timeline_.soon([this, conn = action.conn] {
                    const Error error = dial_error("The dial was given up.");
                    end_dial(conn, &error);
                });
                break;
            case core::PoolAction::Kind::deliver:
                tell(action.tag,
                     [conn = action.conn](Attempt& attempt) { attempt.connected(conn); });
                break;
            case core::PoolAction::Kind::fail:
                tell(action.tag, [action, report = actions.report](Attempt& attempt) {
                    attempt.not_connected(action.reason, report, action.waited);
                });
                break;
            case core::PoolAction::Kind::interrupt:
                timeline_.soon([this, conn = action.conn] { interrupt(conn); });
                break;
            case core::PoolAction::Kind::close:
            case core::PoolAction::Kind::probe:
            case core::PoolAction::Kind::drained: break;
        }
    }
}

void Provider::carry_out(const core::HealthSteps& steps) {
    if (steps.transition) {
        core::PoolActions actions;
        if (steps.transition->to == core::HealthState::unhealthy) {
            pool_.clear(true, timeline_.now(), actions);
        } else if (steps.transition->from == core::HealthState::unhealthy) {
            usable_since_ = timeline_.now();
            pool_.ready(timeline_.now(), actions);
        }
        carry_out(actions);
    }
    if (!steps.check) return;
    if (const auto takes = remote_.check(timeline_.now())) {
        timeline_.after(*takes, [this, id = steps.check->id] {
            carry_out(health_.check_done(id, {}, timeline_.now()));
            settle();
        });
    }
}

void Provider::dial(core::ConnId conn) {
    const auto connect = core::default_limits(core::OperationClass::chat)[core::Phase::connect];
    const auto takes = remote_.dial(timeline_.now());
    dials_[conn] = timeline_.after(takes.value_or(connect), [this, conn, reached = !!takes] {
        const Error error = dial_error("Connecting took too long.");
        end_dial(conn, reached ? nullptr : &error);
    });
}

void Provider::end_dial(core::ConnId conn, const Error* error) {
    const auto found = dials_.find(conn);
    if (found == dials_.end()) return;
    timeline_.cancel(found->second);
    dials_.erase(found);
    core::PoolActions actions;
    if (error == nullptr) {
        pool_.dial_succeeded(conn, conn, timeline_.now(), actions);
    } else {
        pool_.dial_failed(conn, *error, timeline_.now(), actions);
    }
    carry_out(actions);
    settle();
}

void Provider::interrupt(core::ConnId conn) {
    std::vector<core::WaiterTag> tags;
    for (const auto& [tag, attempt] : attempts_) {
        if (attempt->conn() == conn) tags.push_back(tag);
    }
    for (const auto tag : tags) {
        if (const auto found = attempts_.find(tag); found != attempts_.end()) {
            found->second->interrupted();
        }
    }
}

// --- Time ----------------------------------------------------------------------------------------

void Provider::tick() {
    const base::TimePoint now = timeline_.now();
    core::PermitActions permit_actions;
    permits_.tick(now, permit_actions);
    carry_out(permit_actions);
    core::PoolActions pool_actions;
    pool_.tick(now, pool_actions);
    carry_out(pool_actions);
    carry_out(health_.tick(now));
    note(breaker_.tick(now));
    settle();
}

/// After each event: the timer, and a look at the gauges.
void Provider::settle() {
    watch();
    const base::TimePoint next =
        std::min({permits_.next_tick(), pool_.next_tick(), health_.next_wake()});
    if (next == armed_) return;
    timeline_.cancel(timer_);
    armed_ = next;
    if (next == base::kNoDeadline) return;
    timer_ = timeline_.at(std::max(next, timeline_.now()), [this] {
        armed_ = base::kNoDeadline;
        tick();
    });
}

void Provider::watch() {
    const auto set = [&](GaugeId id, std::uint32_t value, std::uint32_t limit) {
        Gauge& gauge = records_.gauges[static_cast<std::size_t>(id)];
        gauge.limit = limit;
        gauge.set(value);
    };
    const auto permits = permits_.report();
    set(GaugeId::permits_held, permits.held, scenario_.permits.permits);
    set(GaugeId::permits_awaited, permits.waiting, scenario_.permits.queue);
    const auto pool = pool_.report();
    set(GaugeId::connections, pool.total(), scenario_.pool.max_connections);
    set(GaugeId::dials, pool.connecting, scenario_.pool.max_connecting);
    set(GaugeId::connections_awaited, pool.waiting, scenario_.pool.max_waiting);
    const auto breaker = breaker_.snapshot(timeline_.now());
    set(GaugeId::probes, static_cast<std::uint32_t>(breaker.probes_in_flight),
        static_cast<std::uint32_t>(scenario_.breaker.probes));
    set(GaugeId::in_flight, in_flight_.count(), scenario_.clients);
}

}  // namespace tenon::simulation

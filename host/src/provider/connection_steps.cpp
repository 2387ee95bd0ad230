#include <utility>

#include "provider/connection_manager.hpp"
#include "provider/connection_section.hpp"

// What the machines of ConnectionManager decide, carried out.
namespace tenon::provider {

void ConnectionManager::apply(const core::ConnectionSteps& steps, Section& section) {
    if (steps.empty()) return;
    for (const core::ConnectionStep& step : steps) apply(step, section);
    look_again(section);
}

void ConnectionManager::apply(const core::ConnectionStep& step, Section& section) {
    using Kind = core::ConnectionStep::Kind;
    core::PoolActions actions;
    switch (step.kind) {
        case Kind::publish: publish(step.transition, section); break;
        case Kind::start_dial: start_dial(step, section); break;
        case Kind::cancel_dial: cancel_dial(section); break;
        case Kind::close_dialled: break;  // dial() closes what comes too late
        case Kind::open_pool: open_pool(section); break;
        case Kind::clear_pool:
            drop_spare(section);
            pool_.clear(false, section.now, actions);
            tell(PoolCleared{});
            apply(actions, section);
            break;
        case Kind::start_drain:
            drop_spare(section);
            drain_generation_ = step.generation;
            pool_.drain(section.now, actions);
            apply(actions, section);
            // A pool that has not been opened since the last drain does not tell again.
            if (pool_.report().total() == 0) drained(section);
            break;
        case Kind::close_all:
            drop_spare(section);
            pool_.clear(true, section.now, actions);
            apply(actions, section);
            if (settings_.connection.stateless) interrupt(0, section);
            break;
        case Kind::start_check: apply(health_.verify(section.now), section); break;
    }
}

void ConnectionManager::publish(const core::ConnectionTransition& transition, Section& section) {
    using State = core::ConnectionState;
    tell(transition);
    wake_watchers(section);
    if (transition.to == State::connected && transition.from == State::unhealthy) {
        face_connected_.store(section.now, std::memory_order_relaxed);
    }
    if (transition.to == State::disconnected || transition.to == State::disconnecting) {
        apply(health_.stop(section.now), section);
        check_over(section);
    } else if (transition.from == State::disconnected) {
        apply(health_.start(section.now), section);
    }
}

/// The spare connection goes first, so that no other is dialled in its place.
void ConnectionManager::open_pool(Section& section) {
    core::PoolActions actions;
    if (const ConnHandle conn = std::exchange(spare_, 0); conn != 0) {
        const core::ConnId id = pool_.adopt(conn, section.now, actions);
        if (id == core::kNoConn) {
            close(conn, section);
        } else {
            conns_[conn].id = id;
        }
        apply(actions, section);
        actions.clear();
    }
    pool_.ready(section.now, actions);
    apply(actions, section);
}

void ConnectionManager::drained(Section& section) {
    core::ConnectionSteps steps;
    machine_.drained(drain_generation_, section.now, steps);
    apply(steps, section);
}

void ConnectionManager::apply(const core::HealthSteps& steps, Section& section) {
    if (steps.abandoned != 0 && check_ && check_->id == steps.abandoned) {
        section.cancel(std::exchange(check_, std::nullopt)->cancel);
        check_over(section);
    }
    if (steps.transition) tell(*steps.transition);
    core::ConnectionSteps verdict;
    machine_.health(steps.verdict, section.now, verdict);
    apply(verdict, section);
    if (!steps.check) return;
    start_check(*steps.check, section);
    if (!steps.check->periodic) return;
    core::ConnectionSteps tick;
    machine_.health_tick(section.now, tick);
    apply(tick, section);
}

void ConnectionManager::apply(const core::PoolActions& actions, Section& section) {
    using Kind = core::PoolAction::Kind;
    for (const core::PoolAction& action : actions) {
        switch (action.kind) {
            case Kind::dial: start_pool_dial(action.conn, section); break;
            case Kind::abort_dial:
                if (const auto dial = pool_dials_.find(action.conn); dial != pool_dials_.end()) {
                    section.cancel(dial->second);
                }
                break;
            case Kind::deliver:
                if (Call& call = call_of(action.tag); call.phase == Call::Phase::connection) {
                    grant(call, action.handle, section);
                }
                break;
            case Kind::fail: left_line(call_of(action.tag), action, actions.report, section); break;
            case Kind::close: close(action.handle, section); break;
            case Kind::probe: start_probe(action.conn, action.handle, section); break;
            case Kind::interrupt: interrupt(action.handle, section); break;
            case Kind::drained: drained(section); break;
        }
    }
}

void ConnectionManager::left_line(Call& call, const core::PoolAction& action,
                                  const core::PoolReport& report, Section& section) {
    if (call.phase != Call::Phase::connection) return;
    call.place = core::kNoTicket;
    switch (action.reason) {
        case core::PoolReason::paused:
        case core::PoolReason::draining:
        case core::PoolReason::closed:
            // The state tells more, and may be worth waiting for; it is looked at after the steps
            // that this is one of.
            enter(call, Call::Phase::state, section);
            break;
        default: reject(call, action.reason, report, section);
    }
}

void ConnectionManager::apply(const core::PermitActions& actions, Section& section) {
    for (const core::PermitAction& action : actions) {
        Call& call = call_of(action.tag);
        if (call.phase != Call::Phase::permit) continue;
        if (action.kind == core::PermitAction::Kind::grant) {
            proceed(call, section);
        } else {
            reject(call, action.reason, section);
        }
    }
}

}  // namespace tenon::provider

// The life of a call between its start and its end: what the plugin does with it through the host's
// table, and what the host does with it through ActiveCall.
#include <exception>

#include "net/io_threads.hpp"
#include "plugin/attribution.hpp"
#include "plugin/plausible.hpp"
#include "plugin/proxy.hpp"
#include "tenon/testing/json_service.hpp"

namespace tenon::plugin {
namespace {

/// Above the first mark the call's HTTP exchanges stop reading; above the second emit() answers
/// AGAIN. The distance is what one read of the transport may still deliver.
constexpr std::size_t kPauseAbove = std::size_t{64} << 10;
constexpr std::size_t kRefuseAbove = std::size_t{1} << 20;

}  // namespace

// ---- the plugin

tenon_status Proxy::emit(tenon_call call, const tenon_delta* delta) noexcept {
    if (delta == nullptr || !is_plausible(*delta)) {
        misbehaved("emit with a delta that makes no sense");
        return TENON_E_INVALID;
    }
    tenon_status status = try_emit(call, *delta);
    if (status != TENON_AGAIN || (kind_->blocking & TENON_BLOCKING_CALLS) == 0) return status;
    // Every wake-up that matters notifies; the bound covers a deadline that passes meanwhile.
    constexpr auto kLongestWait = std::chrono::milliseconds(50);
    while (status == TENON_AGAIN) {
        {
            std::unique_lock lock(idle_mutex_);
            drained_.wait_for(lock, kLongestWait);
        }
        status = is_cancelled(call) ? TENON_CANCELLED : try_emit(call, *delta);
    }
    return status;
}

tenon_status Proxy::try_emit(tenon_call call, const tenon_delta& delta) noexcept {
    tenon_status status = TENON_STALE;
    try {
        calls_.with(call, [&](CallSlot& slot) {
            if (slot.finished) return;
            if (slot.cancelled) {
                status = TENON_CANCELLED;
                return;
            }
            if (slot.deltas.bytes() > kRefuseAbove) {
                status = TENON_AGAIN;
                return;
            }
            slot.deltas.push(delta);
            if (slot.deltas.bytes() > kPauseAbove && !slot.paused) {
                slot.paused = true;
                for (const auto& operation : slot.operations) operation->set_paused(true);
            }
            slot.wake();
            status = TENON_OK;
        });
    } catch (const std::exception&) {
        return TENON_E_NOMEM;
    }
    if (status == TENON_STALE) misbehaved("emit for a call that has ended");
    return status;
}

tenon_status Proxy::finish(tenon_call call, const tenon_result* result) noexcept {
    enter();  // until the end: with its last call a provider may be destroyed, and this with it
    tenon_status status = TENON_STALE;
    bool sensible = true;
    bool known = false;
    CallSlot::Over over;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished) return;
        known = true;
        if (!slot.released) status = TENON_OK;
        try {
            sensible = slot.outcome.assign(result);
        } catch (const std::exception&) {
            slot.outcome.reset();
            slot.outcome.error.code = Code::no_memory;
            slot.outcome.error.message = "no memory for the answer";
            status = TENON_E_NOMEM;
        }
        if (slot.released) slot.outcome.conn = nullptr;  // refused by STALE: stays the plugin's
        slot.finish();
        over = slot.over();
    });
    settle(call, over, true);
    if (!known) misbehaved("finish for a call that has ended");
    if (!sensible) misbehaved("finish with a result that makes no sense");
    leave();
    return status;
}

bool Proxy::is_cancelled(tenon_call call) noexcept {
    bool cancelled = true;
    calls_.with(call, [&](CallSlot& slot) {
        cancelled =
            slot.finished || slot.cancelled ||
            (slot.deadline != base::kNoDeadline && environment_.clock.now() >= slot.deadline);
    });
    return cancelled;
}

// ---- the host

bool Proxy::end_by_host(tenon_call call, Error error) noexcept {
    bool ended = false;
    CallSlot::Over over;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished) return;
        ended = true;
        slot.outcome.ok = false;
        slot.outcome.error = std::move(error);
        slot.finish();
        over = slot.over();
    });
    settle(call, over, false);
    return ended;
}

/// What is left to do, without the mutex, when the host lets go of a call.
struct Proxy::Parting {
    CallSlot::Over over;
    bool freed = false;
    tenon_conn* unclaimed = nullptr;
    std::shared_ptr<WorkerJob> job = nullptr;
    const tenon_json_document* json = nullptr;
};

bool Proxy::take(tenon_call call, DeltaBatch& into, const std::shared_ptr<Waker>& waker,
                 CallOutcome* outcome) noexcept {
    into.clear();
    bool finished = true;
    bool drained = false;
    Parting parting;
    calls_.erase_if(call, [&](CallSlot& slot) {
        std::swap(into, slot.deltas);
        finished = slot.finished;
        drained = slot.paused;
        if (slot.paused) {
            slot.paused = false;
            for (const auto& operation : slot.operations) operation->set_paused(false);
        }
        if (into.empty() && !finished && waker) {
            slot.waker = waker;
            slot.reader_waits = true;
        }
        if (!finished || outcome == nullptr) return false;
        *outcome = std::move(slot.outcome);
        slot.outcome.ok = false;  // what it brought has been claimed
        return let_go(slot, parting);
    });
    if (drained) notify_blocked_emitters();
    if (finished && outcome != nullptr) let_gone(call, parting);
    return finished;
}

void Proxy::notify_blocked_emitters() noexcept {
    if ((kind_->blocking & TENON_BLOCKING_CALLS) == 0) return;
    const std::lock_guard lock(idle_mutex_);
    drained_.notify_all();
}

void Proxy::take_outcome(tenon_call call, CallOutcome& into) noexcept {
    into.reset();
    calls_.with(call, [&](CallSlot& slot) { std::swap(into, slot.outcome); });
}

void Proxy::cancel(tenon_call call) noexcept {
    bool wanted = false;
    tenon_conn* conn = nullptr;
    calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished || slot.cancelled) return;
        slot.cancelled = wanted = true;
        conn = slot.conn;
        for (const auto& operation : slot.operations) operation->cancel();
    });
    if (!wanted) return;
    notify_blocked_emitters();
    enter();
    {
        const AttributionScope scope(name().c_str(), kind_->library_path.c_str(), "cancel");
        try {
            kind_->functions.cancel(provider_, conn, call);
        } catch (...) {
            misbehaved("cancel threw an exception");
        }
    }
    leave();
}

void Proxy::release(tenon_call call) noexcept {
    Parting parting;
    bool running = false;
    const auto unless_running = [&](CallSlot& slot) {
        running = !slot.finished && !slot.cancelled;
        return !running && let_go(slot, parting);
    };
    calls_.erase_if(call, unless_running);
    if (running) {
        cancel(call);
        calls_.erase_if(call, unless_running);
    }
    let_gone(call, parting);
}

bool Proxy::let_go(CallSlot& slot, Parting& parting) noexcept {
    slot.released = true;
    if (!slot.finished) parting.job = slot.job;
    slot.reader_waits = false;
    slot.waker.reset();
    // It arrived in the moment in which its caller gave up.
    if (slot.connects && slot.outcome.ok) {
        parting.unclaimed = std::exchange(slot.outcome.conn, nullptr);
    }
    parting.over = slot.over();
    // Connections are given back first: as long as it has a slot, the call keeps the provider.
    parting.freed = parting.over.unused && parting.over.conn == nullptr && !parting.unclaimed;
    if (parting.freed) parting.json = slot.clear();
    return parting.freed;
}

void Proxy::let_gone(tenon_call call, const Parting& parting) noexcept {
    if (parting.freed) {
        json_service::release(parting.json);
        return leave();
    }
    if (parting.unclaimed != nullptr) disconnect(parting.unclaimed);
    if (parting.job) give_up(*parting.job);
    settle(call, parting.over, false);
}

void Proxy::settle(tenon_call call, const CallSlot::Over& over, bool in_plugin) noexcept {
    if (over.conn != nullptr && options_.on_call_over) {
        options_.on_call_over(over.conn, over.conn_lost, in_plugin);
    }
    if (!over.unused) return;
    const tenon_json_document* json = nullptr;
    calls_.erase(call, [&](CallSlot& slot) { json = slot.clear(); });
    json_service::release(json);
    leave();  // start() entered for the call
}

void Proxy::remove_operation(tenon_call call, const BoundOperation* operation) noexcept {
    CallSlot::Over over;
    calls_.with(call, [&](CallSlot& slot) {
        std::erase_if(slot.operations, [&](const auto& o) { return o.get() == operation; });
        over = slot.over();
    });
    settle(call, over, false);
}

ActiveCall::~ActiveCall() {
    if (call_ != 0) proxy_->release(call_);
}

bool ActiveCall::take(DeltaBatch& into, const std::shared_ptr<Waker>& waker,
                      CallOutcome* outcome) noexcept {
    const tenon_call call = call_;
    const bool finished = proxy_->take(call, into, waker, outcome);
    if (finished && outcome != nullptr) call_ = 0;
    return finished;
}

void ActiveCall::take_outcome(CallOutcome& into) noexcept {
    proxy_->take_outcome(call_, into);
}

void ActiveCall::cancel() noexcept {
    proxy_->cancel(call_);
}

}  // namespace tenon::plugin

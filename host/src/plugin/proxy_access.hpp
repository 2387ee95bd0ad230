#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/attribution.hpp"
#include "plugin/proxy.hpp"

namespace tenon::plugin {

/// What the C side of the host (host table and services) may do with a Proxy. `ctx` is the ctx of
/// the provider's host table.
struct ProxyAccess {
    static Proxy& of(void* ctx) noexcept { return *static_cast<Proxy*>(ctx); }

    static tenon_status emit(void* ctx, tenon_call call, const tenon_delta* delta) noexcept {
        return of(ctx).emit(call, delta);
    }
    static tenon_status finish(void* ctx, tenon_call call, const tenon_result* result) noexcept {
        return of(ctx).finish(call, result);
    }
    static bool is_cancelled(void* ctx, tenon_call call) noexcept {
        return of(ctx).is_cancelled(call);
    }
    static tenon_status conn_lost(void* ctx, tenon_conn* conn, const tenon_error* error) noexcept;
    static const tenon_json_document* request_json(void* ctx, tenon_call call) noexcept;

    static const ProxyEnvironment& environment(void* ctx) noexcept { return of(ctx).environment_; }
    static const std::string& component(void* ctx) noexcept { return of(ctx).component_; }
    static transport::HttpClient& http(Proxy& proxy, std::size_t io_index) noexcept {
        return *proxy.http_[io_index];
    }
    /// The I/O thread of a call; 0 if it has ended.
    static std::size_t io_index(Proxy& proxy, tenon_call call) noexcept {
        std::size_t index = 0;
        proxy.calls_.with(call, [&](CallSlot& slot) { index = slot.io_index; });
        return index;
    }
    static const std::string* secret(Proxy& proxy, std::string_view name) noexcept;
    static void misbehaved(Proxy& proxy, std::string_view what) noexcept { proxy.misbehaved(what); }

    /// Runs a callback of the plugin; what it throws is counted and ends here.
    template <class Callback>
    static void run(Proxy& proxy, const char* function, Callback&& callback) noexcept {
        const AttributionScope scope(proxy.name().c_str(), proxy.kind().library_path.c_str(),
                                     function);
        try {
            callback();
        } catch (...) {
            proxy.misbehaved(std::string("the ") + function + " threw an exception");
        }
    }

    /// Registers an operation and runs `begin(slot)` under the call's lock, so that its last
    /// callback cannot overtake the registration. Returns 0 if the call has ended.
    template <class Begin>
    static tenon_op start(Proxy& proxy, tenon_call call,
                          const std::shared_ptr<BoundOperation>& operation, tenon_op* handle,
                          Begin&& begin) {
        const tenon_op op = proxy.operations_.insert(
            [&](std::weak_ptr<BoundOperation>& slot, tenon_op) { slot = operation; });
        *handle = op;
        bool started = false;
        proxy.enter();
        try {
            proxy.calls_.with(call, [&](CallSlot& slot) {
                if (slot.finished || slot.cancelled) return;
                slot.operations.reserve(slot.operations.size() + 1);
                begin(slot);
                slot.operations.push_back(operation);
                if (slot.paused) operation->set_paused(true);
                started = true;
            });
        } catch (...) {
            started = false;
        }
        if (started) return op;
        proxy.operations_.erase(op, [](std::weak_ptr<BoundOperation>& slot) { slot.reset(); });
        proxy.leave();
        return 0;
    }

    /// The operation's last callback is about to run: its handle becomes stale.
    static void forget(Proxy& proxy, tenon_op op) noexcept {
        proxy.operations_.erase(op, [](std::weak_ptr<BoundOperation>& slot) { slot.reset(); });
    }
    /// The operation's last callback has returned.
    static void ended(Proxy& proxy, tenon_call call, const BoundOperation* operation) noexcept {
        proxy.remove_operation(call, operation);
        proxy.leave();
    }
    static void cancel_operation(void* ctx, tenon_op op) noexcept;
};

}  // namespace tenon::plugin

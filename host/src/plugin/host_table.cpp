#include "plugin/host_table.hpp"

#include <algorithm>

#include "plugin/plausible.hpp"
#include "plugin/proxy_access.hpp"
#include "plugin/services.hpp"
#include "tenon/testing/json_service.hpp"

namespace tenon::plugin {
namespace {

base::LogLevel log_level(std::int32_t level) noexcept {
    return static_cast<base::LogLevel>(
        std::clamp<std::int32_t>(level, TENON_LOG_TRACE, TENON_LOG_ERROR));
}

void TENON_CALL log(void* ctx, std::int32_t level, const tenon_str* message,
                    const tenon_str* fields_json) noexcept {
    if (message == nullptr || !is_plausible(*message) ||
        (fields_json != nullptr && !is_plausible(*fields_json))) {
        return ProxyAccess::misbehaved(ProxyAccess::of(ctx), "log with a text that makes no sense");
    }
    base::Log& out = ProxyAccess::environment(ctx).log;
    const std::string& component = ProxyAccess::component(ctx);
    if (fields_json == nullptr || fields_json->len == 0) {
        out.write(log_level(level), component, from_abi(*message));
    } else {
        out.write(log_level(level), component, from_abi(*message),
                  {{"fields", from_abi(*fields_json)}});
    }
}

std::int32_t TENON_CALL log_enabled(void* ctx, std::int32_t level) noexcept {
    return ProxyAccess::environment(ctx).log.enabled(log_level(level), ProxyAccess::component(ctx))
               ? 1
               : 0;
}

std::int64_t TENON_CALL now_ns(void* ctx) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               ProxyAccess::environment(ctx).clock.now().time_since_epoch())
        .count();
}

const void* TENON_CALL get_service(void*, const char* id) noexcept {
    return id == nullptr ? nullptr : HostTable::find_service(id);
}

tenon_status TENON_CALL emit(void* ctx, tenon_call call, const tenon_delta* delta) noexcept {
    return ProxyAccess::emit(ctx, call, delta);
}

tenon_status TENON_CALL finish(void* ctx, tenon_call call, const tenon_result* result) noexcept {
    return ProxyAccess::finish(ctx, call, result);
}

std::int32_t TENON_CALL is_cancelled(void* ctx, tenon_call call) noexcept {
    return ProxyAccess::is_cancelled(ctx, call) ? 1 : 0;
}

tenon_status TENON_CALL conn_lost(void* ctx, tenon_conn* conn, const tenon_error* error) noexcept {
    return ProxyAccess::conn_lost(ctx, conn, error);
}

}  // namespace

tenon_host HostTable::make(Proxy* proxy) noexcept {
    tenon_host table{};
    table.struct_size = sizeof table;
    table.abi_version = TENON_ABI_CURRENT;
    table.ctx = proxy;
    table.log = &log;
    table.log_enabled = &log_enabled;
    table.now_ns = &now_ns;
    table.get_service = &get_service;
    table.emit = &emit;
    table.finish = &finish;
    table.is_cancelled = &is_cancelled;
    table.conn_lost = &conn_lost;
    return table;
}

const void* HostTable::find_service(std::string_view id) noexcept {
    if (id == TENON_HTTP_V1) return &http_service();
    if (id == TENON_TIMER_V1) return &timer_service();
    if (id == TENON_JSON_V1) return &json_service_table();
    return nullptr;
}

tenon_status ProxyAccess::conn_lost(void* ctx, tenon_conn* conn,
                                    const tenon_error* error) noexcept {
    Proxy& proxy = of(ctx);
    if (!proxy.options_.on_connection_lost || conn == nullptr) return TENON_STALE;
    try {
        const Error cause = error != nullptr && is_plausible(*error)
                                ? Error::from_abi(*error)
                                : Error(Code::unavailable, "the connection was lost");
        return proxy.options_.on_connection_lost(conn, cause) ? TENON_OK : TENON_STALE;
    } catch (const std::exception&) {
        return TENON_E_NOMEM;
    }
}

const tenon_json_document* ProxyAccess::request_json(void* ctx, tenon_call call) noexcept {
    const tenon_json_document* document = nullptr;
    of(ctx).calls_.with(call, [&](CallSlot& slot) {
        if (slot.finished || slot.body.empty()) return;
        if (slot.json == nullptr) {
            const tenon_str body = to_abi(slot.body);
            slot.json = json_service::parse(&body, nullptr);
        }
        document = slot.json;
    });
    return document;
}

const std::string* ProxyAccess::secret(Proxy& proxy, std::string_view name) noexcept {
    const auto found = proxy.options_.secrets.find(name);
    return found == proxy.options_.secrets.end() ? nullptr : &found->second;
}

void ProxyAccess::cancel_operation(void* ctx, tenon_op op) noexcept {
    std::shared_ptr<BoundOperation> operation;
    of(ctx).operations_.with(op,
                             [&](std::weak_ptr<BoundOperation>& slot) { operation = slot.lock(); });
    if (operation) operation->cancel();
}

}  // namespace tenon::plugin

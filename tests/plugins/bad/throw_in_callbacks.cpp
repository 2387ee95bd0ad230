// The callback of a timer throws, after it has finished its call; so do cancel(), disconnect() and
// destroy().
#include <stdexcept>

#include "throwing.hpp"

namespace {

struct Pending {
    const tenon_host* host;
    tenon_call call;
};

void on_timer(void* user, tenon_status) {
    const Pending pending = *static_cast<Pending*>(user);
    delete static_cast<Pending*>(user);
    tenon_result result{};
    result.struct_size = sizeof result;
    pending.host->finish(pending.host->ctx, pending.call, &result);
    throw std::runtime_error("in a timer");
}

tenon_status complete(tenon_provider* self, tenon_conn*, const tenon_request*,
                      tenon_call call) noexcept {
    const auto* host = reinterpret_cast<const tenon_host*>(self);
    const auto* timer =
        static_cast<const tenon_timer_v1*>(host->get_service(host->ctx, TENON_TIMER_V1));
    timer->start(host->ctx, call, 0, tenon_test::unchecked<tenon_timer_fn>(&on_timer),
                 new Pending{host, call});
    return TENON_OK;
}

tenon_status connect(tenon_provider* self, tenon_call call, std::int64_t) noexcept {
    const auto* host = reinterpret_cast<const tenon_host*>(self);
    tenon_result result{};
    result.struct_size = sizeof result;
    result.conn = reinterpret_cast<tenon_conn*>(self);
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

void disconnect(tenon_provider*, tenon_conn*) {
    throw std::runtime_error("in disconnect");
}
void cancel(tenon_provider*, tenon_conn*, tenon_call) {
    throw std::runtime_error("in cancel");
}
void destroy(tenon_provider*) {
    throw std::runtime_error("in destroy");
}

const tenon_plugin* plugin() {
    static tenon_test::Library library("throw_in_callbacks");
    library.descriptor.conn_mode = TENON_CONN_MULTIPLEXED;
    tenon_vtable& table = library.table;
    table.create = &tenon_test::create;
    table.destroy = tenon_test::unchecked<decltype(table.destroy)>(&destroy);
    table.connect = &connect;
    table.disconnect = tenon_test::unchecked<decltype(table.disconnect)>(&disconnect);
    table.cancel = tenon_test::unchecked<decltype(table.cancel)>(&cancel);
    table.complete = &complete;
    return &library.plugin;
}

}  // namespace

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t) noexcept {
    return plugin();
}

#include "tenon/abi.h"

static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                      tenon_provider** out, tenon_error* error) {
    (void)config, (void)error;
    *out = (tenon_provider*)host;
    return TENON_OK;
}
static void TENON_CALL destroy(tenon_provider* self) {
    (void)self;
}
static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    const tenon_host* host = (const tenon_host*)self;
    const tenon_delta delta = {sizeof delta, .kind = TENON_DELTA_TEXT,
                               .data = {"hello from C", 12}};
    host->emit(host->ctx, call, &delta);
    const uint64_t unknown = TENON_TOKENS_UNKNOWN;
    const tenon_result result = {sizeof result, .input_tokens = unknown, .output_tokens = unknown};
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}
static const tenon_descriptor hello = {sizeof hello, .abi_min_host = TENON_ABI(1, 0),
                                       .id = {"hello-c", 7}, .name = {"Hello", 5},
                                       .version = {"1.0.0", 5}};
static const tenon_vtable table = {sizeof table, 0, create, destroy, .complete = complete};
static const tenon_plugin plugin = {sizeof plugin, 1, (const tenon_descriptor*[]){&hello},
                                    (const tenon_vtable*[]){&table}};
const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    return (void)host_abi, &plugin;
}

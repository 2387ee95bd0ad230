/* A whole provider in C11, without state: it answers with the text of the last message. */
#include "tenon/abi.h"

static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                      tenon_provider** out, tenon_error* error) {
    (void)config, (void)error;
    *out = (tenon_provider*)host; /* all that it needs to know */
    return TENON_OK;
}
static void TENON_CALL destroy(tenon_provider* self) {
    (void)self;
}
static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    const tenon_host* host = (const tenon_host*)self;
    const tenon_json_v1* json = host->get_service(host->ctx, TENON_JSON_V1);
    const tenon_json_document* body = json->request(host->ctx, call);
    tenon_json_value text = {.struct_size = sizeof text};
    if (body != NULL) json->get(host->ctx, body, &(tenon_str){"/messages/-1/content", 20}, &text);
    const tenon_delta delta = {sizeof delta, .kind = TENON_DELTA_TEXT, .data = text.text};
    host->emit(host->ctx, call, &delta);
    const uint64_t unknown = TENON_TOKENS_UNKNOWN;
    const tenon_result result = {sizeof result, .input_tokens = unknown, .output_tokens = unknown};
    host->finish(host->ctx, call, &result);
    return TENON_OK; /* accepted; how it went, finish() has told */
}
static const tenon_descriptor echo = {.struct_size = sizeof echo,
                                      .abi_min_host = TENON_ABI(1, 0),
                                      .id = {"echo", 4},
                                      .name = {"Echo", 4},
                                      .version = {"1.0.0", 5},
                                      .required_services = (const char*[]){TENON_JSON_V1, NULL}};
static const tenon_vtable table = {sizeof table, 0, create, destroy, .complete = complete};
static const tenon_plugin plugin = {sizeof plugin, 1, (const tenon_descriptor*[]){&echo},
                                    (const tenon_vtable*[]){&table}};
const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    return (void)host_abi, &plugin;
}

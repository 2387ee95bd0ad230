/* Offers the same kind twice. The first one is all right. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = DESCRIPTOR("duplicate_kinds", .features = 0);
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
static const tenon_plugin plugin = {sizeof plugin, 2,
                                    (const tenon_descriptor*[]){&descriptor, &descriptor},
                                    (const tenon_vtable*[]){&table, &table}};

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    return (void)host_abi, &plugin;
}

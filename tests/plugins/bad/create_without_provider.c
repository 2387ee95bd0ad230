/* create() reports success and makes nothing. */
#include "common.h"

static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                      tenon_provider** out, tenon_error* error) {
    (void)host, (void)config, (void)out, (void)error;
    return TENON_OK;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)self, (void)conn, (void)request, (void)call;
    return TENON_E_INTERNAL;
}

static const tenon_descriptor descriptor = DESCRIPTOR("create_without_provider", .features = 0);
static const tenon_vtable table =
    TABLE(.create = create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

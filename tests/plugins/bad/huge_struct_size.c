/* Claims a table of functions of 4 GiB. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = DESCRIPTOR("huge_struct_size", .features = 0);
static const tenon_vtable table = {.struct_size = UINT32_MAX,
                                   .create = plain_create,
                                   .destroy = plain_destroy,
                                   .complete = complete};
ENTRY(descriptor, table)

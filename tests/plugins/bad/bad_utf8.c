/* A description in Latin-1. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = DESCRIPTOR("bad_utf8", .description = TEXT("Stra\337e"));
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

/* Declares that complete() blocks, and then it never comes back. */
#include <unistd.h>

#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    emit_text(self->host, call, "blocked");
    for (;;) pause();
    return TENON_OK;
}

static const tenon_descriptor descriptor =
    DESCRIPTOR("block_for_ever", .blocking = TENON_BLOCKING_CALLS);
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

/* destroy() never returns. */
#include <unistd.h>

#include "common.h"

static void TENON_CALL destroy(tenon_provider* self) {
    (void)self;
    for (;;) pause();
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = DESCRIPTOR("hang_in_destroy", .features = 0);
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = destroy, .complete = complete);
ENTRY(descriptor, table)

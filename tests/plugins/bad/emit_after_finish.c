/* Goes on talking after the end. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    emit_text(self->host, call, "before");
    finish_ok(self->host, call);
    emit_text(self->host, call, "after");
    return TENON_OK;
}

PLAIN_PLUGIN("emit_after_finish", complete)

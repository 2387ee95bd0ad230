/* Finishes every call twice; the second result is another one. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    emit_text(self->host, call, "first");
    finish_ok(self->host, call);
    finish_error(self->host, call, TENON_E_INTERNAL, TENON_SCOPE_PROVIDER, "second");
    return TENON_OK;
}

PLAIN_PLUGIN("finish_twice", complete)

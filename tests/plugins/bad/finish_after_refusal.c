/* Refuses the call and finishes it all the same. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_E_OVERLOADED;
}

PLAIN_PLUGIN("finish_after_refusal", complete)

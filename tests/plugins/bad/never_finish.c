/* Accepts the call and forgets it. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    (void)self, (void)call;
    return TENON_OK;
}

PLAIN_PLUGIN("never_finish", complete)

/* Finishes with NULL instead of a result, after a delta that is NULL. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    self->host->emit(self->host->ctx, call, NULL);
    self->host->finish(self->host->ctx, call, NULL);
    return TENON_OK;
}

PLAIN_PLUGIN("null_result", complete)

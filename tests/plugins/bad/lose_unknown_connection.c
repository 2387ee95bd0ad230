/* Reports the loss of connections that never were. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    const tenon_host* host = self->host;
    const tenon_status wild = host->conn_lost(host->ctx, (tenon_conn*)self, NULL);
    const tenon_status null = host->conn_lost(host->ctx, NULL, NULL);
    emit_text(host, call, wild == TENON_STALE && null == TENON_STALE ? "stale" : "taken");
    finish_ok(host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("lose_unknown_connection", complete)

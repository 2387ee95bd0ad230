/* Starts a timer that would call NULL. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    const tenon_host* host = self->host;
    const tenon_timer_v1* timer = host->get_service(host->ctx, TENON_TIMER_V1);
    const tenon_op op = timer->start(host->ctx, call, 0, NULL, NULL);
    emit_text(host, call, op == 0 ? "refused" : "taken");
    finish_ok(host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("null_timer", complete)

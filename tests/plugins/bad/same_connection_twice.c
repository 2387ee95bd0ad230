/* Every connect() brings the same connection, although it is in use already. A call never ends
 * before it is cancelled, so that two calls need two connections. */
#include "common.h"

static tenon_status TENON_CALL connect(tenon_provider* self, tenon_call call, int64_t deadline) {
    (void)deadline;
    tenon_result result = plain_result();
    result.conn = (tenon_conn*)self;
    self->host->finish(self->host->ctx, call, &result);
    return TENON_OK;
}

static void TENON_CALL disconnect(tenon_provider* self, tenon_conn* conn) {
    (void)self, (void)conn;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    emit_text(self->host, call, "started");
    return TENON_OK;
}

static void TENON_CALL cancel(tenon_provider* self, tenon_conn* conn, tenon_call call) {
    (void)conn;
    finish_error(self->host, call, TENON_CANCELLED, TENON_SCOPE_REQUEST, "cancelled");
}

static const tenon_descriptor descriptor =
    DESCRIPTOR("same_connection_twice", .conn_mode = TENON_CONN_EXCLUSIVE);
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .connect = connect,
          .disconnect = disconnect, .complete = complete, .cancel = cancel);
ENTRY(descriptor, table)

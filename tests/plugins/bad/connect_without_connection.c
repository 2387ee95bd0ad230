/* connect() reports success and brings no connection. */
#include "common.h"

static tenon_status TENON_CALL connect(tenon_provider* self, tenon_call call, int64_t deadline) {
    (void)deadline;
    finish_ok(self->host, call);
    return TENON_OK;
}

static void TENON_CALL disconnect(tenon_provider* self, tenon_conn* conn) {
    (void)self, (void)conn;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor =
    DESCRIPTOR("connect_without_connection", .conn_mode = TENON_CONN_EXCLUSIVE);
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .connect = connect,
          .disconnect = disconnect, .complete = complete);
ENTRY(descriptor, table)

/* The schema of its configuration is not JSON. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor =
    DESCRIPTOR("invalid_schema", .config_schema_json = TEXT("{\"type\": \"object\",}"));
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

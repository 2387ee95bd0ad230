/* Forgot to fill struct_size. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = {.abi_min_host = TENON_ABI(1, 0),
                                            .id = TEXT("zero_struct_size"),
                                            .name = TEXT("zero_struct_size"),
                                            .version = TEXT("1.0.0")};
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

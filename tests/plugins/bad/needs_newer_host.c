/* Cannot work with a host older than ABI 1.9. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

static const tenon_descriptor descriptor = {.struct_size = sizeof descriptor,
                                            .abi_built = TENON_ABI(1, 9),
                                            .abi_min_host = TENON_ABI(1, 9),
                                            .id = TEXT("needs_newer_host"),
                                            .name = TEXT("needs_newer_host"),
                                            .version = TEXT("1.0.0")};
static const tenon_vtable table =
    TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete);
ENTRY(descriptor, table)

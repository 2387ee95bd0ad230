/* Calls a function that no library has. */
#include "common.h"

void tenon_test_nobody_defines_this(void);

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    tenon_test_nobody_defines_this();
    finish_ok(self->host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("undefined_symbol", complete)

/* Needs libtenon_test_gone.so, which is nowhere when the plugin is loaded. */
#include "common.h"

int tenon_test_gone(void);

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    tenon_test_gone();
    finish_ok(self->host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("missing_dependency", complete)

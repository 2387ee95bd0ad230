/* The id is no name: capitals, spaces and a terminal's escape sequence. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish_ok(self->host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("Bad Kind \033[31m\n", complete)

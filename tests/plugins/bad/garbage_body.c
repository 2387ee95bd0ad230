/* Answers with bytes that are neither JSON nor UTF-8. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    tenon_result result = plain_result();
    const tenon_str garbage = TEXT("\xff\xfe{\x80 not json");
    result.body_json = garbage;
    self->host->finish(self->host->ctx, call, &result);
    return TENON_OK;
}

PLAIN_PLUGIN("garbage_body", complete)

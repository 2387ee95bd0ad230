/* Claims more text and more numbers than memory can hold, at no address. */
#include "common.h"

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    tenon_result result = plain_result();
    result.body_json.len = SIZE_MAX;
    static const float number = 1;
    result.vectors = &number;
    result.n_vectors = UINT32_MAX;
    result.dimensions = UINT32_MAX;
    self->host->finish(self->host->ctx, call, &result);
    return TENON_OK;
}

PLAIN_PLUGIN("wild_result", complete)

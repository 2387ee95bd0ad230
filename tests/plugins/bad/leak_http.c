/* Starts an HTTP exchange (to the URL that stands in the request's "model") and finishes the call
 * without waiting for it or cancelling it. */
#include "common.h"

static void TENON_CALL on_done(void* user, const tenon_error* error) {
    (void)user, (void)error;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn;
    const tenon_host* host = self->host;
    const tenon_http_v1* http = host->get_service(host->ctx, TENON_HTTP_V1);
    tenon_http_request exchange;
    memset(&exchange, 0, sizeof exchange);
    exchange.struct_size = sizeof exchange;
    exchange.method.ptr = "GET";
    exchange.method.len = 3;
    exchange.url = request->model;
    tenon_http_sink sink;
    memset(&sink, 0, sizeof sink);
    sink.struct_size = sizeof sink;
    sink.on_done = on_done;
    const tenon_op op = http->send(host->ctx, call, &exchange, &sink);
    emit_text(host, call, op == 0 ? "refused" : "started");
    finish_ok(host, call);
    return TENON_OK;
}

PLAIN_PLUGIN("leak_http", complete)

/* A thread of its own emits as fast as it can and ends only when it is told to. */
#include <pthread.h>

#include "common.h"

struct flood {
    const tenon_host* host;
    tenon_call call;
};

static void* run(void* argument) {
    struct flood flood = *(struct flood*)argument;
    free(argument);
    for (;;) {
        /* Every other delta is empty, so that no limit on bytes alone would stop them. */
        emit_text(flood.host, flood.call, "x");
        const tenon_status status = emit_text(flood.host, flood.call, "");
        if (status == TENON_CANCELLED || status == TENON_STALE) break;
    }
    finish_ok(flood.host, flood.call);
    return NULL;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    struct flood* flood = malloc(sizeof *flood);
    if (flood == NULL) return TENON_E_NOMEM;
    flood->host = self->host;
    flood->call = call;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, flood) != 0) {
        free(flood);
        return TENON_E_INTERNAL;
    }
    pthread_detach(thread);
    return TENON_OK;
}

PLAIN_PLUGIN("emit_for_ever", complete)

/* Ignores the deadline and the cancellation: a thread of its own finishes each call long after the
 * host has given up, and then uses the call on. */
#include <pthread.h>

#include "common.h"

struct late {
    const tenon_host* host;
    tenon_call call;
};

static void* run(void* argument) {
    struct late late = *(struct late*)argument;
    free(argument);
    /* The end of the host's interest is when a late finish begins; no clock is needed for it. */
    while (!late.host->is_cancelled(late.host->ctx, late.call)) sched_yield();
    emit_text(late.host, late.call, "too late");
    finish_ok(late.host, late.call);
    return NULL;
}

static tenon_status TENON_CALL complete(tenon_provider* self, tenon_conn* conn,
                                        const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    struct late* late = malloc(sizeof *late);
    if (late == NULL) return TENON_E_NOMEM;
    late->host = self->host;
    late->call = call;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, late) != 0) {
        free(late);
        return TENON_E_INTERNAL;
    }
    pthread_detach(thread);
    return TENON_OK;
}

PLAIN_PLUGIN("finish_late", complete)

/* A provider that does what the model's name says, for tests of the host's side of the ABI. */
#ifndef TENON_TESTS_PLUGINS_PROBE_H
#define TENON_TESTS_PLUGINS_PROBE_H

#include <pthread.h>

#include "common.h"

#define PROBE_MOST_HELD 64

struct tenon_conn {
    int number;
};

/* A call that waits for cancel() or for the model "release". */
struct held {
    tenon_call call;  /* 0 = free */
    int deaf;         /* ignores cancel() */
    tenon_conn* conn; /* of a held connect: what it brings in the end */
};

struct probe {
    struct tenon_provider base; /* first: a tenon_provider is a probe */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char config[512];
    int threads; /* under way; destroy() waits for them */
    int connections;
    struct held held[PROBE_MOST_HELD];
};

static inline struct probe* probe_of(tenon_provider* self) {
    return (struct probe*)self;
}

/* Whether the configuration has `part`, which may have been changed by the model "config JSON". */
int probe_is_told(struct probe* self, const char* part);

/* Writes one line to the host's log; tests read it there. */
void probe_log(struct probe* self, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the call until probe_let_go(). Returns TENON_OK. */
tenon_status probe_hold(struct probe* self, tenon_call call, int deaf, tenon_conn* conn);
/* Forgets the held call and returns its entry; call = 0 if it is not held (any more). */
struct held probe_let_go(struct probe* self, tenon_call call);
/* Finishes all held calls, as the model "release" does. */
void probe_release_all(struct probe* self);

/* Runs `run` on a thread of its own, which destroy() waits for. */
tenon_status probe_thread(struct probe* self, tenon_call call, tenon_conn* conn,
                          void (*run)(struct probe* self, tenon_call call, tenon_conn* conn));

tenon_status TENON_CALL probe_complete(tenon_provider* self, tenon_conn* conn,
                                       const tenon_request* request, tenon_call call);
/* The models of probe_special.c. Returns TENON_E_NOT_FOUND if it is none of them. */
tenon_status probe_special(struct probe* self, const tenon_request* request, tenon_call call);

#endif

/* What the host gives a provider. */
#ifndef TENON_ABI_HOST_H
#define TENON_ABI_HOST_H

#include "tenon/abi/base.h"
#include "tenon/abi/delta.h"
#include "tenon/abi/error.h"
#include "tenon/abi/result.h"

TENON_EXTERN_C_BEGIN

/* Values of `level` in log and log_enabled. */
enum tenon_log_level {
    TENON_LOG_TRACE = 0,
    TENON_LOG_DEBUG = 1,
    TENON_LOG_INFO = 2,
    TENON_LOG_WARN = 3,
    TENON_LOG_ERROR = 4
};

/* One table for each provider, handed to create(). The host never calls the plugin back on the
 * stack of one of these functions, and holds no lock while the plugin runs.
 * OWNERSHIP: host; valid from create() until destroy() has returned. */
typedef struct tenon_host {
    uint32_t struct_size; /* sizeof(tenon_host) of the host: TENON_HAS before every later member */
    uint32_t abi_version; /* the host's TENON_ABI_CURRENT */
    void *ctx;            /* first argument of every function below */

    /* Write one line to the host's log. `fields_json` is NULL or a JSON object of further fields.
     * The host redacts configured secrets.
     * OWNERSHIP: plugin; borrowed until return.
     * RETURNS: nothing. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(void, log, void *ctx, int32_t level, const tenon_str *message,
             const tenon_str *fields_json);

    /* Would a line of this level be written? Ask before building an expensive one.
     * OWNERSHIP: none.
     * RETURNS: 1 yes, 0 no. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(int32_t, log_enabled, void *ctx, int32_t level);

    /* The clock of every deadline in this ABI.
     * OWNERSHIP: none.
     * RETURNS: nanoseconds, monotonic, from an arbitrary start. DEFAULT IF NULL: never NULL.
     * SINCE: 1.0
     * [any-thread] */
    TENON_FN(int64_t, now_ns, void *ctx);

    /* Look up a host service: TENON_HTTP_V1, TENON_TIMER_V1, TENON_JSON_V1. The functions of a
     * service take this table's ctx.
     * OWNERSHIP: host; the service is valid as long as this table.
     * RETURNS: the service's table, NULL if this host does not have it. DEFAULT IF NULL: never NULL.
     * SINCE: 1.0
     * [any-thread] */
    TENON_FN(const void *, get_service, void *ctx, const char *id);

    /* Hand over one delta of a complete() call. Allowed from inside complete() and later.
     * OWNERSHIP: plugin; the host copies before it returns.
     * RETURNS: TENON_OK taken; TENON_CANCELLED stop, finish() is still due; TENON_STALE the call
     * has ended; TENON_AGAIN not taken, the reader is slow: offer it again after a while. HTTP
     * exchanges of the call are paused before that, so a provider that emits what it reads from
     * them does not see TENON_AGAIN. For providers that declare TENON_BLOCKING_CALLS it waits
     * instead of answering TENON_AGAIN.
     * DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_status, emit, void *ctx, tenon_call call, const tenon_delta *delta);

    /* End an operation: exactly once for every start function that returned TENON_OK, inside it or
     * later. Nothing of the call may be used once this returned.
     * OWNERSHIP: plugin; the host copies before it returns.
     * RETURNS: TENON_OK; TENON_STALE if the operation had ended already (finished twice, or
     * after the host gave up on it): nothing happened. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_status, finish, void *ctx, tenon_call call, const tenon_result *result);

    /* Does nobody want this call's answer any more? A cheap poll for blocking providers.
     * OWNERSHIP: none.
     * RETURNS: 1 cancelled, past its deadline or ended; 0 wanted. DEFAULT IF NULL: never NULL.
     * SINCE: 1.0
     * [any-thread] */
    TENON_FN(int32_t, is_cancelled, void *ctx, tenon_call call);

    /* Report that a connection died while no call was using it. The host discards it: disconnect()
     * follows once its calls have ended.
     * OWNERSHIP: plugin keeps the connection until disconnect(); the error is borrowed until return.
     * RETURNS: TENON_OK; TENON_STALE if the host does not know the connection. DEFAULT IF NULL:
     * never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_status, conn_lost, void *ctx, tenon_conn *conn, const tenon_error *error);
} tenon_host;

TENON_EXTERN_C_END

#endif

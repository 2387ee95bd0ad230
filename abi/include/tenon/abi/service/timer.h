/* Host service "tenon.timer/1": one-shot timers. */
#ifndef TENON_ABI_SERVICE_TIMER_H
#define TENON_ABI_SERVICE_TIMER_H

#include "tenon/abi/base.h"

TENON_EXTERN_C_BEGIN

#define TENON_TIMER_V1 "tenon.timer/1"

/* Called once for every timer that start() accepted: TENON_OK when it expired, TENON_CANCELLED when
 * it or its call was cancelled.
 * OWNERSHIP: `user` belongs to the plugin and must live until this call.
 * [host-thread] non-blocking */
typedef void(TENON_CALL *tenon_timer_fn)(void *user, tenon_status status) TENON_NOEXCEPT;

/* ctx is tenon_host::ctx. */
typedef struct tenon_timer_v1 {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Call `fn` after `delay_ns` (0 or more; 0 = as soon as this has returned), on behalf of a call:
     * the call's cancellation and deadline end the timer early. Never inside this function.
     * OWNERSHIP: see tenon_timer_fn.
     * RETURNS: the operation, or 0 = refused (unknown call, NULL function, negative delay) and no
     * callback follows. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_op, start, void *ctx, tenon_call call, int64_t delay_ns, tenon_timer_fn fn,
             void *user);

    /* End a timer early: its function follows with TENON_CANCELLED unless it has been called.
     * OWNERSHIP: none.
     * RETURNS: nothing. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(void, cancel, void *ctx, tenon_op op);
} tenon_timer_v1;

TENON_EXTERN_C_END

#endif

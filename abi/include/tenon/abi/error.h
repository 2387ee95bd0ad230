/* Errors say what happened (code), who pays for it (scope) and whether to try again (flags). */
#ifndef TENON_ABI_ERROR_H
#define TENON_ABI_ERROR_H

#include "tenon/abi/base.h"

TENON_EXTERN_C_BEGIN

/* Values of tenon_status and tenon_error::code. Constants only: no enum crosses the ABI. */
enum tenon_code {
    TENON_OK = 0,
    TENON_CANCELLED = 1, /* the caller or the host no longer wants the answer; finish and stop */
    TENON_STALE = 2,     /* the handle's operation has ended; stop using it */
    TENON_AGAIN = 3,     /* not taken, the receiver is full; offer it again a little later */

    TENON_E_INVALID = -1,      /* the request or configuration is wrong; change it */
    TENON_E_UNSUPPORTED = -2,  /* this provider cannot do that; ask another one */
    TENON_E_INTERNAL = -3,     /* a defect in the plugin or host; report it */
    TENON_E_NOMEM = -4,        /* out of memory */
    TENON_E_UNAVAILABLE = -5,  /* not reachable or not serving now; try again or another one */
    TENON_E_DEADLINE = -6,     /* a time limit passed */
    TENON_E_AUTH = -7,         /* credentials missing or refused; fix the configuration */
    TENON_E_FORBIDDEN = -8,    /* authenticated but not allowed (permission, region, billing) */
    TENON_E_THROTTLED = -9,    /* rate limit; wait retry_after_ms */
    TENON_E_TOO_LARGE = -10,   /* request exceeds a size or context limit; shorten it */
    TENON_E_REFUSED = -11,     /* content filter or policy */
    TENON_E_PROTOCOL = -12,    /* the peer broke its protocol, or the answer was cut short */
    TENON_E_NOT_FOUND = -13,   /* no such model or resource */
    TENON_E_OVERLOADED = -14   /* the provider has no capacity now; back off */
};

/* Values of tenon_error::scope. */
enum tenon_scope {
    TENON_SCOPE_REQUEST = 0,    /* this request alone: never counts against the provider */
    TENON_SCOPE_CONNECTION = 1, /* this tenon_conn is dead: the host discards it and counts it */
    TENON_SCOPE_PROVIDER = 2    /* the endpoint is down or the key revoked */
};

/* Bits of tenon_error::flags. */
enum tenon_error_flag {
    TENON_ERROR_RETRYABLE = 1u << 0, /* the same request may succeed later */
    TENON_ERROR_NOT_SENT = 1u << 1   /* nothing reached the provider: sending again is always safe */
};

/* Filled by the side that fails, read by the other within the call that passes it.
 *
 * A function that takes a tenon_error to be filled (create, tenon_json_v1::parse) gets it with the
 * caller's struct_size. The filler writes no more than that, and no more than its own size; it sets
 * struct_size to what it wrote.
 *
 * OWNERSHIP: the strings belong to the filler and are borrowed until that call returns; those in a
 * tenon_error that was passed to be filled live until the next call into the filler from the same
 * thread. */
typedef struct tenon_error {
    uint32_t struct_size;    /* sizeof(tenon_error) of the filler */
    uint32_t flags;          /* TENON_ERROR_*, unknown bits are ignored */
    int32_t code;            /* tenon_code, negative or TENON_CANCELLED */
    uint32_t scope;          /* tenon_scope; unknown values count as TENON_SCOPE_REQUEST */
    int32_t http_status;     /* 100..599, 0 = none */
    int32_t reserved0;       /* 0 */
    int64_t retry_after_ms;  /* how long the provider asks to wait; -1 = it did not say */
    tenon_str message;       /* one sentence for a person: what failed and why; no secrets */
    tenon_str provider_code; /* the provider's own error code, may be empty */
    tenon_str detail_json;   /* further members as a JSON object, may be empty */
} tenon_error;

TENON_EXTERN_C_END

#endif

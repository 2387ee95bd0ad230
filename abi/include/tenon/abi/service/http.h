/* Host service "tenon.http/1": asynchronous HTTP over the host's pooled connections. */
#ifndef TENON_ABI_SERVICE_HTTP_H
#define TENON_ABI_SERVICE_HTTP_H

#include "tenon/abi/base.h"
#include "tenon/abi/error.h"

TENON_EXTERN_C_BEGIN

#define TENON_HTTP_V1 "tenon.http/1"

/* OWNERSHIP: who passes it; borrowed until that call returns. Frozen: never grows, since it is
 * passed in arrays. */
typedef struct tenon_header {
    tenon_str name; /* compared without regard to case; the host hands out lower case */
    tenon_str value;
} tenon_header;

/* Bits of tenon_http_request::flags. */
enum tenon_http_flag {
    /* `body` stays valid and unchanged until on_done (e.g. the call's own request body): the host
     * sends from it without a copy. */
    TENON_HTTP_STABLE_BODY = 1u << 0,
    /* Send without credential when the configuration has none under that name. */
    TENON_HTTP_CREDENTIAL_OPTIONAL = 1u << 1
};

/* OWNERSHIP: plugin; borrowed until send() returns (body: see TENON_HTTP_STABLE_BODY). */
typedef struct tenon_http_request {
    uint32_t struct_size; /* sizeof(tenon_http_request) of the plugin */
    uint32_t flags;       /* TENON_HTTP_* */
    tenon_str method;     /* "GET", "POST", ... */
    tenon_str url;        /* absolute, http or https, without user information */
    const tenon_header *headers; /* Host, Content-Length, Connection and Transfer-Encoding are the
                                    host's and refused here */
    size_t n_headers;
    tenon_str body;
    /* Attach the secret that the configuration holds under this name; empty = none. The key itself
     * stays in the host. */
    tenon_str credential;
    tenon_str credential_header; /* empty = "authorization" */
    tenon_str credential_prefix; /* before the key, e.g. "Bearer " */
    int64_t timeout_ms;          /* for the whole exchange, > 0; 0 = the call's deadline alone */
} tenon_http_request;

/* Receives one exchange: on_headers once, on_data any number of times, on_done once. After a
 * failure before the answer's head, on_done alone.
 * OWNERSHIP: the struct is copied by send(); `user` belongs to the plugin and must live until
 * on_done; arguments are borrowed until the callback returns. */
typedef struct tenon_http_sink {
    uint32_t struct_size; /* sizeof(tenon_http_sink) of the plugin */
    uint32_t reserved0;   /* 0 */
    void *user;           /* first argument of every callback */

    /* The head of the final answer (1xx answers are consumed). Redirects are not followed.
     * OWNERSHIP: host; borrowed until return.
     * RETURNS: nothing. DEFAULT IF NULL: ignored. SINCE: 1.0
     * [host-thread] non-blocking */
    TENON_FN(void, on_headers, void *user, int32_t status, const tenon_header *headers,
             size_t n_headers);

    /* The next bytes of the body, transfer coding removed.
     * OWNERSHIP: host; borrowed until return.
     * RETURNS: nothing. DEFAULT IF NULL: ignored. SINCE: 1.0
     * [host-thread] non-blocking */
    TENON_FN(void, on_data, void *user, const tenon_str *chunk);

    /* The last callback, exactly once, also after cancel. `error` is NULL when the whole answer
     * arrived, whatever its status code.
     * OWNERSHIP: host; borrowed until return.
     * RETURNS: nothing. DEFAULT IF NULL: send() refuses. SINCE: 1.0
     * [host-thread] non-blocking */
    TENON_FN(void, on_done, void *user, const tenon_error *error);
} tenon_http_sink;

/* ctx is tenon_host::ctx. */
typedef struct tenon_http_v1 {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Start one exchange on behalf of a call, whose deadline, cancellation and back-pressure apply
     * to it. No callback runs before this returned. While the call's reader is slow the host stops
     * reading the body.
     * OWNERSHIP: see the structs.
     * RETURNS: the operation, or 0 = refused (unknown call, malformed request; the log says why) and
     * no callback follows. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_op, send, void *ctx, tenon_call call, const tenon_http_request *request,
             const tenon_http_sink *sink);

    /* End an exchange early: on_done follows with TENON_CANCELLED unless it has been called. An
     * operation that has ended is ignored.
     * OWNERSHIP: none.
     * RETURNS: nothing. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(void, cancel, void *ctx, tenon_op op);
} tenon_http_v1;

TENON_EXTERN_C_END

#endif

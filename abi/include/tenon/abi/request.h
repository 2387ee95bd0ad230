/* What the host asks a provider to do. */
#ifndef TENON_ABI_REQUEST_H
#define TENON_ABI_REQUEST_H

#include "tenon/abi/base.h"

TENON_EXTERN_C_BEGIN

/* Value of a deadline that never passes. */
#define TENON_NO_DEADLINE INT64_MAX

/* Bits of tenon_request::flags. */
enum tenon_request_flag {
    /* The caller wants deltas as they come. A hint: a provider may emit deltas or answer with one
     * body in either case, and the host adapts. */
    TENON_REQUEST_STREAM = 1u << 0
};

/* One request for complete, embed or rerank.
 *
 * body_json is one whole JSON object in the OpenAI dialect: a chat-completions request for
 * complete, an embeddings request for embed, {"model","query","documents","top_n"} for rerank.
 * Its members "model" and "stream" agree with `model` and TENON_REQUEST_STREAM, so a provider of
 * the same dialect sends it as it is. Members that a provider does not know are ignored.
 *
 * OWNERSHIP: host; immutable and valid until finish() for the call has returned. */
typedef struct tenon_request {
    uint32_t struct_size; /* sizeof(tenon_request) of the host */
    uint32_t flags;       /* TENON_REQUEST_* */
    int64_t deadline_ns;  /* absolute, on the clock of tenon_host::now_ns; TENON_NO_DEADLINE */
    tenon_str model;      /* the provider's own name of the model; may be empty */
    tenon_str body_json;
    tenon_str idempotency_key; /* the same for every attempt of one logical request; may be empty */
    tenon_str trace_parent;    /* W3C traceparent; may be empty */
} tenon_request;

TENON_EXTERN_C_END

#endif

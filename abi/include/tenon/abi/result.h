/* How an operation ended. */
#ifndef TENON_ABI_RESULT_H
#define TENON_ABI_RESULT_H

#include "tenon/abi/base.h"
#include "tenon/abi/error.h"

TENON_EXTERN_C_BEGIN

/* Token count that the provider did not report. */
#define TENON_TOKENS_UNKNOWN UINT64_MAX

/* The argument of finish(). Members that do not concern the operation stay zero.
 * OWNERSHIP: plugin; borrowed until finish() returns. The host copies. */
typedef struct tenon_result {
    uint32_t struct_size;     /* sizeof(tenon_result) of the plugin */
    uint32_t flags;           /* 0 */
    const tenon_error *error; /* NULL = success */
    tenon_conn *conn;         /* connect: the new connection, not NULL on success */
    /* complete: the whole answer as a chat-completions object; left empty when deltas were emitted,
     * ignored when both are there. embed, rerank: the answer in the OpenAI (rerank: Cohere) dialect,
     * or empty when `vectors` is set. list_models: {"data":[{"id":...},...]}.
     * health_check: empty, or an object whose "version" names the server's version. */
    tenon_str body_json;
    /* complete with deltas: "stop", "length", "tool_calls", "content_filter" or the provider's own
     * word; empty = "stop". */
    tenon_str finish_reason;
    const float *vectors;   /* embed: row-major, one row per input, n_vectors * dimensions numbers */
    uint32_t n_vectors;
    uint32_t dimensions;
    uint64_t input_tokens;  /* TENON_TOKENS_UNKNOWN when not reported */
    uint64_t output_tokens; /* TENON_TOKENS_UNKNOWN when not reported */
} tenon_result;

TENON_EXTERN_C_END

#endif

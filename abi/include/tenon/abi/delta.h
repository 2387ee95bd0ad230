/* One piece of a streamed answer. */
#ifndef TENON_ABI_DELTA_H
#define TENON_ABI_DELTA_H

#include "tenon/abi/base.h"

TENON_EXTERN_C_BEGIN

/* Values of tenon_delta::kind. A receiver passes unknown kinds on or drops them; they are never
 * an error. */
enum tenon_delta_kind {
    TENON_DELTA_NONE = 0,      /* nothing typed: `raw` alone, e.g. a chunk that only names the role */
    TENON_DELTA_TEXT = 1,      /* data: text of the answer */
    TENON_DELTA_REASONING = 2, /* data: text of the model's reasoning */
    TENON_DELTA_TOOL_CALL = 3, /* data: a fragment of the arguments (JSON text);
                                  tool_call_id and tool_name on the first fragment of an index */
    TENON_DELTA_USAGE = 4,     /* data: a usage object in the OpenAI dialect; the last one counts */
    TENON_DELTA_META = 5       /* data: a JSON object that must round-trip, e.g. a signature */
};

/* Bits of tenon_delta::flags. */
enum tenon_delta_flag {
    /* Read from the same chunk as the delta before it, which carried `raw`. Whoever forwards raw
     * chunks skips this one. */
    TENON_DELTA_SAME_CHUNK = 1u << 0
};

/* data, joined over a stream, is UTF-8; a single delta may end inside a character.
 * OWNERSHIP: the emitter; borrowed until emit() returns. */
typedef struct tenon_delta {
    uint32_t struct_size; /* sizeof(tenon_delta) of the emitter */
    uint32_t kind;        /* tenon_delta_kind */
    uint32_t index;       /* TENON_DELTA_TOOL_CALL: which call of the answer, from 0 */
    uint32_t choice;      /* which choice of the answer, 0 unless n > 1 was asked for */
    uint32_t flags;       /* TENON_DELTA_* flags */
    uint32_t reserved0;   /* 0 */
    tenon_str data;
    tenon_str tool_call_id;
    tenon_str tool_name;
    /* The chunk of the wire in the OpenAI dialect, verbatim, when the provider speaks it: a consumer
     * of the same dialect forwards it without losing a field. May be empty. */
    tenon_str raw;
} tenon_delta;

TENON_EXTERN_C_END

#endif

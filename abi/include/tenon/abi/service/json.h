/* Host service "tenon.json/1": read JSON without a JSON library. */
#ifndef TENON_ABI_SERVICE_JSON_H
#define TENON_ABI_SERVICE_JSON_H

#include "tenon/abi/base.h"
#include "tenon/abi/error.h"

TENON_EXTERN_C_BEGIN

#define TENON_JSON_V1 "tenon.json/1"

/* A parsed document; immutable, so any number of threads may read it. Opaque, host-owned. */
typedef struct tenon_json_document tenon_json_document;

/* Values of tenon_json_value::type. */
enum tenon_json_type {
    TENON_JSON_NULL = 0,
    TENON_JSON_BOOLEAN = 1,
    TENON_JSON_NUMBER = 2,
    TENON_JSON_STRING = 3,
    TENON_JSON_ARRAY = 4,
    TENON_JSON_OBJECT = 5
};

/* One value of a document.
 * OWNERSHIP: `text` belongs to the document and is valid as long as it is. */
typedef struct tenon_json_value {
    uint32_t struct_size; /* sizeof(tenon_json_value), set by the plugin before the look-up */
    uint32_t type;        /* tenon_json_type */
    double number;        /* NUMBER; BOOLEAN: 0 or 1 */
    int64_t integer;      /* NUMBER without fraction inside the range; otherwise 0 */
    uint64_t count;       /* ARRAY, OBJECT: members */
    tenon_str text;       /* STRING: unescaped; otherwise empty */
} tenon_json_value;

/* ctx is tenon_host::ctx.
 *
 * A pointer is an RFC 6901 JSON pointer ("/messages/0/content"; empty = the whole document) with one
 * addition: a negative array index counts from the end ("/messages/-1" is the last message). */
typedef struct tenon_json_v1 {
    uint32_t struct_size;
    uint32_t reserved0;

    /* Parse a text (RFC 8259, UTF-8).
     * OWNERSHIP: `text` is borrowed until return; the document belongs to the plugin until release().
     * RETURNS: the document, or NULL with *error (may be NULL) telling the offset. DEFAULT IF NULL:
     * never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(const tenon_json_document *, parse, void *ctx, const tenon_str *text,
             tenon_error *error);

    /* Give a parsed document back. NULL is ignored.
     * OWNERSHIP: frees the document; never for one that request() returned.
     * RETURNS: nothing. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(void, release, void *ctx, const tenon_json_document *document);

    /* The body of a call's request, parsed once and only when asked for.
     * OWNERSHIP: host; valid until finish() of the call has returned.
     * RETURNS: the document, NULL if the call has ended or has no body. DEFAULT IF NULL: never NULL.
     * SINCE: 1.0
     * [any-thread] */
    TENON_FN(const tenon_json_document *, request, void *ctx, tenon_call call);

    /* Look a value up.
     * OWNERSHIP: plugin owns *out; see tenon_json_value.
     * RETURNS: TENON_OK with *out filled; TENON_E_NOT_FOUND if there is no such value;
     * TENON_E_INVALID if the pointer is malformed. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_status, get, void *ctx, const tenon_json_document *document,
             const tenon_str *pointer, tenon_json_value *out);

    /* The name of an object's member, in the order of the text.
     * OWNERSHIP: as get.
     * RETURNS: TENON_OK with *name set; TENON_E_NOT_FOUND if `pointer` names no object or it has no
     * such member. DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(tenon_status, member_name, void *ctx, const tenon_json_document *document,
             const tenon_str *pointer, uint64_t index, tenon_str *name);

    /* Write `text` as a JSON string, quotes included, into `buffer`. Ill-formed UTF-8 becomes
     * U+FFFD.
     * OWNERSHIP: plugin owns the buffer.
     * RETURNS: the bytes that the whole string takes; nothing is written unless it is <= capacity.
     * DEFAULT IF NULL: never NULL. SINCE: 1.0
     * [any-thread] */
    TENON_FN(size_t, quote, void *ctx, const tenon_str *text, char *buffer, size_t capacity);
} tenon_json_v1;

TENON_EXTERN_C_END

#endif

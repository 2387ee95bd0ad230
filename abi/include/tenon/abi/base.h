/* Vocabulary of the ABI: calling convention, strings, handles.
 *
 * Plain C11. No bool, enum, long, bit-field or by-value struct stands in any signature, no C++
 * type and no exception crosses the boundary, and nothing allocated on one side is freed on the
 * other. 64-bit targets only.
 *
 * Thread tags. The last line of every function's comment says from where it may be called:
 *   [setup]         one call at a time per library (entry) or per provider (create, destroy)
 *   [any-thread]    any thread, in parallel with everything else
 *   [conn-serial]   any thread; one call at a time per connection when the provider's mode is
 *                   TENON_CONN_EXCLUSIVE, in parallel otherwise
 *   [host-thread]   the host calls it on a thread of its own; calls for one operation never overlap
 * A second word "non-blocking" obliges the function to return promptly (well under 50 ms). */
#ifndef TENON_ABI_BASE_H
#define TENON_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "tenon/abi/version.h"

#if defined(__cplusplus)
/* Part of the function types since C++17: a plugin function that may throw does not even compile
 * into the table. */
#define TENON_NOEXCEPT noexcept
#define TENON_EXTERN_C_BEGIN extern "C" {
#define TENON_EXTERN_C_END }
#else
#define TENON_NOEXCEPT
#define TENON_EXTERN_C_BEGIN
#define TENON_EXTERN_C_END
#endif

#if defined(_WIN32)
#define TENON_CALL __cdecl
#define TENON_EXPORT __declspec(dllexport)
#else
#define TENON_CALL
#define TENON_EXPORT __attribute__((visibility("default")))
#endif

/* Declares a member that is a pointer to a function of the ABI. */
#define TENON_FN(ret, name, ...) ret(TENON_CALL *name)(__VA_ARGS__) TENON_NOEXCEPT

/* Is `field` inside the part of *ptr that its author filled? Ask before reading any member that is
 * newer than the ABI's first minor. */
#define TENON_HAS(ptr, type, field) \
    ((ptr)->struct_size >= offsetof(type, field) + TENON_SIZEOF(type, field))
#if defined(__cplusplus)
#define TENON_SIZEOF(type, field) sizeof(type::field)
#else
#define TENON_SIZEOF(type, field) sizeof(((type *)0)->field)
#endif

TENON_EXTERN_C_BEGIN

/* A borrowed run of UTF-8 bytes, NOT terminated by a zero. {NULL, 0} is the empty string.
 * Frozen: never grows. */
typedef struct tenon_str {
    const char *ptr;
    size_t len; /* bytes */
} tenon_str;

/* One operation that the host asked for: connect, health_check, complete, embed, rerank or
 * list_models. A host-owned number, generation in the upper and slot in the lower 32 bits; 0 is
 * never a call. Use after the end answers TENON_STALE and harms nothing. */
typedef uint64_t tenon_call;

/* One operation that a plugin asked of a host service: an HTTP exchange or a timer. Same scheme,
 * 0 means refused. */
typedef uint64_t tenon_op;

/* What a plugin made; opaque to the host. */
typedef struct tenon_provider tenon_provider;
typedef struct tenon_conn tenon_conn;

/* A tenon_code. Zero is success, positive values inform, negative values are errors. Receivers
 * treat a negative value that they do not know as TENON_E_INTERNAL. */
typedef int32_t tenon_status;

TENON_EXTERN_C_END

#endif

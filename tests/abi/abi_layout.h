/* Assertions for the layout locks. Each lock defines LOCKED_MINOR, the minor that it describes. */
#ifndef TENON_TESTS_ABI_LAYOUT_H
#define TENON_TESTS_ABI_LAYOUT_H

#include <assert.h>

#include "tenon/abi.h"

/* A struct with struct_size may grow at its end, in a new minor. */
#if TENON_ABI_CURRENT == TENON_ABI(1, LOCKED_MINOR)
#define STRUCT(type, size) \
    static_assert(sizeof(type) == (size), #type " grew: raise TENON_ABI_CURRENT (docs/abi.md)")
#else
#define STRUCT(type, size) static_assert(sizeof(type) >= (size), #type " lost members")
#endif
/* Passed in arrays, by value inside other structs, or without a size: never grows. */
#define FROZEN(type, size) static_assert(sizeof(type) == (size), #type " is frozen")

/* __VA_ARGS__ is the member's type. */
#define MEMBER(type, member, offset, ...)                                                  \
    static_assert(offsetof(type, member) == (offset), #type "::" #member " moved");        \
    static_assert(_Generic(((type *)0)->member, __VA_ARGS__ : 1, default : 0),             \
                  #type "::" #member " changed its type")
/* __VA_ARGS__ are the parameters' types. */
#define FUNCTION(type, member, offset, ret, ...) \
    MEMBER(type, member, offset, ret(TENON_CALL *)(__VA_ARGS__))
#define VALUE(name, value) static_assert((name) == (value), #name " changed its value")

#endif

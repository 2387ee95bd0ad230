/* The one symbol that a plugin exports. */
#ifndef TENON_ABI_ENTRY_H
#define TENON_ABI_ENTRY_H

#include "tenon/abi/base.h"
#include "tenon/abi/provider.h"

TENON_EXTERN_C_BEGIN

/* The kinds of one library; descriptors[i] belongs to vtables[i].
 * OWNERSHIP: plugin; static storage, valid for ever. Frozen: never grows. */
typedef struct tenon_plugin {
    uint32_t struct_size; /* sizeof(tenon_plugin) */
    uint32_t count;       /* 1 or more */
    const tenon_descriptor *const *descriptors;
    const tenon_vtable *const *vtables;
} tenon_plugin;

#define TENON_ENTRY_SYMBOL "tenon_plugin_entry_v1"

/* Describe the library. Cheap and without side effects: no thread, file, socket or signal handler.
 * `host_abi` is the TENON_ABI_CURRENT of the host, for information; a plugin does not refuse a host
 * here, it states abi_min_host.
 * OWNERSHIP: plugin; static storage, the same pointer every time.
 * RETURNS: the kinds, or NULL if the library cannot serve at all. DEFAULT IF NULL: a library
 * without this symbol is not a plugin. SINCE: 1.0
 * [setup] non-blocking */
TENON_EXPORT const tenon_plugin *TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) TENON_NOEXCEPT;

TENON_EXTERN_C_END

#endif

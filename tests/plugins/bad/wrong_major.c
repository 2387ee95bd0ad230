/* Built for version 2 of the ABI: it has that entry symbol and no other. */
#include "common.h"

TENON_EXPORT const void* TENON_CALL tenon_plugin_entry_v2(uint32_t host_abi);

const void* TENON_CALL tenon_plugin_entry_v2(uint32_t host_abi) {
    return (void)host_abi, NULL;
}

/* The entry function never returns. */
#include <unistd.h>

#include "common.h"

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    (void)host_abi;
    for (;;) pause();
    return NULL;
}

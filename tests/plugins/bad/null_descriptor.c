/* One kind, whose descriptor is NULL. */
#include "common.h"

static const tenon_vtable table = TABLE(.create = plain_create, .destroy = plain_destroy);
static const tenon_plugin plugin = {sizeof plugin, 1, (const tenon_descriptor*[]){NULL},
                                    (const tenon_vtable*[]){&table}};

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    return (void)host_abi, &plugin;
}

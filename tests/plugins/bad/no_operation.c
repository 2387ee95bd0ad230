/* Offers none of complete, embed and rerank. */
#include "common.h"

static const tenon_descriptor descriptor = DESCRIPTOR("no_operation", .features = 0);
static const tenon_vtable table = TABLE(.create = plain_create, .destroy = plain_destroy);
ENTRY(descriptor, table)

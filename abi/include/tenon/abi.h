/* The whole stable ABI of Tenon: what a provider plugin and the host promise each other.
 *
 * In four sentences: you free what you allocated; a pointer passed in a call is borrowed until the
 * call returns; a request lives until finish() returned; descriptors live for ever.
 *
 * Trust: a plugin runs inside the host's process with all of its rights. */
#ifndef TENON_ABI_H
#define TENON_ABI_H

#include "tenon/abi/base.h"
#include "tenon/abi/delta.h"
#include "tenon/abi/entry.h"
#include "tenon/abi/error.h"
#include "tenon/abi/host.h"
#include "tenon/abi/provider.h"
#include "tenon/abi/request.h"
#include "tenon/abi/result.h"
#include "tenon/abi/service/http.h"
#include "tenon/abi/service/json.h"
#include "tenon/abi/service/timer.h"
#include "tenon/abi/version.h"

#endif

/* What a plugin gives the host for each kind of provider: a descriptor (data) and a table
 * (functions). */
#ifndef TENON_ABI_PROVIDER_H
#define TENON_ABI_PROVIDER_H

#include "tenon/abi/base.h"
#include "tenon/abi/error.h"
#include "tenon/abi/host.h"
#include "tenon/abi/request.h"

TENON_EXTERN_C_BEGIN

/* Bits of tenon_descriptor::features: what complete() understands beyond plain text. */
enum tenon_feature {
    TENON_FEATURE_STREAM = 1u << 0,      /* emits deltas while the model is still answering */
    TENON_FEATURE_TOOLS = 1u << 1,       /* "tools", "tool_choice" */
    TENON_FEATURE_JSON_SCHEMA = 1u << 2, /* "response_format" with a schema */
    TENON_FEATURE_IMAGES = 1u << 3,      /* image parts in messages */
    TENON_FEATURE_REASONING = 1u << 4    /* emits TENON_DELTA_REASONING */
};

/* Values of tenon_descriptor::conn_mode. */
enum tenon_conn_mode {
    TENON_CONN_STATELESS = 0,  /* no connect/disconnect; conn is NULL in every call */
    TENON_CONN_EXCLUSIVE = 1,  /* one call at a time on a connection */
    TENON_CONN_MULTIPLEXED = 2 /* up to max_calls_per_conn at once on a connection */
};

/* Bits of tenon_descriptor::blocking: functions that may block. The host runs them on a bounded
 * pool of worker threads; all others return promptly. */
enum tenon_blocking {
    TENON_BLOCKING_CONNECT = 1u << 0, /* connect, disconnect */
    TENON_BLOCKING_HEALTH = 1u << 1,  /* health_check */
    TENON_BLOCKING_CALLS = 1u << 2    /* complete, embed, rerank, list_models */
};

/* Bits of tenon_descriptor::options. */
enum tenon_option {
    /* This provider signs its requests itself: configuration values that the schema marks as
     * secret are handed to create() instead of being kept by the host. */
    TENON_OPTION_READS_SECRETS = 1u << 0,
    /* The provider repeats failed requests by itself; the host then does not. */
    TENON_OPTION_RETRIES_INTERNALLY = 1u << 1
};

/* OWNERSHIP: plugin; static storage, valid as long as the library is mapped (for ever). */
typedef struct tenon_descriptor {
    uint32_t struct_size;        /* sizeof(tenon_descriptor) of the plugin */
    uint32_t abi_built;          /* TENON_ABI_CURRENT it was compiled with: informational only */
    uint32_t abi_min_host;       /* oldest host it can work with: the only version that refuses */
    uint32_t conn_mode;          /* tenon_conn_mode */
    uint64_t features;           /* TENON_FEATURE_*, unknown bits are ignored */
    uint32_t blocking;           /* TENON_BLOCKING_* */
    uint32_t max_calls_per_conn; /* TENON_CONN_MULTIPLEXED: 0 = unlimited */
    uint32_t options;            /* TENON_OPTION_* */
    uint32_t reserved0;          /* 0 */
    tenon_str id;                /* the kind's name in configurations: [a-z0-9][a-z0-9._-]{0,63} */
    tenon_str name;              /* for people */
    tenon_str version;           /* SemVer */
    tenon_str vendor;            /* may be empty */
    tenon_str description;       /* one sentence, may be empty */
    tenon_str license;           /* SPDX expression, may be empty */
    /* JSON Schema of the provider's configuration object; empty = takes none. A property with
     * "x-tenon-secret": true is a credential: the host resolves it, redacts it everywhere, and
     * hands it out by name (tenon_http_request::credential). */
    tenon_str config_schema_json;
    /* Service ids the provider cannot do without, ended by NULL; may be NULL. The host checks them
     * before create(). */
    const char *const *required_services;
} tenon_descriptor;

/* The functions of one kind. The host copies the table at load, struct_size bytes of it, and fills
 * every NULL with the default that its comment names.
 * Required: create, destroy, and at least one of complete, embed, rerank.
 *
 * "Start functions" (connect, health_check, complete, embed, rerank, list_models) return before the
 * answer exists. RETURNS, for all of them: TENON_OK = accepted, finish() follows exactly once, maybe
 * before the function returns; anything else = refused with this status, finish() must not be
 * called. */
typedef struct tenon_vtable {
    uint32_t struct_size; /* sizeof(tenon_vtable) of the plugin */
    uint32_t reserved0;   /* 0 */

    /* Make a provider from its configuration (a JSON object, "{}" if none was given; it has been
     * checked against the schema). Opens no connection.
     * OWNERSHIP: `host` outlives the provider; `config_json` is borrowed until return; `*out` belongs
     * to the plugin until destroy().
     * RETURNS: TENON_OK with *out set, or an error with *error filled. DEFAULT IF NULL: the plugin
     * is refused. SINCE: 1.0
     * [setup] */
    TENON_FN(tenon_status, create, const tenon_host *host, const tenon_str *config_json,
             tenon_provider **out, tenon_error *error);

    /* End a provider that has no connection and no call any more. When this returns no thread,
     * timer or callback of it is left.
     * OWNERSHIP: frees the provider.
     * RETURNS: nothing. DEFAULT IF NULL: the plugin is refused. SINCE: 1.0
     * [setup] */
    TENON_FN(void, destroy, tenon_provider *provider);

    /* Start opening one logical connection; finish() carries it in tenon_result::conn.
     * OWNERSHIP: the connection belongs to the plugin until disconnect().
     * RETURNS: see "start functions". DEFAULT IF NULL: stateless, always connected (disconnect must
     * be NULL too). SINCE: 1.0
     * [any-thread] non-blocking unless TENON_BLOCKING_CONNECT */
    TENON_FN(tenon_status, connect, tenon_provider *provider, tenon_call call,
             int64_t deadline_ns);

    /* Close a connection that has no call any more; called once for each connection.
     * OWNERSHIP: frees the connection.
     * RETURNS: nothing. DEFAULT IF NULL: as connect. SINCE: 1.0
     * [any-thread] non-blocking unless TENON_BLOCKING_CONNECT */
    TENON_FN(void, disconnect, tenon_provider *provider, tenon_conn *conn);

    /* Start checking that the provider can serve, without spending tokens.
     * OWNERSHIP: `conn` stays the plugin's; NULL for stateless providers.
     * RETURNS: see "start functions". DEFAULT IF NULL: health follows from the outcome of requests.
     * SINCE: 1.0
     * [conn-serial] non-blocking unless TENON_BLOCKING_HEALTH */
    TENON_FN(tenon_status, health_check, tenon_provider *provider, tenon_conn *conn,
             tenon_call call, int64_t deadline_ns);

    /* Start answering one chat-completions request: emit() deltas and finish(), or finish() with
     * the whole body.
     * OWNERSHIP: host owns `request` until finish() returned; `conn` as in health_check.
     * RETURNS: see "start functions". DEFAULT IF NULL: TENON_E_UNSUPPORTED. SINCE: 1.0
     * [conn-serial] non-blocking unless TENON_BLOCKING_CALLS */
    TENON_FN(tenon_status, complete, tenon_provider *provider, tenon_conn *conn,
             const tenon_request *request, tenon_call call);

    /* Start answering one embeddings request.
     * OWNERSHIP: as complete.
     * RETURNS: see "start functions". DEFAULT IF NULL: TENON_E_UNSUPPORTED. SINCE: 1.0
     * [conn-serial] non-blocking unless TENON_BLOCKING_CALLS */
    TENON_FN(tenon_status, embed, tenon_provider *provider, tenon_conn *conn,
             const tenon_request *request, tenon_call call);

    /* Start answering one rerank request.
     * OWNERSHIP: as complete.
     * RETURNS: see "start functions". DEFAULT IF NULL: TENON_E_UNSUPPORTED. SINCE: 1.0
     * [conn-serial] non-blocking unless TENON_BLOCKING_CALLS */
    TENON_FN(tenon_status, rerank, tenon_provider *provider, tenon_conn *conn,
             const tenon_request *request, tenon_call call);

    /* Start listing the models that the provider serves.
     * OWNERSHIP: as health_check.
     * RETURNS: see "start functions". DEFAULT IF NULL: the models named in the configuration.
     * SINCE: 1.0
     * [conn-serial] non-blocking unless TENON_BLOCKING_CALLS */
    TENON_FN(tenon_status, list_models, tenon_provider *provider, tenon_conn *conn,
             tenon_call call, int64_t deadline_ns);

    /* Hint that nobody wants the call's answer any more. May arrive before the start function has
     * returned and may race finish(); an unknown call is ignored. finish() is still due, soon.
     * The host has already cancelled the call's HTTP exchanges and timers.
     * OWNERSHIP: none passes.
     * RETURNS: nothing. DEFAULT IF NULL: the host cancels what the call started through services,
     * and gives up on the call at its deadline. SINCE: 1.0
     * [any-thread] non-blocking */
    TENON_FN(void, cancel, tenon_provider *provider, tenon_conn *conn, tenon_call call);

    /* Look up an interface beyond this table, by an id such as "com.example.batch/1".
     * OWNERSHIP: plugin; valid until destroy().
     * RETURNS: the interface, NULL if there is none. DEFAULT IF NULL: none. SINCE: 1.0
     * [any-thread] non-blocking */
    TENON_FN(const void *, get_extension, tenon_provider *provider, const char *id);
} tenon_vtable;

TENON_EXTERN_C_END

#endif

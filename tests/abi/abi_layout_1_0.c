/* The layout lock of ABI 1.0: every struct, member, function type and constant as it was released.
 *
 * This file is never edited. A minor that adds something gets a file of its own beside it
 * (abi_layout_1_1.c, ...), which locks what it added; docs/abi.md says how. */
#define LOCKED_MINOR 0
#include "abi_layout.h"

static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "the ABI is for 64-bit targets");
static_assert(TENON_ABI_MAJOR(TENON_ABI_CURRENT) == 1, "a new major needs a new entry symbol");
static_assert(TENON_ABI_CURRENT >= TENON_ABI(1, 0), "the version never goes back");
static_assert(TENON_ABI(2, 3) == 0x20003 && TENON_ABI_MAJOR(0x20003) == 2 &&
                  TENON_ABI_MINOR(0x20003) == 3,
              "versions are compared as numbers, also across releases");

/* Macros: a definition that differs from the header's does not compile. */
#define TENON_NO_DEADLINE INT64_MAX
#define TENON_TOKENS_UNKNOWN UINT64_MAX
#define TENON_ENTRY_SYMBOL "tenon_plugin_entry_v1"
#define TENON_HTTP_V1 "tenon.http/1"
#define TENON_JSON_V1 "tenon.json/1"
#define TENON_TIMER_V1 "tenon.timer/1"

static_assert(_Generic((tenon_call)0, uint64_t : 1, default : 0), "tenon_call changed");
static_assert(_Generic((tenon_op)0, uint64_t : 1, default : 0), "tenon_op changed");
static_assert(_Generic((tenon_status)0, int32_t : 1, default : 0), "tenon_status changed");
static_assert(_Generic((tenon_timer_fn)0, void(TENON_CALL *)(void *, tenon_status) : 1,
                       default : 0),
              "tenon_timer_fn changed");
static_assert(_Generic(&tenon_plugin_entry_v1, const tenon_plugin *(TENON_CALL *)(uint32_t) : 1,
                       default : 0),
              "tenon_plugin_entry_v1 changed");

FROZEN(tenon_str, 16);
MEMBER(tenon_str, ptr, 0, const char *);
MEMBER(tenon_str, len, 8, size_t);

STRUCT(tenon_error, 80);
MEMBER(tenon_error, struct_size, 0, uint32_t);
MEMBER(tenon_error, flags, 4, uint32_t);
MEMBER(tenon_error, code, 8, int32_t);
MEMBER(tenon_error, scope, 12, uint32_t);
MEMBER(tenon_error, http_status, 16, int32_t);
MEMBER(tenon_error, reserved0, 20, int32_t);
MEMBER(tenon_error, retry_after_ms, 24, int64_t);
MEMBER(tenon_error, message, 32, tenon_str);
MEMBER(tenon_error, provider_code, 48, tenon_str);
MEMBER(tenon_error, detail_json, 64, tenon_str);

STRUCT(tenon_delta, 88);
MEMBER(tenon_delta, struct_size, 0, uint32_t);
MEMBER(tenon_delta, kind, 4, uint32_t);
MEMBER(tenon_delta, index, 8, uint32_t);
MEMBER(tenon_delta, choice, 12, uint32_t);
MEMBER(tenon_delta, flags, 16, uint32_t);
MEMBER(tenon_delta, reserved0, 20, uint32_t);
MEMBER(tenon_delta, data, 24, tenon_str);
MEMBER(tenon_delta, tool_call_id, 40, tenon_str);
MEMBER(tenon_delta, tool_name, 56, tenon_str);
MEMBER(tenon_delta, raw, 72, tenon_str);

STRUCT(tenon_request, 80);
MEMBER(tenon_request, struct_size, 0, uint32_t);
MEMBER(tenon_request, flags, 4, uint32_t);
MEMBER(tenon_request, deadline_ns, 8, int64_t);
MEMBER(tenon_request, model, 16, tenon_str);
MEMBER(tenon_request, body_json, 32, tenon_str);
MEMBER(tenon_request, idempotency_key, 48, tenon_str);
MEMBER(tenon_request, trace_parent, 64, tenon_str);

STRUCT(tenon_result, 88);
MEMBER(tenon_result, struct_size, 0, uint32_t);
MEMBER(tenon_result, flags, 4, uint32_t);
MEMBER(tenon_result, error, 8, const tenon_error *);
MEMBER(tenon_result, conn, 16, tenon_conn *);
MEMBER(tenon_result, body_json, 24, tenon_str);
MEMBER(tenon_result, finish_reason, 40, tenon_str);
MEMBER(tenon_result, vectors, 56, const float *);
MEMBER(tenon_result, n_vectors, 64, uint32_t);
MEMBER(tenon_result, dimensions, 68, uint32_t);
MEMBER(tenon_result, input_tokens, 72, uint64_t);
MEMBER(tenon_result, output_tokens, 80, uint64_t);

STRUCT(tenon_host, 80);
MEMBER(tenon_host, struct_size, 0, uint32_t);
MEMBER(tenon_host, abi_version, 4, uint32_t);
MEMBER(tenon_host, ctx, 8, void *);
FUNCTION(tenon_host, log, 16, void, void *, int32_t, const tenon_str *, const tenon_str *);
FUNCTION(tenon_host, log_enabled, 24, int32_t, void *, int32_t);
FUNCTION(tenon_host, now_ns, 32, int64_t, void *);
FUNCTION(tenon_host, get_service, 40, const void *, void *, const char *);
FUNCTION(tenon_host, emit, 48, tenon_status, void *, tenon_call, const tenon_delta *);
FUNCTION(tenon_host, finish, 56, tenon_status, void *, tenon_call, const tenon_result *);
FUNCTION(tenon_host, is_cancelled, 64, int32_t, void *, tenon_call);
FUNCTION(tenon_host, conn_lost, 72, tenon_status, void *, tenon_conn *, const tenon_error *);

STRUCT(tenon_descriptor, 160);
MEMBER(tenon_descriptor, struct_size, 0, uint32_t);
MEMBER(tenon_descriptor, abi_built, 4, uint32_t);
MEMBER(tenon_descriptor, abi_min_host, 8, uint32_t);
MEMBER(tenon_descriptor, conn_mode, 12, uint32_t);
MEMBER(tenon_descriptor, features, 16, uint64_t);
MEMBER(tenon_descriptor, blocking, 24, uint32_t);
MEMBER(tenon_descriptor, max_calls_per_conn, 28, uint32_t);
MEMBER(tenon_descriptor, options, 32, uint32_t);
MEMBER(tenon_descriptor, reserved0, 36, uint32_t);
MEMBER(tenon_descriptor, id, 40, tenon_str);
MEMBER(tenon_descriptor, name, 56, tenon_str);
MEMBER(tenon_descriptor, version, 72, tenon_str);
MEMBER(tenon_descriptor, vendor, 88, tenon_str);
MEMBER(tenon_descriptor, description, 104, tenon_str);
MEMBER(tenon_descriptor, license, 120, tenon_str);
MEMBER(tenon_descriptor, config_schema_json, 136, tenon_str);
MEMBER(tenon_descriptor, required_services, 152, const char *const *);

STRUCT(tenon_vtable, 96);
MEMBER(tenon_vtable, struct_size, 0, uint32_t);
MEMBER(tenon_vtable, reserved0, 4, uint32_t);
FUNCTION(tenon_vtable, create, 8, tenon_status, const tenon_host *, const tenon_str *,
         tenon_provider **, tenon_error *);
FUNCTION(tenon_vtable, destroy, 16, void, tenon_provider *);
FUNCTION(tenon_vtable, connect, 24, tenon_status, tenon_provider *, tenon_call, int64_t);
FUNCTION(tenon_vtable, disconnect, 32, void, tenon_provider *, tenon_conn *);
FUNCTION(tenon_vtable, health_check, 40, tenon_status, tenon_provider *, tenon_conn *, tenon_call,
         int64_t);
FUNCTION(tenon_vtable, complete, 48, tenon_status, tenon_provider *, tenon_conn *,
         const tenon_request *, tenon_call);
FUNCTION(tenon_vtable, embed, 56, tenon_status, tenon_provider *, tenon_conn *,
         const tenon_request *, tenon_call);
FUNCTION(tenon_vtable, rerank, 64, tenon_status, tenon_provider *, tenon_conn *,
         const tenon_request *, tenon_call);
FUNCTION(tenon_vtable, list_models, 72, tenon_status, tenon_provider *, tenon_conn *, tenon_call,
         int64_t);
FUNCTION(tenon_vtable, cancel, 80, void, tenon_provider *, tenon_conn *, tenon_call);
FUNCTION(tenon_vtable, get_extension, 88, const void *, tenon_provider *, const char *);

FROZEN(tenon_plugin, 24);
MEMBER(tenon_plugin, struct_size, 0, uint32_t);
MEMBER(tenon_plugin, count, 4, uint32_t);
MEMBER(tenon_plugin, descriptors, 8, const tenon_descriptor *const *);
MEMBER(tenon_plugin, vtables, 16, const tenon_vtable *const *);

FROZEN(tenon_header, 32);
MEMBER(tenon_header, name, 0, tenon_str);
MEMBER(tenon_header, value, 16, tenon_str);

STRUCT(tenon_http_request, 128);
MEMBER(tenon_http_request, struct_size, 0, uint32_t);
MEMBER(tenon_http_request, flags, 4, uint32_t);
MEMBER(tenon_http_request, method, 8, tenon_str);
MEMBER(tenon_http_request, url, 24, tenon_str);
MEMBER(tenon_http_request, headers, 40, const tenon_header *);
MEMBER(tenon_http_request, n_headers, 48, size_t);
MEMBER(tenon_http_request, body, 56, tenon_str);
MEMBER(tenon_http_request, credential, 72, tenon_str);
MEMBER(tenon_http_request, credential_header, 88, tenon_str);
MEMBER(tenon_http_request, credential_prefix, 104, tenon_str);
MEMBER(tenon_http_request, timeout_ms, 120, int64_t);

STRUCT(tenon_http_sink, 40);
MEMBER(tenon_http_sink, struct_size, 0, uint32_t);
MEMBER(tenon_http_sink, reserved0, 4, uint32_t);
MEMBER(tenon_http_sink, user, 8, void *);
FUNCTION(tenon_http_sink, on_headers, 16, void, void *, int32_t, const tenon_header *, size_t);
FUNCTION(tenon_http_sink, on_data, 24, void, void *, const tenon_str *);
FUNCTION(tenon_http_sink, on_done, 32, void, void *, const tenon_error *);

STRUCT(tenon_http_v1, 24);
MEMBER(tenon_http_v1, struct_size, 0, uint32_t);
MEMBER(tenon_http_v1, reserved0, 4, uint32_t);
FUNCTION(tenon_http_v1, send, 8, tenon_op, void *, tenon_call, const tenon_http_request *,
         const tenon_http_sink *);
FUNCTION(tenon_http_v1, cancel, 16, void, void *, tenon_op);

STRUCT(tenon_json_value, 48);
MEMBER(tenon_json_value, struct_size, 0, uint32_t);
MEMBER(tenon_json_value, type, 4, uint32_t);
MEMBER(tenon_json_value, number, 8, double);
MEMBER(tenon_json_value, integer, 16, int64_t);
MEMBER(tenon_json_value, count, 24, uint64_t);
MEMBER(tenon_json_value, text, 32, tenon_str);

STRUCT(tenon_json_v1, 56);
MEMBER(tenon_json_v1, struct_size, 0, uint32_t);
MEMBER(tenon_json_v1, reserved0, 4, uint32_t);
FUNCTION(tenon_json_v1, parse, 8, const tenon_json_document *, void *, const tenon_str *,
         tenon_error *);
FUNCTION(tenon_json_v1, release, 16, void, void *, const tenon_json_document *);
FUNCTION(tenon_json_v1, request, 24, const tenon_json_document *, void *, tenon_call);
FUNCTION(tenon_json_v1, get, 32, tenon_status, void *, const tenon_json_document *,
         const tenon_str *, tenon_json_value *);
FUNCTION(tenon_json_v1, member_name, 40, tenon_status, void *, const tenon_json_document *,
         const tenon_str *, uint64_t, tenon_str *);
FUNCTION(tenon_json_v1, quote, 48, size_t, void *, const tenon_str *, char *, size_t);

STRUCT(tenon_timer_v1, 24);
MEMBER(tenon_timer_v1, struct_size, 0, uint32_t);
MEMBER(tenon_timer_v1, reserved0, 4, uint32_t);
FUNCTION(tenon_timer_v1, start, 8, tenon_op, void *, tenon_call, int64_t, tenon_timer_fn, void *);
FUNCTION(tenon_timer_v1, cancel, 16, void, void *, tenon_op);

VALUE(TENON_OK, 0);
VALUE(TENON_CANCELLED, 1);
VALUE(TENON_STALE, 2);
VALUE(TENON_AGAIN, 3);
VALUE(TENON_E_INVALID, -1);
VALUE(TENON_E_UNSUPPORTED, -2);
VALUE(TENON_E_INTERNAL, -3);
VALUE(TENON_E_NOMEM, -4);
VALUE(TENON_E_UNAVAILABLE, -5);
VALUE(TENON_E_DEADLINE, -6);
VALUE(TENON_E_AUTH, -7);
VALUE(TENON_E_FORBIDDEN, -8);
VALUE(TENON_E_THROTTLED, -9);
VALUE(TENON_E_TOO_LARGE, -10);
VALUE(TENON_E_REFUSED, -11);
VALUE(TENON_E_PROTOCOL, -12);
VALUE(TENON_E_NOT_FOUND, -13);
VALUE(TENON_E_OVERLOADED, -14);

VALUE(TENON_SCOPE_REQUEST, 0);
VALUE(TENON_SCOPE_CONNECTION, 1);
VALUE(TENON_SCOPE_PROVIDER, 2);

VALUE(TENON_ERROR_RETRYABLE, 1);
VALUE(TENON_ERROR_NOT_SENT, 2);

VALUE(TENON_DELTA_NONE, 0);
VALUE(TENON_DELTA_TEXT, 1);
VALUE(TENON_DELTA_REASONING, 2);
VALUE(TENON_DELTA_TOOL_CALL, 3);
VALUE(TENON_DELTA_USAGE, 4);
VALUE(TENON_DELTA_META, 5);

VALUE(TENON_DELTA_SAME_CHUNK, 1);

VALUE(TENON_REQUEST_STREAM, 1);

VALUE(TENON_LOG_TRACE, 0);
VALUE(TENON_LOG_DEBUG, 1);
VALUE(TENON_LOG_INFO, 2);
VALUE(TENON_LOG_WARN, 3);
VALUE(TENON_LOG_ERROR, 4);

VALUE(TENON_FEATURE_STREAM, 1);
VALUE(TENON_FEATURE_TOOLS, 2);
VALUE(TENON_FEATURE_JSON_SCHEMA, 4);
VALUE(TENON_FEATURE_IMAGES, 8);
VALUE(TENON_FEATURE_REASONING, 16);

VALUE(TENON_CONN_STATELESS, 0);
VALUE(TENON_CONN_EXCLUSIVE, 1);
VALUE(TENON_CONN_MULTIPLEXED, 2);

VALUE(TENON_BLOCKING_CONNECT, 1);
VALUE(TENON_BLOCKING_HEALTH, 2);
VALUE(TENON_BLOCKING_CALLS, 4);

VALUE(TENON_OPTION_READS_SECRETS, 1);
VALUE(TENON_OPTION_RETRIES_INTERNALLY, 2);

VALUE(TENON_HTTP_STABLE_BODY, 1);
VALUE(TENON_HTTP_CREDENTIAL_OPTIONAL, 2);

VALUE(TENON_JSON_NULL, 0);
VALUE(TENON_JSON_BOOLEAN, 1);
VALUE(TENON_JSON_NUMBER, 2);
VALUE(TENON_JSON_STRING, 3);
VALUE(TENON_JSON_ARRAY, 4);
VALUE(TENON_JSON_OBJECT, 5);

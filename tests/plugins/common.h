/* What all plugins for tests have in common, so that each file shows nothing but its own matter. */
#ifndef TENON_TESTS_PLUGINS_COMMON_H
#define TENON_TESTS_PLUGINS_COMMON_H

#include <stdlib.h>
#include <string.h>

#include "tenon/abi.h"

/* Initializes a tenon_str. */
#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

/* The whole state of a provider that has none. */
struct tenon_provider {
    const tenon_host* host;
};

static inline tenon_status TENON_CALL plain_create(const tenon_host* host, const tenon_str* config,
                                                   tenon_provider** out, tenon_error* error) {
    (void)config, (void)error;
    tenon_provider* self = (tenon_provider*)malloc(sizeof *self);
    if (self == NULL) return TENON_E_NOMEM;
    self->host = host;
    *out = self;
    return TENON_OK;
}

static inline void TENON_CALL plain_destroy(tenon_provider* self) {
    free(self);
}

static inline tenon_status emit_text(const tenon_host* host, tenon_call call, const char* text) {
    tenon_delta delta;
    memset(&delta, 0, sizeof delta);
    delta.struct_size = sizeof delta;
    delta.kind = TENON_DELTA_TEXT;
    delta.data.ptr = text;
    delta.data.len = strlen(text);
    return host->emit(host->ctx, call, &delta);
}

static inline tenon_result plain_result(void) {
    tenon_result result;
    memset(&result, 0, sizeof result);
    result.struct_size = sizeof result;
    result.input_tokens = TENON_TOKENS_UNKNOWN;
    result.output_tokens = TENON_TOKENS_UNKNOWN;
    return result;
}

static inline tenon_status finish_ok(const tenon_host* host, tenon_call call) {
    const tenon_result result = plain_result();
    return host->finish(host->ctx, call, &result);
}

static inline tenon_status finish_error(const tenon_host* host, tenon_call call, int32_t code,
                                        uint32_t scope, const char* message) {
    tenon_error error;
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    error.code = code;
    error.scope = scope;
    error.retry_after_ms = -1;
    error.message.ptr = message;
    error.message.len = strlen(message);
    tenon_result result = plain_result();
    result.error = &error;
    return host->finish(host->ctx, call, &result);
}

/* The descriptor of a kind that needs nothing; further members as designated initializers. */
#define DESCRIPTOR(id_text, ...)                                                     \
    {                                                                                \
        .struct_size = sizeof(tenon_descriptor), .abi_built = TENON_ABI_CURRENT,     \
        .abi_min_host = TENON_ABI(1, 0), .id = TEXT(id_text), .name = TEXT(id_text), \
        .version = TEXT("1.0.0"), __VA_ARGS__                                        \
    }

/* The table of a kind; its functions as designated initializers. */
#define TABLE(...) \
    { .struct_size = sizeof(tenon_vtable), __VA_ARGS__ }

/* The entry of a library with one kind. */
#define ENTRY(descriptor_name, table_name)                                               \
    static const tenon_plugin plugin = {sizeof plugin, 1,                                \
                                        (const tenon_descriptor*[]){&(descriptor_name)}, \
                                        (const tenon_vtable*[]){&(table_name)}};         \
    const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {            \
        return (void)host_abi, &plugin;                                                  \
    }

/* A library with one stateless kind that offers complete. */
#define PLAIN_PLUGIN(id_text, complete_function)                                                \
    static const tenon_descriptor descriptor = DESCRIPTOR(id_text, .features = 0);              \
    static const tenon_vtable table =                                                           \
        TABLE(.create = plain_create, .destroy = plain_destroy, .complete = complete_function); \
    ENTRY(descriptor, table)

#endif

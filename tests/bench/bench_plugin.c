/* Providers that finish inside complete(): what is left to measure is the host's part. */
#include "bench_plugin.h"

#include "tenon/abi.h"

#define TEXT(literal) \
    { literal, sizeof(literal) - 1 }

static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                      tenon_provider** out, tenon_error* error) {
    (void)config, (void)error;
    *out = (tenon_provider*)host;
    return TENON_OK;
}

static void TENON_CALL destroy(tenon_provider* self) {
    (void)self;
}

static void finish(const tenon_host* host, tenon_call call, const tenon_result* what) {
    tenon_result result = *what;
    result.struct_size = sizeof result;
    result.input_tokens = 24;
    result.output_tokens = 15;
    host->finish(host->ctx, call, &result);
}

/* One body. */
static tenon_status TENON_CALL complete_body(tenon_provider* self, tenon_conn* conn,
                                             const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    finish((const tenon_host*)self, call, &(tenon_result){.body_json = TEXT(BENCH_ANSWER)});
    return TENON_OK;
}

static tenon_status emit_all(tenon_provider* self, tenon_call call, tenon_delta delta) {
    const tenon_host* host = (const tenon_host*)self;
    delta.struct_size = sizeof delta;
    delta.kind = TENON_DELTA_TEXT;
    for (int i = 0; i < BENCH_DELTAS; ++i) host->emit(host->ctx, call, &delta);
    finish(host, call, &(tenon_result){.finish_reason = TEXT("stop")});
    return TENON_OK;
}

/* BENCH_DELTAS deltas of text alone. */
static tenon_status TENON_CALL complete_text(tenon_provider* self, tenon_conn* conn,
                                             const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    return emit_all(self, call, (tenon_delta){.data = TEXT(BENCH_TEXT)});
}

/* The same, each with the chunk that it was read from. */
static tenon_status TENON_CALL complete_raw(tenon_provider* self, tenon_conn* conn,
                                            const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    return emit_all(self, call, (tenon_delta){.data = TEXT(BENCH_TEXT), .raw = TEXT(BENCH_CHUNK)});
}

#define DESCRIPTOR(id_)                                                                            \
    {                                                                                              \
        .struct_size = sizeof(tenon_descriptor), .abi_min_host = TENON_ABI(1, 0), .id = TEXT(id_), \
        .name = TEXT(id_), .version = TEXT("1.0.0")                                                \
    }
#define TABLE(complete_) \
    { sizeof(tenon_vtable), 0, create, destroy, .complete = complete_ }

static const tenon_descriptor descriptors[] = {DESCRIPTOR("bench.body"), DESCRIPTOR("bench.text"),
                                               DESCRIPTOR("bench.raw")};
static const tenon_vtable tables[] = {TABLE(complete_body), TABLE(complete_text),
                                      TABLE(complete_raw)};
static const tenon_plugin plugin = {
    sizeof plugin, 3,
    (const tenon_descriptor*[]){&descriptors[0], &descriptors[1], &descriptors[2]},
    (const tenon_vtable*[]){&tables[0], &tables[1], &tables[2]}};

TENON_EXPORT const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}

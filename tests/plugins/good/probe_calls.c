/* complete(): one small behaviour for each name of a model. */
#include <sched.h>
#include <stdio.h>

#include "probe.h"

static int is(const tenon_request* request, const char* name) {
    return request->model.len == strlen(name) &&
           memcmp(request->model.ptr, name, request->model.len) == 0;
}

static tenon_status answer(const tenon_host* host, tenon_call call, const char* text) {
    emit_text(host, call, text);
    finish_ok(host, call);
    return TENON_OK;
}

static void answer_from_thread(struct probe* self, tenon_call call, tenon_conn* conn) {
    (void)conn;
    const tenon_host* host = self->base.host;
    emit_text(host, call, "from ");
    emit_text(host, call, "a ");
    answer(host, call, "thread");
}

/* Emits 1 KiB pieces until the host takes no more; tells how many it took. */
static tenon_status flood_inline(const tenon_host* host, tenon_call call) {
    char piece[1025];
    memset(piece, 'x', sizeof piece - 1);
    piece[sizeof piece - 1] = '\0';
    int taken = 0;
    tenon_status status = TENON_OK;
    while (taken < 100000 && (status = emit_text(host, call, piece)) == TENON_OK) ++taken;
    char told[64];
    snprintf(told, sizeof told, "%d then %d", taken, (int)status);
    tenon_result result = plain_result();
    result.finish_reason.ptr = told;
    result.finish_reason.len = strlen(told);
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

/* 4 MiB in all, offered again whenever the host is full. */
static void flood_patiently(struct probe* self, tenon_call call, tenon_conn* conn) {
    (void)conn;
    const tenon_host* host = self->base.host;
    char piece[4097];
    memset(piece, 'y', sizeof piece - 1);
    piece[sizeof piece - 1] = '\0';
    int refused = 0;
    for (int i = 0; i < 1024; ++i) {
        tenon_status status;
        while ((status = emit_text(host, call, piece)) == TENON_AGAIN) {
            refused = 1;
            sched_yield();
        }
        if (status != TENON_OK) break;
    }
    tenon_result result = plain_result();
    result.finish_reason.ptr = refused ? "was refused" : "never refused";
    result.finish_reason.len = strlen(result.finish_reason.ptr);
    host->finish(host->ctx, call, &result);
}

/* The same without offering again: for a blocking provider emit() waits. */
static tenon_status flood_blocking(const tenon_host* host, tenon_call call) {
    char piece[4097];
    memset(piece, 'z', sizeof piece - 1);
    piece[sizeof piece - 1] = '\0';
    tenon_status status = TENON_OK;
    for (int i = 0; i < 1024 && status == TENON_OK; ++i) status = emit_text(host, call, piece);
    char told[32];
    snprintf(told, sizeof told, "ended with %d", (int)status);
    tenon_result result = plain_result();
    result.finish_reason.ptr = told;
    result.finish_reason.len = strlen(told);
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

struct waiting {
    struct probe* self;
    tenon_call call;
    char text[4096];
    size_t length;
    int status;
};

static struct waiting* wait_for(struct probe* self, tenon_call call) {
    struct waiting* waiting = calloc(1, sizeof *waiting);
    waiting->self = self;
    waiting->call = call;
    return waiting;
}

static void TENON_CALL on_timer(void* user, tenon_status status) {
    struct waiting* waiting = user;
    const tenon_host* host = waiting->self->base.host;
    probe_log(waiting->self, "timer ended with %d", (int)status);
    if (status == TENON_OK) {
        answer(host, waiting->call, "expired");
    } else {
        finish_error(host, waiting->call, TENON_CANCELLED, TENON_SCOPE_REQUEST, "timer cancelled");
    }
    free(waiting);
}

/* A timer for the call; `stop` cancels it at once. */
static tenon_status start_timer(struct probe* self, tenon_call call, int64_t delay_ns, int stop) {
    const tenon_host* host = self->base.host;
    const tenon_timer_v1* timer = host->get_service(host->ctx, TENON_TIMER_V1);
    struct waiting* waiting = wait_for(self, call);
    const tenon_op op = timer->start(host->ctx, call, delay_ns, on_timer, waiting);
    if (op == 0) {
        free(waiting);
        return TENON_E_INTERNAL;
    }
    if (stop) timer->cancel(host->ctx, op);
    return TENON_OK;
}

static void TENON_CALL on_headers(void* user, int32_t status, const tenon_header* headers,
                                  size_t n_headers) {
    struct waiting* waiting = user;
    waiting->status = status;
    for (size_t i = 0; i < n_headers; ++i) {
        probe_log(waiting->self, "header %.*s=%.*s", (int)headers[i].name.len, headers[i].name.ptr,
                  (int)headers[i].value.len, headers[i].value.ptr);
    }
}

static void TENON_CALL on_data(void* user, const tenon_str* chunk) {
    struct waiting* waiting = user;
    const tenon_host* host = waiting->self->base.host;
    tenon_delta delta;
    memset(&delta, 0, sizeof delta);
    delta.struct_size = sizeof delta;
    delta.kind = TENON_DELTA_TEXT;
    delta.data = *chunk;
    const tenon_status status = host->emit(host->ctx, waiting->call, &delta);
    if (status != TENON_OK) probe_log(waiting->self, "emit answered %d", (int)status);
}

static void TENON_CALL on_done(void* user, const tenon_error* error) {
    struct waiting* waiting = user;
    const tenon_host* host = waiting->self->base.host;
    if (error != NULL) {
        probe_log(waiting->self, "http ended with %d", (int)error->code);
        tenon_result result = plain_result();
        result.error = error;
        host->finish(host->ctx, waiting->call, &result);
    } else {
        char told[32];
        snprintf(told, sizeof told, "http %d", waiting->status);
        tenon_result result = plain_result();
        result.finish_reason.ptr = told;
        result.finish_reason.len = strlen(told);
        host->finish(host->ctx, waiting->call, &result);
    }
    free(waiting);
}

/* The text at a JSON pointer of the request's body; {NULL, 0} if there is none. */
static tenon_str look_up(const tenon_host* host, tenon_call call, const char* pointer) {
    const tenon_json_v1* json = host->get_service(host->ctx, TENON_JSON_V1);
    const tenon_json_document* body = json->request(host->ctx, call);
    tenon_json_value value;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    const tenon_str path = {pointer, strlen(pointer)};
    if (body == NULL || json->get(host->ctx, body, &path, &value) != TENON_OK) {
        memset(&value.text, 0, sizeof value.text);
    }
    return value.text;
}

/* GET of the body's "url", with the body's "credential" if it has one. `stop` cancels at once. */
static tenon_status start_http(struct probe* self, tenon_call call, int stop) {
    const tenon_host* host = self->base.host;
    const tenon_http_v1* http = host->get_service(host->ctx, TENON_HTTP_V1);
    tenon_http_request request;
    memset(&request, 0, sizeof request);
    request.struct_size = sizeof request;
    request.method.ptr = "GET";
    request.method.len = 3;
    request.url = look_up(host, call, "/url");
    request.credential = look_up(host, call, "/credential");
    request.credential_prefix.ptr = "Bearer ";
    request.credential_prefix.len = 7;
    request.timeout_ms =
        is(&(tenon_request){.model = look_up(host, call, "/timeout")}, "longest") ? INT64_MAX : 0;
    tenon_http_sink sink;
    memset(&sink, 0, sizeof sink);
    sink.struct_size = sizeof sink;
    sink.user = wait_for(self, call);
    sink.on_headers = on_headers;
    sink.on_data = on_data;
    sink.on_done = on_done;
    const tenon_op op = http->send(host->ctx, call, &request, &sink);
    if (op == 0) {
        free(sink.user);
        return TENON_E_INTERNAL;
    }
    if (stop) http->cancel(host->ctx, op);
    return TENON_OK;
}

/* Everything that send() must refuse, one after the other. */
static tenon_status misuse_http(struct probe* self, tenon_call call) {
    const tenon_host* host = self->base.host;
    const tenon_http_v1* http = host->get_service(host->ctx, TENON_HTTP_V1);
    tenon_http_request request;
    memset(&request, 0, sizeof request);
    request.struct_size = sizeof request;
    tenon_http_sink sink;
    memset(&sink, 0, sizeof sink);
    sink.struct_size = sizeof sink;
    int taken = http->send(host->ctx, call, &request, &sink) != 0; /* no on_done */
    sink.on_done = on_done;
    taken += http->send(host->ctx, call, NULL, &sink) != 0;
    taken += http->send(host->ctx, call, &request, NULL) != 0;
    taken += http->send(host->ctx, call + 1, &request, &sink) != 0; /* no such call */
    request.n_headers = 3;                                          /* at no address */
    taken += http->send(host->ctx, call, &request, &sink) != 0;
    request.n_headers = 0;
    request.struct_size = 8;
    taken += http->send(host->ctx, call, &request, &sink) != 0;
    http->cancel(host->ctx, 12345);
    return answer(host, call, taken == 0 ? "all refused" : "some taken");
}

void probe_release_all(struct probe* self) {
    for (;;) {
        tenon_call call = 0;
        pthread_mutex_lock(&self->mutex);
        for (int i = 0; i < PROBE_MOST_HELD && call == 0; ++i) call = self->held[i].call;
        pthread_mutex_unlock(&self->mutex);
        if (call == 0) return;
        if (probe_let_go(self, call).call == 0) continue;
        emit_text(self->base.host, call, "at last");
        const tenon_status status = finish_ok(self->base.host, call);
        probe_log(self, "late finish answered %d", (int)status);
    }
}

/* Emits one more delta on every call that is held. */
static void nudge_all(struct probe* self) {
    tenon_call calls[PROBE_MOST_HELD];
    pthread_mutex_lock(&self->mutex);
    for (int i = 0; i < PROBE_MOST_HELD; ++i) calls[i] = self->held[i].call;
    pthread_mutex_unlock(&self->mutex);
    for (int i = 0; i < PROBE_MOST_HELD; ++i) {
        if (calls[i] != 0) emit_text(self->base.host, calls[i], "more");
    }
}

static tenon_status with_body(const tenon_host* host, const tenon_request* request,
                              tenon_call call) {
    tenon_result result = plain_result();
    result.body_json = request->body_json;
    result.finish_reason = request->idempotency_key;
    result.input_tokens = 11;
    result.output_tokens = request->flags & TENON_REQUEST_STREAM ? 1 : 0;
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

static tenon_status on_connection(struct probe* self, tenon_conn* conn,
                                  const tenon_request* request, tenon_call call) {
    const tenon_host* host = self->base.host;
    if (is(request, "conn")) {
        char told[32];
        snprintf(told, sizeof told, "connection %d", conn == NULL ? 0 : conn->number);
        return answer(host, call, told);
    }
    if (is(request, "lose")) {
        const tenon_status status = host->conn_lost(host->ctx, conn, NULL);
        return answer(host, call, status == TENON_OK ? "known" : "unknown");
    }
    return probe_special(self, request, call);
}

tenon_status TENON_CALL probe_complete(tenon_provider* base, tenon_conn* conn,
                                       const tenon_request* request, tenon_call call) {
    struct probe* self = probe_of(base);
    const tenon_host* host = base->host;
    if (is(request, "inline")) return answer(host, call, "inline");
    if (is(request, "body")) return with_body(host, request, call);
    if (is(request, "thread")) return probe_thread(self, call, conn, answer_from_thread);
    if (is(request, "hold")) return probe_hold(self, call, 0, NULL);
    if (is(request, "hold after delta")) {
        emit_text(host, call, "begun");
        return probe_hold(self, call, 0, NULL);
    }
    if (is(request, "deaf")) return probe_hold(self, call, 1, NULL);
    if (is(request, "release")) {
        probe_release_all(self);
        return answer(host, call, "released");
    }
    if (is(request, "nudge")) {
        nudge_all(self);
        return answer(host, call, "nudged");
    }
    if (is(request, "refuse")) return TENON_E_OVERLOADED;
    if (is(request, "refuse oddly")) return TENON_AGAIN;
    if (is(request, "fail request")) {
        finish_error(host, call, TENON_E_REFUSED, TENON_SCOPE_REQUEST, "the filter says no");
        return TENON_OK;
    }
    if (is(request, "fail connection")) {
        finish_error(host, call, TENON_E_UNAVAILABLE, TENON_SCOPE_CONNECTION, "the line is dead");
        return TENON_OK;
    }
    if (is(request, "flood")) return flood_inline(host, call);
    if (is(request, "flood patiently")) return probe_thread(self, call, conn, flood_patiently);
    if (is(request, "flood blocking")) return flood_blocking(host, call);
    if (is(request, "timer")) return start_timer(self, call, 0, 0);
    if (is(request, "long timer")) return start_timer(self, call, INT64_MAX, 0);
    if (is(request, "stopped timer")) return start_timer(self, call, INT64_MAX, 1);
    if (is(request, "bad timer")) {
        return start_timer(self, call, -1, 0) == TENON_OK ? TENON_OK
                                                          : answer(host, call, "refused");
    }
    if (is(request, "http")) return start_http(self, call, 0);
    if (is(request, "stopped http")) return start_http(self, call, 1);
    if (is(request, "misused http")) return misuse_http(self, call);
    if (is(request, "json")) {
        const tenon_str text = look_up(host, call, "/messages/-1/content");
        char told[256];
        snprintf(told, sizeof told, "%.*s", (int)text.len, text.ptr == NULL ? "" : text.ptr);
        return answer(host, call, told);
    }
    return on_connection(self, conn, request, call);
}

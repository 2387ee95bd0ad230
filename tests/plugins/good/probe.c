/* The kinds probe, probe_session, probe_mux and probe_blocking. connect() does what the
 * configuration's member "connect" says, health_check() what "health" says. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>

int probe_is_told(struct probe* self, const char* part) {
    pthread_mutex_lock(&self->mutex);
    const int told = strstr(self->config, part) != NULL;
    pthread_mutex_unlock(&self->mutex);
    return told;
}

void probe_log(struct probe* self, const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const tenon_str text = {line, length < 0 ? 0 : (size_t)length};
    self->base.host->log(self->base.host->ctx, TENON_LOG_INFO, &text, NULL);
}

tenon_status probe_hold(struct probe* self, tenon_call call, int deaf, tenon_conn* conn) {
    tenon_status status = TENON_E_OVERLOADED;
    pthread_mutex_lock(&self->mutex);
    for (int i = 0; i < PROBE_MOST_HELD && status != TENON_OK; ++i) {
        if (self->held[i].call != 0) continue;
        self->held[i] = (struct held){call, deaf, conn};
        status = TENON_OK;
    }
    pthread_mutex_unlock(&self->mutex);
    return status;
}

struct held probe_let_go(struct probe* self, tenon_call call) {
    struct held found = {0, 0, NULL};
    pthread_mutex_lock(&self->mutex);
    for (int i = 0; i < PROBE_MOST_HELD; ++i) {
        if (self->held[i].call != call) continue;
        found = self->held[i];
        self->held[i].call = 0;
        break;
    }
    pthread_mutex_unlock(&self->mutex);
    return found;
}

struct start {
    struct probe* self;
    tenon_call call;
    tenon_conn* conn;
    void (*run)(struct probe*, tenon_call, tenon_conn*);
};

static void* run_thread(void* argument) {
    struct start start = *(struct start*)argument;
    free(argument);
    start.run(start.self, start.call, start.conn);
    pthread_mutex_lock(&start.self->mutex);
    --start.self->threads;
    pthread_cond_broadcast(&start.self->changed);
    pthread_mutex_unlock(&start.self->mutex);
    return NULL;
}

tenon_status probe_thread(struct probe* self, tenon_call call, tenon_conn* conn,
                          void (*run)(struct probe*, tenon_call, tenon_conn*)) {
    struct start* start = malloc(sizeof *start);
    *start = (struct start){self, call, conn, run};
    pthread_mutex_lock(&self->mutex);
    ++self->threads;
    pthread_mutex_unlock(&self->mutex);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_thread, start) != 0) abort();
    pthread_detach(thread);
    return TENON_OK;
}

static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                      tenon_provider** out, tenon_error* error) {
    struct probe* self = calloc(1, sizeof *self);
    if (self == NULL) return TENON_E_NOMEM;
    self->base.host = host;
    snprintf(self->config, sizeof self->config, "%.*s", (int)config->len, config->ptr);
    if (strstr(self->config, "\"create\":\"fail\"") != NULL) {
        error->code = TENON_E_AUTH;
        error->message = (tenon_str)TEXT("api_key is missing");
        free(self);
        return TENON_E_AUTH;
    }
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
    *out = &self->base;
    return TENON_OK;
}

static void TENON_CALL destroy(tenon_provider* base) {
    struct probe* self = probe_of(base);
    pthread_mutex_lock(&self->mutex);
    while (self->threads > 0) pthread_cond_wait(&self->changed, &self->mutex);
    pthread_mutex_unlock(&self->mutex);
    probe_log(self, "destroyed with %d connections", self->connections);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
    free(self);
}

static tenon_conn* make_connection(struct probe* self) {
    static int last;
    tenon_conn* conn = malloc(sizeof *conn);
    pthread_mutex_lock(&self->mutex);
    conn->number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    ++self->connections;
    pthread_mutex_unlock(&self->mutex);
    return conn;
}

static void drop_connection(struct probe* self, tenon_conn* conn) {
    pthread_mutex_lock(&self->mutex);
    --self->connections;
    pthread_mutex_unlock(&self->mutex);
    free(conn);
}

static void finish_connect(struct probe* self, tenon_call call, tenon_conn* conn) {
    tenon_result result = plain_result();
    result.conn = conn;
    probe_log(self, "connected");
    if (self->base.host->finish(self->base.host->ctx, call, &result) != TENON_OK) {
        drop_connection(self, conn); /* the host does not want it any more */
        probe_log(self, "took the connection back");
    }
}

static tenon_status TENON_CALL connect(tenon_provider* base, tenon_call call, int64_t deadline) {
    (void)deadline;
    struct probe* self = probe_of(base);
    if (probe_is_told(self, "\"connect\":\"refuse\"")) return TENON_E_UNAVAILABLE;
    if (probe_is_told(self, "\"connect\":\"fail\"")) {
        finish_error(base->host, call, TENON_E_AUTH, TENON_SCOPE_PROVIDER, "wrong password");
        return TENON_OK;
    }
    if (probe_is_told(self, "\"connect\":\"hold\"")) {
        return probe_hold(self, call, 0, make_connection(self));
    }
    if (probe_is_told(self, "\"connect\":\"deaf\"")) return probe_hold(self, call, 1, NULL);
    if (probe_is_told(self, "\"connect\":\"thread\"")) {
        return probe_thread(self, call, make_connection(self), finish_connect);
    }
    finish_connect(self, call, make_connection(self));
    return TENON_OK;
}

static void TENON_CALL disconnect(tenon_provider* base, tenon_conn* conn) {
    struct probe* self = probe_of(base);
    drop_connection(self, conn);
    probe_log(self, "disconnected");
}

static tenon_status TENON_CALL health_check(tenon_provider* base, tenon_conn* conn, tenon_call call,
                                            int64_t deadline) {
    (void)conn, (void)deadline;
    struct probe* self = probe_of(base);
    if (probe_is_told(self, "\"health\":\"hold\"")) {
        return probe_hold(self, call, 0, NULL);
    }
    if (probe_is_told(self, "\"health\":\"deaf\"")) return probe_hold(self, call, 1, NULL);
    if (probe_is_told(self, "\"health\":\"sick\"")) {
        finish_error(base->host, call, TENON_E_UNAVAILABLE, TENON_SCOPE_PROVIDER, "no licence");
        return TENON_OK;
    }
    if (probe_is_told(self, "\"health\":\"throttled\"")) {
        finish_error(base->host, call, TENON_E_THROTTLED, TENON_SCOPE_REQUEST, "not so often");
        return TENON_OK;
    }
    if (probe_is_told(self, "\"health\":\"auth\"")) {
        finish_error(base->host, call, TENON_E_AUTH, TENON_SCOPE_PROVIDER,
                     "the key sk-sesame is refused");
        return TENON_OK;
    }
    if (probe_is_told(self, "\"health\":\"release\"")) probe_release_all(self);
    tenon_result result = plain_result();
    result.body_json = (tenon_str)TEXT("{\"version\":\"7.1\"}");
    base->host->finish(base->host->ctx, call, &result);
    return TENON_OK;
}

static tenon_status TENON_CALL list_models(tenon_provider* base, tenon_conn* conn, tenon_call call,
                                           int64_t deadline) {
    (void)conn, (void)deadline;
    tenon_result result = plain_result();
    result.body_json = (tenon_str)TEXT("{\"data\":[{\"id\":\"inline\"}]}");
    base->host->finish(base->host->ctx, call, &result);
    return TENON_OK;
}

static tenon_status TENON_CALL embed(tenon_provider* base, tenon_conn* conn,
                                     const tenon_request* request, tenon_call call) {
    (void)conn, (void)request;
    static const float numbers[] = {1, 2, 3, 4, 5, 6};
    tenon_result result = plain_result();
    result.vectors = numbers;
    result.n_vectors = 2;
    result.dimensions = 3;
    result.input_tokens = 5;
    base->host->finish(base->host->ctx, call, &result);
    return TENON_OK;
}

static void TENON_CALL cancel(tenon_provider* base, tenon_conn* conn, tenon_call call) {
    (void)conn;
    struct probe* self = probe_of(base);
    const struct held held = probe_let_go(self, call);
    if (held.call == 0) return;
    if (held.deaf) {
        probe_hold(self, call, 1, NULL);
        return;
    }
    if (held.conn != NULL) {
        finish_connect(self, call, held.conn);
        return;
    }
    finish_error(base->host, call, TENON_CANCELLED, TENON_SCOPE_REQUEST, "cancelled");
}

static const tenon_descriptor stateless = DESCRIPTOR(
    "probe", .features = TENON_FEATURE_STREAM, .config_schema_json = TEXT("{\"type\":\"object\"}"));
static const tenon_descriptor session =
    DESCRIPTOR("probe_session", .conn_mode = TENON_CONN_EXCLUSIVE);
static const tenon_descriptor mux =
    DESCRIPTOR("probe_mux", .conn_mode = TENON_CONN_MULTIPLEXED, .max_calls_per_conn = 2);
static const tenon_descriptor blocking =
    DESCRIPTOR("probe_blocking", .conn_mode = TENON_CONN_EXCLUSIVE,
               .blocking = TENON_BLOCKING_CONNECT | TENON_BLOCKING_HEALTH | TENON_BLOCKING_CALLS);
static const tenon_descriptor meagre = DESCRIPTOR("probe_meagre", .features = 0);
static const tenon_vtable table =
    TABLE(.create = create, .destroy = destroy, .health_check = health_check,
          .complete = probe_complete, .embed = embed, .list_models = list_models, .cancel = cancel);
static const tenon_vtable connected =
    TABLE(.create = create, .destroy = destroy, .connect = connect, .disconnect = disconnect,
          .health_check = health_check, .complete = probe_complete, .embed = embed,
          .list_models = list_models, .cancel = cancel);
static const tenon_vtable least =
    TABLE(.create = create, .destroy = destroy, .complete = probe_complete);
static const tenon_plugin plugin = {
    sizeof plugin, 5, (const tenon_descriptor*[]){&stateless, &session, &mux, &blocking, &meagre},
    (const tenon_vtable*[]){&table, &connected, &connected, &connected, &least}};

const tenon_plugin* TENON_CALL tenon_plugin_entry_v1(uint32_t host_abi) {
    return (void)host_abi, &plugin;
}

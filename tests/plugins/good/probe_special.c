/* Models whose name is a prefix with something behind it: "status 500", "status 500 of another",
 * "config JSON" (from now on), "die", "tokens". */
#include <stdio.h>

#include "probe.h"

/* What a server answers instead, with its status. */
static tenon_status fail_with_status(const tenon_host* host, tenon_call call, int status) {
    tenon_error error;
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    error.http_status = status;
    error.retry_after_ms = -1;
    switch (status) {
        case 400: error.code = TENON_E_INVALID; break;
        case 401:
            error.code = TENON_E_AUTH;
            error.scope = TENON_SCOPE_PROVIDER;
            break;
        case 404: error.code = TENON_E_NOT_FOUND; break;
        case 429:
            error.code = TENON_E_THROTTLED;
            error.flags = TENON_ERROR_RETRYABLE;
            error.retry_after_ms = 60000;
            break;
        default: error.code = TENON_E_UNAVAILABLE; error.flags = TENON_ERROR_RETRYABLE;
    }
    char message[32];
    error.message.ptr = message;
    error.message.len = (size_t)snprintf(message, sizeof message, "it answered %d", status);
    error.provider_code = (tenon_str)TEXT("no_sk-sesame");
    error.detail_json = (tenon_str)TEXT("{\"said\":\"sk-sesame\"}");
    tenon_result result = plain_result();
    result.error = &error;
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

/* The connection is found dead before anything of the answer has come. */
static tenon_status die(const tenon_host* host, tenon_call call) {
    tenon_error error;
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    error.code = TENON_E_UNAVAILABLE;
    error.scope = TENON_SCOPE_CONNECTION;
    error.flags = TENON_ERROR_RETRYABLE;
    error.retry_after_ms = -1;
    error.message = (tenon_str)TEXT("the peer has closed the connection");
    tenon_result result = plain_result();
    result.error = &error;
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

static tenon_status with_tokens(const tenon_host* host, tenon_call call) {
    tenon_result result = plain_result();
    result.input_tokens = 7;
    result.output_tokens = 3;
    host->finish(host->ctx, call, &result);
    return TENON_OK;
}

/* What follows the prefix in the model's name; NULL if it does not begin so. */
static const char* after(const tenon_request* request, const char* prefix, size_t* length) {
    const size_t skipped = strlen(prefix);
    if (request->model.len < skipped || memcmp(request->model.ptr, prefix, skipped) != 0) {
        return NULL;
    }
    *length = request->model.len - skipped;
    return request->model.ptr + skipped;
}

static tenon_status configure(struct probe* self, tenon_call call, const char* text,
                              size_t length) {
    pthread_mutex_lock(&self->mutex);
    snprintf(self->config, sizeof self->config, "%.*s", (int)length, text);
    pthread_mutex_unlock(&self->mutex);
    emit_text(self->base.host, call, "configured");
    finish_ok(self->base.host, call);
    return TENON_OK;
}

tenon_status probe_special(struct probe* self, const tenon_request* request, tenon_call call) {
    const tenon_host* host = self->base.host;
    size_t length = 0;
    const char* text = after(request, "config ", &length);
    if (text != NULL) return configure(self, call, text, length);
    text = after(request, "status ", &length);
    if (text != NULL && length >= 3) {
        const int status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
        return fail_with_status(host, call, status);
    }
    if (after(request, "die", &length) != NULL) return die(host, call);
    if (after(request, "tokens", &length) != NULL) return with_tokens(host, call);
    return TENON_E_NOT_FOUND;
}

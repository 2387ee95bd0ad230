#include <string>
#include <utility>

#include "tenon/testing/json_service.hpp"
#include "testing/fake_checks.hpp"
#include "testing/fake_state.hpp"

namespace tenon::testing {
namespace {

FakeState& of(void* ctx) noexcept {
    return *static_cast<FakeState*>(ctx);
}

// ---- tenon.http/1 ------------------------------------------------------------------------------

std::string text(const tenon_str& in) {
    return std::string(from_abi(in));
}

SentRequest record(const tenon_http_request& in, tenon_call call) {
    SentRequest out;
    out.method = text(in.method);
    out.url = text(in.url);
    for (std::size_t i = 0; i < in.n_headers; ++i) {
        out.headers.push_back({text(in.headers[i].name), text(in.headers[i].value)});
    }
    out.body = text(in.body);
    out.stable_body = (in.flags & TENON_HTTP_STABLE_BODY) != 0;
    out.credential = text(in.credential);
    out.credential_header = text(in.credential_header);
    out.credential_prefix = text(in.credential_prefix);
    out.credential_optional = (in.flags & TENON_HTTP_CREDENTIAL_OPTIONAL) != 0;
    out.timeout_ms = in.timeout_ms;
    out.call = call;
    return out;
}

tenon_op TENON_CALL http_send(void* ctx, tenon_call call, const tenon_http_request* request,
                              const tenon_http_sink* sink) noexcept {
    FakeState& state = of(ctx);
    auto lock = state.lock();
    if (request == nullptr || sink == nullptr) {
        state.violation(lock, "an HTTP request was sent without request or sink");
        return 0;
    }
    if (const auto breaches = check_request(*request, *sink); !breaches.empty()) {
        for (const auto& breach : breaches) state.violation(lock, breach);
        return 0;
    }
    const CallRecord* on_behalf = state.find(lock, call);
    const bool wanted = on_behalf != nullptr && !on_behalf->finished && !on_behalf->cancelled;
    HttpReply reply;
    SentRequest sent = record(*request, call);
    if (wanted) {
        if (auto scripted = state.script.take(sent.method, sent.url)) {
            reply = *std::move(scripted);
        } else {
            const std::string what = "no reply is scripted for " + sent.method + " " + sent.url;
            state.violation(lock, what + "; " + state.script.expected());
            reply = {.status = 0, .error = Error(Code::unavailable, what)};
        }
    }
    auto exchange =
        std::make_shared<FakeExchange>(call, *sink, std::move(reply), state.script.sent.size(),
                                       sent.stable_body ? request->body : tenon_str{nullptr, 0});
    if (sent.timeout_ms > 0) exchange->due_ns = state.now_ns + sent.timeout_ms * 1'000'000;
    const std::string name = "the request " + sent.method + " " + sent.url;
    // Recorded before it starts: its first callback looks the record up.
    if (wanted) state.script.sent.push_back(std::move(sent));
    return state.start(lock, name.c_str(), std::move(exchange));
}

void TENON_CALL cancel_operation(void* ctx, tenon_op op) noexcept {
    of(ctx).cancel_operation(op);
}

constexpr tenon_http_v1 kHttp = {sizeof(tenon_http_v1), 0, &http_send, &cancel_operation};

// ---- tenon.timer/1 -----------------------------------------------------------------------------

tenon_op TENON_CALL timer_start(void* ctx, tenon_call call, std::int64_t delay_ns,
                                tenon_timer_fn fn, void* user) noexcept {
    FakeState& state = of(ctx);
    auto lock = state.lock();
    if (fn == nullptr || delay_ns < 0) {
        state.violation(lock, "a timer was started without a function or with a negative delay");
        return 0;
    }
    const bool never = delay_ns >= TENON_NO_DEADLINE - state.now_ns;
    auto timer = std::make_shared<FakeTimer>(
        call, never ? TENON_NO_DEADLINE : state.now_ns + delay_ns, fn, user);
    if (delay_ns == 0) {
        timer->due_ns = TENON_NO_DEADLINE;
        timer->on_due();
    }
    return state.start(lock, "a timer", std::move(timer));
}

constexpr tenon_timer_v1 kTimer = {sizeof(tenon_timer_v1), 0, &timer_start, &cancel_operation};

// ---- tenon.json/1 ------------------------------------------------------------------------------

const tenon_json_document* TENON_CALL json_parse(void* ctx, const tenon_str* in,
                                                 tenon_error* error) noexcept {
    return of(ctx).parse(in, error);
}

void TENON_CALL json_release(void* ctx, const tenon_json_document* document) noexcept {
    of(ctx).release(document);
}

const tenon_json_document* TENON_CALL json_request(void* ctx, tenon_call call) noexcept {
    return of(ctx).request_json(call);
}

tenon_status TENON_CALL json_get(void* ctx, const tenon_json_document* document,
                                 const tenon_str* pointer, tenon_json_value* out) noexcept {
    if (!of(ctx).is_alive(document)) return TENON_E_INVALID;
    return json_service::get(document, pointer, out);
}

tenon_status TENON_CALL json_member_name(void* ctx, const tenon_json_document* document,
                                         const tenon_str* pointer, std::uint64_t index,
                                         tenon_str* name) noexcept {
    if (!of(ctx).is_alive(document)) return TENON_E_INVALID;
    return json_service::member_name(document, pointer, index, name);
}

std::size_t TENON_CALL json_quote(void*, const tenon_str* in, char* buffer,
                                  std::size_t capacity) noexcept {
    return json_service::quote(in, buffer, capacity);
}

constexpr tenon_json_v1 kJson = {sizeof(tenon_json_v1), 0,         &json_parse,       &json_release,
                                 &json_request,         &json_get, &json_member_name, &json_quote};

// ---- tenon_host --------------------------------------------------------------------------------

void TENON_CALL log(void* ctx, std::int32_t level, const tenon_str* message,
                    const tenon_str* fields_json) noexcept {
    FakeState& state = of(ctx);
    const auto lock = state.lock();
    if (level < TENON_LOG_TRACE || level > TENON_LOG_ERROR) {
        state.violation(lock, "log() with the unknown level " + std::to_string(level));
        return;
    }
    if (message == nullptr) return state.violation(lock, "log() without a message");
    LogLine line{static_cast<LogLevel>(level), text(*message), {}};
    if (fields_json != nullptr) line.fields_json = text(*fields_json);
    if (!line.fields_json.empty() && !is_json_object(line.fields_json)) {
        state.violation(lock, "log() with fields that are no JSON object: " + line.fields_json);
    }
    if (line.level >= state.log_level) state.logs.push_back(std::move(line));
}

std::int32_t TENON_CALL log_enabled(void* ctx, std::int32_t level) noexcept {
    const auto lock = of(ctx).lock();
    return level >= static_cast<std::int32_t>(of(ctx).log_level) ? 1 : 0;
}

std::int64_t TENON_CALL now_ns(void* ctx) noexcept {
    const auto lock = of(ctx).lock();
    return of(ctx).now_ns;
}

const void* TENON_CALL get_service(void* ctx, const char* id) noexcept {
    if (id == nullptr) return nullptr;
    const std::string_view name = id;
    const auto lock = of(ctx).lock();
    if (of(ctx).hidden_services.contains(name)) return nullptr;
    if (name == TENON_HTTP_V1) return &kHttp;
    if (name == TENON_TIMER_V1) return &kTimer;
    if (name == TENON_JSON_V1) return &kJson;
    return nullptr;
}

tenon_status TENON_CALL emit(void* ctx, tenon_call call, const tenon_delta* delta) noexcept {
    return of(ctx).emit(call, delta);
}

tenon_status TENON_CALL finish(void* ctx, tenon_call call, const tenon_result* result) noexcept {
    return of(ctx).finish(call, result);
}

std::int32_t TENON_CALL is_cancelled(void* ctx, tenon_call call) noexcept {
    return of(ctx).is_cancelled(call) ? 1 : 0;
}

tenon_status TENON_CALL conn_lost(void* ctx, tenon_conn* conn, const tenon_error* error) noexcept {
    return of(ctx).connection_lost(conn, error);
}

}  // namespace

void fill_table(tenon_host& table, FakeState& state) noexcept {
    table.struct_size = sizeof table;
    table.abi_version = TENON_ABI_CURRENT;
    table.ctx = &state;
    table.log = &log;
    table.log_enabled = &log_enabled;
    table.now_ns = &now_ns;
    table.get_service = &get_service;
    table.emit = &emit;
    table.finish = &finish;
    table.is_cancelled = &is_cancelled;
    table.conn_lost = &conn_lost;
}

}  // namespace tenon::testing

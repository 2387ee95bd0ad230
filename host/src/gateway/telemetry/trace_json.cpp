#include "gateway/telemetry/trace_json.hpp"

#include <chrono>

#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonWriter;

std::int64_t us(base::Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}
std::int64_t ms(base::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

void optional_member(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}
void optional_member(JsonWriter& json, std::string_view name, std::optional<base::Duration> time) {
    json.key(name);
    if (time) {
        json.value(us(*time));
    } else {
        json.null();
    }
}
void optional_member(JsonWriter& json, std::string_view name, std::optional<std::uint64_t> number) {
    json.key(name);
    if (number) {
        json.value(*number);
    } else {
        json.null();
    }
}
void mark_member(JsonWriter& json, std::string_view name, const std::optional<StreamMark>& mark) {
    json.key(name);
    if (!mark) return json.null();
    json.begin_object();
    json.member("at_us", us(mark->at));
    json.member("bytes", mark->bytes);
    json.end_object();
}

void write_error(JsonWriter& json, Code code, std::string_view message) {
    json.key("error");
    if (code == Code::ok) return json.null();
    json.begin_object();
    json.member("code", to_string(code));
    json.member("message", message);
    json.end_object();
}

/// What list and whole trace have in common.
void write_head(JsonWriter& json, const Trace& trace) {
    json.member("id", trace.start.context.trace_id_hex());
    json.member("request_id", trace.start.request_id);
    json.member("model", trace.start.model);
    optional_member(json, "provider", trace.provider);
    json.member("status", trace.status);
    json.member("started", base::format_utc(trace.start.started));
    json.member("duration_ms", ms(trace.duration));
}

void write(JsonWriter& json, const TraceAttempt& attempt) {
    json.begin_object();
    json.member("number", attempt.number);
    json.member("span_id", to_hex(attempt.span_id));
    json.member("provider", attempt.provider);
    json.member("model", attempt.model);
    json.member("why", to_string(attempt.why));
    mark_member(json, "started", attempt.started);
    mark_member(json, "ended", attempt.ended);
    json.member("duration_us", us(attempt.ended.at - attempt.started.at));
    json.member("queue_wait_us", us(attempt.queue_wait));
    optional_member(json, "first_byte_us", attempt.first_byte);
    json.member("result", to_string(attempt.code));
    write_error(json, attempt.code, attempt.message);
    if (attempt.http_status != 0) json.member("http_status", attempt.http_status);
    if (attempt.stop != core::Stop::none) json.member("stop", to_string(attempt.stop));
    if (attempt.dialing) json.member("dialing", true);
    if (attempt.decision) {
        json.key("decision");
        json.begin_object();
        json.member("action", to_string(attempt.decision->action));
        json.member("reason", to_string(attempt.decision->reason));
        json.member("wait_us", us(attempt.decision->wait));
        json.end_object();
    }
    json.end_object();
}

void write(JsonWriter& json, const TraceWait& wait) {
    json.begin_object();
    json.member("why", to_string(wait.why));
    json.member("at_us", us(wait.started));
    json.member("planned_us", us(wait.planned));
    json.member("duration_us", us(wait.duration));
    json.end_object();
}

template <class List>
void write_list(JsonWriter& json, std::string_view name, const List& list) {
    json.key(name);
    json.begin_array();
    for (const auto& item : list) write(json, item);
    json.end_array();
}

void write_stream(JsonWriter& json, const Trace& trace) {
    json.key("stream");
    json.begin_object();
    json.member("asked", trace.start.stream);
    json.member("deltas", trace.deltas);
    mark_member(json, "first_delta", trace.first_delta);
    mark_member(json, "last_delta", trace.last_delta);
    optional_member(json, "first_sent_us", trace.first_sent);
    json.member("bytes", trace.bytes);
    json.end_object();
}

}  // namespace

std::string traces_to_json(std::span<const std::shared_ptr<const Trace>> traces) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const auto& trace : traces) {
        json.begin_object();
        write_head(json, *trace);
        json.member("attempts", trace->attempts.size());
        json.end_object();
    }
    json.end_array();
    return out;
}

std::string to_json(const Trace& trace) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, trace);
    json.member("duration_us", us(trace.duration));
    json.member("span_id", trace.start.context.span_id_hex());
    json.key("parent_span_id");
    if (trace.start.parent_span) {
        json.value(to_hex(*trace.start.parent_span));
    } else {
        json.null();
    }
    json.member("dialect", trace.start.dialect);
    json.member("operation", trace.start.operation);
    optional_member(json, "provider_model", trace.provider_model);
    optional_member(json, "key", trace.start.key);
    json.member("client", trace.start.client);
    write_error(json, trace.code, trace.error);
    optional_member(json, "finish_reason", trace.finish_reason);
    optional_member(json, "input_tokens", trace.input_tokens);
    optional_member(json, "output_tokens", trace.output_tokens);
    json.member("queue_wait_us", us(trace.queue_wait));
    json.member("paused_us", us(trace.paused));
    json.member("overhead_us", us(trace.overhead));
    write_stream(json, trace);
    write_list(json, "attempts", trace.attempts);
    write_list(json, "waits", trace.waits);
    json.member("dropped", trace.dropped);
    json.end_object();
    return out;
}

}  // namespace tenon::gateway

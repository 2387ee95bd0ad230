#include "gateway/telemetry/otlp_json.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonWriter;

enum SpanKind { kServer = 2, kClient = 3 };
enum SpanStatus { kUnset = 0, kError = 2 };

std::int64_t us(base::Duration time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

/// Nanoseconds since 1970, as a string: they do not fit into a JSON number.
std::string unix_nano(const Trace& trace, base::Duration at) {
    const auto time = trace.start.started.time_since_epoch() + at;
    return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

/// An attribute whose value has the members that `write_value` writes.
template <class WriteValue>
void write_attribute(JsonWriter& json, std::string_view key, WriteValue&& write_value) {
    json.begin_object();
    json.member("key", key);
    json.key("value");
    json.begin_object();
    write_value();
    json.end_object();
    json.end_object();
}

void attribute(JsonWriter& json, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    write_attribute(json, key, [&] { json.member("stringValue", text); });
}
void attribute(JsonWriter& json, std::string_view key, std::int64_t number) {
    write_attribute(json, key, [&] { json.member("intValue", std::to_string(number)); });
}
void attribute(JsonWriter& json, std::string_view key, std::uint64_t number) {
    attribute(json, key, static_cast<std::int64_t>(number));
}
void attribute(JsonWriter& json, std::string_view key, bool flag) {
    write_attribute(json, key, [&] { json.member("boolValue", flag); });
}
void text_list(JsonWriter& json, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    write_attribute(json, key, [&] {
        json.key("arrayValue");
        json.begin_object();
        json.key("values");
        json.begin_array();
        json.begin_object();
        json.member("stringValue", text);
        json.end_object();
        json.end_array();
        json.end_object();
    });
}

void write_status(JsonWriter& json, bool failed, std::string_view message) {
    json.key("status");
    json.begin_object();
    json.member("code", static_cast<int>(failed ? kError : kUnset));
    if (failed) json.member("message", message);
    json.end_object();
}

/// Opens an event and its attributes.
void begin_event(JsonWriter& json, const Trace& trace, base::Duration at, std::string_view name) {
    json.begin_object();
    json.member("timeUnixNano", unix_nano(trace, at));
    json.member("name", name);
    json.key("attributes");
    json.begin_array();
}
void end_event(JsonWriter& json) {
    json.end_array();
    json.end_object();
}

void write_events(JsonWriter& json, const Trace& trace) {
    json.key("events");
    json.begin_array();
    for (const auto& wait : trace.waits) {
        begin_event(json, trace, wait.started, "tenon.wait");
        attribute(json, "tenon.wait.why", to_string(wait.why));
        attribute(json, "tenon.wait.planned_us", us(wait.planned));
        attribute(json, "tenon.wait.duration_us", us(wait.duration));
        end_event(json);
    }
    const auto mark = [&](std::string_view name, const std::optional<StreamMark>& where) {
        if (!where) return;
        begin_event(json, trace, where->at, name);
        attribute(json, "tenon.bytes_sent", where->bytes);
        end_event(json);
    };
    mark("tenon.first_delta", trace.first_delta);
    mark("tenon.last_delta", trace.last_delta);
    json.end_array();
}

/// The well-known values of gen_ai.operation.name, where there is one.
std::string_view operation_name(const Trace& trace) {
    if (trace.start.operation == "complete") return "chat";
    if (trace.start.operation == "embed") return "embeddings";
    return trace.start.operation;
}

void begin_span(JsonWriter& json, const Trace& trace, std::uint64_t span_id,
                std::optional<std::uint64_t> parent) {
    json.begin_object();
    json.member("traceId", trace.start.context.trace_id_hex());
    json.member("spanId", to_hex(span_id));
    if (parent) json.member("parentSpanId", to_hex(*parent));
}

void write_times(JsonWriter& json, const Trace& trace, base::Duration from, base::Duration to) {
    json.member("startTimeUnixNano", unix_nano(trace, from));
    json.member("endTimeUnixNano", unix_nano(trace, to));
}

void write_request_attributes(JsonWriter& json, const Trace& trace) {
    attribute(json, "gen_ai.operation.name", operation_name(trace));
    attribute(json, "gen_ai.request.model", trace.start.model);
    attribute(json, "gen_ai.response.model", trace.provider_model);
    attribute(json, "gen_ai.provider.name", trace.provider);
    text_list(json, "gen_ai.response.finish_reasons", trace.finish_reason);
    if (trace.input_tokens) attribute(json, "gen_ai.usage.input_tokens", *trace.input_tokens);
    if (trace.output_tokens) attribute(json, "gen_ai.usage.output_tokens", *trace.output_tokens);
    attribute(json, "http.response.status_code", std::int64_t{trace.status});
    attribute(json, "http.response.body.size", trace.bytes);
    attribute(json, "client.address", trace.start.client);
    if (trace.code != Code::ok) attribute(json, "error.type", to_string(trace.code));
    attribute(json, "tenon.request_id", trace.start.request_id);
    attribute(json, "tenon.dialect", trace.start.dialect);
    attribute(json, "tenon.key", trace.start.key);
    attribute(json, "tenon.stream", trace.start.stream);
    attribute(json, "tenon.queue_wait_us", us(trace.queue_wait));
    attribute(json, "tenon.paused_us", us(trace.paused));
    attribute(json, "tenon.overhead_us", us(trace.overhead));
}

void write_request(JsonWriter& json, const Trace& trace) {
    begin_span(json, trace, trace.start.context.span_id, trace.start.parent_span);
    json.member("name", trace.start.dialect);
    json.member("kind", static_cast<int>(kServer));
    write_times(json, trace, base::Duration::zero(), trace.duration);
    json.key("attributes");
    json.begin_array();
    write_request_attributes(json, trace);
    json.end_array();
    write_events(json, trace);
    // A client's mistake is no error of the server; a stream that broke is, whatever its status.
    const bool broke =
        trace.status < 400 && trace.code != Code::ok && trace.code != Code::cancelled;
    write_status(json, trace.status >= 500 || broke, trace.error);
    json.end_object();
}

void write_attempt_attributes(JsonWriter& json, const Trace& trace, const TraceAttempt& attempt) {
    attribute(json, "gen_ai.operation.name", operation_name(trace));
    attribute(json, "gen_ai.provider.name", attempt.provider);
    attribute(json, "gen_ai.request.model", attempt.model);
    if (attempt.code != Code::ok) attribute(json, "error.type", to_string(attempt.code));
    if (attempt.http_status != 0) {
        attribute(json, "http.response.status_code", std::int64_t{attempt.http_status});
    }
    attribute(json, "tenon.attempt.number", std::int64_t{attempt.number});
    attribute(json, "tenon.attempt.why", to_string(attempt.why));
    attribute(json, "tenon.attempt.queue_wait_us", us(attempt.queue_wait));
    if (attempt.first_byte) attribute(json, "tenon.attempt.first_byte_us", us(*attempt.first_byte));
    attribute(json, "tenon.attempt.stop", to_string(attempt.stop));
    attribute(json, "tenon.bytes_sent", attempt.ended.bytes);
    if (!attempt.decision) return;
    attribute(json, "tenon.decision.action", to_string(attempt.decision->action));
    attribute(json, "tenon.decision.reason", to_string(attempt.decision->reason));
}

void write_attempt(JsonWriter& json, const Trace& trace, const TraceAttempt& attempt) {
    begin_span(json, trace, attempt.span_id, trace.start.context.span_id);
    json.member("name", std::string(operation_name(trace)) + ' ' + attempt.model);
    json.member("kind", static_cast<int>(kClient));
    write_times(json, trace, attempt.started.at, attempt.ended.at);
    json.key("attributes");
    json.begin_array();
    write_attempt_attributes(json, trace, attempt);
    json.end_array();
    const bool failed = attempt.code != Code::ok && attempt.code != Code::cancelled;
    write_status(json, failed, attempt.message);
    json.end_object();
}

void write_resource(JsonWriter& json, const OtlpResource& resource) {
    json.key("resource");
    json.begin_object();
    json.key("attributes");
    json.begin_array();
    attribute(json, "service.name", resource.service_name);
    attribute(json, "service.version", resource.service_version);
    attribute(json, "service.instance.id", resource.instance_id);
    json.end_array();
    json.end_object();
}

}  // namespace

std::string to_otlp(const OtlpResource& resource,
                    std::span<const std::shared_ptr<const Trace>> traces) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.key("resourceSpans");
    json.begin_array();
    json.begin_object();
    write_resource(json, resource);
    json.key("scopeSpans");
    json.begin_array();
    json.begin_object();
    json.key("scope");
    json.begin_object();
    json.member("name", "tenon.gateway");
    json.member("version", resource.service_version);
    json.end_object();
    json.key("spans");
    json.begin_array();
    for (const auto& trace : traces) {
        write_request(json, *trace);
        for (const auto& attempt : trace->attempts) write_attempt(json, *trace, attempt);
    }
    json.end_array();
    json.end_object();
    json.end_array();
    json.end_object();
    json.end_array();
    json.end_object();
    return out;
}

}  // namespace tenon::gateway

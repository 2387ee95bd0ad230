#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/describe_forms.hpp"
#include "config/gateway_config.hpp"

/// What `tenon serve` adds, as parts of the configuration. The rules between members are those of
/// config/check_gateway.hpp.
namespace tenon::config {

template <class Visitor>
void describe(Visitor& v, like<GatewayTlsConfig> auto& c) {
    v.text("certificate_file", c.certificate_file, TextForm::path,
           "A PEM file of the certificate, followed by those of its authorities.");
    v.text("key_file", c.key_file, TextForm::path, "A PEM file of its private key.");
}

template <class Visitor>
void describe(Visitor& v, like<GatewayKeyConfig> auto& c) {
    v.secret("key", c.key, TextForm::required,
             "What the client sends as \"Authorization: Bearer KEY\"; 16 characters or more.");
    v.list("models", c.models, TextForm::not_empty,
           "The models that it may ask for, by the names that it asks with; if empty, all.");
    v.integer("requests_per_minute", c.requests_per_minute, Range<int>{0, 10'000'000},
              "Requests that it may send in a minute; 0 = as many as it likes.");
    v.integer("tokens_per_minute", c.tokens_per_minute, Range<std::int64_t>{0, 1'000'000'000'000},
              "Tokens, of requests and answers, that it may use in a minute; 0 = as many as it "
              "likes.");
    v.integer("concurrent", c.concurrent, Range<int>{0, 1'000'000},
              "Requests that it may have under way at once; 0 = as many as it likes.");
}

template <class Visitor>
void describe(Visitor& v, like<CorsConfig> auto& c) {
    v.list("origins", c.origins, TextForm::not_empty,
           "Web pages that may ask, as \"https://HOST\", \"http://HOST:PORT\" or \"*\" for all; if "
           "empty, only the gateway's own.");
}

template <class Visitor>
void describe(Visitor& v, like<OfflineConfig> auto& c) {
    v.flag("enabled", c.enabled, "Whether requests are kept while no provider can be asked.");
    v.integer("max_requests", c.max_requests, Range<int>{1, 1'000'000},
              "The most requests that are kept, answers that nobody has fetched included.");
    v.integer("max_bytes", c.max_bytes, Range<std::int64_t>{1, std::int64_t{1} << 40},
              "The most bytes that they may have together; beyond it requests are refused.");
    v.duration("max_age", c.max_age,
               DurationRange{std::chrono::seconds(1), std::chrono::hours(24 * 30)},
               "How long one is kept.");
}

template <class Visitor>
void describe(Visitor& v, like<GatewayConfig> auto& c) {
    v.list("listen", c.listen, TextForm::not_empty,
           "Where it is reached: \"HOST:PORT\", \"[IPV6]:PORT\", \"http://HOST:PORT\", "
           "\"https://HOST:PORT\" or \"unix:/PATH\"; if empty, by the control socket alone.");
    v.object("tls", c.tls, "The gateway's own certificate, for \"https://\".");
    v.flag("allow_public", c.allow_public,
           "Whether other machines may reach it although there are no keys.");
    v.entries("keys", c.keys, GatewayKeyConfig(),
              "The keys of its clients, by name; if there are none, no client needs one.");
    v.secret(
        "admin_key", c.admin_key, TextForm::any,
        "The key of those who may change the state of providers over HTTP; if empty, a new one "
        "at each start.");
    v.object("cors", c.cors, "Web pages of others.");
    v.list("hosts", c.hosts, TextForm::not_empty,
           "The names, besides localhost and addresses, that it is called by.");
    v.integer("max_connections", c.max_connections, Range<int>{1, 1'000'000},
              "The most clients that are connected at once.");
    v.integer("max_body_bytes", c.max_body_bytes,
              Range<std::int64_t>{1024, std::int64_t{16} * 1024 * 1024 * 1024},
              "The longest request that is accepted, in bytes.");
    v.duration("keep_alive", c.keep_alive, kWait,
               "How long a stream is silent before the client is told that it is alive.");
    v.duration("write_timeout", c.write_timeout, kWait,
               "How long a client may read nothing of an answer that is sent to it.");
    v.duration("drain_grace", c.drain_grace, kWaitOrNone,
               "How long requests in flight may go on when it is stopped.");
    v.flag("dashboard", c.dashboard, "Whether there is a page for people at \"/\".");
    v.object("offline", c.offline, "Requests that wait on disk.");
}

template <class Visitor>
void describe(Visitor& v, like<OtlpConfig> auto& c) {
    v.text("endpoint", c.endpoint, TextForm::any,
           "Where traces are sent by OTLP/HTTP, such as \"http://127.0.0.1:4318/v1/traces\"; if "
           "empty, they are not.");
    v.entries("headers", c.headers, Secret(), "Headers that are sent along, such as a key.",
              KeyForm::header);
    v.duration("interval", c.interval, kWait, "How often.");
}

template <class Visitor>
void describe(Visitor& v, like<TelemetryConfig> auto& c) {
    v.integer("traces", c.traces, Range<int>{0, 1'000'000},
              "Traces that are kept in memory for \"tenon trace\"; 0 = none.");
    v.text("access_log", c.access_log, TextForm::output,
           "A file that gets a line for each request, or \"-\" for the standard output; if empty, "
           "none "
           "is written.");
    v.object("otlp", c.otlp, "Traces for a collector.");
}

template <class Visitor>
void describe(Visitor& v, like<DaemonConfig> auto& c) {
    v.text("state_file", c.state_file, TextForm::path,
           "What outlives a restart; if empty, $TENON_STATE, else tenon/state.db in "
           "$XDG_STATE_HOME or "
           "in ~/.local/state.");
    v.text("control_socket", c.control_socket, TextForm::path,
           "Where commands reach it; if empty, $TENON_SOCKET, else tenon/control.sock in "
           "$XDG_RUNTIME_DIR, else control.sock beside the state.");
    v.flag("watch_config", c.watch_config,
           "Whether the configuration is read again when its file changes.");
}

}  // namespace tenon::config

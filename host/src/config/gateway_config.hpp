#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/secrets.hpp"

/// What `tenon serve` adds to the configuration.
namespace tenon::config {

/// The gateway's own certificate, for endpoints that say "https://".
struct GatewayTlsConfig {
    std::string certificate_file;  ///< PEM, with the chain; empty = no TLS
    std::string key_file;

    friend bool operator==(const GatewayTlsConfig&, const GatewayTlsConfig&) = default;
};

/// A key that the gateway gives to one of its clients. 0 and empty = unlimited.
struct GatewayKeyConfig {
    Secret key;
    std::vector<std::string> models;  ///< that it may ask for
    int requests_per_minute = 0;
    std::int64_t tokens_per_minute = 0;
    int concurrent = 0;  ///< requests at once

    friend bool operator==(const GatewayKeyConfig&, const GatewayKeyConfig&) = default;
};

struct CorsConfig {
    std::vector<std::string> origins;  ///< "https://app.example", or "*"; empty = no CORS

    friend bool operator==(const CorsConfig&, const CorsConfig&) = default;
};

/// Requests that are kept on disk while nobody can be asked.
struct OfflineConfig {
    bool enabled = false;
    int max_requests = 10'000;
    std::int64_t max_bytes = std::int64_t{256} << 20;  ///< of requests and answers
    std::chrono::milliseconds max_age = std::chrono::hours(24);

    friend bool operator==(const OfflineConfig&, const OfflineConfig&) = default;
};

struct GatewayConfig {
    /// "HOST:PORT", "http://HOST:PORT", "https://HOST:PORT" or "unix:/PATH".
    std::vector<std::string> listen = {"127.0.0.1:8080"};
    GatewayTlsConfig tls;
    bool allow_public = false;  ///< beyond loopback although there are no keys
    std::map<std::string, GatewayKeyConfig, std::less<>> keys;
    Secret admin_key;  ///< for the dashboard's buttons; empty = one for each run
    CorsConfig cors;
    std::vector<std::string> hosts;  ///< further names that the Host header may have
    int max_connections = 10'000;
    std::int64_t max_body_bytes = std::int64_t{64} * 1024 * 1024;
    std::chrono::milliseconds keep_alive = std::chrono::seconds(15);     ///< between SSE comments
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);  ///< of a client that reads
    std::chrono::milliseconds drain_grace = std::chrono::seconds(30);    ///< of streams, at the end
    bool dashboard = true;
    OfflineConfig offline;

    friend bool operator==(const GatewayConfig&, const GatewayConfig&) = default;
};

struct OtlpConfig {
    std::string endpoint;  ///< "http://127.0.0.1:4318/v1/traces"; empty = no export
    std::map<std::string, Secret, std::less<>> headers;
    std::chrono::milliseconds interval = std::chrono::seconds(5);

    friend bool operator==(const OtlpConfig&, const OtlpConfig&) = default;
};

struct TelemetryConfig {
    int traces = 1'000;      ///< that are kept for `tenon trace`; 0 = none
    std::string access_log;  ///< a file, "-" = standard output, empty = none
    OtlpConfig otlp;

    friend bool operator==(const TelemetryConfig&, const TelemetryConfig&) = default;
};

/// Empty paths: the usual places.
struct DaemonConfig {
    std::string state_file;
    std::string control_socket;
    bool watch_config = true;  ///< reload when the file changes

    friend bool operator==(const DaemonConfig&, const DaemonConfig&) = default;
};

}  // namespace tenon::config

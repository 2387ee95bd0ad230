#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/secrets.hpp"
#include "tenon/error.hpp"
#include "wire/json_position.hpp"

/// The configuration as values. What each member means, its bounds and its unit stand in
/// config/describe.hpp, and for people in docs/configuration.md. All of it is copyable; a member's
/// initialiser is the built-in default.
namespace tenon::config {

struct PluginsConfig {
    std::vector<std::string> directories;  ///< absolute, or relative to the working directory
    std::vector<std::string> allow;        ///< kinds; empty = all
};

struct RuntimeConfig {
    int io_threads = 2;
    int blocking_threads = 4;
};

struct LogConfig {
    base::LogLevel level = base::LogLevel::warn;
    base::LogFormat format = base::LogFormat::text;
    std::map<std::string, base::LogLevel, std::less<>> components;
};

struct Timeouts {
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::chrono::milliseconds first_byte = std::chrono::seconds(30);
    std::chrono::milliseconds idle = std::chrono::seconds(60);
    std::chrono::milliseconds health_check = std::chrono::seconds(5);
    std::chrono::milliseconds request = std::chrono::seconds(30);
    std::chrono::milliseconds stream = std::chrono::seconds(600);

    friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

struct TlsConfig {
    bool verify = true;
    std::string ca_file;  ///< empty = the certificates of the system

    friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

struct HttpConfig {
    int max_connections = 100;
    int max_keepalive = 20;
    std::chrono::milliseconds keepalive_expiry = std::chrono::seconds(5);
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds read_timeout = std::chrono::seconds(60);
    std::chrono::milliseconds write_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds pool_timeout = std::chrono::seconds(5);
    std::int64_t max_body_bytes = std::int64_t{64} * 1024 * 1024;
    TlsConfig tls;

    friend bool operator==(const HttpConfig&, const HttpConfig&) = default;
};

/// The object that goes to a provider's plugin. It is JSON with all ${...} replaced, thus secret as
/// a whole; config/provider_schema.hpp takes the secrets out.
struct PluginConfig {
    Secret json = Secret(std::string_view("{}"));
    /// JSON pointers, inside `json`, of the strings that came from the environment.
    std::vector<std::string> from_environment;

    // Where it was written, for messages. Pointers inside `json` follow `pointer`.
    std::string file;
    std::string pointer;                                   ///< "/providers/openai/config"
    std::string path;                                      ///< "providers.openai.config"
    std::shared_ptr<const wire::JsonPositions> positions;  ///< null = unknown
};

struct ProviderConfig {
    std::string kind;
    bool enabled = true;
    std::vector<std::string> models;
    std::string default_model;  ///< empty = none
    std::map<std::string, std::string, std::less<>> model_aliases;
    Timeouts timeouts;  ///< in effect: the global ones, with this provider's own in their place
    HttpConfig http;    ///< likewise
    PluginConfig config;

    /// Why this provider cannot be used although the file is good: an environment variable is not
    /// set. The others are not concerned.
    std::optional<Error> unusable;
};

struct Config {
    std::string schema;  ///< "$schema", for editors
    PluginsConfig plugins;
    RuntimeConfig runtime;
    LogConfig log;
    Timeouts timeouts;
    HttpConfig http;
    std::string default_provider;  ///< empty = none
    std::map<std::string, ProviderConfig, std::less<>> providers;
};

}  // namespace tenon::config

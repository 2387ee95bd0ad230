#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "config/config.hpp"

/// The one description of the configuration: for each struct, its members with name, form, bounds
/// and meaning. The default is the member's initialiser. The reader, the JSON Schema, the reference
/// page and the printer are visitors of these functions, so that none can differ from another.
///
/// A visitor has these member functions; `Value` is const for visitors that only look.
///
///     flag      (name, Value& bool, meaning)
///     integer   (name, Value& integer, Range, meaning)
///     duration  (name, Value& milliseconds, Range, meaning)
///     text      (name, Value& string, TextForm, meaning)
///     choice    (name, Value& enumeration, meaning)
///     list      (name, Value& vector of strings, TextForm, meaning)
///     entries   (name, Value& map, prototype of an entry, meaning)
///     object    (name, Value& described struct, meaning)
///     inherited (name, Value& described struct, meaning)   absent members come from the namesake
///                                                          at the top
///     plugin    (name, Value& PluginConfig, meaning)
namespace tenon::config {

template <class T, class Struct>
concept like = std::same_as<std::remove_const_t<T>, Struct>;

template <class T>
struct Range {
    T least;
    T most;
};

enum class TextForm {
    any,
    not_empty,
    name,           ///< base::is_name()
    required_name,  ///< likewise, and absence is an error
    optional_name,  ///< likewise, or empty
    path,           ///< a relative one counts from the directory of the configuration file
};

template <class Enum>
struct Choice {
    std::string_view name;
    Enum value;
};

inline constexpr std::array<Choice<base::LogLevel>, 6> kLogLevels = {
    {{"trace", base::LogLevel::trace},
     {"debug", base::LogLevel::debug},
     {"info", base::LogLevel::info},
     {"warn", base::LogLevel::warn},
     {"error", base::LogLevel::error},
     {"off", base::LogLevel::off}}};

inline constexpr std::array<Choice<base::LogFormat>, 2> kLogFormats = {
    {{"text", base::LogFormat::text}, {"json", base::LogFormat::json}}};

[[nodiscard]] constexpr std::span<const Choice<base::LogLevel>> choices(base::LogLevel) noexcept {
    return kLogLevels;
}
[[nodiscard]] constexpr std::span<const Choice<base::LogFormat>> choices(base::LogFormat) noexcept {
    return kLogFormats;
}

inline constexpr Range<std::chrono::milliseconds> kWait = {std::chrono::milliseconds(1),
                                                           std::chrono::hours(1)};
inline constexpr Range<std::chrono::milliseconds> kLongWait = {std::chrono::milliseconds(1),
                                                               std::chrono::hours(24)};

template <class Visitor>
void describe(Visitor& v, like<PluginsConfig> auto& c) {
    v.list("directories", c.directories, TextForm::path,
           "Where plugins are looked for, in this order, before the built-in directories.");
    v.list("allow", c.allow, TextForm::name,
           "The plugin kinds that may be used; if empty, all may.");
}

template <class Visitor>
void describe(Visitor& v, like<RuntimeConfig> auto& c) {
    v.integer("io_threads", c.io_threads, Range<int>{1, 64}, "Threads that do network I/O.");
    v.integer("blocking_threads", c.blocking_threads, Range<int>{1, 256},
              "Threads for plugins that block; each such call occupies one.");
}

template <class Visitor>
void describe(Visitor& v, like<LogConfig> auto& c) {
    v.choice("level", c.level, "The least severe lines that are written.");
    v.choice("format", c.format, "Lines for people or one JSON object for each.");
    v.entries(
        "components", c.components, base::LogLevel::warn,
        "Levels of single components, such as \"transport\" or \"plugin.openai\"; the longest "
        "match wins over \"level\".");
}

template <class Visitor>
void describe(Visitor& v, like<Timeouts> auto& c) {
    v.duration("connect", c.connect, kWait, "Opening a connection to the provider.");
    v.duration("first_byte", c.first_byte, kLongWait,
               "From the request to the first byte of the answer.");
    v.duration("idle", c.idle, kLongWait, "Silence between two parts of an answer.");
    v.duration("health_check", c.health_check, kWait, "One health check.");
    v.duration("request", c.request, kLongWait,
               "A whole request that is not streamed, with all its retries.");
    v.duration("stream", c.stream, kLongWait, "A whole streamed request, with all its retries.");
}

template <class Visitor>
void describe(Visitor& v, like<TlsConfig> auto& c) {
    v.flag("verify", c.verify,
           "Whether the server's certificate must be valid; false leaves connections open to "
           "eavesdroppers.");
    v.text("ca_file", c.ca_file, TextForm::path,
           "A PEM file of the authorities to trust; if empty, those of the system.");
}

template <class Visitor>
void describe(Visitor& v, like<HttpConfig> auto& c) {
    v.integer("max_connections", c.max_connections, Range<int>{1, 10'000},
              "The most connections that are open at once.");
    v.integer("max_keepalive", c.max_keepalive, Range<int>{0, 10'000},
              "The most idle connections that are kept; 0 closes each after its request.");
    v.duration(
        "keepalive_expiry", c.keepalive_expiry,
        Range<std::chrono::milliseconds>{std::chrono::milliseconds(0), std::chrono::hours(1)},
        "How long an idle connection is kept.");
    v.duration("connect_timeout", c.connect_timeout, kWait,
               "Name look-up, TCP and TLS handshake of one connection.");
    v.duration("read_timeout", c.read_timeout, kLongWait, "Waiting for the next bytes to arrive.");
    v.duration("write_timeout", c.write_timeout, kLongWait, "Waiting for the next bytes to leave.");
    v.duration("pool_timeout", c.pool_timeout, kWait,
               "Waiting for a connection when all of them are busy.");
    v.integer("max_body_bytes", c.max_body_bytes,
              Range<std::int64_t>{1024, std::int64_t{16} * 1024 * 1024 * 1024},
              "The longest answer that is accepted, in bytes; streams are not counted.");
    v.object("tls", c.tls, "Certificates.");
}

template <class Visitor>
void describe(Visitor& v, like<ProviderConfig> auto& c) {
    v.text("kind", c.kind, TextForm::required_name, "The plugin kind that speaks to it.");
    v.flag("enabled", c.enabled, "Whether it takes requests.");
    v.list("models", c.models, TextForm::not_empty,
           "The models that it serves, for providers that cannot list them.");
    v.text("default_model", c.default_model, TextForm::any,
           "The model of requests that name none.");
    v.entries("model_aliases", c.model_aliases, std::string(),
              "Further names of models: alias to model.");
    v.inherited("timeouts", c.timeouts, "Timeouts of this provider.");
    v.inherited("http", c.http, "HTTP settings of this provider.");
    v.plugin("config", c.config,
             "What the plugin needs to know; \"tenon plugins list\" shows the kinds, each plugin "
             "declares its own keys.");
}

/// What a provider is that says nothing about itself.
[[nodiscard]] inline ProviderConfig provider_prototype(const Config& config) {
    ProviderConfig provider;
    provider.timeouts = config.timeouts;
    provider.http = config.http;
    return provider;
}

template <class Visitor>
void describe(Visitor& v, like<Config> auto& c) {
    v.text("$schema", c.schema, TextForm::any,
           "Where an editor finds the JSON Schema (\"tenon config schema\"); not used otherwise.");
    v.object("plugins", c.plugins, "Which plugins are loaded.");
    v.object("runtime", c.runtime, "Threads.");
    v.object("log", c.log, "The log.");
    v.object("timeouts", c.timeouts, "How long to wait; every request ends at its timeout.");
    v.object("http", c.http, "The HTTP client that plugins share.");
    v.text("default_provider", c.default_provider, TextForm::optional_name,
           "The provider of requests that name none.");
    v.entries("providers", c.providers, provider_prototype(c), "The providers, by name.");
}

}  // namespace tenon::config

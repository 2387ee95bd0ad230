#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "config/config.hpp"
#include "config/describe_forms.hpp"
#include "config/describe_gateway.hpp"
#include "config/describe_machinery.hpp"

/// The one description of the configuration: for each struct, its members with name, form, bounds
/// and meaning. The default is the member's initialiser. The reader, the JSON Schema, the reference
/// page and the printer are visitors of these functions, so that none can differ from another.
namespace tenon::config {

inline constexpr std::array<Choice<base::LogLevel>, 6> kLogLevels = {
    {{"trace", base::LogLevel::trace},
     {"debug", base::LogLevel::debug},
     {"info", base::LogLevel::info},
     {"warn", base::LogLevel::warn},
     {"error", base::LogLevel::error},
     {"off", base::LogLevel::off}}};

inline constexpr std::array<Choice<base::LogFormat>, 2> kLogFormats = {
    {{"text", base::LogFormat::text}, {"json", base::LogFormat::json}}};

inline constexpr std::array<Choice<Profile>, 3> kProfiles = {
    {{"production", Profile::production},
     {"development", Profile::development},
     {"high_latency", Profile::high_latency}}};

[[nodiscard]] constexpr std::span<const Choice<base::LogLevel>> choices(base::LogLevel) noexcept {
    return kLogLevels;
}
[[nodiscard]] constexpr std::span<const Choice<base::LogFormat>> choices(base::LogFormat) noexcept {
    return kLogFormats;
}
[[nodiscard]] constexpr std::span<const Choice<Profile>> choices(Profile) noexcept {
    return kProfiles;
}

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

/// The parts of ProviderSettings: at the top as they are, in a provider inherited from there.
template <class Visitor, class Settings>
void describe_settings(Visitor& v, Settings& c) {
    const auto part = [&v](std::string_view name, auto& member, std::string_view meaning) {
        if constexpr (like<Settings, ProviderConfig>) {
            v.inherited(name, member, meaning);
        } else if constexpr (std::is_same_v<decltype(member), bool&> ||
                             std::is_same_v<decltype(member), const bool&>) {
            v.flag(name, member, meaning);
        } else {
            v.object(name, member, meaning);
        }
    };
    part("jitter", c.jitter,
         "Whether waits vary by chance, so that those who failed together do not come back "
         "together; false takes all jitter out.");
    part("timeouts", c.timeouts, "How long to wait; every request ends at its timeout.");
    part("http", c.http, "The HTTP client that plugins share.");
    part("connection", c.connection, "Being connected, for kinds that make connections.");
    part("pool", c.pool, "The connections of a provider.");
    part("permits", c.permits, "How many calls a provider gets at once.");
    part("adaptive_limit", c.adaptive_limit, "Learning how many calls it bears at once.");
    part("breaker", c.breaker, "Leaving a provider alone that fails.");
    part("retry", c.retry, "Trying again.");
    part("retry_budget", c.retry_budget, "So that retries do not multiply the load of an outage.");
    part("health", c.health, "Checks whether a provider works; they cost no tokens.");
    part("latency", c.latency, "What the balancer knows of a provider's speed.");
}

template <class Visitor>
void describe(Visitor& v, like<ProviderSettings> auto& c) {
    describe_settings(v, c);
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
    v.plugin("config", c.config,
             "What the plugin needs to know; \"tenon plugins list\" shows the kinds, each plugin "
             "declares its own keys.");
    describe_settings(v, c);
}

template <class Visitor>
void describe(Visitor& v, like<Config> auto& c) {
    v.text("$schema", c.schema, TextForm::any,
           "Where an editor finds the JSON Schema (\"tenon config schema\"); not used otherwise.");
    v.choice("profile", c.profile,
             "What the defaults suit: a service, a developer's work, or models that take minutes.");
    v.object("plugins", c.plugins, "Which plugins are loaded.");
    v.object("runtime", c.runtime, "Threads.");
    v.object("log", c.log, "The log.");
    v.text("default_provider", c.default_provider, TextForm::optional_name,
           "The provider of requests that name none.");
    v.text("default_model", c.default_model, TextForm::any,
           "The model that stands in for names that no route has; if empty, those are refused.");
    v.objects("routes", c.routes, "Which providers have which model.");
    v.flag("nested_fallbacks", c.nested_fallbacks,
           "Whether the fall-backs of a fall-back count too.");
    v.object("failover", c.failover, "Going on to another provider.");
    v.object("balancer", c.balancer, "Choosing among the providers of one tier.");
    describe_settings(v, c);
    v.object("gateway", c.gateway, "What \"tenon serve\" offers to clients.");
    v.object("telemetry", c.telemetry, "What \"tenon serve\" tells about requests.");
    v.object("daemon", c.daemon, "\"tenon serve\" as a process.");
    // At last: providers take over what is above.
    v.entries("providers", c.providers, provider_prototype(c), "The providers, by name.");
}

}  // namespace tenon::config

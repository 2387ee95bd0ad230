#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::host {

/// What can be done with a provider's connections. Every command makes sense in every state: it is
/// accepted, has nothing left to do, or is refused with a reason. All are idempotent.
enum class Command : std::uint8_t {
    connect,
    disconnect,      ///< requests in flight have a grace time (connection.drain_grace)
    disconnect_now,  ///< they do not
    enable,
    disable,    ///< as disconnect, but what is wanted comes back with enable
    reconnect,  ///< new connections for new requests; those in flight end on the old ones
    recover,    ///< do not wait for the next try: check or dial now, and reset open breakers
};

struct CommandReply {
    enum class Kind : std::uint8_t { accepted, already, refused };

    std::string provider;
    Kind kind = Kind::accepted;
    std::string message;  ///< one sentence for a person
    std::string state;    ///< of the provider afterwards, as in ProviderStatus
};

/// What a health check has found.
struct CheckReply {
    std::string provider;
    bool checked = false;  ///< false: there is no way to; the message says why
    bool healthy = false;
    std::string message;  ///< one sentence for a person
    std::string state;    ///< of the provider afterwards, as in ProviderStatus
    std::optional<std::chrono::microseconds> response_time;  ///< if healthy
};

enum class BreakerCommand : std::uint8_t {
    force_open,    ///< rejects everything until another command
    force_closed,  ///< lets everything through until another command
    reset,         ///< to where it began; without a model those of all models too
};

/// What a reload has done, by paths in the configuration.
struct ReloadReport {
    std::vector<std::string> changed;  ///< "providers.local", "routes", ...
    /// Changed in the file, but not in the host: "runtime.io_threads", ...
    std::vector<std::string> needs_restart;
    /// Enabled in the file, and cannot be used as they are there.
    struct Misconfigured {
        std::string provider;
        std::string message;  ///< one sentence: why
    };
    std::vector<Misconfigured> misconfigured;
};

/// One step of a route.
struct RouteTarget {
    std::string provider;
    std::string model;  ///< its name there; empty = as asked for
    double weight = 1;
};

/// What a model's name leads to.
struct RouteInfo {
    std::string model;
    std::vector<std::vector<RouteTarget>> tiers;  ///< by falling priority
    std::optional<std::string> pinned_to;         ///< a provider
    bool pin_forced = false;
};

/// Ties a route to one of its providers.
struct RoutePin {
    std::string model;  ///< the route's name, or an alias
    std::string provider;
    std::chrono::milliseconds duration{0};  ///< 0 = until somebody unpins it
    /// true: nobody else is asked, whatever state the provider is in. false: it is asked first.
    bool force = false;
};

}  // namespace tenon::host
